"""The hub: bells heard once and in order, holes healed from the log, words dropped from the ring, two processes over Redis, heartbeats."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest

from consult.clinicians.models import Person
from consult.rooms import access, doorbell, entering, heartbeats, log, ring, signals, wire
from consult.rooms import hub as hubs
from consult.rooms.actions import changes
from consult.rooms.connection import Connection
from consult.rooms.entering import Ask, Entry
from consult.rooms.hub import Hub
from consult.rooms.models import Room, new_epoch
from consult.rooms.outbox import Outbox
from consult.standing import sessions
from tests import people
from tests.rooms.conftest import ended
from tests.rooms.helpers import group, joined, post
from tests.rooms.sockets import db

pytestmark = pytest.mark.django_db(transaction=True)


class Ear(Outbox):
    """An outbox that hands everything over at once, or, while `deaf`, lets it wait."""

    def __init__(self) -> None:
        super().__init__(lambda: self.close(4002, "slow"))
        self.got: list[dict[str, Any]] = []
        self.code: int | None = None
        self.deaf = False

    def flush(self) -> None:
        while self.waiting and not self.deaf:
            self.got += [orjson.loads(f) for f in self._gather()]

    def close(self, code: int, reason: str) -> None:
        self.ended, self.code = True, code

    def seqs(self, room: uuid.UUID) -> list[int]:
        return [f["seq"] for f in self.got if f["type"] == "event" and f["room"] == str(room)]


class Someone:
    def __init__(self, hub: Hub, person: Person, session: str) -> None:
        self.hub, self.ear = hub, Ear()
        card = access.card(person.pk, person.title, person.given_name, person.family_name, person.profession, person.specialty, person.level)
        self.connection = Connection(
            person=person.pk,
            card=card,
            session_key=session,
            session_digest=sessions.digest(session),
            session_ends=float("inf"),
            personal=uuid.uuid4(),
            locale="fr",
            outbox=self.ear,
            transport=None,
            on_close=lambda code: hub.remove(self.connection),
            next_beat=float("inf"),
        )
        hub.add(self.connection)

    @classmethod
    async def at(cls, hub: Hub, person: Person) -> Someone:
        return cls(hub, person, await db(people.session_of, person))

    async def enters(self, room: uuid.UUID, seq: int | None = None) -> None:
        held = self.hub.hold(room)
        epoch = (await db(log.heads_of, [room]))[room][0]
        (entry,) = await self.hub.visit(entering.Visit(self.connection.person, [Ask(room, None if seq is None else epoch, seq or 0)]))
        assert isinstance(entry, Entry)
        answer = lambda e: wire.frame(type="ok", ref=1, mode=e.mode, head=e.seq, state=e.state)  # noqa: E731
        assert await self.hub.join(self.connection, held, entry, answer, self.hub.rights.serial)
        self.hub.release(held)
        await asyncio.sleep(0)

    async def enter(self, room: uuid.UUID, seq: int | None = None) -> dict[str, Any]:
        await self.enters(room, seq)
        return next(f for f in reversed(self.ear.got) if f["type"] == "ok")


async def until(what: Callable[[], Any], seconds: float = 3) -> None:
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.01)


@pytest.fixture
def camille(transactional_db: None) -> Person:
    return people.camille()


@pytest.fixture
def nadia(transactional_db: None) -> Person:
    return people.nadia()


@pytest.fixture
def room(camille: Person, nadia: Person) -> uuid.UUID:
    return joined(group(), camille, nadia)


@pytest.fixture
def no_sweep(settings: Any, live: Hub) -> None:
    """What a test hears was not found by the sweep."""
    live.tasks[0].cancel()


@pytest.fixture
async def other(live: Hub, settings: Any) -> AsyncIterator[Hub]:
    """A second process's hub; the bells of this process ring at `live`."""
    settings.SWEEP_S = 60
    hub = Hub()
    doorbell.listen(lambda bells: live.loop.call_soon_threadsafe(live._from_here, bells), lambda: live.loop.call_soon_threadsafe(live._access_rang))
    await until(lambda: not hub.rights.stale() and hub.bus.channel and hubs.ACCESS_GROUP in hub.bus.joined)
    yield hub
    await ended(hub)


async def test_what_a_commit_answers_leaves_before_it_is_delivered(live: Hub, no_sweep: None, room: uuid.UUID, nadia: Person) -> None:
    """A lane rings and then answers; with a large room in between, the author would wait for all its readers."""
    reader = await Someone.at(live, nadia)
    head = (await reader.enter(room))["head"]
    text = wire.frame(type="event", room=str(room), seq=head + 1)
    delivered: list[int] = []
    doorbell.ring([doorbell.Bell(room, str(live.rooms[room].epoch), [wire.Frame(head + 1, "message.posted", None, text)])])
    live.loop.call_soon_threadsafe(lambda: delivered.append(live.rooms[room].head))
    await until(lambda: reader.ear.seqs(room) == [head + 1])
    assert delivered == [head]


async def test_a_commit_of_this_process_is_heard_at_once(live: Hub, no_sweep: None, room: uuid.UUID, camille: Person, nadia: Person) -> None:
    reader = await Someone.at(live, nadia)
    assert (await reader.enter(room))["mode"] == "reset"
    for n in range(3):
        await db(post, room, camille, f"{n}")
    await until(lambda: len(reader.ear.seqs(room)) == 3)
    assert reader.ear.seqs(room) == [3, 4, 5]


async def test_a_replay_and_what_is_live_follow_without_a_hole(live: Hub, room: uuid.UUID, camille: Person, nadia: Person) -> None:
    """Readers enter again and again while somebody writes: within each run every seq follows its predecessor."""
    writing = asyncio.gather(*[db(post, room, camille, f"{n}") for n in range(30)])
    readers = []
    for _ in range(10):
        reader = await Someone.at(live, nadia)
        head = (await reader.enter(room, 0))["head"]
        readers.append((reader, head))
        await asyncio.sleep(0.005)
    await writing
    await until(lambda: all(r.ear.seqs(room)[-1:] == [32] for r, _ in readers))
    for reader, _ in readers:
        assert reader.ear.seqs(room) == list(range(1, 33))


async def test_a_bell_heard_twice_is_delivered_once(live: Hub, no_sweep: None, room: uuid.UUID, camille: Person, nadia: Person) -> None:
    reader = await Someone.at(live, nadia)
    await reader.enter(room)
    await db(post, room, camille, "un")
    epoch, frames = (await db(log.heads_of, [room]))[room][0], (await db(log.frames_of, [(room, 0, 3)]))[room]
    for _ in range(3):
        live._hear(doorbell.Bell(room, epoch, frames))
        live._hear(doorbell.Bell(room, epoch, frames[2:]))
    await until(lambda: reader.ear.seqs(room))
    await asyncio.sleep(0.05)
    assert reader.ear.seqs(room) == [3]


async def test_a_bell_after_a_hole_makes_it_read_the_log_at_once(
    live: Hub, no_sweep: None, room: uuid.UUID, camille: Person, nadia: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await Someone.at(live, nadia)
    await reader.enter(room)
    with monkeypatch.context() as silent:
        silent.setattr(doorbell, "ring", lambda bells: None)
        for n in range(3):
            await db(post, room, camille, f"{n}")
    assert reader.ear.seqs(room) == []
    await db(post, room, camille, "sonne")
    await until(lambda: len(reader.ear.seqs(room)) == 4)
    assert reader.ear.seqs(room) == [3, 4, 5, 6]


async def test_bells_out_of_order_are_delivered_in_order(live: Hub, room: uuid.UUID, camille: Person, nadia: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, bells = await Someone.at(live, nadia), []  # type: ignore[var-annotated]
    await reader.enter(room)
    with monkeypatch.context() as held:
        held.setattr(doorbell, "ring", bells.extend)
        for n in range(4):
            await db(post, room, camille, f"{n}")
    read: list[Any] = []
    monkeypatch.setattr(log, "frames_of", read.append)
    for bell in (bells[2], bells[0], bells[3], bells[1]):
        live._hear(bell)
    await until(lambda: len(reader.ear.seqs(room)) == 4)
    assert reader.ear.seqs(room) == [3, 4, 5, 6] and not read, "a bell that was overtaken is waited for a moment, and the log left alone"
    assert not live.rooms[room].early and live.rooms[room].patience is None


async def test_the_sweep_finds_what_no_bell_brought(live: Hub, room: uuid.UUID, camille: Person, nadia: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = await Someone.at(live, nadia)
    await reader.enter(room)
    monkeypatch.setattr(doorbell, "ring", lambda bells: None)
    await db(post, room, camille, "sans bruit")
    await until(lambda: reader.ear.seqs(room))
    assert reader.ear.seqs(room) == [3]


async def test_nothing_is_delivered_while_rights_cannot_be_read_and_all_of_it_afterwards(
    live: Hub, room: uuid.UUID, camille: Person, nadia: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await Someone.at(live, nadia)
    await reader.enter(room)
    with monkeypatch.context() as blind:
        blind.setattr(live.rights, "stale", lambda: True)
        await db(post, room, camille, "un")
        live.signals.send(room, wire.frame(type="signal", kind="typing"))
        await asyncio.sleep(0.6)
        assert [f for f in reader.ear.got if f["type"] != "ok"] == []
    await until(lambda: reader.ear.seqs(room))
    assert reader.ear.seqs(room) == [3]


async def test_the_ring_drops_words_in_the_step_that_withholds_them(live: Hub, room: uuid.UUID, camille: Person, nadia: Person) -> None:
    reader = await Someone.at(live, nadia)
    await reader.enter(room)
    first, second = await db(post, room, camille, "secret un"), await db(post, room, camille, "secret deux")
    await until(lambda: len(reader.ear.seqs(room)) == 2)
    local = live.rooms[room]
    assert b"secret" in b"".join(local.ring.last(2) or [])
    await db(changes.edit, changes.Edit(room, camille.pk, first["message"], 3, "nouveau"))
    await db(changes.retract, changes.Retraction(room, camille.pk, second["message"]))
    await until(lambda: len(reader.ear.seqs(room)) == 4)
    assert b"secret" not in b"".join(f.text for f in local.ring.frames if f)
    assert local.ring.last(4) is None and local.ring.last(2) is not None, "who comes from before reads the log"
    assert local.ring.bytes == live.ring_bytes == sum(len(f.text) for f in local.ring.frames if f)
    late = await Someone.at(live, nadia)
    await late.enter(room, 2)
    assert late.ear.seqs(room) == [3, 4, 5, 6] and "secret" not in orjson.dumps(late.ear.got).decode()
    assert local.ring.last(4) is not None and b"secret" not in b"".join(local.ring.last(4) or []), "what was read is kept for the next, as it stands now"
    assert local.ring.bytes == live.ring_bytes == sum(len(f.text) for f in local.ring.frames if f)


async def test_withheld_within_one_bell_is_not_kept(live: Hub) -> None:
    local = live.hold(uuid.uuid4())
    message = str(uuid.uuid4())
    live._remember(
        local, [wire.Frame(1, "message.posted", message, b"secret"), wire.Frame(2, "message.posted", "other", b"autre"), wire.Frame(3, "message.retracted", message, b"ok")]
    )
    assert [f and f.text for f in local.ring.frames] == [None, b"autre", b"ok"] and local.ring.bytes == 7


async def test_the_ring_is_bounded_in_a_room_and_over_all(live: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "RING_BYTES", 10_000)
    one, two = live.hold(uuid.uuid4()), live.hold(uuid.uuid4())
    live._remember(one, [wire.Frame(n, "x", None, b"x") for n in range(600)])
    assert len(one.ring) == ring.FRAMES and live.ring_bytes == ring.FRAMES
    live._remember(two, [wire.Frame(1, "x", None, b"x" * 10_000)])
    assert len(one.ring) == 0 and len(two.ring) == 1 and live.ring_bytes == 10_000, "the room silent longest gives up its ring"
    live.release(one)
    live.release(two)
    assert live.ring_bytes == 0 and not live.rings


async def test_many_who_missed_the_same_are_told_from_one_reading(live: Hub, room: uuid.UUID, camille: Person, nadia: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(70):
        await db(post, room, camille, f"n° {n}")
    read, spans = log.frames_of, []
    monkeypatch.setattr(log, "frames_of", lambda asked: spans.append(asked) or read(asked))
    some = [await Someone.at(live, nadia) for _ in range(8)]
    await asyncio.gather(*[s.enter(room, 2) for s in some])
    assert all(s.ear.seqs(room) == list(range(3, 73)) for s in some) and len(spans) == 1
    held = live.rooms[room].ring.replay(70)
    assert held is live.rooms[room].ring.replay(70) and [len(c.frames) for c in held or []] == [64, 6]
    more = await Someone.at(live, camille)
    await more.enter(room, 0)
    assert more.ear.seqs(room) == list(range(1, 73)) and len(spans) == 2, "who missed more reads the rest"


async def test_words_withheld_while_they_are_read_are_not_kept(live: Hub, room: uuid.UUID, camille: Person, nadia: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await db(post, room, camille, "secret")
    reader = await Someone.at(live, nadia)
    await reader.enter(room)
    local, read = live.rooms[room], log.frames_of
    began, go = threading.Event(), threading.Event()

    def slowly(spans: Any) -> Any:
        rows = read(spans)
        began.set()
        go.wait(5)
        return rows

    monkeypatch.setattr(log, "frames_of", slowly)
    late = await Someone.at(live, nadia)
    entering_ = asyncio.create_task(late.enter(room, 2))
    await until(began.is_set)
    await db(changes.retract, changes.Retraction(room, camille.pk, first["message"]))
    await until(lambda: local.head == 4)
    go.set()
    await entering_
    await until(lambda: late.ear.seqs(room))
    assert late.ear.seqs(room) == [3, 4] and "secret" not in orjson.dumps(late.ear.got).decode()
    assert b"secret" not in b"".join(f.text for f in local.ring.frames if f)


async def test_a_replay_longer_than_a_ring_comes_whole_also_while_others_write(live: Hub, room: uuid.UUID, camille: Person, nadia: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring, "FRAMES", 4)
    for n in range(8):
        await db(post, room, camille, f"n° {n}")
    held, read, again = live.hold(room), log.frames_of, [True]
    await (await Someone.at(live, camille)).enter(room)

    def meanwhile(spans: Any) -> Any:
        rows = read(spans)
        if again.pop() if again else False:
            post(room, camille, "entre-temps")
            while held.head < 11:
                time.sleep(0.01)
        return rows

    monkeypatch.setattr(log, "frames_of", meanwhile)
    reader = await Someone.at(live, nadia)
    await reader.enter(room, 0)
    assert reader.ear.seqs(room) == list(range(1, 12)) and not again
    live.release(held)


async def test_a_replay_too_heavy_for_the_outbox_is_paged(live: Hub, room: uuid.UUID, camille: Person, nadia: Person, settings: Any) -> None:
    """It would close its reader 4002, and so again at every resume."""
    settings.OUTBOX_BYTES = 100_000
    for _ in range(12):
        await db(post, room, camille, "m" * 8000)
    light, heavy = await Someone.at(live, nadia), await Someone.at(live, nadia)
    assert (await light.enter(room, 11))["mode"] == "replay" and light.ear.seqs(room) == [12, 13, 14]
    assert (await heavy.enter(room, 2))["mode"] == "page" and heavy.ear.seqs(room) == []
    rooms = [await db(lambda: joined(Room.objects.create(kind="group", listed=True).pk, camille, nadia)) for _ in range(4)]
    for r in rooms:
        for _ in range(3):
            await db(post, r, camille, "m" * 8000)
    light.ear.deaf = True
    modes = [(await heavy.enter(r, 2))["mode"] for r in rooms]
    assert modes == ["replay"] * 4, "what was read is no weight"
    light.ear.deaf = False
    deaf = await Someone.at(live, nadia)
    deaf.ear.deaf = True
    for r in rooms:
        await deaf.enters(r, 2)
    assert deaf.connection.closed is None and deaf.ear.bytes < settings.OUTBOX_BYTES


async def test_a_new_epoch_sends_readers_away_to_reset(live: Hub, room: uuid.UUID, nadia: Person, camille: Person) -> None:
    reader = await Someone.at(live, nadia)
    await reader.enter(room)
    await db(lambda: Room.objects.filter(pk=room).update(epoch=new_epoch()))
    await until(lambda: reader.ear.code)
    assert reader.ear.code == 4001
    again = await Someone.at(live, nadia)
    await again.enter(room)
    await db(post, room, camille, "après")
    await until(lambda: again.ear.seqs(room))


async def test_over_the_limit_of_connections_the_longest_silent_goes_and_never_the_newest(
    live: Hub, nadia: Person, camille: Person, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.LIMITS, "connections", 3)
    other = await Someone.at(live, camille)
    mine = [await Someone.at(live, nadia) for _ in range(3)]
    now = time.monotonic()
    for someone, spoke in zip(mine, (5, -50, 0), strict=True):
        someone.connection.spoke_at = now + spoke
    newest = await Someone.at(live, nadia)
    newest.connection.spoke_at = now - 1000
    assert [m.ear.code for m in mine] == [None, 4007, None] and newest.ear.code is None and other.ear.code is None
    assert len(live.people[nadia.pk]) == 3


async def test_a_reader_that_falls_behind_is_closed_and_the_others_are_not(live: Hub, room: uuid.UUID, nadia: Person, camille: Person, settings: Any) -> None:
    settings.OUTBOX_BYTES = 20_000
    slow, fast = await Someone.at(live, nadia), await Someone.at(live, camille)
    await slow.enter(room)
    await fast.enter(room)
    slow.ear.deaf = True
    for _ in range(8):
        await db(post, room, camille, "x" * 4000)
    await until(lambda: len(fast.ear.seqs(room)) == 8)
    assert slow.ear.code == 4002 and fast.ear.code is None and slow.ear.bytes < 30_000


async def test_a_signal_that_is_too_much_for_one_reader_reaches_the_others(live: Hub, room: uuid.UUID, nadia: Person, camille: Person, settings: Any) -> None:
    settings.OUTBOX_BYTES = 20_000
    slow, fast = await Someone.at(live, nadia), await Someone.at(live, camille)
    await slow.enter(room)
    await fast.enter(room)
    slow.ear.deaf, slow.ear.overflow = True, lambda: slow.connection.close(4002, "slow")  # who leaves the room at once
    live.signals.send(room, wire.frame(type="signal", room=str(room), kind="typing", actor=None, data={"x": "x" * 30_000}))
    await until(lambda: any(f["type"] == "signal" and f["kind"] == "typing" for f in fast.ear.got))
    assert slow.ear.code == 4002 and slow.connection not in live.rooms[room].live


async def test_a_lost_room_takes_what_was_queued_and_left_is_its_last_frame(live: Hub, room: uuid.UUID, nadia: Person, camille: Person) -> None:
    reader = await Someone.at(live, nadia)
    await reader.enter(room)
    reader.ear.deaf = True
    await db(post, room, camille, "secret")
    await until(lambda: reader.ear.waiting)
    live.leave(reader.connection, room, "room.removed")
    reader.ear.deaf = False
    await until(lambda: any(f["type"] == "left" for f in reader.ear.got))
    assert reader.ear.seqs(room) == [] and reader.ear.got[-1] == {"type": "left", "room": str(room), "code": "room.removed"}
    assert room not in live.rooms, "a room nobody hears is given up"


async def test_heads_tell_what_changed_since_the_last_and_are_delivered_first(live: Hub, room: uuid.UUID, nadia: Person, camille: Person) -> None:
    reader = await Someone.at(live, nadia)
    await reader.enter(room)
    heads = lambda: [f["rooms"] for f in reader.ear.got if f["type"] == "heads"]  # noqa: E731
    heartbeats.beat(live, reader.connection)
    await db(post, room, camille, "un")
    await until(lambda: reader.ear.seqs(room))
    heartbeats.beat(live, reader.connection)
    heartbeats.beat(live, reader.connection)
    await until(lambda: len(heads()) == 3)
    assert heads() == [{}, {str(room): 3}, {}], "sent also when empty"


async def test_the_heartbeat_comes_at_its_pace(live: Hub, nadia: Person, settings: Any) -> None:
    settings.HEARTBEAT_MS = 100
    live.tasks.append(asyncio.create_task(heartbeats.keep(live)))
    reader = await Someone.at(live, nadia)
    reader.connection.next_beat = live.loop.time()
    await asyncio.sleep(0.55)
    beats = sum(f["type"] == "heads" for f in reader.ear.got)
    assert 4 <= beats <= 7
    reader.connection.heard_at = lambda: live.loop.time() - 0.3  # type: ignore[method-assign]
    await until(lambda: reader.ear.code)
    assert reader.ear.code == 4003


async def test_two_processes_hear_each_other_through_redis(live: Hub, other: Hub, room: uuid.UUID, nadia: Person, camille: Person) -> None:
    reader = await Someone.at(other, nadia)
    await reader.enter(room)
    await until(lambda: f"room.{room}" in other.bus.joined)
    sent = [await db(post, room, camille, f"é 🩺 {n}") for n in range(3)]
    await until(lambda: len(reader.ear.seqs(room)) == 3)
    assert reader.ear.seqs(room) == [s["seq"] for s in sent], "the bell came: this hub does not sweep"
    assert [f for f in reader.ear.got if f["type"] == "event"] == [orjson.loads(f.text) for f in (await db(log.frames_of, [(room, 2, 5)]))[room]]


async def test_signals_reach_the_other_process_but_not_their_sender(live: Hub, other: Hub, room: uuid.UUID, nadia: Person, camille: Person) -> None:
    here, there, own = await Someone.at(live, nadia), await Someone.at(other, nadia), await Someone.at(other, camille)
    for someone in (here, there, own):
        await someone.enter(room)
    await until(lambda: f"room.{room}" in other.bus.joined)
    live.signals.send(room, wire.frame(type="signal", kind="typing"), but=camille.pk)
    await until(lambda: any(f.get("kind") == "typing" for f in here.ear.got) and any(f.get("kind") == "typing" for f in there.ear.got))
    await asyncio.sleep(0.05)
    assert not any(f.get("kind") == "typing" for f in own.ear.got)


async def test_presence_is_merged_over_processes(live: Hub, other: Hub, room: uuid.UUID, nadia: Person, camille: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "PRESENCE_S", 0.1)
    here, there, second = await Someone.at(live, nadia), await Someone.at(other, camille), await Someone.at(other, nadia)
    for someone in (here, there, second):
        await someone.enter(room)
    await until(lambda: f"room.{room}" in live.bus.joined and f"room.{room}" in other.bus.joined)
    live.signals.presence_soon(live.rooms[room])
    other.signals.presence_soon(other.rooms[room])
    counts = lambda s: [f["data"]["count"] for f in s.ear.got if f.get("kind") == "presence"]  # noqa: E731
    await until(lambda: counts(here)[-1:] == [2] and counts(there)[-1:] == [2])
    live_presence = [f for f in here.ear.got if f.get("kind") == "presence"][-1]
    assert live_presence["data"]["by_specialty"] == {"SM15": 1, "SM54": 1} and len(live_presence["data"]["sample"]) == 2
    other.remove(there.connection)
    await until(lambda: counts(here)[-1:] == [1])
    late = await Someone.at(live, nadia)
    assert (await late.enter(room))["state"]["present"]["count"] == 1


async def test_who_has_just_entered_is_told_of_presence_with_the_next_telling(live: Hub, room: uuid.UUID, nadia: Person, camille: Person) -> None:
    """A telling that was due before somebody entered comes to those who were there; the newcomer has just been told, and may already be leaving."""
    here, newcomer = await Someone.at(live, nadia), await Someone.at(live, camille)
    await here.enter(room)
    local = live.rooms[room]
    local.live[here.connection] -= signals.PRESENCE_S
    assert (await newcomer.enter(room))["state"]["present"]["count"] == 2
    told = lambda s: [f["data"]["count"] for f in s.ear.got if f.get("kind") == "presence"]  # noqa: E731
    live.signals._presence_now(local)
    await until(lambda: told(here) == [2])
    assert told(newcomer) == [] and local.presence_due, "there is a next telling"
    live.remove(here.connection)
    local.live[newcomer.connection] -= signals.PRESENCE_S
    live.signals._presence_now(local)
    await until(lambda: told(newcomer) == [1])
    assert not local.presence_due


async def test_a_personal_room_has_no_presence(live: Hub, nadia: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    from consult.rooms.actions import personal

    monkeypatch.setattr(signals, "PRESENCE_S", 0.05)
    own = await db(personal.room_of, nadia.pk)
    reader = await Someone.at(live, nadia)
    await reader.enter(own)
    await asyncio.sleep(0.2)
    assert not any(f.get("kind") == "presence" for f in reader.ear.got)


async def test_a_changed_right_rings_in_the_other_process(live: Hub, other: Hub, room: uuid.UUID, nadia: Person, camille: Person, settings: Any) -> None:
    from consult.rooms.actions import membership

    settings.ACCESS_POLL_S = 60
    await asyncio.sleep(0.6)  # the last short pause passes
    reader = await Someone.at(other, nadia)
    await reader.enter(room)
    await db(membership.leave, person_id=nadia.pk, room_id=room)
    live._access_rang()
    await until(lambda: any(f["type"] == "left" for f in reader.ear.got))


async def test_presence_of_a_room_that_was_left_is_not_kept(live: Hub) -> None:
    """A message may still be on its way when the group was left: whatever stays behind would stay for good."""
    live._from_bus({"type": "presence", "node": "another", "from": "another", "room": str(uuid.uuid4()), "cards": {}})
    assert not live.signals.presence._others
