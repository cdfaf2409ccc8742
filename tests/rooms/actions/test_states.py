"""Slow mode, lock, pins, experts, veiled pictures and calls: what each does, what is unchanged, how it is reversed."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import DatabaseError

from consult.audit.models import Record
from consult.clinicians.models import Person
from consult.push.models import Device, Notice
from consult.rooms import entering, lists, waking
from consult.rooms.actions import pictures, tools
from consult.rooms.models import Act, Membership, Message, Pin, Remit, Room, Visit
from tests import people
from tests.cases.helpers import ask
from tests.rooms.actions.test_visits import arrive, order, refused
from tests.rooms.helpers import Phone, enters, events, group, joined, kinds, personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def room() -> uuid.UUID:
    return joined(group(), people.camille(), people.nadia())


def state(room: uuid.UUID, who: Person | None = None) -> dict[str, object]:
    [entry] = enters(who or people.camille(), entering.Ask(room, None, 0))
    assert isinstance(entry, entering.Entry)
    return entry.state


def slow(room: uuid.UUID, who: Person, seconds: int, exempt: bool = False) -> tools.Answer:
    return tools.use(order("room.slow", room, who, seconds=seconds, answers_exempt=exempt))


def test_slow_mode_keeps_to_one_message_each_and_may_exempt_who_answers(room: uuid.UUID) -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    first = slow(room, sacha, 60)
    assert events(room)[-1]["data"] == {"seconds": 60, "answers_exempt": False, "until": None} and state(room)["slow_mode"] == 60
    said = post(room, nadia, "un")
    assert refused(post, room, nadia, "deux") == "room.slow"
    mine = post(room, camille, "et moi")
    assert refused(post, room, camille, "réponse", reply_to=said["message"]) == "room.slow"
    arrive(room, sacha)
    post(room, sacha, "un"), post(room, sacha, "deux")
    second = slow(room, sacha, 60, True)
    assert second["act"] != first["act"] and Act.objects.get(pk=first["act"]).reversed_at and state(room)["answers_exempt"] is True
    post(room, camille, "réponse", reply_to=said["message"])
    assert refused(post, room, camille, "à moi-même", reply_to=mine["message"]) == refused(post, room, camille, "à personne") == "room.slow"
    assert slow(room, sacha, 60, True) | {"seq": 0} == {"seq": 0, "act": second["act"], "unchanged": True, "created": False}
    ended = slow(room, sacha, 0)
    assert ended["act"] == second["act"] and events(room)[-1]["data"]["seconds"] == 0 and Act.objects.get(pk=second["act"]).reversed_at
    assert slow(room, sacha, 0)["unchanged"]
    post(room, nadia, "trois")
    for seconds in (3601, 2**40):
        assert refused(slow, room, sacha, seconds) == "moderation.duration"


TOOLS: dict[str, dict[str, Any]] = {
    "moderator.join": {}, "message.hide": {}, "member.silence": {"seconds": 600}, "member.remove": {}, "room.slow": {"seconds": 60, "answers_exempt": False}, "room.lock": {},
    "pin.add": {}, "expert.ask": {}, "thread.move": {},
}  # fmt: skip


@pytest.mark.parametrize("kind", TOOLS)
def test_a_use_that_cannot_be_recorded_did_not_happen(kind: str, room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """No event, no act, nothing done and nothing told; asked again with the same id, it is done once."""
    nadia, sacha, there = people.nadia(), people.moderator(), group("CAR", "Cardiologie")
    message = post(room, nadia, "Bonjour")["message"]
    about = {"person": str(nadia.pk)} if kind.startswith("member.") else {"message": message} if kind.startswith(("message.", "pin.", "thread.")) else {}
    asked = order(kind, room, sacha, **about, **({"to": str(there)} if kind == "thread.move" else {}), **TOOLS[kind])

    def rows() -> list[Any]:
        models = (Room.objects.filter(pk__in=(room, there)), Message.objects.filter(room_id__in=(room, there)), Membership.objects.filter(room_id=room))
        return [list(found.order_by("pk").values()) for found in (*models, Act.objects.all(), Pin.objects.all(), Visit.objects.all(), Record.objects.all())]

    before, heard = rows(), (kinds(room), kinds(there), personal_events(nadia))

    def breaks(**row: Any) -> None:
        raise DatabaseError("the trail is full")

    with monkeypatch.context() as broken:
        broken.setattr(tools, "record", breaks)
        with pytest.raises(DatabaseError, match="the trail is full"):
            tools.use(asked)
    assert rows() == before and (kinds(room), kinds(there), personal_events(nadia)) == heard
    assert tools.use(asked)["created"] and Act.objects.filter(kind=kind).count() == Record.objects.filter(act=kind).count() == 1


def test_in_a_slow_case_who_answers_is_exempt() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    case = ask(camille)["room"]
    slow(case, sacha, 3600, True)
    post(case, nadia, "une réponse"), post(case, nadia, "et une autre"), post(case, camille, "merci")
    slow(case, sacha, 3600)
    assert refused(post, case, nadia, "encore") == "room.slow"


def test_the_lock_and_its_reason(room: uuid.UUID) -> None:
    nadia, sacha = people.nadia(), people.moderator()
    answer = tools.use(order("room.lock", room, sacha, "Le temps d’apaiser"))
    assert events(room)[-1]["data"] == {"reason": "Le temps d’apaiser", "until": None}
    lock = state(room)["lock"]
    assert isinstance(lock, dict) and lock["reason"] == "Le temps d’apaiser" and lock["actor"]["id"] == str(sacha.pk)
    assert refused(post, room, nadia, "non") == "room.locked"
    arrive(room, sacha)
    post(room, sacha, "La salle rouvre dans une heure.")
    assert tools.use(order("room.lock", room, sacha, "encore"))["unchanged"]
    assert tools.use(order("room.unlock", room, sacha))["act"] == answer["act"] and kinds(room)[-1] == "room.unlocked"
    assert tools.use(order("room.unlock", room, sacha))["unchanged"]
    post(room, nadia, "oui")


def test_pins_by_moderators_and_owners(room: uuid.UUID) -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    Membership.objects.filter(room_id=room, person=camille).update(role="owner")
    message = post(room, nadia, "à garder")["message"]
    assert refused(tools.use, order("pin.add", room, nadia, "", message=message)) == "moderation.remit"
    answer = tools.use(order("pin.add", room, camille, "", message=message))
    assert events(room)[-1]["actor"]["as"] is None and kinds(room)[-1] == "pin.added"
    assert [p["message"] for p in state(room)["pins"]] == [message]  # type: ignore[attr-defined]
    [row] = Phone(nadia).get(f"/rooms/{room}/moderation").json()["acts"]
    assert row["moderator"]["id"] == str(camille.pk) and row["moderator"]["as"] is None, "an owner is no moderator"
    assert tools.use(order("pin.add", room, sacha, "", message=message))["unchanged"]
    assert tools.use(order("pin.remove", room, sacha, "", message=message))["act"] == answer["act"] and state(room)["pins"] == []
    assert tools.use(order("pin.remove", room, sacha, "", message=message))["unchanged"]
    hidden = post(room, nadia, "caché")["message"]
    tools.use(order("pin.add", room, sacha, "", message=hidden))
    tools.use(order("message.hide", room, sacha, message=hidden))
    assert not Pin.objects.exists() and tools.use(order("pin.remove", room, sacha, "", message=hidden))["unchanged"]
    assert refused(tools.use, order("pin.add", room, sacha, "", message=hidden)) == "message.retracted"
    for n in range(20):
        tools.use(order("pin.add", room, sacha, "", message=post(room, nadia, f"n° {n}")["message"]))
    assert refused(tools.use, order("pin.add", room, sacha, "", message=message)) == "room.pins"


def test_an_expert_is_asked_for_and_lists_say_so(room: uuid.UUID) -> None:
    sacha = people.moderator()
    first = tools.use(order("expert.ask", room, sacha, specialty="SM15"))
    assert events(room)[-1]["data"] == {"specialty": "SM15"} and state(room)["expert"] == {"specialty": "SM15"}
    assert lists.one(person=people.camille().pk, room=room)["expert"] == {"specialty": "SM15"}
    assert tools.use(order("expert.ask", room, sacha, specialty="SM15"))["unchanged"]
    second = tools.use(order("expert.ask", room, sacha))
    assert second["act"] != first["act"] and state(room)["expert"] == {"specialty": None}
    assert tools.use(order("expert.unask", room, sacha))["act"] == second["act"] and state(room)["expert"] is None
    assert tools.use(order("expert.unask", room, sacha))["unchanged"] and lists.one(person=people.camille().pk, room=room)["expert"] is None
    for wrong in ("SM99", "\x00"):
        assert refused(tools.use, order("expert.ask", room, sacha, specialty=wrong)) == "frame.invalid"


def test_pictures_are_veiled_alone(room: uuid.UUID) -> None:
    nadia, sacha, image = people.nadia(), people.moderator(), uuid.uuid4()
    message = post(room, nadia, "la photo")["message"]
    Message.objects.filter(pk=message).update(images=[image])
    about = {"message": message, "image": str(image)}
    asked = tools.use(order("image.ask_mask", room, sacha, "Un visage", **about))
    assert events(room)[-1]["kind"] == "image.mask_asked" and pictures.veiled([image, uuid.uuid4()]) == {image: "mask"}
    assert tools.use(order("image.ask_mask", room, sacha, "Un visage", **about))["unchanged"]
    shown = pictures.masked(room_id=room, message_id=uuid.UUID(message), image_id=image)
    assert shown["act"] == asked["act"] and events(room)[-1]["actor"] is None and pictures.veiled([image]) == {}
    hidden = tools.use(order("image.hide", room, sacha, **about))
    assert kinds(room)[-1] == "image.hidden" and pictures.veiled([image]) == {image: "hidden"}
    assert tools.use(order("image.restore", room, sacha, **about))["act"] == hidden["act"] and kinds(room)[-1] == "image.restored"
    assert tools.use(order("image.restore", room, sacha, **about))["unchanged"]
    assert refused(tools.undo, act_id=uuid.uuid4(), person_id=sacha.pk) == "moderation.gone"
    for wrong in (str(uuid.uuid4()), "x"):
        assert refused(tools.use, order("image.hide", room, sacha, message=message, image=wrong)) == "image.not_found"
    assert Phone(nadia).get(f"/messages/{message}").json()["body"] == "la photo"
    lines = [n["kind"] for n in Phone(nadia).get(f"/rooms/{room}/messages").json()["notices"] if n["kind"].startswith("image.")]
    assert lines == ["image.mask_asked", "image.restored", "image.hidden", "image.restored"], "each is a line of its own, for who comes later too"


def test_calling_moderators_in_wakes_those_of_the_room(room: uuid.UUID) -> None:
    sacha, idris, helene, nadia = people.moderator(), people.idris(), people.helene(), people.nadia()
    Remit.objects.create(person=idris, group_id=room)
    Remit.objects.create(person=helene, group_id=group("CAR", "Cardiologie"))
    device = Device.objects.create(person_id=idris.pk, courier="web", address_digest=b"x" * 32, address=b"x", session="s")
    tools.use(order("moderator.call", room, sacha))
    assert events(room)[-1]["kind"] == "moderator.called" and events(room)[-1]["data"] == {"person": None}
    assert personal_events(idris)[-1] == ("page.asked", {"room": str(room)})
    assert all(kind != "page.asked" for who in (helene, sacha, nadia) for kind, _ in personal_events(who))
    assert tools.use(order("moderator.call", room, sacha))["unchanged"]
    while waking.expand():
        pass
    [notice] = Notice.objects.filter(device=device)
    assert notice.reason == "called" and waking.still_due([notice]) == {notice.pk}
    tools.use(order("moderator.call", room, sacha, person=str(idris.pk)))
    assert events(room)[-1]["data"] == {"person": str(idris.pk)}
    assert refused(tools.use, order("moderator.call", room, sacha, person=str(helene.pk))) == "person.not_found"
    assert refused(tools.use, order("moderator.call", room, nadia)) == "moderation.remit"


def test_a_call_is_taken_back_by_one_press(room: uuid.UUID) -> None:
    sacha, idris, nadia = people.moderator(), people.idris(), people.nadia()
    Remit.objects.create(person=idris, group_id=room)
    call = uuid.UUID(tools.use(order("moderator.call", room, sacha, person=str(idris.pk)))["act"])
    before = events(room)[-1]["seq"]
    assert refused(tools.undo, act_id=call, person_id=nadia.pk) == "moderation.remit" and events(room)[-1]["seq"] == before
    tools.undo(act_id=call, person_id=sacha.pk, client_id=uuid.uuid4(), reason="réglé")
    said = events(room)[-1]
    assert (said["kind"], said["data"], said["actor"]["id"]) == ("moderator.uncalled", {"person": str(idris.pk)}, str(sacha.pk))
    act = Act.objects.get(pk=call)
    assert (act.reversed_by, act.reversal_reason) == (sacha.pk, "réglé") and Record.objects.filter(act="moderator.uncall", person_id=sacha.pk, room_id=room).count() == 1
    assert tools.undo(act_id=call, person_id=sacha.pk)["unchanged"] and events(room)[-1]["seq"] == said["seq"]
    assert "unchanged" not in tools.use(order("moderator.call", room, sacha)), "taken back, it may be made again at once"
