"""The socket through the whole application: hello, commands in order, refusals that change nothing, and every close the protocol names."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.conf import settings as live_settings

from consult.clinicians.models import Person
from consult.errors import OutcomeUnknown, Refusal
from consult.rooms import consumer, lanes, limits, obeying, typists
from consult.rooms.actions import membership, messages, personal
from consult.rooms.commands import COMMANDS
from consult.rooms.hub import Hub
from consult.rooms.models import Message, ReadMark, Room
from consult.standing import draining
from tests import people
from tests.rooms.helpers import events, group, joined, post
from tests.rooms.sockets import Closed, Socket, db, ticket_of

pytestmark = pytest.mark.django_db(transaction=True)

OURS, FOREIGN = (b"origin", b"http://localhost"), (b"origin", b"https://evil.example")


def cookie(key: str) -> tuple[bytes, bytes]:
    return b"cookie", f"{live_settings.SESSION_COOKIE_NAME}={key}".encode()


async def hello(socket: Socket, **more: Any) -> dict[str, Any]:
    return await socket.ask("hello", **{"protocols": [1], "client": "test/1", **more})


@pytest.fixture
def camille(transactional_db: None) -> Person:
    return people.camille()


@pytest.fixture
def nadia(transactional_db: None) -> Person:
    return people.nadia()


@pytest.fixture
def room(camille: Person, nadia: Person) -> uuid.UUID:
    return joined(group(), camille, nadia)


@pytest.fixture(autouse=True)
async def sockets(live: Hub) -> AsyncIterator[None]:
    """Whatever was opened is hung up before the hub goes."""
    made: list[Socket] = []
    begin = Socket.connect

    async def connect(self: Socket) -> Socket:
        made.append(self)
        return await begin(self)

    Socket.connect = connect  # type: ignore[method-assign]
    yield
    Socket.connect = begin  # type: ignore[method-assign]
    for socket in made:
        if socket.code is None and not socket.communicator.future.done():
            await socket.leave()


# --- hello ---------------------------------------------------------------------


async def test_hello_answers_who_one_is_and_what_the_limits_are(camille: Person) -> None:
    socket = await Socket.of(camille, locale="fr")
    own = await db(personal.room_of, camille.pk)
    ok = socket.ok
    assert set(ok) == {"type", "ref", "protocol", "server", "features", "session", "me", "personal", "limits", "heartbeat_ms", "server_time"}
    assert ok["me"] == {"id": str(camille.pk), "name": "Dr Camille Aubrac", "profession": "10", "specialty": "SM54", "roles": ["clinician"]}
    assert ok["personal"]["room"] == str(own) and ok["personal"]["head"]["seq"] == 0 and ok["limits"] == live_settings.LIMITS and ok["protocol"] == 1
    await db(personal.tell, person_id=camille.pk, kind="room.joined", data={"room": "r"})
    assert (await socket.event(own, 1))["data"] == {"room": "r"}, "the personal room is entered by hello itself"


async def test_a_page_of_ours_speaks_by_its_cookie(camille: Person) -> None:
    socket = await Socket(OURS, cookie(await db(people.session_of, camille))).connect()
    assert (await hello(socket))["me"]["id"] == str(camille.pk)


async def test_a_foreign_page_with_a_cookie_is_not_let_in(camille: Person) -> None:
    key = await db(people.session_of, camille)
    for origin in (FOREIGN, (b"origin", b"null"), (b"origin", b"http://localhost.evil.example"), (b"origin", b"http://localhost:1"), (b"origin", b"http://[")):
        with pytest.raises(Closed):
            await Socket(origin, cookie(key)).connect()


async def test_a_foreign_page_without_a_cookie_opens_with_a_ticket_only(camille: Person) -> None:
    socket = await Socket(FOREIGN).connect()
    assert (await hello(socket, ticket=await db(ticket_of, camille)))["type"] == "ok"
    socket = await Socket(FOREIGN).connect()
    assert (await hello(socket))["code"] == "session.none" and await socket.closed() == 4401


async def test_without_an_origin_a_cookie_opens_nothing(camille: Person) -> None:
    socket = await Socket(cookie(await db(people.session_of, camille))).connect()
    assert (await hello(socket))["code"] == "session.none" and await socket.closed() == 4401


async def test_not_signed_in_is_told_in_a_frame(live: Hub) -> None:
    for headers in ([OURS], [OURS, cookie("x" * 32)], [OURS, cookie("")]):
        socket = await Socket(*headers).connect()
        assert (await hello(socket))["code"] == "session.none" and await socket.closed() == 4401


async def test_a_host_that_is_not_ours_is_not_let_in() -> None:
    with pytest.raises(Closed):
        await Socket(host=(b"host", b"evil.example")).connect()


async def test_where_a_ticket_is_sent_it_decides_who_it_is(camille: Person, nadia: Person) -> None:
    socket = await Socket(OURS, cookie(await db(people.session_of, camille))).connect()
    assert (await hello(socket, ticket=await db(ticket_of, nadia)))["me"]["id"] == str(nadia.pk)
    socket = await Socket(OURS, cookie(await db(people.session_of, camille))).connect()
    assert (await hello(socket, ticket="faux"))["code"] == "ticket.unknown" and await socket.closed() == 4006, "it does not fall back on the cookie"


async def test_a_ticket_opens_once(camille: Person) -> None:
    ticket = await db(ticket_of, camille)
    assert (await hello(await Socket().connect(), ticket=ticket))["type"] == "ok"
    socket = await Socket().connect()
    assert (await hello(socket, ticket=ticket))["code"] == "ticket.unknown" and await socket.closed() == 4006


async def test_a_ticket_of_an_ended_session_or_an_expired_one_opens_nothing(camille: Person) -> None:
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from consult.standing.models import Ticket

    ended, expired = await db(ticket_of, camille), await db(ticket_of, camille)
    await db(lambda: Session.objects.all().delete())
    await db(lambda: Ticket.objects.update(expires_at=timezone.now()))
    for ticket in (ended, expired, "", "x" * 10_000):
        socket = await Socket().connect()
        assert (await hello(socket, ticket=ticket))["code"] == "ticket.unknown" and await socket.closed() == 4006


async def test_the_suspended_are_told_and_stopped(camille: Person) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from consult.standing import actions

    ticket = await db(ticket_of, camille)
    await db(actions.suspend, person_id=camille.pk, until=timezone.now() + timedelta(hours=1), by=None, reason="test")
    socket = await Socket().connect()
    assert (await hello(socket, ticket=ticket))["code"] == "account.suspended" and await socket.closed() == 4403


async def test_who_is_not_verified_gets_in_and_sees_no_room(room: uuid.UUID) -> None:
    yann = await db(people.unverified)
    socket = await Socket.of(yann)
    assert socket.ok["me"]["roles"] == []
    assert (await socket.enter(room))["code"] == "room.not_found"


@pytest.mark.parametrize("frame", ['{"type":"ping","ref":4}', '{"type":"message.post","ref":4}', '{"type":"nothing","ref":4}'])
async def test_the_first_frame_is_hello(frame: str) -> None:
    socket = await Socket().connect()
    await socket.say(frame)
    assert (await socket.answer(4))["code"] == "hello.expected" and await socket.closed() == 4400


async def test_an_invalid_hello_may_be_repeated(camille: Person) -> None:
    socket = await Socket().connect()
    assert (await hello(socket, more=1))["fields"] == ["more"]
    assert (await hello(socket, resume=[{"room": "R", "after": None}, {"room": "R", "after": None}]))["fields"] == ["resume"]
    await socket.say("{")
    assert (await socket.answer(None))["code"] == "frame.invalid"
    await socket.say(b"\x00")
    assert (await hello(socket, ticket=await db(ticket_of, camille)))["type"] == "ok"
    assert (await hello(socket))["code"] == "hello.repeated"
    assert (await socket.ask("ping"))["type"] == "ok"


async def test_no_version_in_common(camille: Person) -> None:
    socket = await Socket().connect()
    answer = await hello(socket, protocols=[2, 3], ticket=await db(ticket_of, camille))
    assert (answer["code"], answer["protocols"]) == ("hello.protocol", [1]) and await socket.closed() == 4426


async def test_no_hello_in_time(settings: Any) -> None:
    settings.HELLO_S = 0.1
    socket = await Socket().connect()
    assert await socket.closed(2) == 4005


async def test_a_draining_node_takes_no_new_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "draining", lambda: True)
    with pytest.raises(Closed):
        await Socket().connect()
    assert not draining.draining()


async def test_commands_sent_before_hello_is_answered_are_obeyed_after_it(camille: Person, room: uuid.UUID) -> None:
    socket = await Socket().connect()
    ticket = await db(ticket_of, camille)
    refs = [
        await socket.send("hello", protocols=[1], client="t/1", ticket=ticket),
        await socket.send("message.post", room=str(room), id=str(uuid.uuid4()), body="tôt"),
        await socket.send("ping"),
    ]
    assert [(await socket.answer(r))["type"] for r in refs] == ["ok"] * 3
    assert socket.heard[0]["ref"] == refs[0]


async def test_any_other_address_is_refused() -> None:
    from channels.testing import WebsocketCommunicator

    from consult.asgi import application

    connected, _ = await WebsocketCommunicator(application, "/ws/v2/", headers=[(b"host", b"localhost")]).connect()
    assert not connected


# --- resume ----------------------------------------------------------------------


async def test_resume_enters_rooms_before_their_events_and_left_those_one_may_not_see(camille: Person, room: uuid.UUID) -> None:
    other = await db(lambda: Room.objects.create(kind="private").pk)
    await db(post, room, camille, "manqué")
    epoch = (await db(events, room))[0]["epoch"]
    nowhere = str(uuid.uuid4())
    asked = [{"room": str(room), "after": {"epoch": epoch, "seq": 1}}] + [{"room": r, "after": None} for r in (str(other), nowhere, "pas-un-id")]
    socket = await Socket.of(camille, resume=asked)
    await socket.event(room, 3)
    await socket.quiet(0.1)
    kinds = [(f["type"], f.get("room"), f.get("seq") or f.get("code")) for f in socket.heard if f["type"] != "signal"]
    assert kinds[0][0] == "ok" and sorted(k for k in kinds if k[0] == "left") == sorted(("left", r, "room.not_found") for r in (str(other), nowhere, "pas-un-id"))
    own = [k for k in kinds if k[1] == str(room)]
    assert own == [("entered", str(room), None), ("event", str(room), 2), ("event", str(room), 3)]
    entered = next(f for f in socket.heard if f["type"] == "entered")
    assert entered["mode"] == "replay" and entered["head"] == {"epoch": epoch, "seq": 3} and entered["state"]["present"]["count"] == 1
    await db(post, room, camille, "vivant")
    await socket.event(room, 4)


async def test_the_personal_room_is_entered_aloud_only_where_named(camille: Person) -> None:
    own = str(await db(personal.room_of, camille.pk))
    await db(personal.tell, person_id=camille.pk, kind="room.joined", data={"room": "r"})
    plain = await Socket.of(camille)
    await plain.quiet(0.1)
    assert plain.heard == [plain.ok]
    named = await Socket.of(camille, resume=[{"room": own, "after": {"epoch": plain.ok["personal"]["head"]["epoch"], "seq": 0}}])
    await named.event(own, 1)
    assert [f["type"] for f in named.heard] == ["ok", "entered", "event"] and named.heard[1]["state"] == {}


# --- rooms -------------------------------------------------------------------------


async def test_entering_answers_before_the_first_event_of_the_run(camille: Person, nadia: Person, room: uuid.UUID) -> None:
    socket = await Socket.of(nadia)
    first = await socket.enter(room)
    assert (first["mode"], first["head"]["seq"], first["state"]["role"]) == ("reset", 2, "member")
    await db(post, room, camille, "un")
    await socket.event(room, 3)
    again = await socket.enter(room, {"epoch": first["head"]["epoch"], "seq": 0})
    assert again["mode"] == "replay"
    await socket.event(room, 1)
    assert [f["seq"] for f in socket.heard[socket.heard.index(again) :] if f["type"] == "event"] == [1, 2, 3], "a run may repeat, in order"


async def test_leaving_stops_deliveries_and_keeps_the_membership(camille: Person, nadia: Person, room: uuid.UUID) -> None:
    socket = await Socket.of(nadia)
    for r in (str(room), str(uuid.uuid4()), "rien"):
        assert (await socket.ask("room.leave", room=r))["type"] == "ok", "also where not entered"
    await socket.enter(room)
    assert (await socket.ask("room.leave", room=str(room)))["type"] == "ok"
    await db(post, room, camille, "un")
    await socket.quiet(0.5)
    assert socket.events(room) == []
    assert (await socket.enter(room))["head"]["seq"] == 3


async def test_the_personal_room_takes_no_command_but_entering(camille: Person) -> None:
    socket = await Socket.of(camille)
    own = socket.ok["personal"]["room"]
    message = str(uuid.uuid4())
    asked: list[dict[str, Any]] = [
        {"type": "room.leave"},
        {"type": "typing"},
        {"type": "message.post", "id": message, "body": "x"},
        {"type": "message.edit", "message": message, "base": 0, "body": "x"},
        {"type": "message.retract", "message": message},
        {"type": "reaction.add", "message": message, "reaction": "agree"},
        {"type": "read.mark", "seq": 0},
    ]
    assert [(await socket.ask(**a, room=own)).get("code") for a in asked] == ["room.read_only"] * len(asked)
    assert (await socket.enter(own))["mode"] == "reset"


async def test_a_room_one_may_not_know_of_and_none_at_all_answer_alike_to_every_command(camille: Person) -> None:
    hidden = str(await db(lambda: Room.objects.create(kind="private").pk))
    socket, told = await Socket.of(camille), []
    message = str(uuid.uuid4())
    for place in (hidden, str(uuid.uuid4()), "pas-un-id", hidden.upper()):
        asked: list[dict[str, Any]] = [
            {"type": "room.enter", "after": None},
            {"type": "typing"},
            {"type": "message.post", "id": str(uuid.uuid4()), "body": ""},
            {"type": "message.edit", "message": message, "base": 0, "body": ""},
            {"type": "message.retract", "message": "?"},
            {"type": "reaction.add", "message": message, "reaction": "agree"},
            {"type": "reaction.remove", "message": message, "reaction": "agree"},
            {"type": "read.mark", "seq": 99},
        ]
        for a in asked:
            answer = await socket.ask(**a, room=place)
            told.append((a["type"], {k: v for k, v in answer.items() if k != "ref"}))
    assert {json.dumps(t[1]) for t in told} == {json.dumps(told[0][1])} and told[0][1]["code"] == "room.not_found"


async def test_over_the_limit_of_rooms(camille: Person, monkeypatch: pytest.MonkeyPatch, room: uuid.UUID) -> None:
    monkeypatch.setitem(live_settings.LIMITS, "rooms", 2)  # the personal room and one
    other = await db(lambda: joined(group("OPH", "Ophtalmologie"), camille))
    socket = await Socket.of(camille)
    assert (await socket.enter(room))["type"] == "ok"
    assert (await socket.enter(other))["code"] == "room.limit"
    assert (await socket.enter(room))["type"] == "ok", "again into one that is entered"
    await socket.ask("room.leave", room=str(room))
    assert (await socket.enter(other))["type"] == "ok"


# --- messages -------------------------------------------------------------------------


async def test_a_message_reaches_everyone_in_the_room_its_author_included(camille: Person, nadia: Person, room: uuid.UUID) -> None:
    author, phone, reader, outside = await Socket.of(camille), await Socket.of(camille), await Socket.of(nadia), await Socket.of(nadia)
    for socket in (author, phone, reader):
        await socket.enter(room)
    client_id = str(uuid.uuid4())
    answer = await author.post(room, "Une question", id=client_id)
    assert answer["type"] == "ok" and answer["seq"] == 3 and "duplicate" not in answer
    got = [await s.event(room, 3) for s in (author, phone, reader)]
    assert got[0] == got[1] == got[2] == (await db(events, room))[-1] and got[0]["data"]["client_id"] == client_id
    assert (await author.post(room, "Une question", id=client_id)) == {"type": "ok", "ref": author.ref, "seq": 3, "message": answer["message"], "duplicate": True}
    assert (await author.post(room, "Autre chose", id=client_id))["code"] == "message.id_reused"
    await outside.quiet(0.1)
    assert outside.events(room) == [] and author.seqs(room) == [3], "who has not entered hears nothing, and nothing came twice"


async def test_edits_reactions_and_retractions_are_answered_with_their_seq(camille: Person, nadia: Person, room: uuid.UUID) -> None:
    one, two = await Socket.of(camille), await Socket.of(nadia)
    await two.enter(room)
    message = (await one.post(room, "un"))["message"]
    at = {"room": str(room), "message": message}
    assert (await one.ask("message.edit", **at, base=3, body="deux"))["seq"] == 4
    assert (await one.ask("message.edit", **at, base=3, body="trois"))["code"] == "message.changed"
    assert (await two.ask("message.edit", **at, base=4, body="trois"))["code"] == "message.not_author"
    assert (await two.ask("reaction.add", **at, reaction="agree"))["seq"] == 5
    assert (await two.ask("reaction.add", **at, reaction="agree")) == {"type": "ok", "ref": two.ref, "seq": 5, "unchanged": True}
    assert (await two.ask("reaction.remove", **at, reaction="agree"))["seq"] == 6
    assert (await one.ask("message.retract", **at))["seq"] == 7
    await two.event(room, 7)
    assert [e["kind"] for e in two.events(room)] == ["message.posted", "message.edited", "reaction.added", "reaction.removed", "message.retracted"]


async def test_commands_to_one_room_are_answered_in_the_order_sent(camille: Person, room: uuid.UUID) -> None:
    other = await db(lambda: joined(group("OPH", "Ophtalmologie"), camille))
    socket = await Socket.of(camille)
    epoch = (await db(events, room))[0]["epoch"]
    refs = []
    for n in range(4):
        refs.append(await socket.send("message.post", room=str(room), id=str(uuid.uuid4()), body=f"{n}"))
        refs.append(await socket.send("message.post", room=str(room), id=str(uuid.uuid4()), body=""))
        refs.append(await socket.send("room.enter", room=str(room), after={"epoch": epoch, "seq": 0}))
        refs.append(await socket.send("read.mark", room=str(room), seq=1))
        refs.append(await socket.send("typing", room=str(room)))
    elsewhere = await socket.send("message.post", room=str(other), id=str(uuid.uuid4()), body="x")
    for ref in [*refs, elsewhere]:
        await socket.answer(ref)
    answers = [f for f in socket.heard if f.get("ref") in refs]
    assert [f["ref"] for f in answers] == refs
    heads = [f["head"]["seq"] for f in answers if "head" in f]
    assert heads == [3, 4, 5, 6], "an entry sees the effect of what was sent before it, and of nothing sent after it"


async def test_what_cannot_be_found_out_closes_and_is_not_answered(camille: Person, room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    socket = await Socket.of(camille)
    monkeypatch.setattr(lanes, "submit", lambda *_, done, **__: done(OutcomeUnknown()))
    await socket.send("message.post", room=str(room), id=str(uuid.uuid4()), body="x")
    assert await socket.closed() == 4004 and socket.heard == [socket.ok]


async def test_a_rollback_is_silent(camille: Person, nadia: Person, room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    author, reader = await Socket.of(camille), await Socket.of(nadia)
    await reader.enter(room)
    insert = messages.insert

    def fails(*args: Any) -> None:
        insert(*args)
        raise RuntimeError("after the insert")

    monkeypatch.setattr(messages, "insert", fails)
    assert (await author.post(room, "perdu"))["code"] == "request.failed"
    monkeypatch.undo()
    await reader.quiet(0.5)
    assert reader.events(room) == [] and not await db(lambda: Message.objects.exists())
    assert (await author.post(room, "gardé"))["seq"] == 3
    await reader.event(room, 3)


async def test_read_marks_are_told_on_ones_other_devices_only(camille: Person, nadia: Person, room: uuid.UUID) -> None:
    desk, phone, other = await Socket.of(nadia), await Socket.of(nadia), await Socket.of(camille)
    await db(post, room, camille, "un")
    head = phone.ok["personal"]["head"]["seq"]
    assert (await desk.ask("read.mark", room=str(room), seq=3))["seq"] == 3
    assert (await phone.event(phone.ok["personal"]["room"], head + 1))["data"] == {"room": str(room), "seq": 3}
    assert (await desk.ask("read.mark", room=str(room), seq=1)) == {"type": "ok", "ref": desk.ref, "seq": 3, "unchanged": True}
    assert (await desk.ask("read.mark", room=str(room), seq=9))["code"] == "read.future"
    await other.quiet(0.1)
    assert other.heard == [other.ok] and (await db(lambda: ReadMark.objects.get().seq)) == 3


async def test_typing_reaches_the_others_and_at_most_once_in_three_seconds(camille: Person, nadia: Person, room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    one, mine, two = await Socket.of(camille), await Socket.of(camille), await Socket.of(nadia)
    for socket in (mine, two):
        await socket.enter(room)
    typing = lambda s: [f for f in s.heard if f["type"] == "signal" and f["kind"] == "typing"]  # noqa: E731
    assert [(await one.ask("typing", room=str(room)))["type"] for _ in range(3)] == ["ok"] * 3, "it need not have entered"
    await two.until(lambda f: f.get("kind") == "typing")
    monkeypatch.setattr(typists, "PAUSE_S", 0.0)
    await one.ask("typing", room=str(room))
    await two.quiet(0.2)
    await mine.quiet(0.1)
    assert len(typing(two)) == 2 and typing(mine) == []
    assert typing(two)[0]["actor"]["name"] == "Dr Camille Aubrac" and typing(two)[0]["data"] == {} and "seq" not in typing(two)[0]


async def test_ping_says_the_time(camille: Person) -> None:
    answer = await (await Socket.of(camille)).ask("ping")
    assert set(answer) == {"type", "ref", "server_time"}


# --- bad input -----------------------------------------------------------------------------


async def test_bad_frames_are_refused_and_the_socket_stays_usable(camille: Person, room: uuid.UUID) -> None:
    socket = await Socket.of(camille)
    bad: list[tuple[str | bytes, int | None, list[str]]] = [
        ("{", None, ["frame"]),
        (b'{"type":"ping","ref":1}', None, ["frame"]),
        ("[]", None, ["frame"]),
        ('{"type":"ping","ref":900,"x":1}', 900, ["x"]),
        ('{"type":"nope","ref":901}', 901, ["type"]),
        ('{"type":"message.post","ref":902,"room":"R"}', 902, ["body", "id"]),
        (f'{{"type":"message.post","ref":903,"room":"{room}","id":"{uuid.uuid4()}","body":"\\ud800"}}', 903, ["body"]),
    ]
    for text, ref, fields in bad:
        socket.heard.clear()
        await socket.say(text)
        answer = await socket.answer(ref)
        assert (answer["code"], answer["fields"], answer["temporary"], answer["retry_after_ms"]) == ("frame.invalid", fields, False, 0)
    assert (await socket.ask("ping"))["type"] == "ok"
    for body, code in (("", "message.blank"), ("\x07", "message.characters"), ("x" * 8001, "message.too_long")):
        assert (await socket.post(room, body))["code"] == code
    assert len(await db(events, room)) == 2


async def test_ten_invalid_frames_in_a_row_close(camille: Person) -> None:
    socket = await Socket.of(camille)
    for _ in range(9):
        await socket.say("{")
    assert (await socket.ask("ping"))["type"] == "ok", "any valid frame starts the count again"
    for _ in range(9):
        await socket.say("{")
    await socket.quiet(0.1)
    assert socket.code is None
    await socket.say("{")
    assert await socket.closed() == 4400


async def test_a_ref_that_waits_for_its_answer_is_not_used_again(camille: Person, room: uuid.UUID) -> None:
    socket = await Socket.of(camille)
    enter = {"type": "room.enter", "ref": 50, "room": str(room), "after": None}
    await socket.say(json.dumps(enter))
    await socket.say(json.dumps({"type": "ping", "ref": 50}))
    await socket.until(lambda f: f.get("ref") == 50 and "head" in f)
    await socket.until(lambda f: f.get("ref") == 50 and f.get("code") == "frame.ref_reused")
    socket.heard.clear()
    await socket.say(json.dumps(enter))
    assert (await socket.answer(50))["type"] == "ok", "answered refs are free again"


async def test_a_frame_too_large_closes(camille: Person) -> None:
    socket = await Socket.of(camille)
    whole = '{"type":"ping","ref":7}'
    await socket.say(whole[:-1] + " " * (live_settings.LIMITS["frame_bytes"] - len(whole)) + "}")
    assert (await socket.answer(7))["type"] == "ok", "exactly the limit is allowed"
    await socket.say('{"a":"' + "é" * (live_settings.LIMITS["frame_bytes"] // 2) + '"}')
    assert (await socket.until(lambda f: f["type"] == "refused"))["code"] == "frame.too_large" and await socket.closed() == 4413


async def test_commands_over_the_rate_are_refused_and_a_flood_closes(camille: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(live_settings.LIMITS, "commands_burst", 5)
    monkeypatch.setattr(limits, "commands", limits.Buckets(5, 1, floor=-10))
    socket = await Socket.of(camille)
    answers = [await socket.ask("ping") for _ in range(7)]
    assert [a["type"] for a in answers] == ["ok"] * 5 + ["refused"] * 2
    assert answers[5]["code"] == "frame.flood" and answers[5]["temporary"] and answers[5]["retry_after_ms"] >= 1000
    for _ in range(20):
        await socket.send("ping")
    assert await socket.closed() == 4429


async def test_entering_has_a_rate_of_its_own(camille: Person, room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "commands", limits.Buckets(1, 0.01, floor=-120))
    monkeypatch.setattr(limits, "enters", limits.Buckets(2, 0.01))
    socket = await Socket.of(camille)
    assert [(await socket.enter(room)).get("code") for _ in range(3)] == [None, None, "frame.flood"]
    assert (await socket.ask("ping"))["type"] == "ok" and (await socket.ask("ping"))["code"] == "frame.flood"


async def test_posts_over_their_rate_are_only_refused(camille: Person, room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "posts", limits.Buckets(2, 0.01))
    socket = await Socket.of(camille)
    first = str(uuid.uuid4())
    answers = [await socket.post(room, "x", **({"id": first} if n == 0 else {})) for n in range(4)]
    assert [a.get("code") for a in answers] == [None, None, "rate.posts", "rate.posts"] and answers[2]["retry_after_ms"] > 0
    assert (await socket.post(room, "x", id=first))["duplicate"], "a duplicate comes before limits"
    assert (await socket.post(uuid.uuid4(), "x"))["code"] == "room.not_found", "and so does the room"


async def test_refusals_speak_the_language_of_hello(camille: Person) -> None:
    for locale in ("fr", "en", "en-GB"):
        socket = await Socket.of(camille, locale=locale)
        answer = await socket.enter(uuid.uuid4())
        assert answer["message"] == Refusal("room.not_found").say(locale[:2])


# --- connections -----------------------------------------------------------------------------


async def test_over_the_limit_of_connections_the_longest_silent_is_replaced(camille: Person, nadia: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(live_settings.LIMITS, "connections", 2)
    first, second = await Socket.of(camille), await Socket.of(camille)
    await asyncio.sleep(0.02)
    await first.ask("ping")
    third = await Socket.of(camille)
    assert await second.closed() == 4007
    for socket in (first, third, await Socket.of(nadia)):
        assert (await socket.ask("ping"))["type"] == "ok"


async def test_a_client_that_hangs_up_leaves_nothing_behind(camille: Person, room: uuid.UUID, live: Hub) -> None:
    socket = await Socket.of(camille)
    await socket.enter(room)
    assert room in live.rooms and live.people
    await socket.leave()
    assert not live.connections and not live.people and not live.rooms


async def test_a_group_that_is_joined_can_be_entered_at_once(nadia: Person, room: uuid.UUID) -> None:
    idris = await db(people.idris)
    socket = await Socket.of(idris)
    assert (await socket.enter(room))["code"] == "room.not_member"
    await db(membership.join, person_id=idris.pk, room_id=room)
    assert (await socket.enter(room))["type"] == "ok"


def test_every_command_is_carried_out_somehow() -> None:
    by_themselves = {"hello", "ping", "room.enter", "room.leave", "typing", "pointer"}
    assert {name for name, kind in COMMANDS.items() if kind not in obeying.WRITES} == by_themselves
