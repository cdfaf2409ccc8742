"""A measure with a duration ends by itself: reversed by nobody, in the log, in the record and on the audit trail, as a moderator would."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from consult.audit.models import Record
from consult.clinicians.models import Person
from consult.rooms import wire
from consult.rooms.actions import changes, endings, tools
from consult.rooms.models import Act, Message, PictureVeil, Pin
from tests import people
from tests.cases.helpers import ask, done, sheet
from tests.rooms.actions.test_states import state
from tests.rooms.actions.test_visits import order, refused
from tests.rooms.helpers import Phone, events, group, joined, kinds, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def room() -> uuid.UUID:
    return joined(group(), people.camille(), people.nadia())


def overdue(answer: tools.Answer) -> None:
    """Its time is over."""
    Act.objects.filter(pk=answer["act"]).update(until=timezone.now() - timedelta(milliseconds=1))


def withheld(message: str) -> str | None:
    return Message.objects.get(pk=message).withheld


Undone = Callable[[uuid.UUID, str], bool]
# Each tool that may have a duration in a group: its fields but those of the message, its reversal's event and name, and what is so again after it.
LASTING: dict[str, tuple[dict[str, Any], str, str, Undone]] = {
    "message.hide": ({}, "message.restored", "message.restore", lambda room, message: withheld(message) is None),
    "image.hide": ({}, "image.restored", "image.restore", lambda room, message: not PictureVeil.objects.exists()),
    "member.remove": ({}, "member.readmitted", "member.readmit", lambda room, message: bool(post(room, people.nadia(), "me revoilà"))),
    "room.slow": ({"seconds": 3600, "answers_exempt": False}, "room.slowed", "room.unslow", lambda room, message: state(room)["slow_mode"] == 0),
    "room.lock": ({}, "room.unlocked", "room.unlock", lambda room, message: bool(post(room, people.nadia(), "rouvert"))),
    "pin.add": ({}, "pin.removed", "pin.remove", lambda room, message: not Pin.objects.exists()),
    "expert.ask": ({"specialty": "SM15"}, "expert.unasked", "expert.unask", lambda room, message: state(room)["expert"] is None),
}


@pytest.mark.parametrize("kind", LASTING)
def test_it_ends_by_itself(kind: str, room: uuid.UUID) -> None:
    more, event, back, undone = LASTING[kind]
    nadia, sacha, image = people.nadia(), people.moderator(), uuid.uuid4()
    message = post(room, nadia, "Bonjour")["message"]
    Message.objects.filter(pk=message).update(images=[image])
    about = {"person": str(nadia.pk)} if kind.startswith("member.") else {} if kind.startswith(("room.", "expert.")) else {"message": message}
    if kind == "image.hide":
        about["image"] = str(image)
    began = timezone.now()
    used = tools.use(order(kind, room, sacha, "un motif", lasts=600, **about, **more))
    [shown] = [a for a in Phone(people.camille()).get(f"/rooms/{room}/moderation").json()["acts"] if a["act"] == used["act"]]
    assert wire.time(began + timedelta(seconds=600)) <= shown["until"] <= wire.time(timezone.now() + timedelta(seconds=600)) and shown["reversed"] is None
    assert endings.end_due() == 0 and events(room)[-1]["seq"] == used["seq"]

    overdue(used)
    assert endings.end_due() == 1
    [ended] = [e for e in events(room) if e["seq"] > used["seq"] and e["kind"] == event]
    assert ended["actor"] is None
    act = Act.objects.get(pk=used["act"])
    assert act.reversed_at and act.reversed_by is None
    assert list(Record.objects.filter(act=back).values_list("person_id", "room_id")) == [(None, room)]
    assert endings.end_due() == 0
    assert undone(room, message)
    [shown] = [a for a in Phone(people.camille()).get(f"/rooms/{room}/moderation").json()["acts"] if a["act"] == used["act"]]
    assert shown["reversed"]["by"] is None and shown["until"]


def test_what_stands_beside_a_case_comes_back_too() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    room = ask(camille)["room"]
    made = done(nadia, room, "differential.propose", label="Mycosis fongoïde")["differential"]
    overdue(tools.use(order("differential.hide", room, sacha, differential=made, lasts=60)))
    answer = post(room, nadia, "Mycose.")["message"]
    linked = done(nadia, room, "reference.add", message=answer, link="https://pubmed.ncbi.nlm.nih.gov/12345678/")["reference"]
    overdue(tools.use(order("reference.hide", room, sacha, reference=linked, lasts=60)))
    assert endings.end_due() == 2
    assert [d["label"] for d in sheet(camille, room)["differentials"]] == ["Mycosis fongoïde"]
    assert [r["reference"] for a in sheet(camille, room)["answers"] for r in a["references"]] == [linked]


@pytest.mark.parametrize("lasts", [0, 59, 31_536_001])
def test_no_shorter_than_a_minute_and_no_longer_than_a_year(lasts: int, room: uuid.UUID) -> None:
    assert refused(tools.use, order("room.lock", room, people.moderator(), lasts=lasts)) == "moderation.duration"
    assert not Act.objects.exists() and "room.locked" not in kinds(room)


@pytest.mark.parametrize("wrong", [-60, 1.5, "600", True])
def test_what_is_no_number_of_seconds_is_refused_by_name(wrong: Any, room: uuid.UUID) -> None:
    asked = {"type": "room.lock", "id": str(uuid.uuid4()), "reason": "un motif", "lasts": wrong}
    answer = Phone(people.moderator()).post(f"/rooms/{room}/moderation", asked)
    assert (answer.status_code, answer.json()["code"], answer.json()["fields"]) == (400, "frame.invalid", ["lasts"])


def test_a_move_has_no_duration(room: uuid.UUID) -> None:
    asked = {"type": "thread.move", "id": str(uuid.uuid4()), "reason": "un motif", "message": post(room, people.nadia(), "ici")["message"], "to": str(group("CAR")), "lasts": 600}
    answer = Phone(people.moderator()).post(f"/rooms/{room}/moderation", asked)
    assert answer.json().get("code") == "frame.invalid" and answer.json()["fields"] == ["lasts"]


def test_the_room_is_told_until_when(room: uuid.UUID) -> None:
    sacha = people.moderator()
    used = tools.use(order("room.lock", room, sacha, "Le temps d’apaiser", lasts=3600))
    until = wire.time(Act.objects.get(pk=used["act"]).until)  # type: ignore[arg-type]
    assert events(room)[-1]["data"] == {"reason": "Le temps d’apaiser", "until": until}
    assert state(room)["lock"]["until"] == until  # type: ignore[index]
    slowed = tools.use(order("room.slow", room, sacha, seconds=60, answers_exempt=False, lasts=3600))
    assert events(room)[-1]["data"]["until"] == wire.time(Act.objects.get(pk=slowed["act"]).until)  # type: ignore[arg-type]


def test_somebody_may_end_it_before_and_at_its_end(room: uuid.UUID) -> None:
    sacha = people.moderator()
    early = tools.use(order("room.lock", room, sacha, lasts=600))
    assert tools.use(order("room.unlock", room, sacha))["act"] == early["act"]
    late = tools.use(order("room.lock", room, sacha, lasts=600))
    overdue(late)
    assert tools.use(order("room.unlock", room, sacha))["act"] == late["act"], "the worker has not come by yet"
    overdue(early), overdue(late)
    before = kinds(room)
    assert endings.end_due() == 0 and kinds(room) == before


def test_a_measure_that_took_its_place_stays(room: uuid.UUID) -> None:
    sacha = people.moderator()
    first = tools.use(order("room.slow", room, sacha, seconds=60, answers_exempt=False, lasts=600))
    tools.use(order("room.slow", room, sacha, seconds=300, answers_exempt=False))
    overdue(first)
    assert endings.end_due() == 0 and state(room)["slow_mode"] == 300


def test_a_silence_ends_by_the_clock(room: uuid.UUID) -> None:
    used = tools.use(order("member.silence", room, people.moderator(), person=str(people.nadia().pk), seconds=600))
    overdue(used)
    assert endings.end_due() == 0 and Act.objects.get(pk=used["act"]).reversed_at is None


def hides(room: uuid.UUID, who: Person, words: str) -> tuple[str, tools.Answer]:
    message = post(room, who, words)["message"]
    return message, tools.use(order("message.hide", room, people.moderator(), message=message, lasts=600))


def test_words_that_are_gone_or_that_nobody_has_read_stay_hidden(room: uuid.UUID) -> None:
    """A mask by time is no release: what its author wrote after it was hidden waits for a person."""
    nadia = people.nadia()
    gone, gone_by = hides(room, nadia, "adieu")
    edited, edited_by = hides(room, nadia, "avant")
    changes.retract(changes.Retraction(room, nadia.pk, gone))
    changes.edit(changes.Edit(room, nadia.pk, edited, changes.message(room, edited).version, "après"))
    overdue(gone_by), overdue(edited_by)
    before = kinds(room)
    assert endings.end_due() == 2 and kinds(room) == before
    assert (withheld(gone), withheld(edited)) == ("retracted", "hidden")
    assert set(Act.objects.values_list("until", "reversed_at")) == {(None, None)} and endings.end_due() == 0, "not tried for ever"
    assert tools.use(order("message.restore", room, people.moderator(), message=edited))["act"] == edited_by["act"]


def test_one_that_fails_keeps_no_other_from_its_end(room: uuid.UUID, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    first, _ = hides(room, people.nadia(), "un")
    second, _ = hides(room, people.nadia(), "deux")
    Act.objects.filter(message_id=first).update(until=timezone.now() - timedelta(minutes=1))
    Act.objects.filter(message_id=second).update(until=timezone.now())
    show = changes.show

    def breaks(message: uuid.UUID, seq: int) -> None:
        if str(message) == first:
            raise RuntimeError("this one fails")
        show(message, seq)

    with monkeypatch.context() as broken:
        broken.setattr(changes, "show", breaks)
        assert endings.end_due() == 2
    assert "this one fails" in caplog.text
    assert (withheld(first), withheld(second)) == ("hidden", None)
    assert endings.end_due() == 1 and withheld(first) is None


def test_what_is_due_is_found_by_its_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        try:
            cursor.execute("EXPLAIN " + endings._DUE, (100,))
            assert "acts_that_end" in "\n".join(line for (line,) in cursor.fetchall())
        finally:
            cursor.execute("RESET enable_seqscan")
