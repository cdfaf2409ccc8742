"""A question with pictures: they are claimed with it or not at all; its readers see them, and what was said of them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from consult.cases.models import Case
from consult.clinicians.models import Person
from consult.images.models import Image, State
from consult.rooms.models import Event, IdentifierDecision, Message, Room
from tests import people
from tests.cases.helpers import QUESTION
from tests.rooms.helpers import Phone, at_once, group, joined

pytestmark = pytest.mark.django_db(transaction=True)


def picture(owner: Person, **more: Any) -> str:
    """A picture that is ready, as the studio leaves it."""
    expires = timezone.now() + timedelta(hours=1)
    made = {"state": State.READY, "size": 10, "width": 30, "height": 20, "sizes": {"list": [3, 2, 9], "room": [3, 2, 9], "zoom": [3, 2, 9]}, "folder": "x", "expires_at": expires}
    return str(Image.objects.create(owner=owner, client_id=uuid.uuid4(), **{**made, **more}).pk)


def body(*images: str, **more: Any) -> dict[str, Any]:
    return {"id": people.some_id(), "title": "Plaque du mollet", "question": QUESTION, "specialty": "SM15", "urgency": "week", "images": list(images), **more}


def test_pictures_go_with_the_question_and_the_card_shows_none() -> None:
    der, camille, nadia = group(), people.camille(), people.nadia()
    joined(der, camille, nadia)
    mine = [picture(camille), picture(camille, state=State.HELD), picture(camille)]
    asked = body(*mine, group=str(der))
    answer = Phone(camille).post("/cases", asked)
    assert answer.status_code == 201
    room = answer.json()["room"]
    question = Phone(nadia).get(f"/rooms/{room}/messages").json()["messages"][0]
    assert question["form"] == "question" and question["images"] == mine
    assert Message.objects.get(room_id=der).images == []
    shown = {one["image"]: one["sizes"] for one in Phone(nadia).get("/images", ids=",".join(mine)).json()["images"]}
    assert shown[mine[0]] and shown[mine[2]] and not shown[mine[1]]  # what the net holds is the asker's alone
    assert Case.objects.get().pictures == 3
    assert Image.objects.filter(room_id=room, expires_at=None).count() == 3
    # The same again is the same case, and other pictures under the same id are another question
    assert Phone(camille).post("/cases", asked).json() == answer.json()
    assert Phone(camille).post("/cases", {**asked, "images": mine[:2]}).json()["code"] == "request.id_reused"


def test_what_cannot_be_claimed_leaves_no_case() -> None:
    camille = people.camille()
    good, phone = picture(camille), Phone(camille)
    for image, code in (
        (picture(people.nadia()), "image.not_found"),
        (str(uuid.uuid4()), "image.not_found"),
        ("x", "image.not_found"),
        (good, "image.claimed"),
        (picture(camille, state=State.WORKING), "image.not_ready"),
        (picture(camille, state=State.REFUSED), "image.refused"),
        (picture(camille, expires_at=timezone.now()), "image.expired"),
    ):
        assert phone.post("/cases", body(good, image, everyone=True)).json()["code"] == code
    assert phone.post("/cases", body(*[good] * 21, everyone=True)).json()["code"] == "frame.invalid"
    assert not Room.objects.filter(kind="case").exists() and not Event.objects.exists() and Image.objects.get(pk=good).message_id is None
    assert phone.post("/cases", body(good, everyone=True)).status_code == 201


def test_one_picture_in_two_questions_at_once_is_in_one() -> None:
    camille = people.camille()
    image = picture(camille)
    answers = at_once(*[lambda: Phone(camille).post("/cases", body(image, everyone=True))] * 3)
    assert sorted(a.status_code for a in answers)[0] == 201 and [a.json().get("code") for a in answers].count("image.claimed") == 2
    assert Case.objects.count() == 1


def described(person: Person, image: str, text: str, **more: Any) -> Any:
    phone = Phone(person)
    return phone.client.put(f"/api/v1/images/{image}/description", {"description": text, **more}, content_type="application/json", headers=phone.headers)


def test_a_line_says_what_a_picture_shows() -> None:
    camille, nadia = people.camille(), people.nadia()
    image = picture(camille)
    assert described(camille, image, "  Plaque  ronde ").status_code == 200
    assert described(nadia, image, "autre").json()["code"] == "image.not_found"
    assert described(camille, image, "x" * 201).json()["code"] == described(camille, image, "a\x07b").json()["code"] == "frame.invalid"
    Phone(camille).post("/cases", body(image, everyone=True))
    (seen,) = Phone(nadia).get("/images", ids=image).json()["images"]
    assert seen["description"] == "Plaque ronde"
    # What was read beside the message stays what it was
    assert described(camille, image, "autre").json()["code"] == "image.claimed"


def test_a_picture_that_is_not_shown_is_not_told_of() -> None:
    camille, nadia = people.camille(), people.nadia()
    image = picture(camille, state=State.HELD)
    described(camille, image, "Visage de face")
    Phone(camille).post("/cases", body(image, everyone=True))
    assert Phone(nadia).get("/images", ids=image).json()["images"][0]["description"] == ""
    assert Phone(camille).get("/images", ids=image).json()["images"][0]["description"] == "Visage de face"


def test_the_words_of_a_picture_are_looked_at_like_any_others() -> None:
    camille = people.camille()
    image = picture(camille)
    refused = described(camille, image, "Dossier de jean.dupont@example.org", confirmed=[])
    assert refused.json()["code"] == "content.confirm" and refused.json()["fields"] == ["description"]
    assert described(camille, image, "Dossier de jean.dupont@example.org", confirmed=["email"]).status_code == 200
    assert described(camille, image, "NIR 1 85 05 78 006 084 91").json()["code"] == "content.identifier"
    assert list(IdentifierDecision.objects.order_by("pk").values_list("decision", flat=True)) == ["asked", "confirmed", "blocked"]


def test_withdrawn_consent_takes_the_words_of_pictures_too() -> None:
    camille = people.camille()
    image = picture(camille)
    described(camille, image, "Plaque ronde")
    room = Phone(camille).post("/cases", body(image, everyone=True)).json()["room"]
    assert Phone(camille).post(f"/cases/{room}/consent/withdrawal", {"id": people.some_id()}).status_code == 201
    assert Image.objects.get(pk=image).description == "" and Image.objects.get(pk=image).state == State.ERASED
