"""The clients of one run, in a process of their own: plays the plan's commands, then waits until all are caught up and reads every log.

On stdin one line with the plan and where things are; then `calm`, once the faults are over, and `quiet`, once the worker has
done what the last answered commands left to it. On stdout `started`, `answered`, and at the end one line of what was counted.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from .client import ANSWER_S, Device, Person
from .journal import Journal
from .tally import Tally

SETTLE_S = 30.0  # after calm: the longest wait for clients that were sent away and for the last answers
CATCH_UP_S = 10.0
FAT = "€" * 7800


class Swarm:
    def __init__(self, wish: dict[str, Any]) -> None:
        self.plan, self.rooms, self.hall = wish["plan"], wish["rooms"], wish["hall"]
        self.journal, self.tally = Journal(Path(wish["journal"])), Tally()
        seed, self.ports = self.plan["seed"], wish["ports"]
        self.people = [Person(x["id"], x["token"], _http(self._port(n, n), x["token"])) for n, x in enumerate(wish["people"])]
        self.personal = [x["personal"] for x in wish["people"]]
        self.devices = [
            self._device(f"d{n}", who, self._port(who, n), [room for room, members in zip(self.rooms, self.plan["members"], strict=True) if who in members], seed)
            for n, who in enumerate(self.plan["devices"])
        ]
        self.crowd = [self._device(f"c{n}", n % len(self.people), self._port(n % len(self.people), n), [self.hall], seed) for n in range(self.plan["crowd"])]
        self.tasks: set[asyncio.Task[Any]] = set()
        self.over = False
        self.back_s = 0.0
        self.crowd_peak = 0

    def _port(self, who: int, n: int) -> int:
        """One of the two bad wires; who is to lose a right goes by one that stays sound."""
        return int(self.ports[2] if who in self.plan["clear"] else self.ports[n % 2])

    def _device(self, name: str, who: int, port: int, rooms: list[str], seed: int) -> Device:
        return Device(name, self.people[who], port, rooms, self.journal, self.tally, random.Random(f"{seed} {name}"))

    def _go(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # --- the run ------------------------------------------------------------------------

    async def run(self, calm: asyncio.Event, quiet: asyncio.Event) -> dict[str, Any]:
        lives = [asyncio.create_task(device.live()) for device in self.devices]
        await _until(lambda: all(d.ready for d in self.devices), 20)
        lives += [asyncio.create_task(device.live()) for device in self.crowd]
        await _until(lambda: all(d.ready for d in self.crowd), 90)
        say("started")
        started = time.monotonic()
        for step in self.plan["commands"]:
            await asyncio.sleep(max(0.0, started + step["at"] - time.monotonic()))
            self._go(self._do(step))
        await calm.wait()
        wrong = await self._answered()
        say("answered")
        await quiet.wait()
        wrong += await self._caught_up()
        wrong += await self._logs()
        for device in [*self.devices, *self.crowd]:
            device.ending = True
        await asyncio.gather(*(device.close() for device in [*self.devices, *self.crowd]))
        for task in [*lives, *self.tasks, *self.tally.tasks]:
            task.cancel()
        ended = await asyncio.gather(*lives, *self.tasks, return_exceptions=True)
        wrong += [f"a client broke: {e!r}" for e in ended if isinstance(e, Exception)]
        self.journal.close()
        return {**self.tally.as_json(), "wrong": wrong, "crowd_back_s": self.back_s, "crowd_peak": self.crowd_peak}

    async def _do(self, step: dict[str, Any]) -> None:
        device, room = self.devices[step["device"]], self.rooms[step["room"]]
        match step["do"]:
            case "post":
                await device.put({"type": "message.post", "room": room, "id": step["id"], "body": self._body(step)})
            case "fat":
                await device.put({"type": "message.post", "room": room, "id": step["id"], "body": f"{self._body(step)} {FAT}", "_fat": True})
            case "http":
                await self._twin(device, room, step)
            case "edit" | "retract":
                await self._change(device, room, step)
            case "react" | "unreact":
                if messages := device.seen.get(room):
                    type = "reaction.add" if step["do"] == "react" else "reaction.remove"
                    await device.put({"type": type, "room": room, "message": _pick(messages[-20:], step), "reaction": step["reaction"]})
            case "again":
                if device.posted and device.ready:
                    await device._send(dict(_pick(device.posted, step)))
            case "mark":
                if cursor := device.cursors.get(room):
                    await device.put({"type": "read.mark", "room": room, "seq": cursor["seq"]})
            case "leave":
                await device.leave(room)
            case "enter":
                await device.enter(room)
            case "resend":
                await device.resend()
            case "stall":
                await device.stall(step["seconds"])
            case "cut crowd":
                await self._cut_crowd()

    def _body(self, step: dict[str, Any]) -> str:
        return f"{self.plan['seed']}.{step['id'][:8]} " + "Avis ? " * int(step["pick"] * 20)

    async def _change(self, device: Device, room: str, step: dict[str, Any]) -> None:
        own = device.own.get(room)
        if not own:
            return
        message = _pick(sorted(own), step)
        if step["do"] == "retract":
            own.pop(message)
            await device.put({"type": "message.retract", "room": room, "message": message})
        else:
            await device.put({"type": "message.edit", "room": room, "message": message, "base": own[message], "body": f"{self._body(step)} (edited)"})

    async def _twin(self, device: Device, room: str, step: dict[str, Any]) -> None:
        """message.post over HTTP, asked again with the same id until it is answered."""
        request = {"id": step["id"], "body": self._body(step)}
        person, tries = device.person, 0
        while True:
            status, answer = 0, None
            try:
                found = await person.http.post(f"/api/v1/rooms/{room}/messages", json=request)
                self.tally.status(found)
                status = found.status_code
                answer = found.json() if found.headers.get("content-type", "").startswith("application/json") else None
            except httpx.HTTPError:
                self.tally.unanswered += 1
            self.journal.write("posted", person=person.id, room=room, status=status, request=request, answer=answer)
            if status not in (0, 429, 502, 503, 504):
                return
            tries += 1
            await asyncio.sleep(device.rng.uniform(0.05, min(2.0, 0.1 * 2**tries)))

    async def _cut_crowd(self) -> None:
        cut = time.monotonic()
        self.tally.open_peak = 0
        for device in self.crowd:
            if device.ws is not None:
                device.ws.transport.abort()
        await asyncio.sleep(0.2)
        await _until(lambda: all(d.ready for d in self.crowd), 120)
        self.back_s, self.crowd_peak = time.monotonic() - cut, self.tally.open_peak

    # --- the end -------------------------------------------------------------------------

    async def _answered(self) -> list[str]:
        """After calm every command is answered, and every device is back."""
        for device in self.devices:
            for room in list(device.cursors):
                if room not in device.wanted:
                    await device.enter(room)
        for task in list(self.tasks):  # HTTP twins under way, and a stuck reader that wakes
            await asyncio.wait([task], timeout=SETTLE_S)
        alive = [d for d in [*self.devices, *self.crowd] if d.stopped is None]
        await _until(lambda: all((d.ready and not d.outbox) or d.stopped is not None for d in alive), SETTLE_S)
        wrong = [f"{d.name} not back" for d in alive if not d.ready and d.stopped is None]
        return wrong + [f"{d.name}: {len(d.outbox)} unanswered, first {d.outbox[0]['type']}" for d in alive if d.outbox and d.stopped is None]

    async def _caught_up(self) -> list[str]:
        """Once the worker has nothing left to do: every connection has heard every log that it hears to its end, and no log grows."""
        deadline = time.monotonic() + SETTLE_S
        heads, before = await self._heads(), {}

        def behind(d: Device) -> list[str]:
            return [r for r in {*d.stands, *d.wanted} if d.stopped is None and d.stands.get(r, 0) < heads.get(r, 0)]

        while heads != before and time.monotonic() < deadline:
            await _until(lambda: not any(behind(d) for d in [*self.devices, *self.crowd]), CATCH_UP_S)
            before, heads = heads, await self._heads()
        wrong = [] if heads == before else ["the logs still grow"]
        return wrong + [f"{d.name} stands at {d.stands.get(r)} of {heads[r]}" for d in [*self.devices, *self.crowd] for r in behind(d)]

    async def _heads(self) -> dict[str, int]:
        """Where each log ends, as one who reads it is told; the personal room of who is suspended is not read."""
        readers = [(room, members[0]) for room, members in zip(self.rooms, self.plan["members"], strict=True)]
        readers += [(self.hall, 0), *((room, who) for who, room in enumerate(self.personal))]
        heads: dict[str, int] = {}
        for room, who in readers:
            answer = await self._read(who, f"/api/v1/rooms/{room}/events", limit=1)
            if answer.status_code == 200:
                heads[room] = answer.json()["head"]
        return heads

    async def _read(self, who: int, path: str, **params: Any) -> httpx.Response:
        deadline = time.monotonic() + SETTLE_S
        while True:
            try:
                answer = await self.people[who].http.get(path, params=params)
                if answer.status_code not in (429, 502, 503, 504) or time.monotonic() > deadline:
                    return answer
            except httpx.HTTPError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.2)

    async def _logs(self) -> list[str]:
        """Every room's log, as each member reads it who still may."""
        wrong: list[str] = []
        for room, members in zip(self.rooms, self.plan["members"], strict=True):
            for who in members:
                lost = [d for d in self.devices if d.person is self.people[who] and (d.stopped is not None or room not in d.wanted)]
                wrong += await self._log(room, who, lost=bool(lost))
        for who, room in enumerate(self.personal):
            wrong += await self._log(room, who, lost=False)
        if self.crowd:
            wrong += await self._log(self.hall, 0, lost=False)
        return wrong

    async def _log(self, room: str, who: int, *, lost: bool) -> list[str]:
        events: list[dict[str, Any]] = []
        while True:
            answer = await self._read(who, f"/api/v1/rooms/{room}/events", after=events[-1]["seq"] if events else 0, limit=200)
            if answer.status_code != 200:
                return [] if lost and answer.status_code in (401, 403, 404) else [f"the log is answered {answer.status_code} to a member"]
            if lost:
                return ["who lost the room reads its log"]
            page = answer.json()
            events += page["events"]
            if not page["events"] or events[-1]["seq"] >= page["head"]:
                self.journal.write("log", person=self.people[who].id, room=room, epoch=page["epoch"], head=page["head"], events=events)
                return []


def _pick(items: list[Any], step: dict[str, Any]) -> Any:
    return items[int(step["pick"] * len(items))]


def _http(port: int, token: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=40, max_keepalive_connections=4)
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"X-Session-Token": token}, trust_env=False, verify=False, timeout=ANSWER_S, limits=limits)


async def _until(what: Any, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.03)
    return True


def say(line: str) -> None:
    print(line, flush=True)


async def main() -> None:
    loop = asyncio.get_running_loop()
    wish = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    calm, quiet = asyncio.Event(), asyncio.Event()

    async def hear() -> None:
        for event in (calm, quiet):
            await loop.run_in_executor(None, sys.stdin.readline)
            event.set()

    hearing = asyncio.create_task(hear())
    say(json.dumps(await Swarm(wish).run(calm, quiet)))
    await hearing


if __name__ == "__main__":
    asyncio.run(main())
