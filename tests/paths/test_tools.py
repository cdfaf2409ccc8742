"""Every tool of moderators on two nodes with open sockets: the effect within a second, its reversal, and the record."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.live import RIGHTS_S, Node, Refused, Socket, Someone, Stack, http, one_log, until


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

    @property
    def nadia(self) -> str:
        return str(self.cast["nadia"].id)

    async def use(self, type: str, **fields: Any) -> dict[str, Any]:
        return await self.sacha.call(type, room=fields.pop("room", self.room), id=str(uuid.uuid4()), **{"reason": "un motif", **fields})

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
    loses: bool = False  # Nadia loses the room


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


TOOLS = [
    Tool("moderator.join", "moderator.joined", lambda s: {}, live, "moderator.leave", "moderator.left", left),
    Tool("message.hide", "message.hidden", about, hidden, "message.restore", "message.restored", shown),
    Tool("image.hide", "image.hidden", picture, veiled, "image.restore", "image.restored", bare),
    Tool("image.ask_mask", "image.mask_asked", picture, veiled, "image.restore", "image.restored", bare),
    Tool("member.silence", "member.silenced", lambda s: {"person": s.nadia, "seconds": 600}, answers("room.silenced"), "member.unsilence", "member.silenced", answers("ok")),
    Tool("member.remove", "member.removed", lambda s: {"person": s.nadia}, lost, "member.readmit", "member.readmitted", back_in, loses=True),
    Tool("room.slow", "room.slowed", lambda s: {"seconds": 3600, "answers_exempt": False}, answers("room.slow"), None, "room.slowed", answers("ok")),
    Tool("room.lock", "room.locked", lambda s: {}, answers("room.locked"), "room.unlock", "room.unlocked", answers("ok")),
    Tool("pin.add", "pin.added", about, state("pins", lambda pins: len(pins) == 1), "pin.remove", "pin.removed", state("pins", [])),
    Tool("expert.ask", "expert.asked", lambda s: {"specialty": "SM15"}, state("expert", {"specialty": "SM15"}), "expert.unask", "expert.unasked", state("expert", None)),
    Tool("thread.move", "thread.moved", lambda s: {"message": s.message, "to": s.to}, gone_on, None, "message.restored", come_back),
]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda t: t.type)
async def test_effect_reversal_and_record(scene: Scene, tool: Tool) -> None:
    asked = tool.asked(scene)
    done = await scene.use(tool.type, **asked)
    hearers = [scene.camille] if tool.loses else [scene.camille, scene.phone, scene.desk]
    await heard(scene, hearers, done["seq"], tool.kind)
    await tool.does(scene)
    if tool.type != "thread.move":  # what has moved on cannot be moved again
        again = await scene.use(tool.type, **asked)
        assert again["unchanged"] and again["act"] == done["act"]
    [act] = [a for a in await acts(scene) if a["act"] == done["act"]]
    assert (act["kind"], act["reason"], act["reversed"]) == (tool.type, "un motif", None) and act["moderator"]["id"] == str(scene.cast["sacha"].id)
    if tool.back:
        fields = {name: value for name, value in asked.items() if name in ("message", "image", "person")}
        undone = await (scene.sacha.call(tool.back, room=scene.room, id=str(uuid.uuid4())) if tool.back == "moderator.leave" else scene.use(tool.back, **fields))
    else:
        answer = await http(scene.nodes[0], scene.cast["sacha"], "POST", f"/api/v1/moderation/acts/{done['act']}/undo", json={"id": str(uuid.uuid4())})
        assert answer.status_code == 201, answer.text
        undone = answer.json()
    assert undone["act"] == done["act"]
    await heard(scene, hearers, undone["seq"], tool.back_kind)
    await tool.undone(scene)
    [act] = [a for a in await acts(scene) if a["act"] == done["act"]]
    assert act["reversed"]["by"]["id"] == str(scene.cast["sacha"].id)
    told = [act for (act,) in scene.stack.sql("SELECT act FROM audit_record WHERE room_id = %s ORDER BY id", scene.room)]
    assert told[0] == tool.type and len(told) == 2
    await one_log(scene.stack, scene.room, scene.camille)


async def heard(scene: Scene, sockets: list[Socket], seq: int, kind: str) -> None:
    def told() -> bool:
        return all(any(e["seq"] == seq and e["kind"] == kind and e["actor"]["as"] == "moderator" for e in one.events.get(scene.room, [])) for one in sockets)

    assert await until(told, RIGHTS_S), f"{kind} at {seq} was not heard"


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
    """What is answered ok stands before the silence in the log; everything after it was refused."""
    burst = [await device.start("message.post", room=scene.room, id=str(uuid.uuid4()), body=f"n° {n}") for n in range(60) for device in (scene.phone, scene.desk)]
    by_http = [
        asyncio.create_task(http(scene.nodes[1], scene.cast["nadia"], "POST", f"/api/v1/rooms/{scene.room}/messages", json={"id": str(uuid.uuid4()), "body": f"HTTP {n}"}))
        for n in range(10)
    ]
    silenced = await scene.use("member.silence", person=scene.nadia, seconds=60)
    told = await asyncio.gather(*burst, return_exceptions=True)
    codes = {a.code for a in told if isinstance(a, Refused)} | {a.json()["code"] for a in await asyncio.gather(*by_http) if a.status_code != 201}
    assert codes <= {"room.silenced"}
    log = await one_log(scene.stack, scene.room, scene.camille)
    assert all(kind != "message.posted" for seq, kind, _ in log if seq > silenced["seq"])
    assert all(a["seq"] < silenced["seq"] for a in told if isinstance(a, dict))
    assert await scene.posts() == {"room.silenced"}


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
        done = await http(node, sacha, "POST", path, json={"id": str(uuid.uuid4()), "seconds": 600, "reason": "un motif", "room": scene.room})
        assert done.status_code == 201, done.text
        assert await until(lambda: personal(scene.camille, scene.room) == ["person.suspended"], RIGHTS_S)
        assert [await one.close_code(RIGHTS_S) for one in (scene.phone, scene.desk)] == [4403, 4403]
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
    idris = scene.cast["idris"]
    scene.stack.sql("INSERT INTO rooms_remit (person_id, group_id, since) VALUES (%s, %s, now())", idris.id, scene.room)
    other = await Socket.open(scene.nodes[0], idris)
    try:
        done = await scene.use("moderator.call", person=str(idris.id))
        await heard(scene, [scene.camille, scene.phone], done["seq"], "moderator.called")
        assert await until(lambda: [e["data"] for e in other.events.get(idris.personal, []) if e["kind"] == "page.asked"] == [{"room": scene.room}], RIGHTS_S)
    finally:
        scene.stack.sql("DELETE FROM rooms_remit WHERE person_id = %s", idris.id)
    await other.close()


async def test_a_case_is_moved_and_merged(scene: Scene) -> None:
    """Who read it by the group it left loses it on open sockets; who belongs to the other reads it."""
    camille, nadia = scene.cast["camille"], scene.cast["nadia"]
    asked = {"title": "Plaque", "question": "Plaque du mollet.", "specialty": "SM15", "urgency": "week", "group": scene.room}
    cases = []
    for who in (camille, nadia):
        answer = await http(scene.nodes[0], who, "POST", "/api/v1/cases", json={**asked, "id": str(uuid.uuid4())})
        assert answer.status_code == 201, answer.text
        cases.append(answer.json()["room"])
    case, twin = cases
    await scene.phone.enter(case)
    moved = await scene.use("case.move", room=case, to=scene.to)
    assert await until(lambda: [f["room"] for f in scene.phone.of_type("left")] == [case], RIGHTS_S)
    assert await until(lambda: any(e["kind"] == "case.moved" and e["data"]["to"] == scene.to for e in scene.camille.events[scene.room]), RIGHTS_S)
    undone = await http(scene.nodes[0], scene.cast["sacha"], "POST", f"/api/v1/moderation/acts/{moved['act']}/undo", json={"id": str(uuid.uuid4())})
    assert undone.status_code == 201, undone.text
    await scene.phone.enter(case)
    await scene.desk.enter(twin)
    merged = await scene.use("case.merge", room=twin, into=case)
    assert await until(lambda: scene.desk.events.get(twin, [{}])[-1].get("data") == {"case": twin, "into": case}, RIGHTS_S)
    assert await until(lambda: scene.phone.events[case][-1]["data"] == {"case": twin, "into": case}, RIGHTS_S)
    assert (await scene.get(f"/rooms/{twin}/moderation", "nadia"))["acts"][0]["act"] == merged["act"]
    undone = await http(scene.nodes[1], scene.cast["sacha"], "POST", f"/api/v1/moderation/acts/{merged['act']}/undo", json={"id": str(uuid.uuid4())})
    assert undone.status_code == 201 and (await scene.get(f"/rooms/{twin}", "nadia"))["case"]["merged_into"] is None
