"""Whatever the server says fits the types it is documented by: sample rows of every kind, and every frame of real sockets."""

from __future__ import annotations

import ast
import re
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from pydantic import ValidationError

from consult.errors import CODES, Refusal
from consult.rooms import commands, events, frames, greeting, heartbeats, log, pages, parsing, shapes, wire
from consult.rooms.actions import changes, membership, personal
from consult.rooms.closes import CLOSES
from consult.rooms.commands.connection import Cursor
from consult.rooms.commands.messages import MentionAt, ReactionCode
from consult.rooms.connection import refused
from consult.rooms.replies import REPLIES
from tests import people
from tests.rooms import helpers
from tests.rooms.sockets import Socket, db

CONSULT = Path(__file__).resolve().parents[2] / "consult"
SOURCES = [p for p in CONSULT.rglob("*.py") if "migrations" not in p.parts]
PERSON, MESSAGE, ROOM = (uuid.UUID(int=n) for n in (1, 2, 3))
CASE = {"case": str(ROOM), "specialty": "SM15", "urgency": "today", "status": "open", "answers": 0}

# What actions put into a row's `data`, by kind; `message` and `person` are columns of their own.
STORED: dict[str, dict[str, Any]] = {
    "message.edited": {"base": 4},
    "reaction.added": {"reaction": "useful"},
    "reaction.removed": {"reaction": "useful"},
    "member.role_changed": {"role": "owner"},
    "member.silenced": {"until": "2026-11-23T16:00:00.123Z"},
    "person.suspended": {"until": None},
    "room.slowed": {"seconds": 30, "answers_exempt": True},
    "moderator.called": {"person": None},
    "moderator.uncalled": {"person": None},
    "mark.added": {"image": str(MESSAGE), "mark": str(MESSAGE), "drawn": {"kind": "ellipse", "x": 0.0, "y": 0.5, "w": 0.25, "h": 0.5}},
    "mark.removed": {"image": str(MESSAGE), "mark": str(MESSAGE)},
    "image.hidden": {"image": str(MESSAGE)},
    "image.shown": {"image": str(MESSAGE)},
    "image.restored": {"image": str(MESSAGE)},
    "image.mask_asked": {"image": str(MESSAGE)},
    "thread.moved": {"to": str(ROOM), "as_message": str(MESSAGE), "from": str(ROOM)},
    "case.moved": {"case": str(ROOM), "from": str(ROOM), "to": str(ROOM)},
    "case.merged": {"case": str(ROOM), "into": str(ROOM)},
    "case.parted": {"case": str(ROOM), "into": str(ROOM)},
    "expert.asked": {"specialty": "SM15"},
    "case.opened": CASE,
    "case.updated": {"case": str(ROOM), "status": "answered", "answers": 2},
    "answer.accepted": {"version": 3},
    "answer.unaccepted": {"why": "edited"},
    "answer.amended": {"former": 3, "accepted": True, "doubt": "amended"},
    "vote.cast": {"vote": "disagree", "doubt": "disputed"},
    "vote.withdrawn": {"doubt": None},
    **{f"differential.{what}": {"differential": str(MESSAGE)} for what in ("proposed", "withdrawn", "hidden", "restored", "backed", "unbacked")},
    "reference.added": {"reference": str(MESSAGE)},
    **{f"reference.{what}": {"reference": str(MESSAGE)} for what in ("removed", "hidden", "restored")},
    "consensus.proposed": {"differential": str(MESSAGE)},
    "outcome.due": {"weeks": 4},
    "outcome.told": {"verdict": "confirmed"},
    "case.attention": {"room": str(ROOM), "seq": 4, "why": "amended"},
    "room.joined": {"room": str(ROOM)},
    "room.left": {"room": str(ROOM), "code": "room.removed"},
    "room.renamed": {"room": str(ROOM)},
    "mention.received": {"room": str(ROOM), "seq": 4},
    "read.marked": {"room": str(ROOM), "seq": 4},
    "image.ready": {"image": str(MESSAGE)},
    "image.held": {"image": str(MESSAGE)},
    "image.refused": {"image": str(MESSAGE), "code": "image.kind"},
    "verification.decided": {"status": "verified"},
    "page.asked": {"room": str(ROOM)},
    "report.decided": {"report": str(MESSAGE)},
    "appeal.decided": {"appeal": str(MESSAGE)},
    "room.read": {"room": str(ROOM)},
    "item.opened": {"item": str(MESSAGE)},
    "item.claimed": {"item": str(MESSAGE)},
    "item.released": {"item": str(MESSAGE)},
    "item.decided": {"item": str(MESSAGE)},
}


def row(kind: str, **more: Any) -> wire.Row:
    model = events.EVENTS[kind].model_fields
    fields: dict[str, Any] = {
        "room": ROOM,
        "epoch": "e",
        "seq": 5,
        "kind": kind,
        "at": datetime.now(UTC),
        "actor": PERSON,
        "title": "Dr",
        "given_name": "Nadia",
        "family_name": "Ferrand",
        "profession": "10",
        "specialty": "",
        "level": None,
        "actor_as": None,
        "message": MESSAGE if "message" in model else None,
        "person": PERSON if "person" in model else None,
        "data": STORED.get(kind),
    }
    if kind in ("message.posted", "message.edited"):
        mention = {"person": str(PERSON), "start": 0, "length": 3}
        fields |= {
            "client_id": MESSAGE,
            "post_no": 1,
            "body": "oui",
            "mentions": [mention],
            "reply_to": None,
            "images": [],
            "form": "text",
            "edited_seq": 5 if kind.endswith("edited") else None,
        }
    return wire.Row(**{**fields, **more})


@pytest.mark.parametrize("kind", events.EVENTS)
def test_a_row_of_every_kind_becomes_a_frame_of_its_type(kind: str) -> None:
    frame = wire.event(row(kind))
    assert frames.check(frame.text).model_dump(by_alias=True)["kind"] == kind


@pytest.mark.parametrize("more", [{"withheld": "erased"}, {"edited_seq": 9}, {"actor": None}, {"actor_as": "moderator"}, {"images": [MESSAGE], "reply_to": MESSAGE}])
def test_withheld_words_and_absent_people_fit_too(more: dict[str, Any]) -> None:
    frames.check(wire.event(row("message.posted", **more)).text)


def test_what_does_not_fit_is_refused() -> None:
    good = orjson.loads(wire.event(row("message.posted")).text)
    for wrong in (
        {"extra": 1},
        {"seq": 0},
        {"at": "2026-11-23"},
        {"actor": {"id": "x"}},
        {"data": {}},
        {"data": {**good["data"], "more": 1}},
        {"data": {**good["data"], "form": "poem"}},
    ):
        with pytest.raises(ValidationError):
            frames.check(orjson.dumps({**good, **wrong}))
    with pytest.raises(KeyError):
        frames.check(orjson.dumps({**good, "kind": "message.sung"}))


def test_every_refusal_is_a_frame() -> None:
    for code in CODES:
        frames.check(refused(Refusal(code, retry_after_ms=5), None, "fr"))
    frames.check(refused(parsing.Invalid(["body"], 3), 3, "en"))
    frames.check(refused(Refusal("hello.protocol", protocols=[1]), 1, "en"))


def test_the_shared_words_are_the_same_on_both_sides() -> None:
    assert set(shapes.Mention.model_fields) == set(MentionAt.model_fields)
    assert set(shapes.Head.model_fields) == set(Cursor.model_fields)
    assert get_args(ReactionCode) == pages.REACTIONS
    assert REPLIES.keys() == commands.COMMANDS.keys()
    assert events.EVENTS.keys() >= events.PERSONAL | events.RESERVED | wire.WITHHOLDS - {"message.withdrawn", "message.erased"}
    assert greeting.PROTOCOLS == [1]


def literals(pattern: str) -> set[str]:
    return {found for path in SOURCES for found in re.findall(pattern, path.read_text())}


def appended() -> set[str]:
    """The kinds that actions give to `append`, `tell` and a tool's `event`."""
    found = set()
    for path in SOURCES:
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in ("append", "tell", "event"):
                for part in [*call.args[0 if call.func.attr == "event" else 1 :][:1], *(k.value for k in call.keywords if k.arg == "kind")]:
                    found |= {part.value} if isinstance(part, ast.Constant) and isinstance(part.value, str) else set()
    return found


def test_every_kind_that_is_written_is_known_and_none_is_reserved() -> None:
    kinds = appended()
    assert {"message.edited", "verification.decided"} <= kinds
    assert kinds <= events.EVENTS.keys(), "give the kind a type in consult/rooms/events/"
    assert not kinds & events.RESERVED, "the kind is sent now: take it out of events.RESERVED and run manage.py protocol"


def test_every_close_code_is_documented() -> None:
    codes = literals(r"(?:_end|\.close|Unwelcome)\((?:\"[a-z._]+\", )?(\d{4})\b") | literals(r"code, refusal = \((\d{4})")
    assert {"4400", "4401", "4002", "1013"} <= codes
    assert {int(c) for c in codes} <= CLOSES.keys()


pytest_db = pytest.mark.django_db(transaction=True)


@pytest_db
def test_a_log_in_which_everything_happened() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = helpers.joined(helpers.group(), camille, nadia)
    mention = MentionAt(person=str(nadia.pk), start=0, length=2)
    first = helpers.post(room, camille, "Avis ?", mentions=[mention])
    helpers.post(room, nadia, "Oui", reply_to=first["message"])
    changes.react(changes.React(room, nadia.pk, first["message"], "useful", True, charged=True))
    changes.react(changes.React(room, nadia.pk, first["message"], "useful", False, charged=True))
    changes.edit(changes.Edit(room, camille.pk, first["message"], first["seq"], "Avis svp ?", charged=True))
    changes.edit(changes.Edit(room, camille.pk, first["message"], first["seq"] + 4, "Un avis ?", charged=True))
    events_before = {e["kind"] for e in helpers.events(room)}
    changes.retract(changes.Retraction(room, camille.pk, first["message"]))
    membership.leave(person_id=nadia.pk, room_id=room)
    seen = set()
    for id in (room, personal.room_of(camille.pk), personal.room_of(nadia.pk)):
        head = log.heads_of([id])[id][1]
        for frame in log.frames_of([(id, 0, head)]).get(id, []):
            frames.check(frame.text)
            seen.add(frame.kind)
    assert events_before < seen and {"mention.received", "room.joined", "room.left", "message.retracted", "member.left"} <= seen


@pytest_db
def test_a_page_of_messages() -> None:
    camille = people.camille()
    room = helpers.joined(helpers.group(), camille)
    helpers.post(room, camille, "Avis ?")
    phone = helpers.Phone(camille)
    [item] = phone.get(f"/rooms/{room}/messages").json()["messages"]
    shapes.MessageItem.model_validate_json(orjson.dumps(item))
    page = phone.get(f"/rooms/{room}/events").json()
    assert page["events"]
    for frame in page["events"]:
        frames.check(orjson.dumps(frame))
    assert phone.get("/meta").json()["limits"].keys() == shapes.Limits.model_fields.keys()


@pytest_db
async def test_every_frame_of_two_sockets(live: Any) -> None:
    def scene() -> tuple[Any, Any, Any]:
        camille, nadia = people.camille(), people.nadia()
        return camille, nadia, helpers.joined(helpers.group(), camille, nadia)

    camille, nadia, room = await db(scene)
    theirs = await Socket.of(nadia)
    await theirs.enter(room)
    mine = await Socket.of(camille, resume=[{"room": str(room), "after": None}, {"room": str(uuid.uuid4()), "after": None}])
    asked: dict[int, str] = {1: "hello"}

    async def ask(kind: str, **fields: Any) -> dict[str, Any]:
        answer = await mine.ask(kind, **fields)
        asked[answer["ref"]] = kind
        return answer

    id = str(uuid.uuid4())
    posted = await ask("message.post", room=str(room), id=id, body="Avis ?")
    about = {"room": str(room), "message": posted["message"]}
    assert (await ask("message.post", room=str(room), id=id, body="Avis ?"))["duplicate"]
    await ask("reaction.add", **about, reaction="agree")
    assert (await ask("reaction.add", **about, reaction="agree"))["unchanged"]
    await ask("reaction.remove", **about, reaction="agree")
    await ask("message.edit", **about, base=posted["seq"], body="Avis svp ?")
    await ask("read.mark", room=str(room), seq=posted["seq"])
    await ask("read.mark", room=str(room), seq=1)
    await ask("message.retract", **about)
    await ask("typing", room=str(room))
    await ask("ping")
    await ask("room.enter", room=str(room), after=None)
    await ask("room.enter", room=mine.ok["personal"]["room"], after=None)
    await ask("room.leave", room=str(room))
    refusal = await ask("message.post", room=str(room), id=str(uuid.uuid4()), body=" ")
    assert refusal["code"] == "message.blank"
    await theirs.until(lambda f: f["type"] == "signal" and f["kind"] == "typing")
    await theirs.until(lambda f: f["type"] == "signal" and f["kind"] == "presence", 6)
    heartbeats.beat(live, next(c for c in live.connections.values() if c.person == nadia.pk))
    await theirs.until(lambda f: f["type"] == "heads" and f["rooms"])
    await db(membership.leave, person_id=nadia.pk, room_id=room)
    await theirs.until(lambda f: f["type"] == "left")
    for socket, replies in ((mine, asked), (theirs, {1: "hello", 2: "room.enter"})):
        for frame in socket.heard:
            frames.check(orjson.dumps(frame), answers=replies.get(frame["ref"]) if frame["type"] == "ok" else None)
    assert {f["type"] for f in mine.heard + theirs.heard} == {"ok", "refused", "event", "signal", "entered", "left", "heads"}
    await mine.leave()
    await theirs.leave()


@pytest_db
def test_a_new_epoch_for_every_room() -> None:
    from django.core.management import call_command

    a, b = helpers.group(), helpers.group("CAR", "Cardiologie")
    before = log.heads_of([a, b])
    call_command("new_epoch")
    after = log.heads_of([a, b])
    assert len({before[a][0], before[b][0], after[a][0], after[b][0]}) == 4
    assert [after[r][1] for r in (a, b)] == [before[r][1] for r in (a, b)]
