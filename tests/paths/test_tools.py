"""Every tool of moderators on two nodes with open sockets: the effect within a second, its reversal, and the record."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PIL import Image

from tests.live import CHECKOUT, PATIENCE, RIGHTS_S, Node, Refused, Services, Socket, Someone, Stack, http, one_log, until


@dataclass
class Scene:
    """A group: Camille watches on one node, Nadia has a device on each, Sacha moderates and is no member."""

    stack: Stack
    nodes: tuple[Node, Node]
    cast: dict[str, Someone]
    room: str
    to: str
    camille: Socket
    phone: Socket
    desk: Socket
    sacha: Socket
    message: str = ""
    image: str = field(default_factory=lambda: str(uuid.uuid4()))
    pressed: float = 0.0  # when the last use or undo was sent, and answered, by the monotonic clock
    answered: float = 0.0

    @property
    def nadia(self) -> str:
        return str(self.cast["nadia"].id)

    async def use(self, type: str, **fields: Any) -> dict[str, Any]:
        reason = {} if type == "moderator.leave" else {"reason": "un motif"}
        self.pressed = time.monotonic()
        answer = await self.sacha.call(type, room=fields.pop("room", self.room), id=str(uuid.uuid4()), **{**reason, **fields})
        self.answered = time.monotonic()
        return answer

    async def undo(self, act: str, node: int = 0) -> dict[str, Any]:
        self.pressed = time.monotonic()
        answer = await http(self.nodes[node], self.cast["sacha"], "POST", f"/api/v1/moderation/acts/{act}/undo", json={"id": str(uuid.uuid4())})
        self.answered = time.monotonic()
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def took(self, what: str, last: float) -> None:
        """Notes how long after the press, and after the answer, the last socket of all nodes knew of it."""
        pressed, answered = SECONDS.get(what, (0.0, 0.0))
        SECONDS[what] = max(pressed, last - self.pressed), max(answered, last - self.answered)
        assert last - self.answered < RIGHTS_S, f"{what}: {last - self.answered:.2f} s"

    def audit(self, room: str) -> list[tuple[Any, ...]]:
        """(act, author, object, reason) of the room's trail, the oldest first."""
        found = self.stack.sql("SELECT act, person_id::text, object, reason FROM audit_record WHERE room_id = %s ORDER BY id", room)
        return [(act, next((who.name for who in self.cast.values() if str(who.id) == person), person), object, reason) for act, person, object, reason in found]

    async def get(self, path: str, who: str = "camille") -> Any:
        answer = await http(self.nodes[0], self.cast[who], "GET", f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def state(self) -> dict[str, Any]:
        one = await Socket.open(self.nodes[1], self.cast["camille"])
        state = (await one.enter(self.room))["state"]
        await one.close()
        return dict(state)

    async def posts(self) -> set[str]:
        """How Nadia's posts are answered: on two devices and by HTTP."""
        said = set()
        for device in (self.phone, self.desk):
            try:
                await device.post(self.room, "encore")
                said.add("ok")
            except Refused as no:
                said.add(no.code)
        answer = await http(self.nodes[1], self.cast["nadia"], "POST", f"/api/v1/rooms/{self.room}/messages", json={"id": str(uuid.uuid4()), "body": "par HTTP"})
        said.add("ok" if answer.status_code == 201 else answer.json()["code"])
        return said

    async def withheld(self) -> str | None:
        return (await self.get(f"/messages/{self.message}"))["withheld"]  # type: ignore[no-any-return]


SECONDS: dict[str, tuple[float, float]] = {}  # the slowest of each tool until the last socket of both nodes: from the press, and from the answer


@pytest.fixture(scope="module", autouse=True)
def figures(request: pytest.FixtureRequest) -> Iterator[None]:
    """With PATHS_PATIENCE=1 the second of the protocol is a second, and this says in the end how long each took."""
    yield
    if PATIENCE > 1:
        return
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\nms to the last socket of both nodes, the slowest ({os.getloadavg()[0]:.0f} of load on {os.cpu_count()} processors): from the press, from the answer")
        for what, (pressed, answered) in sorted(SECONDS.items()):
            print(f"{what:24} {pressed * 1000:6.0f} {answered * 1000:6.0f}")


@pytest.fixture
async def scene(pair: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> AsyncIterator[Scene]:
    camille, nadia = cast["camille"], cast["nadia"]
    room, to = pair.room(camille, nadia, kind="group"), pair.room(camille, kind="group")
    opened = [await Socket.open(nodes[n], who) for n, who in ((0, camille), (0, nadia), (1, nadia), (1, cast["sacha"]))]
    made = Scene(pair, nodes, cast, room, to, *opened)
    for one in opened[:3]:
        await one.enter(room)
    made.message = (await made.phone.post(room, "Bonjour"))["message"]
    pair.sql("UPDATE rooms_message SET images = ARRAY[%s::uuid] WHERE id = %s", made.image, made.message)
    yield made
    for one in opened:
        await one.close()


Check = Callable[[Scene], Awaitable[Any]]


@dataclass
class Tool:
    """What is asked, the event it is heard by, what it does; and the same of its reversal. No `back`: by the act's id."""

    type: str
    kind: str
    asked: Callable[[Scene], dict[str, Any]]
    does: Check
    back: str | None
    back_kind: str
    undone: Check
    about: Callable[[Scene], str]  # the object that the audit trail names
    loses: bool = False  # Nadia loses the room
    reverses: str = ""  # what the audit trail calls the reversal, where it is no command


async def hidden(s: Scene) -> None:
    assert await s.withheld() == "hidden"


async def shown(s: Scene) -> None:
    assert await s.withheld() is None


def answers(*codes: str) -> Check:
    async def check(s: Scene) -> None:
        assert await s.posts() == set(codes)

    return check


def state(name: str, value: Any) -> Check:
    async def check(s: Scene) -> None:
        found = (await s.state())[name]
        assert value(found) if callable(value) else found == value, found

    return check


async def lost(s: Scene) -> None:
    assert await until(lambda: all([f["code"] for f in one.of_type("left")] == ["room.removed"] for one in (s.phone, s.desk)), RIGHTS_S)
    s.took("member.remove (left)", max(one.left_at[s.room] for one in (s.phone, s.desk)))
    assert await s.posts() == {"room.not_found"}


async def back_in(s: Scene) -> None:
    assert await s.posts() == {"ok"}
    for one in (s.phone, s.desk):
        await one.enter(s.room)


async def live(s: Scene) -> None:
    assert [m["id"] for m in (await s.state())["moderators"]] == [str(s.cast["sacha"].id)]
    await s.sacha.enter(s.room)
    said = await s.sacha.post(s.room, "Je suis là.")
    assert await until(lambda: any(e["seq"] == said["seq"] and e["actor"]["as"] == "moderator" for e in s.phone.events[s.room]), RIGHTS_S)


async def left(s: Scene) -> None:
    assert (await s.state())["moderators"] == []
    assert await until(lambda: [f["room"] for f in s.sacha.of_type("left")] == [s.room], RIGHTS_S)
    s.took("moderator.leave (left)", s.sacha.left_at[s.room])
    with pytest.raises(Refused, match=r"room\.not_member"):
        await s.sacha.enter(s.room)


async def veiled(s: Scene) -> None:
    assert s.stack.sql("SELECT count(*) FROM rooms_pictureveil WHERE image_id = %s", s.image) == [(1,)]


async def bare(s: Scene) -> None:
    assert s.stack.sql("SELECT count(*) FROM rooms_pictureveil WHERE image_id = %s", s.image) == [(0,)]


async def gone_on(s: Scene) -> None:
    await hidden(s)
    assert [m["body"] for m in (await s.get(f"/rooms/{s.to}/messages"))["messages"]] == ["Bonjour"]


async def come_back(s: Scene) -> None:
    await shown(s)
    assert [m["body"] for m in (await s.get(f"/rooms/{s.to}/messages"))["messages"]] == [None]


def about(s: Scene) -> dict[str, Any]:
    return {"message": s.message}


def picture(s: Scene) -> dict[str, Any]:
    return {"message": s.message, "image": s.image}


def whole(s: Scene) -> str:
    return s.room


def nadia(s: Scene) -> str:
    return s.nadia


def sacha(s: Scene) -> str:
    return str(s.cast["sacha"].id)


def words(s: Scene) -> str:
    return s.message


def pixels(s: Scene) -> str:
    return s.image


TOOLS = [
    Tool("moderator.join", "moderator.joined", lambda s: {}, live, "moderator.leave", "moderator.left", left, sacha),
    Tool("message.hide", "message.hidden", about, hidden, "message.restore", "message.restored", shown, words),
    Tool("image.hide", "image.hidden", picture, veiled, "image.restore", "image.restored", bare, pixels),
    Tool("image.ask_mask", "image.mask_asked", picture, veiled, "image.restore", "image.restored", bare, pixels),
    Tool("member.silence", "member.silenced", lambda s: {"person": s.nadia, "seconds": 600}, answers("room.silenced"), "member.unsilence", "member.silenced", answers("ok"), nadia),
    Tool("member.remove", "member.removed", lambda s: {"person": s.nadia}, lost, "member.readmit", "member.readmitted", back_in, nadia, loses=True),
    Tool("room.slow", "room.slowed", lambda s: {"seconds": 3600, "answers_exempt": False}, answers("room.slow"), None, "room.slowed", answers("ok"), whole, reverses="room.unslow"),
    Tool("room.lock", "room.locked", lambda s: {}, answers("room.locked"), "room.unlock", "room.unlocked", answers("ok"), whole),
    Tool("pin.add", "pin.added", about, state("pins", lambda pins: len(pins) == 1), "pin.remove", "pin.removed", state("pins", []), words),
    Tool("expert.ask", "expert.asked", lambda s: {"specialty": "SM15"}, state("expert", {"specialty": "SM15"}), "expert.unask", "expert.unasked", state("expert", None), whole),
    Tool("thread.move", "thread.moved", lambda s: {"message": s.message, "to": s.to}, gone_on, None, "message.restored", come_back, words, reverses="thread.return"),
]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda t: t.type)
async def test_effect_reversal_and_record(scene: Scene, tool: Tool) -> None:
    asked = tool.asked(scene)
    done = await scene.use(tool.type, **asked)
    hearers = [scene.camille] if tool.loses else [scene.camille, scene.phone, scene.desk]
    await heard(scene, hearers, done["seq"], tool.kind, tool.type)
    await tool.does(scene)
    if tool.type != "thread.move":  # what has moved on cannot be moved again
        again = await scene.use(tool.type, **asked)
        assert again["unchanged"] and again["act"] == done["act"]
    [act] = [a for a in await acts(scene) if a["act"] == done["act"]]
    assert (act["kind"], act["reason"], act["reversed"]) == (tool.type, "un motif", None) and act["moderator"]["id"] == str(scene.cast["sacha"].id)
    if tool.back:
        undone = await scene.use(tool.back, **{name: value for name, value in asked.items() if name in ("message", "image", "person")})
    else:
        undone = await scene.undo(done["act"])
    assert undone["act"] == done["act"]
    await heard(scene, hearers, undone["seq"], tool.back_kind, tool.back or tool.reverses)
    await tool.undone(scene)
    [act] = [a for a in await acts(scene) if a["act"] == done["act"]]
    assert act["reversed"]["by"]["id"] == str(scene.cast["sacha"].id)
    why = "un motif" if tool.back and tool.back != "moderator.leave" else ""
    assert scene.audit(scene.room) == [(tool.type, "sacha", tool.about(scene), "un motif"), (tool.back or tool.reverses, "sacha", tool.about(scene), why)]
    await one_log(scene.stack, scene.room, scene.camille)


async def heard(scene: Scene, sockets: list[Socket], seq: int, kind: str, what: str, room: str = "") -> None:
    """Each of these sockets heard this event of a moderator's, and how long after the answer the last of them did."""
    room = room or scene.room

    def told() -> bool:
        return all(any(e["seq"] == seq and e["kind"] == kind and e["actor"]["as"] == "moderator" for e in one.events.get(room, [])) for one in sockets)

    assert await until(told, RIGHTS_S), f"{kind} at {seq} was not heard"
    scene.took(what, max(one.heard_at[room, seq] for one in sockets))


def kinds(one: Socket, room: str, *among: str) -> list[str]:
    """What a socket heard of a room, of these kinds."""
    return [e["kind"] for e in one.events.get(room, []) if e["kind"] in among]


async def acts(scene: Scene) -> list[dict[str, Any]]:
    return list((await scene.get(f"/rooms/{scene.room}/moderation"))["acts"])


async def test_a_flagged_picture_is_hidden_on_all_nodes_at_once(scene: Scene) -> None:
    """One flag that says it identifies a patient: gone from three open sockets on two nodes; dismissed, it is back."""
    everybody = [scene.camille, scene.phone, scene.desk]
    flagged = {"id": str(uuid.uuid4()), "category": "identifies_patient", "message": scene.message, "image": scene.image}
    answer = await http(scene.nodes[0], scene.cast["camille"], "POST", "/api/v1/reports", json=flagged)
    assert answer.status_code == 201, answer.text
    picture = {"message": scene.message, "image": scene.image}

    def told(kind: str, by: str | None) -> bool:
        found = [[(e["data"], e["actor"] and e["actor"]["id"]) for e in one.events.get(scene.room, []) if e["kind"] == kind] for one in everybody]
        return all(one == [(picture, by)] for one in found)

    assert await until(lambda: told("image.hidden", None), RIGHTS_S)
    await veiled(scene)
    assert await scene.withheld() is None, "its words stay"
    queue = (await scene.get("/moderation/queue", "sacha"))["items"]
    [item] = [one for one in queue if one["image"] == scene.image]
    assert (item["kind"], item["urgency"], item["categories"]) == ("report", 3, ["identifies_patient"])
    decided = {"id": str(uuid.uuid4()), "decision": "dismiss"}
    answer = await http(scene.nodes[1], scene.cast["sacha"], "POST", f"/api/v1/moderation/queue/{item['item']}/decide", json=decided)
    assert answer.status_code == 201, answer.text
    assert await until(lambda: told("image.restored", str(scene.cast["sacha"].id)), RIGHTS_S)
    await bare(scene)
    await one_log(scene.stack, scene.room, scene.camille)


async def test_silenced_in_mid_burst_on_two_devices_and_over_http(scene: Scene) -> None:
    """Many at once by each door, which stop at nothing but a refusal: what is answered ok stands before the silence in the log, and every door comes to it."""
    oks: dict[str, list[int]] = {"phone": [], "desk": [], "http": []}
    path = f"/api/v1/rooms/{scene.room}/messages"

    async def by_socket(name: str, device: Socket) -> str:
        while True:
            try:
                oks[name].append((await device.post(scene.room, f"n° {len(oks[name])}"))["seq"])
            except Refused as no:
                return no.code

    async def by_http() -> str:
        while (answer := await http(scene.nodes[1], scene.cast["nadia"], "POST", path, json={"id": str(uuid.uuid4()), "body": "HTTP"})).status_code == 201:
            oks["http"].append(answer.json()["seq"])
        return str(answer.json()["code"])

    burst = [asyncio.create_task(by_socket(name, device)) for name, device in (("phone", scene.phone), ("desk", scene.desk)) for _ in range(8)]
    burst += [asyncio.create_task(by_http()) for _ in range(4)]
    assert await until(lambda: all(oks.values()), 30), "each door was let in"
    silenced = await scene.use("member.silence", person=scene.nadia, seconds=60)
    assert await asyncio.wait_for(asyncio.gather(*burst), 60) == ["room.silenced"] * 20
    assert max(seq for seqs in oks.values() for seq in seqs) < silenced["seq"]
    log = await one_log(scene.stack, scene.room, scene.camille)
    assert all(kind != "message.posted" for seq, kind, _ in log if seq > silenced["seq"])
    assert len([kind for _, kind, _ in log if kind == "message.posted"]) == 1 + sum(len(seqs) for seqs in oks.values())


async def test_slow_mode_lets_those_answer_who_answer_somebody(scene: Scene) -> None:
    await scene.use("room.slow", seconds=3600, answers_exempt=True)
    asked = (await scene.camille.post(scene.room, "Une question"))["message"]
    for one, more in ((scene.camille, {}), (scene.phone, {}), (scene.desk, {"reply_to": scene.message})):  # which is Nadia's own
        with pytest.raises(Refused, match=r"room\.slow"):
            await one.post(scene.room, "encore", **more)
    for one in (scene.phone, scene.desk):
        await one.post(scene.room, "Une réponse", reply_to=asked)
    said = ["Bonjour", "Une question", "Une réponse", "Une réponse"]
    assert await until(lambda: all(one.bodies(scene.room) == said for one in (scene.camille, scene.phone, scene.desk)), RIGHTS_S)
    await scene.use("room.slow", seconds=3600, answers_exempt=False)
    for one in (scene.phone, scene.desk):
        with pytest.raises(Refused, match=r"room\.slow"):
            await one.post(scene.room, "Une réponse", reply_to=asked)


async def test_a_thread_moves_before_the_eyes_of_both_groups(scene: Scene) -> None:
    """Who has the other group open hears what comes, and that it is gone again; both groups have the act in their record."""
    answer = (await scene.desk.post(scene.room, "Une réponse", reply_to=scene.message))["message"]
    there = [await Socket.open(node, scene.cast["camille"]) for node in scene.nodes]
    for one in there:
        await one.enter(scene.to)
    here = [scene.camille, scene.phone, scene.desk]
    moved = await scene.use("thread.move", message=scene.message, to=scene.to)
    await heard(scene, here, moved["seq"], "thread.moved", "thread.move")
    kinds_there = ("message.posted", "message.hidden", "message.restored", "thread.moved")
    assert await until(lambda: all(kinds(one, scene.to, *kinds_there) == ["message.posted", "message.posted", "thread.moved"] for one in there), RIGHTS_S)
    assert all(one.bodies(scene.to) == ["Bonjour", "Une réponse"] for one in there)
    copies = [e["data"]["message"] for e in there[0].events[scene.to] if e["kind"] == "message.posted"]
    scene.took("thread.move (there)", max(one.heard_at[scene.to, one.tip(scene.to)] for one in there))
    assert [kinds(one, scene.room, "message.hidden") for one in here] == [["message.hidden"] * 2] * 3
    undone = await scene.undo(moved["act"], 1)
    await heard(scene, here, undone["seq"], "message.restored", "thread.return")
    assert await until(lambda: all(kinds(one, scene.to, *kinds_there)[3:] == ["message.hidden"] * 2 for one in there), RIGHTS_S)
    scene.took("thread.return (there)", max(one.heard_at[scene.to, one.tip(scene.to)] for one in there))
    assert [{e["data"]["message"] for e in one.events[scene.to] if e["kind"] == "message.hidden"} for one in there] == [set(copies)] * 2
    assert [{e["data"]["message"] for e in one.events[scene.room] if e["kind"] == "message.restored"} for one in here] == [{scene.message, answer}] * 3
    for room in (scene.room, scene.to):
        [act] = (await scene.get(f"/rooms/{room}/moderation"))["acts"]
        assert (act["act"], act["kind"], act["reversed"]["by"]["id"]) == (moved["act"], "thread.move", str(scene.cast["sacha"].id))
    assert scene.audit(scene.room) == [("thread.move", "sacha", scene.message, "un motif"), ("thread.return", "sacha", scene.message, "")]
    for one in there:
        await one.close()
    await one_log(scene.stack, scene.to, reader=scene.cast["camille"])


async def test_a_hidden_picture_is_served_to_nobody_on_any_node(scene: Scene, own_services: Services, tmp_path: Path) -> None:
    """Its very bytes, as a member: there, gone on both nodes with the answer, and there again."""
    nadia = scene.cast["nadia"]
    Image.new("RGB", (320, 200), (180, 120, 90)).save(tmp_path / "photo.png")
    content = (tmp_path / "photo.png").read_bytes()
    begun = await http(scene.nodes[0], nadia, "POST", "/api/v1/images", json={"id": str(uuid.uuid4()), "size": len(content)})
    image = begun.json()["image"]
    sent = await http(scene.nodes[0], nadia, "PATCH", f"/api/v1/images/{image}", content=content, headers={"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})
    assert sent.status_code == 204, sent.text
    env = own_services.env(scene.stack.database, scene.stack.redis_url)
    with open(tmp_path / "worker.log", "ab") as log:
        worker = own_services.family.start("worker", [sys.executable, "manage.py", "worker"], env=env, cwd=CHECKOUT, log=log)
    try:
        deadline = time.monotonic() + 120
        while (await http(scene.nodes[0], nadia, "GET", f"/api/v1/images/{image}")).json()["state"] != "ready":
            assert time.monotonic() < deadline, (tmp_path / "worker.log").read_text()
            await asyncio.sleep(0.1)
    finally:
        own_services.family.stop(worker)
    scene.message, scene.image = (await scene.phone.post(scene.room, "Plaque", images=[image]))["message"], image

    async def served() -> set[tuple[str, int, bool]]:
        found = set()
        for who in ("camille", "nadia"):
            for node in scene.nodes:
                answer = await http(node, scene.cast[who], "GET", f"/api/v1/images/{image}/room")
                found.add((who, answer.status_code, answer.content[8:12] == b"WEBP"))
        return found

    shown = {("camille", 200, True), ("nadia", 200, True)}
    assert await served() == shown
    for tool in ("image.hide", "image.ask_mask"):
        done = await scene.use(tool, **picture(scene))
        owner = ("nadia", 404, False) if tool == "image.hide" else ("nadia", 200, True)  # who is to mask it sees it
        assert await served() == {("camille", 404, False), owner}
        restored = await scene.use("image.restore", **picture(scene))
        assert restored["act"] == done["act"] and await served() == shown
    await scene.use("message.hide", message=scene.message)
    assert await served() == {("camille", 404, False), ("nadia", 404, False)}
    await scene.use("message.restore", message=scene.message)
    assert await served() == shown


async def test_what_has_a_duration_ends_on_all_nodes_by_itself(scene: Scene, own_services: Services, tmp_path: Path) -> None:
    """A worker of its own process reverses what is due; every open socket hears it, of nobody."""
    everybody = [scene.camille, scene.phone, scene.desk]
    used = [await scene.use("message.hide", message=scene.message, lasts=600), await scene.use("room.lock", lasts=600)]
    assert await scene.posts() == {"room.locked"}
    scene.stack.sql("UPDATE rooms_act SET until = now() WHERE id = ANY(%s::uuid[])", [done["act"] for done in used])
    env = own_services.env(scene.stack.database, scene.stack.redis_url)
    with open(tmp_path / "worker.log", "ab") as log:
        worker = own_services.family.start("worker", [sys.executable, "manage.py", "worker"], env=env, cwd=CHECKOUT, log=log)
    try:
        ended = {("message.restored", None), ("room.unlocked", None)}
        assert await until(lambda: all(ended <= {(e["kind"], e["actor"]) for e in one.events[scene.room] if e["actor"] is None} for one in everybody), 60), (
            tmp_path / "worker.log"
        ).read_text()
    finally:
        own_services.family.stop(worker)
    assert await scene.withheld() is None and await scene.posts() == {"ok"}
    assert [(act["reversed"]["by"], act["until"] is not None) for act in await acts(scene)] == [(None, True)] * 2
    assert sorted(scene.audit(scene.room)[2:]) == [("message.restore", None, scene.message, ""), ("room.unlock", None, scene.room, "")]
    await one_log(scene.stack, scene.room, scene.camille)


def test_the_audit_trail_of_a_real_database_only_grows(pair: Stack) -> None:
    pair.sql("INSERT INTO audit_record (at, act, object, reason) VALUES (now(), 'test', '', '')")
    before = pair.sql("SELECT count(*) FROM audit_record")
    for statement in ("TRUNCATE audit_record", "DELETE FROM audit_record", "UPDATE audit_record SET reason = 'autre'"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            pair.sql(statement)
    assert pair.sql("SELECT count(*) FROM audit_record") == before


async def test_a_diagnosis_and_a_reference_are_hidden_and_shown_again(scene: Scene) -> None:
    """Heard on both nodes; gone from the case's sheet, and back with who backs it."""
    camille, nadia = scene.cast["camille"], scene.cast["nadia"]
    asked = {"title": "Plaque", "question": "Plaque du mollet.", "specialty": "SM15", "urgency": "week", "group": scene.room}
    opened = await http(scene.nodes[0], camille, "POST", "/api/v1/cases", json={**asked, "id": str(uuid.uuid4())})
    assert opened.status_code == 201, opened.text
    case = opened.json()["room"]
    everybody = [scene.camille, scene.phone, scene.desk]
    for one in everybody:
        await one.enter(case)
    answer = (await scene.phone.post(case, "Mycose."))["message"]
    made = {"differential": await scene.phone.call("differential.propose", room=case, id=str(uuid.uuid4()), label="Gale")}
    made["reference"] = await scene.phone.call("reference.add", room=case, id=str(uuid.uuid4()), message=answer, link="10.1000/182")
    await scene.camille.call("differential.back", room=case, id=str(uuid.uuid4()), differential=made["differential"]["differential"])

    async def sheet(node: int) -> tuple[list[Any], list[str]]:
        found = (await http(scene.nodes[node], nadia, "GET", f"/api/v1/cases/{case}")).json()
        return [(d["label"], d["backers"]["count"]) for d in found["differentials"]], [r["link"] for a in found["answers"] for r in a["references"]]

    async def told(kind: str, seq: int) -> bool:
        return await until(lambda: all(any((e["seq"], e["kind"], e["actor"]["as"]) == (seq, kind, "moderator") for e in one.events[case]) for one in everybody), RIGHTS_S)

    before = await sheet(0)
    assert before == ([("Gale", 2)], ["https://doi.org/10.1000/182"])
    for what, gone in (("differential", ([(None, 2)], before[1])), ("reference", (before[0], []))):
        about = {"room": case, what: made[what][what]}
        hid = await scene.use(f"{what}.hide", **about)
        assert await told(f"{what}.hidden", hid["seq"])
        assert await sheet(0) == await sheet(1) == gone
        again = await scene.use(f"{what}.hide", **about)
        assert again["unchanged"] and again["act"] == hid["act"]
        shown = await scene.use(f"{what}.restore", **about)
        assert shown["act"] == hid["act"] and await told(f"{what}.restored", shown["seq"])
        assert await sheet(0) == await sheet(1) == before
    kinds = [(a["kind"], a["reason"], a["person"], bool(a["reversed"])) for a in (await scene.get(f"/rooms/{case}/moderation"))["acts"]]
    assert kinds == [(f"{what}.hide", "un motif", scene.nadia, True) for what in ("reference", "differential")]
    told_to_audit = [act for (act,) in scene.stack.sql("SELECT act FROM audit_record WHERE room_id = %s AND act LIKE %s ORDER BY id", case, "%.%e")]
    assert [act for act in told_to_audit if act.startswith(("differential.", "reference."))] == ["differential.hide", "differential.restore", "reference.hide", "reference.restore"]
    await one_log(scene.stack, case, scene.camille)


async def test_suspended_and_lifted(scene: Scene) -> None:
    path = f"/api/v1/moderation/people/{scene.nadia}/suspension"
    sacha, node = scene.cast["sacha"], scene.nodes[0]
    try:
        scene.pressed = time.monotonic()
        done = await http(node, sacha, "POST", path, json={"id": str(uuid.uuid4()), "seconds": 600, "reason": "un motif", "room": scene.room})
        scene.answered = time.monotonic()
        assert done.status_code == 201, done.text
        assert await until(lambda: personal(scene.camille, scene.room) == ["person.suspended"], RIGHTS_S)
        assert [await one.close_code(RIGHTS_S) for one in (scene.phone, scene.desk)] == [4403, 4403]
        scene.took("suspension (closed)", max(one.closed_at for one in (scene.phone, scene.desk)))
        answer = await http(scene.nodes[1], scene.cast["nadia"], "GET", f"/api/v1/rooms/{scene.room}/messages")
        assert (answer.status_code, answer.json()["code"]) == (403, "account.suspended")
    finally:
        lifted = await http(node, sacha, "DELETE", path, json={"id": str(uuid.uuid4()), "reason": "un autre"})
    assert lifted.status_code == 201
    assert await until(lambda: personal(scene.camille, scene.room) == ["person.suspended", "person.reinstated"], RIGHTS_S)
    said = [e for e in scene.camille.events[scene.room] if e["kind"] == "person.suspended"]
    assert said[0]["data"].keys() == {"person", "until"} and said[0]["actor"]["as"] == "moderator", "its reason is told to nobody there"
    # On whichever device the person comes back, their own room says what happened meanwhile.
    again = await Socket.open(scene.nodes[1], scene.cast["nadia"])
    await again.enter(scene.room)
    log = (await http(scene.nodes[0], scene.cast["nadia"], "GET", f"/api/v1/rooms/{scene.cast['nadia'].personal}/events")).json()["events"]
    assert [e["kind"] for e in log if e["kind"].startswith("person.")][-2:] == ["person.suspended", "person.reinstated"]
    await again.close()
    await one_log(scene.stack, scene.room, scene.camille)


def personal(socket: Socket, room: str) -> list[str]:
    return [e["kind"] for e in socket.events.get(room, []) if e["kind"].startswith("person.")]


async def test_a_remit_that_is_lost_takes_the_visit_from_open_sockets(scene: Scene) -> None:
    idris = scene.cast["idris"]
    scene.stack.sql("INSERT INTO rooms_remit (person_id, group_id, since) VALUES (%s, %s, now())", idris.id, scene.room)
    here, there = [await Socket.open(node, idris) for node in scene.nodes]
    await here.call("moderator.join", room=scene.room, id=str(uuid.uuid4()), reason="un motif")
    for one in (here, there):
        await one.enter(scene.room)
    await scene.phone.post(scene.room, "lu par tous")
    assert await until(lambda: here.bodies(scene.room) == there.bodies(scene.room) == ["lu par tous"], RIGHTS_S)
    scene.stack.sql("DELETE FROM rooms_remit WHERE person_id = %s", idris.id)
    assert await until(lambda: all([f["room"] for f in one.of_type("left")] == [scene.room] for one in (here, there)), RIGHTS_S)
    await scene.phone.post(scene.room, "sans modérateur")
    assert (await http(scene.nodes[1], idris, "GET", f"/api/v1/rooms/{scene.room}/messages")).json()["code"] == "room.not_member"
    assert here.bodies(scene.room) == there.bodies(scene.room) == ["lu par tous"]
    for one in (here, there):
        await one.close()


async def test_a_remit_over_a_specialty_holds_and_ends_on_open_sockets(scene: Scene) -> None:
    """A case of their specialty, asked of a group that is nobody's of it: its moderator lives in it until the remit is taken back."""
    idris = scene.cast["idris"]
    asked = {"title": "Plaque", "question": "Plaque du mollet.", "specialty": "SM15", "urgency": "week", "group": scene.to, "id": str(uuid.uuid4())}
    opened = await http(scene.nodes[0], scene.cast["camille"], "POST", "/api/v1/cases", json=asked)
    assert opened.status_code == 201, opened.text
    case = opened.json()["room"]
    here, there = [await Socket.open(one, idris) for one in scene.nodes]
    with pytest.raises(Refused, match=r"room\.not_found"):
        await here.call("moderator.join", room=case, id=str(uuid.uuid4()), reason="un motif")
    scene.stack.sql("INSERT INTO rooms_remit (person_id, specialty_id, since) VALUES (%s, 'DER', now())", idris.id)
    try:
        await here.call("moderator.join", room=case, id=str(uuid.uuid4()), reason="un motif")
        for one in (here, there, scene.camille):
            await one.enter(case)
        await there.post(case, "Je suis là.")
        assert await until(lambda: [e["actor"]["as"] for e in scene.camille.events.get(case, []) if e["kind"] == "message.posted"] == ["moderator"], RIGHTS_S)
        assert await until(lambda: here.bodies(case) == there.bodies(case) == ["Je suis là."], RIGHTS_S)
    finally:
        scene.stack.sql("DELETE FROM rooms_remit WHERE person_id = %s", idris.id)
    assert await until(lambda: all([f["room"] for f in one.of_type("left")] == [case] for one in (here, there)), RIGHTS_S)
    await scene.camille.post(case, "sans modérateur")
    with pytest.raises(Refused, match=r"room\.not_found"):
        await here.enter(case)
    assert here.bodies(case) == there.bodies(case) == ["Je suis là."]
    for one in (here, there):
        await one.close()


async def test_a_reading_that_runs_out_ends_on_open_sockets_without_the_worker(scene: Scene) -> None:
    """No worker runs here, and no row is written when the hour is over: both sockets of the moderator lose the room all the same."""
    sacha, nadia = scene.cast["sacha"], scene.cast["nadia"]
    room = scene.stack.room(scene.cast["camille"], nadia)
    scene.stack.sql("INSERT INTO rooms_agreedreading (room_id, person_id, until) VALUES (%s, %s, now() + interval '6 seconds')", room, sacha.id)
    (ends,) = scene.stack.sql("SELECT extract(epoch FROM until) FROM rooms_agreedreading WHERE room_id = %s", room)[0]
    await scene.sacha.call("moderator.join", room=room, id=str(uuid.uuid4()), reason="un motif")
    there = await Socket.open(scene.nodes[0], sacha)
    for one in (scene.sacha, there, scene.phone):
        await one.enter(room)
    await scene.phone.post(room, "pendant l’heure")
    assert await until(lambda: scene.sacha.bodies(room) == there.bodies(room) == ["pendant l’heure"], RIGHTS_S)
    assert time.time() < float(ends), "too slow a machine to say anything"
    assert scene.sacha.of_type("left") == there.of_type("left") == []
    assert await until(lambda: all([f["room"] for f in one.of_type("left")] == [room] for one in (scene.sacha, there)), float(ends) - time.time() + RIGHTS_S)
    assert time.time() >= float(ends), "not before its time"
    await scene.phone.post(room, "entre nous")
    assert (await http(scene.nodes[1], sacha, "GET", f"/api/v1/rooms/{room}/messages")).json()["code"] == "room.not_found"
    assert scene.sacha.bodies(room) == there.bodies(room) == ["pendant l’heure"]
    assert scene.stack.sql("SELECT count(*) FROM rooms_visit WHERE room_id = %s AND ended IS NULL", room) == [(1,)], "the worker was not there to end it"
    await there.close()


async def test_calling_another_moderator_in(scene: Scene) -> None:
    """The room hears of it on both nodes, and whoever is called on each of theirs; it stands in the record, and can be called off."""
    idris = scene.cast["idris"]
    scene.stack.sql("INSERT INTO rooms_remit (person_id, group_id, since) VALUES (%s, %s, now())", idris.id, scene.room)
    others = [await Socket.open(node, idris) for node in scene.nodes]
    try:
        done = await scene.use("moderator.call", person=str(idris.id))
        await heard(scene, [scene.camille, scene.phone, scene.desk], done["seq"], "moderator.called", "moderator.call")
        assert await until(lambda: all([e["data"] for e in one.events.get(idris.personal, []) if e["kind"] == "page.asked"] == [{"room": scene.room}] for one in others), RIGHTS_S)
        [act] = await acts(scene)
        assert (act["act"], act["kind"], act["reason"], act["person"], act["reversed"]) == (done["act"], "moderator.call", "un motif", str(idris.id), None)
        assert scene.audit(scene.room) == [("moderator.call", "sacha", str(idris.id), "un motif")]
        undone = await scene.undo(done["act"])
        await heard(scene, [scene.camille, scene.phone, scene.desk], undone["seq"], "moderator.uncalled", "moderator.uncall")
        assert (await acts(scene))[0]["reversed"]["by"]["id"] == sacha(scene)
        assert scene.audit(scene.room)[1:] == [("moderator.uncall", "sacha", str(idris.id), "")]
    finally:
        scene.stack.sql("DELETE FROM rooms_remit WHERE person_id = %s", idris.id)
    for one in others:
        await one.close()


async def opened(scene: Scene, who: str, group: str) -> str:
    asked = {"title": "Plaque", "question": "Plaque du mollet.", "specialty": "SM15", "urgency": "week", "group": group, "id": str(uuid.uuid4())}
    answer = await http(scene.nodes[0], scene.cast[who], "POST", "/api/v1/cases", json=asked)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["room"])


async def test_a_case_is_moved(scene: Scene) -> None:
    """Who read it by the group it left loses it on open sockets of both nodes; the other group hears of it come and go; all of it is on the record."""
    case = await opened(scene, "camille", scene.room)
    asker = await Socket.open(scene.nodes[1], scene.cast["camille"])
    for one, room in ((scene.phone, case), (scene.desk, case), (scene.camille, case), (asker, case), (scene.camille, scene.to), (asker, scene.to)):
        await one.enter(room)
    there, here = [scene.camille, asker], [scene.camille, scene.phone, scene.desk]
    moved = await scene.use("case.move", room=case, to=scene.to)
    assert await until(lambda: all([f["room"] for f in one.of_type("left")] == [case] for one in (scene.phone, scene.desk)), RIGHTS_S)
    scene.took("case.move (left)", max(one.left_at[case] for one in (scene.phone, scene.desk)))
    await heard(scene, there, moved["seq"], "case.moved", "case.move", case)
    data = {"case": case, "from": scene.room, "to": scene.to}
    assert await until(lambda: all([e["data"] for e in one.events.get(scene.room, []) if e["kind"] == "case.moved"] == [data] for one in here), RIGHTS_S)
    assert await until(lambda: all(kinds(one, scene.to, "message.posted", "case.opened", "message.hidden") == ["message.posted", "case.opened"] for one in there), RIGHTS_S)
    undone = await scene.undo(moved["act"])
    back = {"case": case, "from": scene.to, "to": scene.room}
    await heard(scene, there, undone["seq"], "case.moved", "case.move_back", case)
    assert await until(lambda: all([e["data"] for e in one.events.get(scene.to, []) if e["kind"] == "case.moved"] == [back] for one in there), RIGHTS_S)
    assert [kinds(one, scene.to, "message.hidden") for one in there] == [["message.hidden"]] * 2
    assert await until(lambda: all(kinds(one, scene.room, "message.restored") == ["message.restored"] for one in here), RIGHTS_S), "its first card is back"
    for one in (scene.phone, scene.desk):
        await one.enter(case)
    [act] = (await scene.get(f"/rooms/{case}/moderation", "nadia"))["acts"]
    assert (act["act"], act["kind"], act["reason"], act["reversed"]["by"]["id"]) == (moved["act"], "case.move", "un motif", sacha(scene))
    assert [row for row in scene.audit(case) if row[1] == "sacha"] == [("case.move", "sacha", case, "un motif"), ("case.move_back", "sacha", case, "")]
    await asker.close()
    for room in (scene.room, scene.to, case):
        await one_log(scene.stack, room, reader=scene.cast["camille"])


async def test_a_case_is_merged(scene: Scene) -> None:
    """Both cases hear on both nodes which goes on in which; the one that is closed is open again on both once they are parted."""
    case, twin = await opened(scene, "camille", scene.room), await opened(scene, "nadia", scene.room)
    hearers = [scene.camille, scene.phone, scene.desk]
    for one in hearers:
        await one.enter(case)
        await one.enter(twin)
    merged = await scene.use("case.merge", room=twin, into=case)
    await heard(scene, hearers, merged["seq"], "case.merged", "case.merge", twin)
    pointer = {"case": twin, "into": case}
    assert await until(lambda: all([e["data"] for e in one.events.get(case, []) if e["kind"] == "case.merged"] == [pointer] for one in hearers), RIGHTS_S)
    assert (await scene.get(f"/rooms/{twin}", "nadia"))["case"]["merged_into"] == case
    with pytest.raises(Refused, match=r"room\.closed"):
        await scene.camille.post(twin, "encore")
    undone = await scene.undo(merged["act"], 1)
    await heard(scene, hearers, undone["seq"], "case.updated", "case.part", twin)
    assert [[e["data"]["status"] for e in one.events[twin] if e["kind"] == "case.updated"] for one in hearers] == [["closed", "open"]] * 3
    for room in (case, twin):
        assert await until(lambda room=room: all([e["data"] for e in one.events[room] if e["kind"] == "case.parted"] == [pointer] for one in hearers), RIGHTS_S)  # type: ignore[misc]
    assert (await scene.get(f"/rooms/{twin}", "nadia"))["case"]["merged_into"] is None
    await scene.camille.post(twin, "de nouveau")
    for room in (twin, case):
        [act] = (await scene.get(f"/rooms/{room}/moderation", "nadia"))["acts"]
        assert (act["act"], act["kind"], act["reason"], act["reversed"]["by"]["id"]) == (merged["act"], "case.merge", "un motif", sacha(scene))
    assert [row for row in scene.audit(twin) if row[1] == "sacha"] == [("case.merge", "sacha", twin, "un motif"), ("case.part", "sacha", twin, "")]
    for room in (twin, case, scene.room):
        await one_log(scene.stack, room, reader=scene.cast["camille"])
