"""Marks that were kept on pictures: by whom, of which message, how many, and gone with its words. Pointing is a signal, and kept by nobody."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from consult.audit.models import Record
from consult.errors import Refusal
from consult.rooms import limits
from consult.rooms.actions import changes, marks, membership
from consult.rooms.models import Mark, Message
from tests import people
from tests.rooms.actions.test_visits import arrive
from tests.rooms.helpers import Phone, at_once, events, group, joined, kinds, post

pytestmark = pytest.mark.django_db(transaction=True)

ARROW = {"kind": "arrow", "start": {"x": 0.25, "y": 0.0}, "end": {"x": 1.0, "y": 0.5}}
IMAGE = uuid.UUID(int=7)


def pictured(room: uuid.UUID, person: Any) -> str:
    """A message with a picture, as far as marks can tell."""
    message: str = post(room, person, "regardez")["message"]
    Message.objects.filter(pk=message).update(images=[IMAGE])
    return message


def add(room: uuid.UUID, person: Any, message: str, image: Any = IMAGE, client_id: uuid.UUID | None = None, **drawn: Any) -> dict[str, Any]:
    return marks.add(marks.Adding(room, person.pk, client_id or uuid.uuid4(), message, str(image), {**ARROW, **drawn}, charged=True))


def test_what_a_moderator_takes_away_is_told_as_theirs_and_on_the_audit_trail() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    room = joined(group(), camille, nadia)
    message = pictured(room, camille)
    first, second, third = (add(room, nadia, message)["mark"] for _ in range(3))
    with refused("room.not_member"):
        marks.remove(marks.Removal(room, sacha.pk, first))
    arrive(room, sacha)
    marks.remove(marks.Removal(room, sacha.pk, first))
    assert (events(room)[-1]["kind"], events(room)[-1]["actor"]["as"]) == ("mark.removed", "moderator")
    marks.remove(marks.Removal(room, nadia.pk, second))
    marks.remove(marks.Removal(room, camille.pk, third))
    assert list(Record.objects.filter(act="mark.remove").values_list("person_id", "room_id", "object", "reason")) == [(sacha.pk, room, first, "")]


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=code)


def test_kept_shown_to_the_rooms_readers_and_taken_away() -> None:
    camille, nadia, idris = people.camille(), people.nadia(), people.idris()
    room = joined(group(), camille, nadia, idris)
    message = pictured(room, camille)
    once = uuid.uuid4()
    made = add(room, nadia, message, client_id=once)
    assert add(room, nadia, message, client_id=once) == made and kinds(room).count("mark.added") == 1
    with refused("request.id_reused"):
        add(room, nadia, message, client_id=once, end={"x": 0.0, "y": 0.0})
    last = events(room)[-1]
    assert last["data"] == {"message": message, "image": str(IMAGE), "mark": made["mark"], "drawn": ARROW} and last["actor"]["id"] == str(nadia.pk)
    [told] = Phone(idris).get(f"/messages/{message}/marks").json()["marks"]
    assert {k: told[k] for k in ("mark", "image", "seq", "drawn")} == {"mark": made["mark"], "image": str(IMAGE), "seq": made["seq"], "drawn": ARROW}
    assert told["by"]["id"] == str(nadia.pk)

    with refused("mark.not_yours"):
        marks.remove(marks.Removal(room, idris.pk, made["mark"]))
    marks.remove(marks.Removal(room, camille.pk, made["mark"]))  # it is her picture
    assert kinds(room)[-1] == "mark.removed" and not Mark.objects.exists()
    for gone in (made["mark"], "?", str(uuid.uuid4())):
        with refused("mark.not_found"):
            marks.remove(marks.Removal(room, camille.pk, gone))


def test_only_on_a_picture_that_the_message_has_and_that_is_shown() -> None:
    camille, stranger = people.camille(), people.soizic()
    room, other = joined(group(), camille), joined(group("CAR", "Cardiologie"), camille)
    message = pictured(room, camille)
    for image in (uuid.uuid4(), "?", ""):
        with refused("image.not_found"):
            add(room, camille, message, image)
    with refused("message.not_found"):
        add(other, camille, message)
    with refused("room.not_member"):
        add(room, stranger, message)
    assert Phone(stranger).get(f"/messages/{message}/marks").json()["code"] == "message.not_found"
    add(room, camille, message)
    changes.retract(changes.Retraction(room, camille.pk, message))
    with refused("message.retracted"):
        add(room, camille, message)
    assert Phone(camille).get(f"/messages/{message}/marks").json() == {"marks": []}


def test_who_left_marks_nothing_and_a_picture_bears_a_hundred() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = joined(group(), camille, nadia)
    message = pictured(room, camille)
    mine = add(room, nadia, message)["mark"]
    membership.leave(person_id=nadia.pk, room_id=room)
    with refused("room.not_member"):
        add(room, nadia, message)
    with refused("room.not_member"):
        marks.remove(marks.Removal(room, nadia.pk, mine))
    Mark.objects.bulk_create(Mark(message_id=message, image_id=IMAGE, person_id=camille.pk, seq=1, drawn=ARROW) for _ in range(marks.MOST - 2))
    found = at_once(*[lambda: add(room, camille, message)] * 3)
    assert sorted(getattr(one, "code", "kept") for one in found) == ["kept", "mark.many", "mark.many"]


def test_over_http_the_same_and_within_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    camille = people.camille()
    room = joined(group(), camille)
    message, phone = pictured(room, camille), Phone(camille)
    body = {"id": str(uuid.uuid4()), "message": message, "image": str(IMAGE), "drawn": {"kind": "number", "at": {"x": 0, "y": 1}, "n": 3}}
    answer = phone.post(f"/rooms/{room}/marks", body)
    assert answer.status_code == 201 and phone.post(f"/rooms/{room}/marks", body).json() == answer.json()
    wrong: list[Any] = [
        {"kind": "number", "at": {"x": 1.01, "y": 0}, "n": 3},
        {"kind": "heart"},
        {"kind": "number", "at": {"x": 0, "y": 0}, "n": 0},
        {**ARROW, "text": "Mme X"},
        None,
    ]
    for drawn in wrong:
        told = phone.post(f"/rooms/{room}/marks", {**body, "id": str(uuid.uuid4()), "drawn": drawn})
        assert (told.status_code, told.json()["code"], told.json()["fields"]) == (400, "frame.invalid", ["drawn"])
    monkeypatch.setattr(limits.posts, "take", lambda person: (1500, 0.0))
    told = phone.post(f"/rooms/{room}/marks", {**body, "id": str(uuid.uuid4())})
    assert (told.status_code, told.json()["code"]) == (429, "rate.posts")
