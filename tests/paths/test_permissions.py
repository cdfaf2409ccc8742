"""docs/permissions.md, cell by cell: by HTTP on one node and on a socket of the other. The table is the oracle, written by hand."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from consult.api import api
from consult.errors import CODES
from consult.moderation import console
from consult.rooms import commands
from consult.rooms.commands.tools import TOOLS
from tests.live import Gone, Node, Refused, Socket, Someone, Stack

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "permissions.md").read_text()
WHO = {
    "unverified": "yann", "outsider": "soizic", "reader": "helene", "member": "nadia", "owner": "camille", "silenced": "idris", "removed": "aline", "suspended": "writer1",
    "remit": "writer2", "visiting": "writer3", "elsewhere": "writer4", "administrator": "writer5",
}  # fmt: skip
ROOMS = {"A listed group": "group", "A case": "case", "A private conversation": "private", "The personal room": "personal", "The console's room": "console"}
OTHER, INVITED, OWNER_TOO = "writer6", "writer7", "writer8"  # whose message and person it is about; whom one brings in; a second owner
BEFORE = {  # what must have been done, so that its reversal has something to do
    "message.restore": "message.hide", "member.unsilence": "member.silence", "member.readmit": "member.remove", "room.unlock": "room.lock",
    "pin.remove": "pin.add", "image.restore": "image.hide", "expert.unask": "expert.ask",
    "differential.restore": "differential.hide", "reference.restore": "reference.hide",
}  # fmt: skip
SOCKET_ONLY = ("room.enter", "read.mark", "typing", "pointer", "reaction.add", "reaction.remove", "message.edit", "message.retract")
# The twin of a command by its noun: verb, path, and whether its type goes into the body. All others are tools.
_ACTS, _TOOL = ("POST", "/cases/{room}/acts", True), ("POST", "/rooms/{room}/moderation", True)
TWINS = {
    "message.post": ("POST", "/rooms/{room}/messages", False), "mark": ("POST", "/rooms/{room}/marks", False), "moderator": _TOOL,
    "answer": _ACTS, "vote": _ACTS, "differential": _ACTS, "reference": _ACTS, "outcome": _ACTS,
    **{f"{noun}.{verb}": _TOOL for noun in ("differential", "reference") for verb in ("hide", "restore")},
}  # fmt: skip
ARROW = {"kind": "arrow", "start": {"x": 0.1, "y": 0.1}, "end": {"x": 0.4, "y": 0.3}}


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not re.match(r"^\|[ |-]+\|$", line)]


MARKS = {mark: code.strip("`") for mark, code, _ in rows(PAGE.partition("## Reading the tables")[2].partition("## A listed group")[0]) if code.startswith("`")}


def table(title: str) -> dict[str, dict[str, str]]:
    """action -> role -> the code expected, or ✓."""
    header, *body = rows(PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0])
    return {row[0]: {role: MARKS.get(cell, cell) for role, cell in zip(header[1:], row[1:], strict=True)} for row in body}


def test_the_page_can_be_read() -> None:
    assert set(MARKS.values()) <= CODES.keys() and len(MARKS) > 10
    tools = {c.model_fields["type"].annotation.__args__[0] for c in TOOLS}  # type: ignore[union-attr]
    plain = commands.COMMANDS.keys() - tools - {"hello", "ping", "room.leave"}  # leaving a room one has not entered is ok for everyone
    for title in ROOMS:
        said = {action.removesuffix(" own") for action in table(title)}
        assert tools | plain <= said, (title, (tools | plain) - said)
    assert routes() <= table("The service").keys() | table("A case").keys(), routes() - table("The service").keys()
    for title in (*ROOMS, "The service"):
        for action, cells in table(title).items():
            assert set(cells.values()) <= {*CODES, "✓", "·"}, (title, action)
            assert cells.keys() <= {"nobody", *WHO}


def routes() -> set[str]:
    """Every door of moderation; but that of the tools, which have a row each."""
    found = api.get_openapi_schema()["paths"].items()
    of = {f"{verb.upper()} {path.removeprefix('/api/v1')}" for path, verbs in found for verb, door in verbs.items() if {"moderation", "console", "rules"} & set(door["tags"])}
    assert len(of) > 20
    return of - {"POST /rooms/{room}/moderation"}


@pytest.fixture
def roles(pair: Stack, cast: dict[str, Someone]) -> Iterator[dict[str, Someone]]:
    """The people of the columns, with what does not depend on a room."""
    found = {role: cast[name] for role, name in WHO.items()}
    pair.sql("UPDATE standing_standing SET suspended_until = now() + interval '1 day' WHERE person_id = %s", found["suspended"].id)
    pair.sql("UPDATE clinicians_person SET is_staff = true WHERE id = %s", found["administrator"].id)
    elsewhere = pair.room(kind="group", title="Elsewhere")
    for role, group in (("remit", None), ("visiting", None), ("elsewhere", elsewhere)):
        pair.sql("INSERT INTO rooms_remit (person_id, group_id, since) VALUES (%s, %s, now())", found[role].id, group)
    yield found
    pair.sql("UPDATE standing_standing SET suspended_until = NULL WHERE person_id = ANY(%s)", [found["suspended"].id, cast[OTHER].id])
    pair.sql("UPDATE clinicians_person SET is_staff = false WHERE id = %s", found["administrator"].id)
    pair.sql("DELETE FROM rooms_remit WHERE person_id = ANY(%s)", [found[r].id for r in ("remit", "visiting", "elsewhere")])


@dataclass
class Scene:
    """A room in which every role has its place, and what actions are about."""

    room: str
    to: str
    into: str
    message: str  # of the other person: in a case their answer
    image: str  # which it shows
    own: dict[str, str]
    other: str
    invited: str
    names: dict[tuple[str, str], str] = field(default_factory=dict)  # (what, whose) -> id: made when a door first asks for it


class World:
    anew = True  # each act that succeeds is about a scene of its own

    def __init__(self, stack: Stack, roles: dict[str, Someone], cast: dict[str, Someone], kind: str) -> None:
        self.stack, self.roles, self.cast, self.kind = stack, roles, cast, kind
        self.target = stack.room(kind="group", title="Target")
        self.anew = kind not in ("personal", "console")

    def say(self, room: str, by: Someone, form: str = "text", images: Sequence[str] = ()) -> str:
        id = uuid.uuid4()
        self.stack.sql(
            "WITH r AS (UPDATE rooms_room SET last_seq = last_seq + 1, last_post_no = last_post_no + 1, last_at = now() WHERE id = %s RETURNING *), "
            "e AS (INSERT INTO rooms_event (room_id, seq, kind, at, actor_id, message_id) SELECT id, last_seq, 'message.posted', now(), %s, %s FROM r) "
            "INSERT INTO rooms_message (id, room_id, seq, post_no, at, author_id, client_id, form, body, mentions, images) "
            "SELECT %s, id, last_seq, last_post_no, now(), %s, %s, %s, 'mots', '[]', %s::uuid[] FROM r",
            room, by.id, id, id, by.id, uuid.uuid4(), form, list(images),
        )  # fmt: skip
        return str(id)

    def case(self, room: str, group: str | None) -> None:
        owner = self.roles["owner"]
        question = self.say(room, owner, "question")
        self.stack.sql("UPDATE rooms_room SET created_by = %s WHERE id = %s", owner.id, room)
        self.stack.sql(
            "INSERT INTO cases_case (room_id, asker_id, question_id, specialty, urgency, status, answers, group_id, opened_at) VALUES (%s, %s, %s, '', 'week', 'open', 0, %s, now())",
            room, owner.id, question, group,
        )  # fmt: skip
        if group:
            self.stack.sql("INSERT INTO rooms_audience (room_id, group_id) VALUES (%s, %s)", room, group)

    def scene(self) -> Scene:
        r, other = self.roles, self.cast[OTHER]
        if self.kind in ("personal", "console"):
            room = r["owner"].personal if self.kind == "personal" else self.console()
            return Scene(room, self.target, self.target, str(uuid.uuid4()), str(uuid.uuid4()), {}, str(other.id), str(self.cast[INVITED].id))
        members = [r[role] for role in ("unverified", "member", "silenced", "removed", "suspended")]
        owners = [r["owner"], *([self.cast[OWNER_TOO]] if self.kind == "group" else [])]
        room = self.stack.room(*members, other, kind=self.kind)
        for owner in owners:
            self.stack.sql(
                "INSERT INTO rooms_membership (room_id, person_id, role, first_seq, first_post_no, muted, joined_at) VALUES (%s, %s, 'owner', 0, 0, false, now())", room, owner.id
            )
        into = self.target
        if self.kind == "case":
            self.case(room, self.stack.room(r["reader"], kind="group"))
            into = self.stack.room(r["owner"], other, kind="case")
            self.case(into, None)
            self.stack.sql("UPDATE cases_case SET asker_id = %s WHERE room_id = %s", other.id, into)
            self.stack.sql("UPDATE rooms_room SET created_by = %s WHERE id = %s", other.id, into)
            self.stack.sql("INSERT INTO rooms_audience (room_id, group_id) VALUES (%s, %s)", into, self.target)
        self.stack.sql("UPDATE rooms_membership SET silenced_until = now() + interval '1 hour' WHERE room_id = %s AND person_id = %s", room, r["silenced"].id)
        self.stack.sql("UPDATE rooms_membership SET ended = 'removed' WHERE room_id = %s AND person_id = %s", room, r["removed"].id)
        self.visit(room)
        form, image = "answer" if self.kind == "case" else "text", str(uuid.uuid4())
        message = self.say(room, other, form, [image])
        own = {role: self.say(room, someone, form) for role, someone in r.items()}
        return Scene(room, self.target, into, message, image, own, str(other.id), str(self.cast[INVITED].id))

    def console(self) -> str:
        """The room of that kind, of which there is one; made here where nothing has waited for a moderator yet."""
        self.stack.sql(
            "INSERT INTO rooms_room (id, kind, title, code, epoch, last_seq, last_post_no, listed, slow_mode, moderators_live, created_at) "
            "VALUES (%s, 'console', 'Console', '', 'c0', 0, 0, false, 0, 0, now()) ON CONFLICT DO NOTHING",
            console.ROOM,
        )
        return str(console.ROOM)

    def lay(self, scene: Scene, what: str, by: Someone | None) -> str:
        """A mark, a diagnosis or a reference by this person, as if it had always been there."""
        id, person = uuid.uuid4(), by.id if by else scene.other
        if what == "mark":
            query = "INSERT INTO rooms_mark (id, message_id, image_id, person_id, seq, drawn) SELECT %s, id, %s, %s, seq, '{}' FROM rooms_message WHERE id = %s"
            self.stack.sql(query, id, scene.image, person, scene.message)
        elif what == "differential":
            query = "INSERT INTO cases_differential (id, case_id, label, folded, person_id, at, seq) SELECT %s, room_id, %s, %s, %s, now(), 1 FROM cases_case WHERE room_id = %s"
            self.stack.sql(query, id, str(id), str(id), person, scene.room)
        else:
            query = "INSERT INTO cases_reference (id, case_id, message_id, kind, link, person_id, at, seq) SELECT %s, room_id, %s, 'link', %s, %s, now(), 1 FROM cases_case WHERE room_id = %s"
            self.stack.sql(query, id, scene.message, f"https://has-sante.fr/{id}", person, scene.room)
        return str(id)

    def hidden(self, scene: Scene, what: str) -> str | None:
        """The diagnosis or reference that was hidden in this scene."""
        found = self.stack.sql(f"SELECT id FROM cases_{what} WHERE case_id = %s AND withheld = 'hidden'", scene.room)
        return str(found[0][0]) if found else None

    def visit(self, room: str) -> None:
        who, act = self.roles["visiting"].id, uuid.uuid4()
        if self.kind == "private":
            self.stack.sql("INSERT INTO rooms_agreedreading (room_id, person_id, until) VALUES (%s, %s, now() + interval '1 hour')", room, who)
        self.stack.sql(
            "INSERT INTO rooms_act (id, kind, room_id, at, moderator_id, person_id, reason, data, reversal_reason) VALUES (%s, 'moderator.join', %s, now(), %s, %s, 'test', '{}', '')",
            act, room, who, who,
        )  # fmt: skip
        self.stack.sql("INSERT INTO rooms_visit (room_id, person_id, act_id, seen_at) VALUES (%s, %s, %s, now())", room, who, act)
        self.stack.sql("UPDATE rooms_room SET moderators_live = 1 WHERE id = %s", room)

    def seq(self, scene: Scene) -> int:
        return int(self.stack.sql("SELECT last_seq FROM rooms_room WHERE id = %s", scene.room)[0][0])


SAID = ("item", "reading", "report", "act", "rule")  # what the service's doors name


class Service(World):
    """Around nobody's room: what was said of somebody's words, done to them, asked about them."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.anew = True

    def name(self, scene: Scene, what: str, about: str) -> str:
        """The id of such a thing about this person."""
        if (what, about) not in scene.names:
            scene.names[what, about] = getattr(self, f"a_{what}")(scene, about)
        return scene.names[what, about]

    def body(self, scene: Scene, path: str, about: str) -> dict[str, Any]:
        rule = {"name_fr": "Règle", "name_en": "Rule", "kind": "words", "data": {"words": ["introuvable"]}, "action": "hint"}
        more: dict[str, Any] = {
            "/moderation/queue/{item}/decide": {"decision": "dismiss"},
            "/moderation/rules": rule,
            "/moderation/rules/{rule}": {**rule, "live": False},
            "/rules/check": {"body": "mots"},
            "/reports": {"category": "other", "person": scene.other},
            "/reports/{report}/answer": {"text": "mots"},
        }.get(path, {})
        if path == "/moderation/readings":
            more = {"report": self.name(scene, "private", about), "reason": "test"}
        elif path == "/appeals":
            more = {"act": self.name(scene, "act", about), "text": "mots"}
        bare = path in ("/rules/check", "/moderation/rules/{rule}", "/moderation/rules/{rule}/try")
        return more if bare else {"id": str(uuid.uuid4()), **more}

    def waits(self, kind: str, object: str, **columns: Any) -> str:
        """An open item of the queue."""
        row = {"id": uuid.uuid4(), "kind": kind, "object": object, "urgency": 1, "announced": True, **columns}
        self.stack.sql(f"INSERT INTO moderation_item ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", *row.values())
        return str(row["id"])

    def said(self, kind: str, about: str) -> tuple[str, str]:
        """(report, item) about a message of this person's in a room of this kind."""
        author, reporter = self.someone(about), self.cast[INVITED]
        room = self.stack.room(author, reporter, kind=kind)
        message, report = self.say(room, author), str(uuid.uuid4())
        item = self.waits("report", message, room_id=room, message_id=message, person_id=about)
        self.stack.sql(
            "INSERT INTO moderation_report (id, item_id, object, reporter_id, category, note, at, pardoned, told) VALUES (%s, %s, %s, %s, 'other', '', now(), false, false)",
            report, item, message, reporter.id,
        )  # fmt: skip
        return report, item

    def someone(self, id: str) -> Someone:
        return next(who for who in self.cast.values() if str(who.id) == id)

    def a_item(self, scene: Scene, about: str) -> str:
        return self.said("group", about)[1]

    def a_report(self, scene: Scene, about: str) -> str:
        return self.said("group", about)[0]

    def a_private(self, scene: Scene, about: str) -> str:
        return self.said("private", about)[0]

    def a_reading(self, scene: Scene, about: str) -> str:
        """That another moderator asked for."""
        report, asker = self.said("private", about)[0], self.cast["sacha"].id
        [(room,)] = self.stack.sql("SELECT i.room_id FROM moderation_item i JOIN moderation_report r ON r.item_id = i.id WHERE r.id = %s", report)
        item = self.waits("reading", f"{room}/{asker}", room_id=room, person_id=about, moderator_id=asker)
        query = "INSERT INTO moderation_reading (item_id, report_id, room_id, asker_id, reason, told) VALUES (%s, %s, %s, %s, 'test', false) RETURNING id"
        return str(self.stack.sql(query, item, report, room, asker)[0][0])

    def a_act(self, scene: Scene, about: str) -> str:
        """By which another moderator hid a message of theirs in a listed group."""
        author, act = self.someone(about), uuid.uuid4()
        room = self.stack.room(author, kind="group")
        message = self.say(room, author)
        self.stack.sql("UPDATE rooms_message SET withheld = 'hidden' WHERE id = %s", message)
        self.stack.sql(
            "INSERT INTO rooms_act (id, kind, room_id, seq, at, moderator_id, message_id, reason, data, reversal_reason) VALUES (%s, 'message.hide', %s, 1, now(), %s, %s, 'test', '{}', '')",
            act, room, self.cast["sacha"].id, message,
        )  # fmt: skip
        return str(act)

    def a_rule(self, scene: Scene, about: str) -> str:
        row, data = uuid.uuid4(), '{"words": ["introuvable"]}'
        query = (
            "INSERT INTO moderation_rule (id, name_fr, name_en, kind, data, action, live, version, changed_at) VALUES (%s, 'Règle', 'Rule', 'words', %s, 'hint', false, 1, now())"
        )
        self.stack.sql(query, row, data)
        return str(row)


def fields(action: str, world: World, scene: Scene, role: str) -> dict[str, Any]:
    """The command of an action, about what is in the scene."""
    kind = action.removesuffix(" own")
    message = scene.own.get(role, scene.message) if action.endswith(" own") else scene.message
    more: dict[str, Any] = {
        "room.enter": {"after": None},
        "read.mark": {"seq": 1},
        "pointer": {"image": str(uuid.uuid4()), "at": None},
        "message.post": {"body": "Bonjour"},
        "reaction.add": {"message": message, "reaction": "agree"},
        "reaction.remove": {"message": message, "reaction": "agree"},
        "mark.add": {"message": message, "image": scene.image, "drawn": ARROW},
        "answer.accept": {"message": message, "base": answered(world, message)},
        "answer.unaccept": {"message": message},
        "vote.give": {"message": message, "base": answered(world, message), "vote": "agree"},
        "vote.withdraw": {"message": message},
        "differential.propose": {"label": "Embolie pulmonaire"},
        "reference.add": {"message": message, "link": "https://doi.org/10.1000/182"},
        "outcome.tell": {"body": "Guérie.", "verdict": "confirmed"},
        "message.edit": {"message": message, "base": 0, "body": "mots"},  # to the words it has: ok whatever the base
        "message.retract": {"message": message},
        "image.hide": {"message": message, "image": scene.image},
        "member.silence": {"person": scene.other, "seconds": 60},
        "room.slow": {"seconds": 1, "answers_exempt": True},
        "thread.move": {"message": message, "to": scene.to},
        "case.move": {"to": scene.to},
        "case.merge": {"into": scene.into},
    }.get(kind, {})
    if kind in ("image.restore", "image.ask_mask"):
        more = {"message": message, "image": scene.image}
    noun, _, verb = kind.partition(".")
    if noun in ("mark", "differential", "reference") and verb not in ("add", "propose"):
        mine = world.roles[role] if action.endswith(" own") and role != "nobody" else None
        hidden = world.hidden(scene, noun) if verb == "restore" else None
        more = {noun: hidden or world.lay(scene, noun, mine) if scene.own else str(uuid.uuid4())}
    if kind in ("message.hide", "message.restore", "pin.add", "pin.remove"):
        more = {"message": message}
    if kind in ("member.unsilence", "member.remove", "member.readmit"):
        more = {"person": scene.other}
    model = commands.COMMANDS[kind].model_fields
    if "id" in model:
        more["id"] = str(uuid.uuid4())
    if "reason" in model:
        more["reason"] = "test"
    return {"type": kind, **more}


def answered(world: World, message: str) -> int:
    """The version of an answer that one has seen."""
    found = world.stack.sql("SELECT seq FROM rooms_message WHERE id = %s", message)
    return int(found[0][0]) if found else 0


class Doors:
    """Both ways in for all roles: each HTTP request at one node, each command at the other."""

    def __init__(self, nodes: tuple[Node, Node], roles: dict[str, Someone], world: World) -> None:
        self.nodes, self.roles, self.world = nodes, roles, world
        self.client = httpx.AsyncClient(base_url=nodes[0].base, trust_env=False, timeout=30)
        self.sockets: dict[str, Socket | str] = {}

    async def open(self) -> None:
        for role, someone in self.roles.items():
            try:
                self.sockets[role] = await Socket.open(self.nodes[1], someone)
            except Refused as refused:
                self.sockets[role] = refused.code
        stranger = await Socket.knock(self.nodes[1], self.roles["outsider"])
        answer = await stranger.start("hello", protocols=[1], client="paths/1")
        try:
            await asyncio.wait_for(answer, 20)
        except (Refused, Gone) as no:
            code = no.code if isinstance(no, Refused) else next(f["code"] for f in stranger.frames if f["type"] == "refused")
            self.sockets["nobody"] = str(code)

    async def close(self) -> None:
        await self.client.aclose()
        for one in self.sockets.values():
            if isinstance(one, Socket):
                await one.close()

    async def http(self, role: str, action: str, scene: Scene) -> str:
        headers = self.roles[role].headers if role != "nobody" else {}
        verb, _, path = action.removesuffix(" own").partition(" ")
        body: dict[str, Any] | None = None
        if verb not in ("GET", "POST", "PUT", "DELETE"):
            body, verb = fields(action, self.world, scene, role), "POST"
            verb, path, named = TWINS.get(body["type"], TWINS.get(body["type"].partition(".")[0], TWINS["moderator"]))
            if body["type"] == "mark.remove":
                verb, path, body = "DELETE", f"/rooms/{{room}}/marks/{body['mark']}", None
            elif not named:
                del body["type"]
        elif verb != "GET":
            body = {
                "/rooms/{room}/members": {"id": str(uuid.uuid4()), "person": scene.invited},
                "/rooms/{room}/notices": {"level": "all"},
                "/cases/{room}/status": {"id": str(uuid.uuid4()), "status": "closed"},
                "/moderation/people/{person}/suspension": {"id": str(uuid.uuid4()), "reason": "test", **({"seconds": 60} if verb == "POST" else {})},
            }.get(path, {})
        more = {}
        if isinstance(self.world, Service):
            about = str(self.roles[role].id) if action.endswith(" own") and role != "nobody" else scene.other
            more = {what: self.world.name(scene, what, about) for what in SAID if f"{{{what}}}" in path}
            body = body or self.world.body(scene, path, about)
        url = "/api/v1" + path.format(room=scene.room, message=scene.message, person=scene.other, **more)
        if path == "/moderation/watch":
            url += f"?rooms={self.world.target}"
        answer = await self.client.request(verb, url, headers=headers, json=body)
        assert answer.status_code < 500, (action, role, answer.text)
        return "✓" if answer.status_code < 300 else str(answer.json()["code"])

    async def socket(self, role: str, action: str, scene: Scene) -> str:
        one = self.sockets[role]
        if isinstance(one, str):
            return one
        command = fields(action, self.world, scene, role)
        try:
            await one.call(command.pop("type"), room=scene.room, **command)
            if action == "room.enter" and scene.room != one.who.personal:
                await one.call("room.leave", room=scene.room)
        except Refused as refused:
            return refused.code
        return "✓"


async def walk(world: World, doors: Doors, wanted: dict[str, dict[str, str]]) -> dict[tuple[str, str, str], tuple[str, str]]:
    """(action, role, door) -> (what the table says, what happened), where they differ."""
    wrong: dict[tuple[str, str, str], tuple[str, str]] = {}
    shared = world.scene()
    for action, cells in wanted.items():
        ways = [doors.http] if action.partition(" ")[0] in ("GET", "POST", "PUT", "DELETE") else [doors.socket] if action.startswith(SOCKET_ONLY) else [doors.http, doors.socket]
        reads = action.startswith(("GET", "room.enter", "read.mark", "typing", "pointer"))
        before = world.seq(shared)
        for way in ways:
            refusing = [role for role, cell in cells.items() if cell not in ("✓", "·")]
            for role, found in zip(refusing, await asyncio.gather(*(way(role, action, shared) for role in refusing)), strict=True):
                if found != cells[role]:
                    wrong[action, role, way.__name__] = cells[role], found
            for role in (role for role, cell in cells.items() if cell == "✓"):
                scene = shared if reads or not world.anew else world.scene()
                if first := BEFORE.get(action):
                    assert await doors.http("remit" if world.kind != "private" else "visiting", first, scene) == "✓"
                if (found := await way(role, action, scene)) != "✓":
                    wrong[action, role, way.__name__] = "✓", found
        if not any(a == action for a, *_ in wrong) and world.kind != "personal":  # its log hears of what others did to that person
            assert world.seq(shared) == before, f"{action}: a refusal wrote to the log"
    return wrong


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("title", "kind"), [*ROOMS.items(), ("The service", "personal")])
async def test_every_cell(title: str, kind: str, pair: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone], roles: dict[str, Someone]) -> None:
    world = Service(pair, roles, cast, kind) if title == "The service" else World(pair, roles, cast, kind)
    doors = Doors(nodes, roles, world)
    await doors.open()
    try:
        assert doors.sockets["nobody"] == "session.none" and doors.sockets["suspended"] == "account.suspended"
        assert await walk(world, doors, table(title)) == {}
    finally:
        await doors.close()
        pair.sql("TRUNCATE moderation_item, moderation_rule CASCADE")
