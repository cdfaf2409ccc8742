"""Held pictures in the queue: who decides about them without seeing them, what follows, and what needs nobody."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from consult.audit.models import Record
from consult.images.models import Image, State
from consult.moderation import tending
from consult.moderation.models import Item
from consult.rooms import pictures
from consult.rooms.actions import changes, conversations, tools
from consult.rooms.models import Act, Message, PictureVeil
from tests.moderation.helpers import claim, decide, detail, flag, moderator, queue, told
from tests.people import camille, helene, idris, nadia
from tests.rooms.helpers import events, group, joined, post
from tests.rooms.test_pictures import Camera, folder, held, sees  # noqa: F401  folder: the pictures' own for each test

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def room() -> uuid.UUID:
    return joined(group(), camille(), nadia())


def long_ago(message: str) -> None:
    Message.objects.filter(pk=message).update(at=timezone.now() - timedelta(minutes=3))


def waiting(room: uuid.UUID) -> tuple[str, str, str]:
    """(item, message, image) of a held picture that its author has left so."""
    image = held(Camera(camille()).ready())
    message = str(post(room, camille(), "Lésion du visage", images=[image])["message"])
    assert tending.open_pictures() == 0, "its author is left two minutes"
    long_ago(message)
    assert tending.open_pictures() == 1 and tending.open_pictures() == 0
    assert tending.announce() == 1 and told()[-1] == "item.opened"
    return str(Item.objects.get(kind="image", object=image).pk), message, image


def test_what_is_told_and_that_no_moderator_sees_it(room: uuid.UUID) -> None:
    item, message, image = waiting(room)
    sacha = moderator()
    [listed] = queue(sacha, kind="image")
    assert (listed["item"], listed["image"], listed["message"], listed["urgency"], listed["person"]["id"]) == (item, image, message, 1, str(camille().pk))
    found = detail(sacha, item).json()
    assert found["picture"] == {"image": image, "state": "held", "width": 300, "height": 200, "faces": 1, "words": 0}
    assert found["message"]["body"] == "Lésion du visage" and [d["code"] for d in found["decisions"]] == ["release", "ask_mask"]
    assert not sees(Camera(sacha), image)
    assert Record.objects.filter(act="item.read", person_id=sacha.pk, object=item).count() == 1
    assert detail(moderator("luce", group("CAR", "Cardiologie")), item).json()["code"] == "item.not_found"
    assert decide(moderator("camille"), item, "release", "la mienne").json()["code"] == "moderation.party"


def test_released_for_a_reason_that_is_recorded(room: uuid.UUID) -> None:
    item, message, image = waiting(room)
    sacha, other = moderator(), Camera(nadia())
    assert decide(sacha, item, "release").json()["code"] == decide(sacha, item, "release", "  ").json()["code"] == "frame.invalid"
    assert not sees(other, image)
    assert decide(sacha, item, "release", "le visage est la lésion, accord écrit").status_code == 201
    assert sees(other, image)
    record = Record.objects.get(act="image.released")
    assert (record.person_id, record.room_id, record.object, record.reason) == (sacha.pk, room, image, "le visage est la lésion, accord écrit")
    shown = events(room)[-1]
    assert (shown["kind"], shown["actor"]["id"], shown["actor"]["as"], shown["data"]) == ("image.shown", str(sacha.pk), "moderator", {"message": message, "image": image})
    assert told()[-1] == "item.decided"


def test_the_console_knows_which_pictures_of_a_message_are_withheld(room: uuid.UUID) -> None:
    item, message, image = waiting(room)
    sacha = moderator()
    about = {"message": message, "image": image}
    assert detail(sacha, item).json()["message"]["veiled"] == []
    tools.use(tools.Order("image.hide", room, sacha.pk, uuid.uuid4(), "revue", about))
    assert detail(sacha, item).json()["message"]["veiled"] == [image]
    tools.use(tools.Order("image.restore", room, sacha.pk, uuid.uuid4(), "revue", about))
    assert detail(sacha, item).json()["message"]["veiled"] == []


def test_asked_to_mask_it_the_author_does_and_it_is_back(room: uuid.UUID) -> None:
    item, message, image = waiting(room)
    sacha, author, other = moderator(), Camera(camille()), Camera(nadia())
    assert decide(sacha, item, "ask_mask", "un badge se lit").status_code == 201
    asked = events(room)[-1]
    assert (asked["kind"], asked["actor"]["as"], asked["data"]) == ("image.mask_asked", "moderator", {"message": message, "image": image})
    act = Act.objects.get(kind="image.ask_mask")
    assert (act.moderator_id, act.reason) == (sacha.pk, "un badge se lit")
    # To release it is not enough now.
    assert author.post(f"/images/{image}/release", {"reason": "sans importance"}).status_code == 200
    assert sees(author, image) and not sees(other, image)
    assert author.post(f"/images/{image}/masks", {"masks": [[0.0, 0.0, 1.0, 1.0]]}).status_code == 200
    pictures.work(uuid.UUID(image))
    assert sees(other, image) and not PictureVeil.objects.exists() and events(room)[-1]["kind"] == "image.restored"
    held(image)
    assert tending.open_pictures() == 0, "once: what became of it stands in the room"


@pytest.mark.parametrize("way", ["masked", "released", "retracted"])
def test_what_its_author_settles_needs_nobody(room: uuid.UUID, way: str) -> None:
    item, message, image = waiting(room)
    author, sacha = Camera(camille()), moderator()
    assert claim(sacha, item).status_code == 201
    if way == "masked":
        assert author.post(f"/images/{image}/masks", {"masks": [[0.0, 0.0, 1.0, 1.0]]}).status_code == 200
        assert tending.close_pictures() == 0, "it is in the studio: nobody knows yet"
        assert decide(sacha, item, "ask_mask").json()["code"] == decide(sacha, item, "release", "motif").json()["code"] == "image.not_held"
        pictures.work(uuid.UUID(image))
    elif way == "released":
        assert author.post(f"/images/{image}/release", {"reason": "accord écrit"}).status_code == 200
    else:
        changes.retract(changes.Retraction(room, camille().pk, message))
    assert tending.close_pictures() == 1 and tending.close_pictures() == 0
    assert Item.objects.get(pk=item).decision == "settled" and told()[-1] == "item.decided" and queue(sacha, kind="image") == []


def test_a_private_conversations_pictures_are_its_members_alone() -> None:
    private = uuid.UUID(conversations.open(person_id=camille().pk, client_id=uuid.uuid4(), people=[nadia().pk])["room"])
    image = held(Camera(camille()).ready())
    long_ago(post(private, camille(), "voici", images=[image])["message"])
    unsent = held(Camera(camille()).ready())
    assert tending.open_pictures() == 0 and Image.objects.get(pk=unsent).state == State.HELD


def test_a_flagged_picture_that_identifies_is_hidden_at_once_and_alone(room: uuid.UUID) -> None:
    author, other = Camera(camille()), Camera(nadia())
    image, beside = author.ready(), author.ready()
    message = str(post(room, camille(), "Deux clichés", images=[image, beside])["message"])
    assert sees(other, image) and sees(other, beside)
    assert flag(nadia(), message, "identifies_patient", image=image).status_code == 201
    assert not sees(other, image) and not sees(author, image) and sees(other, beside)
    assert (events(room)[-1]["kind"], events(room)[-1]["actor"], events(room)[-1]["data"]) == ("image.hidden", None, {"message": message, "image": image})
    assert Message.objects.get(pk=message).withheld is None
    item = Item.objects.get(kind="report", image_id=image)
    assert decide(moderator(), str(item.pk), "dismiss").status_code == 201
    assert sees(other, image) and events(room)[-1]["kind"] == "image.restored"


def test_an_item_that_grows_graver_is_told_again(room: uuid.UUID) -> None:
    joined(room, idris(), helene())
    message = str(post(room, camille(), "Doublez la dose.")["message"])
    sacha = moderator()
    urgencies: list[Any] = []
    for who, category in ((nadia(), "disrespect"), (idris(), "dangerous_advice"), (helene(), "identifies_patient")):
        assert flag(who, message, category).status_code == 201
        urgencies.append(queue(sacha)[0]["urgency"])
    assert urgencies == [1, 2, 3] and told() == ["item.opened"] * 3


def test_the_worker_leaves_alone_a_picture_that_is_being_decided(room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.moderation.test_queue import meanwhile

    item, _, image = waiting(room)
    sacha = moderator()
    meanwhile(monkeypatch, "image", lambda: tending.close_pictures(), after=True)
    assert decide(sacha, item, "release", "accord écrit").status_code == 201
    closed = Item.objects.get(pk=item)
    assert (closed.decision, closed.decided_by) == ("release", sacha.pk) and sees(Camera(nadia()), image)
