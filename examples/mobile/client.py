"""The rooms of one person on one phone: how each catches up, stays in order, heals a hole, and is let go of.

Two ways lead to a message, and both end in `_take()`: the socket while the app is open, pages over HTTP when a push woke it. They share the
stored cursor, so it does not matter which comes first, or that both bring the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from .connection import STOP, Closed, Connection, pause
from .doors import Doors, Frame, Refused
from .outbox import Outbox
from .store import Store

CLIENT = "reference/1"
HEAL_S = 2.0  # the server heals a hole by itself in this time; only then enter again
STEADY_S = 30.0  # a connection that lasted so long was a good one
AHEAD = 2000  # events kept behind a hole; what is beyond it is asked for anyway


@dataclass
class Room:
    """What need not survive the app: events that came too early, and how far the log is known to go."""

    id: str
    ahead: dict[int, Frame] = field(default_factory=dict)
    known: int = 0
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    healing: bool = False


class Client:
    """`changed(room)` is called when something of a room that is drawn changed; `state` is for the connection bar."""

    def __init__(self, base: str, store: Store, *, locale: str = "fr", changed: Callable[[str], None] = lambda room: None) -> None:
        self.base, self.store, self.locale, self.changed = base.rstrip("/"), store, locale, changed
        self.doors = Doors(self.base, store.fact("token") or "", locale)
        self.outbox = Outbox(store, changed)
        self.rooms = {room: Room(room) for room in store.rooms()}
        self.connection: Connection | None = None
        self.state = "offline"  # offline, connecting, live, stopped
        self.stopped: int | None = None  # the close code that a person has to see
        self.tasks: set[asyncio.Task[None]] = set()
        self.unsent = asyncio.Event()

    # --- the session ----------------------------------------------------------------------

    async def sign_in(self, email: str, password: str) -> None:
        """Whoever else was signed in on this phone is wiped first. The same person finds their outbox again."""
        token = await self.doors.sign_in(email, password)
        answer = await self.doors.me()
        if self.store.fact("me") not in (None, answer["me"]["id"]):
            self.store.wipe()
            self.rooms.clear()
        self.store.know(token=token, me=answer["me"]["id"], personal=answer["personal"]["room"])

    async def sign_out(self) -> None:
        """Nothing readable stays. The device goes with its session, but is told to go at once."""
        await self.close()
        try:
            if device := self.store.fact("device"):
                await self.doors.unregister(device)
            await self.doors.sign_out()
        finally:
            self.wipe()

    def wipe(self, *, keep_outbox: bool = False) -> None:
        """`keep_outbox`: the session was ended from elsewhere (a lost phone, a suspension). Nothing stays to be read, and what was not sent waits for its author."""
        self.store.wipe(keep_outbox=keep_outbox)
        self.rooms.clear()
        self.doors.token = ""

    async def register(self, courier: str, address: Frame, label: str = "") -> str:
        """Tells the server how to wake this phone; at each start of the app, for the system may have renewed the token."""
        address_id = self.store.fact("device_request") or str(uuid.uuid4())
        self.store.know(device_request=address_id)  # kept before it is sent: a repeated send is the same
        try:
            answer = await self.doors.register(address_id, courier, address, label)
        except Refused as refusal:
            if refusal.code != "request.id_reused":  # the token is another by now: another request
                raise
            address_id = str(uuid.uuid4())
            self.store.know(device_request=address_id)
            answer = await self.doors.register(address_id, courier, address, label)
        device, former = str(answer["device"]), self.store.fact("device")
        self.store.know(device=device)
        if former and former != device:
            await self.doors.unregister(former)  # or every push would be sent to a dead token too
        return device

    # --- what a person does ---------------------------------------------------------------

    def follow(self, room: str) -> None:
        self.store.follow(room)
        if room not in self.rooms:
            self.rooms[room] = Room(room)
            self._enter(room)

    def post(self, room: str, body: str, reply_to: str | None = None) -> str:
        """Kept, and shown as unsent; it leaves when it can. Answers its client id."""
        id = str(uuid.uuid4())
        self.store.write(id, room, body, reply_to)
        self.changed(room)
        self.unsent.set()
        return id

    async def wake(self, push: Frame) -> list[sqlite3.Row]:
        """A push came, with ids and a reason only: reads what was missed over HTTP, and answers the messages that are new here.

        The few seconds that the system gives are also the moment to send what is unsent. The socket is for the open app.
        """
        if "badge" in push:
            self.store.know(badge=int(push["badge"]))  # absolute: set it, never add
        room, seq = str(push.get("room", "")), int(push.get("seq", 0))  # FCM carries strings
        if str(push.get("v")) != "1" or push.get("reason") == "test" or not room or not self.doors.token:
            return []
        self.follow(room)
        before = self.store.cursor(room)
        await self._read(self.rooms[room], seq)
        await self.outbox.drain(self._send_over_http)
        return [row for row in self.store.messages(room) if row["seq"] > (before["seq"] if before else seq - 1)]

    async def older(self, room: str) -> int:
        """The page before the first message held, for who scrolls up. How many there were."""
        held = self.store.messages(room)
        while True:
            page = await self.doors.newest(room, before=held[0]["seq"] if held else None)
            if self.store.merge(room, page) or not self.store.cursor(room):
                return len(page["messages"])

    async def send_now(self) -> None:
        await self.outbox.drain(self._send_over_http)

    async def mark_read(self, room: str) -> None:
        """Once every 2 s a room at most; the personal room tells one's other devices."""
        cursor = self.store.cursor(room)
        if cursor and self.connection:
            await self.connection.call({"type": "read.mark", "room": room, "seq": cursor["seq"]})

    # --- the connection -------------------------------------------------------------------

    async def run(self) -> None:
        """Keeps a connection while the app is open. Returns where a person has to act: `stopped` says why."""
        failures = unreached = 0
        loop = asyncio.get_running_loop()
        self.stopped = None
        while True:
            self.state = "connecting"
            began: float | None = None
            try:
                if unreached >= 3 and await self.doors.is_signed_in() is False:
                    raise Closed(4401)
                connection = await self._connect()
                began, unreached = loop.time(), 0
                raise await connection.ended()
            except Closed as closed:
                end = closed
            finally:
                self.connection, self.state = None, "offline"
            if began is None:
                unreached += 1
            elif loop.time() - began > STEADY_S:
                failures = 0
            if end.code in STOP:
                self.state, self.stopped = "stopped", end.code
                if end.code in (4401, 4403):
                    self.wipe(keep_outbox=True)
                return
            await asyncio.sleep(max(pause(failures), end.hold_s))
            failures += 1

    async def _connect(self) -> Connection:
        """A new ticket for each connection (so 4006 needs no rule of its own), hello with every cursor, then the outbox."""
        try:
            ticket = await self.doors.ticket()
        except Refused as refusal:
            raise Closed({"session.none": 4401, "account.suspended": 4403}.get(refusal.code, 1006), refusal.wait_s) from refusal
        connection = Connection(self.base.replace("http", "ws", 1) + "/ws/v1/", self._heard)
        most = int(self.store.fact("limit_rooms") or 100)
        names = [self.store.fact("personal") or ""]
        names += [room for room in self.store.rooms() if room not in names]
        resume = [{"room": room, "after": self.store.cursor(room)} for room in names[:most] if room]
        ok = await connection.open(ticket, CLIENT, self.locale, resume)
        self.store.know(limit_rooms=ok["limits"]["rooms"])
        self.connection, self.state = connection, "live"
        self._spawn(self._send_all(connection))
        return connection

    async def close(self) -> None:
        """The app goes to the background: the socket ends politely, the cursors stay."""
        if self.connection:
            await self.connection.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _send_all(self, connection: Connection) -> None:
        async def send(row: sqlite3.Row) -> Frame:
            return await connection.call({"type": "message.post", "room": row["room"], "id": row["id"], "body": row["body"], "reply_to": row["reply_to"]})

        while self.connection is connection:
            self.unsent.clear()
            await self.outbox.drain(send)
            await self.unsent.wait()

    async def _send_over_http(self, row: sqlite3.Row) -> Frame:
        return await self.doors.post(row["room"], row["id"], row["body"], row["reply_to"])

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, Closed | Refused):
            raise error  # a fault of ours: loud

    # --- what arrives -----------------------------------------------------------------------

    def _heard(self, frame: Frame, asked: Frame | None) -> None:
        """Every frame, in order. Unknown types and fields are ignored."""
        match frame["type"]:
            case "event":
                self._event(frame)
            case "entered":
                self._entered(frame)
            case "ok" if asked and asked["type"] == "room.enter":
                self._entered(frame)
            case "left":
                self._lost(frame["room"])
            case "heads":
                for room, head in frame["rooms"].items():
                    if room in self.rooms:
                        self._expect(self.rooms[room], head)

    def _entered(self, frame: Frame) -> None:
        """A run of deliveries begins; `mode` says what follows."""
        room, head = frame["room"], frame["head"]
        if room not in self.rooms:
            if room != self.store.fact("personal"):
                return
            self.follow(room)  # now known by its first cursor
        here = self.rooms[room]
        if frame["mode"] == "reset":
            self.store.empty(room)  # another life of the log: the copy is void, live begins at head + 1
            here.ahead.clear()
            here.known = 0
            self.changed(room)
        here.known = max(here.known, head["seq"])
        if frame["mode"] != "replay":
            self._spawn(self._read(here, head["seq"]))

    def _event(self, event: Frame) -> None:
        here = self.rooms.get(event["room"])
        if here is None:
            return
        here.known = max(here.known, event["seq"])
        cursor = self.store.cursor(here.id)
        if cursor and cursor["epoch"] == event["epoch"] and event["seq"] <= cursor["seq"] + 1:
            self._take(here, [event])
        elif len(here.ahead) < AHEAD:
            here.ahead[event["seq"]] = event  # too early, or its page is under way
        if here.known > self._tip(here) + 1:
            self._expect(here, here.known)

    def _take(self, here: Room, events: list[Frame]) -> None:
        """Applies what is next, and what waited for it."""
        taken, tip = self.store.take(here.id, events)
        ready: list[Frame] = []
        while event := here.ahead.pop(tip + 1 + len(ready), None):
            ready.append(event)
        if ready:
            more, tip = self.store.take(here.id, ready)
            taken += more
        for seq in [seq for seq in here.ahead if seq <= tip]:
            del here.ahead[seq]
        for event in taken if here.id == self.store.fact("personal") else []:
            self._personal(event)
        if any(event["kind"] == "message.restored" for event in taken):
            self._spawn(self._reread(here))
        if taken:
            self.changed(here.id)

    def _personal(self, event: Frame) -> None:
        """What happened to this person, on whichever device: ids only."""
        if event["kind"] == "room.left":
            self._lost(event["data"]["room"])
        elif event["kind"] == "room.joined":
            self.follow(event["data"]["room"])

    def _lost(self, room: str) -> None:
        """Left, removed, deleted: the copy goes, on every device."""
        if self.rooms.pop(room, None):
            self.store.forget(room)
            self.changed(room)

    def _expect(self, here: Room, head: int) -> None:
        """Something is known to be in the log and not here: if it does not come by itself, enter again."""
        here.known = max(here.known, head)
        if not here.healing and self._missing(here):
            here.healing = True
            self._spawn(self._heal(here))

    def _missing(self, here: Room) -> bool:
        return here.known > self._tip(here)

    def _tip(self, here: Room) -> int:
        return int((self.store.cursor(here.id) or {"seq": 0})["seq"])

    async def _heal(self, here: Room) -> None:
        try:
            await asyncio.sleep(HEAL_S)
            while self.connection and self.rooms.get(here.id) is here and self._missing(here):
                if not here.reading.locked():
                    self._enter(here.id)
                await asyncio.sleep(2 * HEAL_S)
        finally:
            here.healing = False

    def _enter(self, room: str) -> None:
        if self.connection:
            self._spawn(self._call_enter(self.connection, room))

    async def _call_enter(self, connection: Connection, room: str) -> None:
        while connection is self.connection and room in self.rooms:
            try:
                await connection.call({"type": "room.enter", "room": room, "after": self.store.cursor(room)})
                return
            except Refused as refusal:
                if not refusal.temporary:
                    return self._lost(room)
                await asyncio.sleep(refusal.wait_s or 1)

    # --- catching up over HTTP --------------------------------------------------------------

    async def _read(self, here: Room, head: int) -> None:
        """Reads from the cursor to `head` at least. Live events wait meanwhile; one reading a room at a time."""
        async with here.reading:
            try:
                while self.rooms.get(here.id) is here:
                    cursor = self.store.cursor(here.id)
                    if cursor is None:
                        self._begin(here, await self.doors.newest(here.id))
                    elif cursor["seq"] >= head or not await self._read_page(here, cursor):
                        break
            except Refused as refusal:
                if refusal.code in ("room.not_found", "room.not_member"):
                    self._lost(here.id)
                elif refusal.code in ("session.none", "account.suspended"):
                    self.wipe(keep_outbox=True)
                elif not refusal.temporary:
                    raise
                elif refusal.code != "network.lost":
                    await asyncio.sleep(refusal.wait_s or 1)
        if self.connection and self._missing(here):
            self._expect(here, head)

    async def _read_page(self, here: Room, cursor: Frame) -> bool:
        """One page after the cursor. False where it brought nothing more."""
        try:
            page = await self.doors.events(here.id, cursor)
        except Refused as refusal:
            if refusal.code != "room.epoch":
                raise
            self.store.empty(here.id)  # 409: the log lives another life; the newest page comes next
            return True
        here.known = max(here.known, page["head"])
        self._take(here, page["events"])
        return self._tip(here) > int(cursor["seq"])

    def _begin(self, here: Room, page: Frame) -> None:
        self.store.begin(here.id, page)
        here.ahead = {seq: event for seq, event in here.ahead.items() if event["epoch"] == page["as_of"]["epoch"]}
        self._take(here, [])
        self.changed(here.id)

    async def _reread(self, here: Room) -> None:
        with contextlib.suppress(Refused):  # still wordless then, and read again at the next restoring or start
            for seq in self.store.wordless(here.id):
                while not self.store.merge(here.id, await self.doors.around(here.id, seq)):
                    await asyncio.sleep(0.2)
        self.changed(here.id)
