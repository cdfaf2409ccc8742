"""The state machine: what people do in rooms, in any order, answered and delivered as the model says. See docs/fuzzing.md.

MACHINE_EXAMPLES=2000 runs many more, each time others; a failure prints the steps that lead to it, as short as they can be made.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from consult.local.errors import LocalError
from tests.live import Refused, Stack, services
from tests.rooms.machine.model import BODY_CHARS, REACTIONS, Message, Model, Room
from tests.rooms.machine.real import NAMES, Real, check_event, new_id

logging.getLogger("httpx").setLevel(logging.WARNING)
EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "0"))
CI_EXAMPLES, STEPS = 30, 30

# What a walk must have come to: a machine that is refused everything would find nothing.
REACHED = {
    *("ok", "duplicate", "unchanged", "mode reset", "mode replay", "mode page", "resumed", "left room.left", "left room.removed", "suspended"),
    *("room.not_found", "room.not_member", "room.last_owner", "account.suspended", "member.not_allowed", "person.not_found"),
    *(
        "message.blank",
        "message.too_long",
        "message.characters",
        "message.mentions",
        "message.not_found",
        "message.not_author",
        "message.retracted",
        "message.changed",
        "message.id_reused",
        "read.future",
    ),
}
COUNTED = ("role", "read_seq", "unread", "mentions")

who = st.sampled_from(NAMES)
some = st.integers(0, 30)  # which message, which earlier post: taken modulo what there is
good = st.sampled_from(["Avis ?", "#peau stable", "Merci 🩺", "a\nb\tc", "x" * BODY_CHARS])
body = st.one_of(good, good, good, st.sampled_from(["x" * (BODY_CHARS + 1), " \n", "\x07", ""]))
mention = st.one_of(st.none(), st.tuples(who, st.integers(0, 3), st.integers(1, 4)))
command = st.tuples(st.sampled_from(["post", "post", "edit", "edit", "retract", "add", "add", "remove", "mark", "mark"]), some, body, st.booleans(), mention)


class Machine(RuleBasedStateMachine):
    """One example: a group and a conversation, five people, three of whom are in the one and two in the other."""

    real: Real
    turn = 0

    def __init__(self) -> None:
        super().__init__()
        self.model: Model = self.real.begin()
        self.rooms: list[Room] = list(self.model.rooms.values())
        self.sent: list[tuple[str, Room, dict[str, Any]]] = []  # posts that were tried, to be tried again
        self.cursors: dict[str, dict[str, int]] = {name: {} for name in NAMES}  # up to where a lost socket had heard

    def teardown(self) -> None:
        try:
            self.real.settle(self.model)
            self.check_reading()
            self.check_personal()
        finally:
            self.real.end(self.model)

    @initialize()
    def begin(self) -> None:
        """Everyone who may has entered, and something was said: most of what people do is done to messages that exist."""
        for room in self.rooms:
            for name in NAMES:
                if room.may(name) is None:
                    self.real.enter(name, room, None)
        self.crowd(False, 1)
        self.crowd(True, 1)

    # --- taking commands apart ------------------------------------------------------

    def pick(self, room: Room, n: int, name: str | None = None) -> Message | None:
        """A message of this room, mostly; sometimes another room's. With a name, one of theirs where there is one."""
        other = self.rooms[1 - self.rooms.index(room)]
        found = list((other if n % 10 == 9 else room).messages.values())
        if name is not None and n % 3:
            found = [m for m in found if m.author == name] or found
        return found[n % len(found)] if found else None

    def mentions(self, mention: tuple[str, int, int] | None) -> list[dict[str, Any]]:
        return [{"person": self.model.ids[mention[0]], "start": mention[1], "length": mention[2]}] if mention else []

    def post_of(self, room: Room, n: int, text: str, reply: bool, mention: Any) -> dict[str, Any]:
        target = self.pick(room, n) if reply else None
        return {"id": new_id(), "body": text, "reply_to": target.id if target else None, "mentions": self.mentions(mention)}

    def posting(self, name: str, room: Room, fields: dict[str, Any]) -> Any:
        return lambda said: room.post(name, fields["id"], fields["body"], fields["reply_to"], fields["mentions"], said)

    def taken(self, name: str, room: Room, drawn: Any) -> tuple[str, dict[str, Any], Any]:
        """A drawn command as (type, fields, what the model does)."""
        kind, n, text, flag, mention = drawn
        there: dict[str, Any] = {"room": room.id}
        if kind == "mark":
            seq = max(0, room.head + 1 - n % 8)
            return "read.mark", {**there, "seq": seq}, lambda said: room.mark(name, seq)
        message = None if kind == "post" else self.pick(room, n, name if kind in ("edit", "retract") else None)
        if message is None:
            fields = self.post_of(room, n, text, flag, mention)
            self.sent.append((name, room, fields))
            return "message.post", {**there, **fields}, self.posting(name, room, fields)
        there["message"] = id = message.id
        if kind == "edit":
            base, named = (message.version if n % 4 else max(0, message.version - 1)), self.mentions(mention)
            return "message.edit", {**there, "base": base, "body": text, "mentions": named}, lambda said: room.edit(name, id, base, text, named)
        if kind == "retract":
            return "message.retract", there, lambda said: room.retract(name, id)
        reaction = REACTIONS[n % 4]
        return f"reaction.{kind}", {**there, "reaction": reaction}, lambda said: room.react(name, id, reaction, kind == "add")

    def room(self, private: bool) -> Room:
        return self.rooms[private]

    def up(self, name: str) -> bool:
        return name in self.real.lines

    # --- what people do ---------------------------------------------------------------

    @rule(name=who, private=st.booleans(), drawn=command)
    def one(self, name: str, private: bool, drawn: Any) -> None:
        if self.up(name):
            self.real.say(name, [self.taken(name, self.room(private), drawn)])

    @rule(name=who, private=st.booleans(), drawn=st.lists(command, min_size=2, max_size=6))
    def several(self, name: str, private: bool, drawn: list[Any]) -> None:
        """Sent in one breath, to one room: they take effect, and are answered, in that order."""
        if self.up(name):
            room = self.room(private)
            self.real.say(name, [self.taken(name, room, each) for each in drawn])

    @rule(name=who, private=st.booleans(), drawn=st.lists(command, min_size=1, max_size=4))
    def several_more(self, name: str, private: bool, drawn: list[Any]) -> None:
        """The same, so that it is drawn as often as it happens."""
        self.several(name, private, drawn)

    @rule(private=st.booleans(), each=st.integers(1, 4))
    def crowd(self, private: bool, each: int) -> None:
        """Everyone who may posts at once: the places are taken without a hole, and each person's own order holds."""
        room = self.room(private)
        names = [name for name in NAMES if self.up(name) and room.may(name) is None]
        posts = [(name, {"id": new_id(), "body": f"{name} {i}", "reply_to": None, "mentions": []}) for i in range(each) for name in names]

        async def all_at_once() -> list[Any]:
            futures = [await self.real.lines[name].start("message.post", room=room.id, **fields) for name, fields in posts]
            return [await future for future in futures]

        answers = self.real.do(all_at_once())
        assert sorted(a["seq"] for a in answers) == list(range(room.head + 1, room.head + 1 + len(posts)))
        for name in names:
            own = [a["seq"] for a, (author, _) in zip(answers, posts, strict=True) if author == name]
            assert own == sorted(own), f"{name}'s posts changed places"
        for answer, (name, fields) in sorted(zip(answers, posts, strict=True), key=lambda pair: pair[0]["seq"]):
            self.real.compare(self.posting(name, room, fields), answer, f"{name} in a crowd")
        self.sent += [(name, room, fields) for name, fields in posts]

    @precondition(lambda self: self.sent)
    @rule(n=some, other=st.booleans(), http=st.booleans())
    def again(self, n: int, other: bool, http: bool) -> None:
        """A client that did not hear the answer sends the same again; or a broken one uses the id for other words."""
        name, room, fields = self.sent[n % len(self.sent)]
        fields = {**fields, "body": "other words"} if other else fields
        if http or not self.up(name):
            before = room.head
            answer = self.real.ask(name, f"/rooms/{room.id}/messages", fields, self.posting(name, room, fields))
            assert answer.status_code in (201, 409, 403, 404, 400) if room.head > before else answer.status_code != 201
        else:
            self.real.say(name, [("message.post", {"room": room.id, **fields}, self.posting(name, room, fields))])

    @rule(name=who, private=st.booleans(), n=some, text=body, mention=mention)
    def post_over_http(self, name: str, private: bool, n: int, text: str, mention: Any) -> None:
        room = self.room(private)
        fields = self.post_of(room, n, text, n % 2 == 0, mention)
        self.sent.append((name, room, fields))
        self.real.ask(name, f"/rooms/{room.id}/messages", fields, self.posting(name, room, fields))

    # --- entering and coming back -------------------------------------------------------

    def cursor(self, room: Room, n: int) -> dict[str, Any] | None:
        if n % 8 == 0:
            return None
        back = (0, -1, 0, 3, 4, 5, 6, 8, room.head, room.head)[n % 10]
        return {"epoch": "another" if n == 1 else room.epoch, "seq": max(0, room.head - back)}

    @rule(name=who, private=st.booleans(), n=some)
    def enter(self, name: str, private: bool, n: int) -> None:
        room = self.room(private)
        if self.up(name):
            self.real.settle_one(name, room)
            self.real.enter(name, room, self.cursor(room, n))

    @rule(name=who, private=st.booleans(), how=st.sampled_from(["step out", "lose the line", "resume", "resume"]), n=some)
    def come_and_go(self, name: str, private: bool, how: str, n: int) -> None:
        """room.leave (this connection hears no more, the membership stays); a lost line; coming back, from where one had heard or from anywhere."""
        if how == "step out":
            if self.up(name):
                self.real.leave_room(name, self.room(private))
            return
        if self.up(name):
            self.cursors[name] |= self.real.cut(name)
        if how == "resume" and name not in self.model.suspended:
            known = self.cursors[name]
            rooms = [room for room in self.rooms if room.id in known or n % 2]
            cursors = {room.id: {"epoch": room.epoch, "seq": known[room.id]} if room.id in known and n % 3 else self.cursor(room, n) for room in rooms}
            self.real.resume(name, self.model, cursors)
            known.clear()

    # --- rights ---------------------------------------------------------------------------

    @rule(
        act=st.sampled_from(["join", "leave", "leave", "invite", "invite", "remove", "suspend", "lift"]),
        name=who,
        by=st.sampled_from(["camille", "camille", "nadia", "idris"]),
        private=st.booleans(),
    )
    def rights(self, act: str, name: str, by: str, private: bool) -> None:
        room = self.room(private)
        was = room.may(name) is None
        if act in ("suspend", "lift"):
            getattr(self, act)(name)
        elif act == "remove":
            said = self.real.hand("remove", by=self.model.ids[by], room=room.id, who=self.model.ids[name])
            self.real.compare(lambda _: room.remove(by, name), Refused(said) if "code" in said else said, f"{by} removes {name}")
        elif act == "invite":
            self.real.ask(by, f"/rooms/{room.id}/members", {"id": new_id(), "person": self.model.ids[name]}, lambda said: room.invite(by, name))
        elif act == "join":
            self.real.ask(name, f"/rooms/{room.id}/join", {}, lambda said: room.join(name))
        else:
            self.real.ask(name, f"/rooms/{room.id}/leave", {}, lambda said: room.leave(name))
        if was and room.may(name) and act in ("leave", "remove"):
            self.real.lost(name, room, f"room.{room.members[name].ended}")

    def suspend(self, name: str) -> None:
        if name == "camille" or name in self.model.suspended or len(self.model.suspended) > 1:
            return
        if self.up(name):
            self.cursors[name] |= {id: self.real.lines[name].tip(id) for id in self.real.runs[name]}
        self.real.hand("suspend", who=self.model.ids[name])
        self.model.suspended.add(name)
        if self.up(name):
            self.real.suspended(name, self.model)

    def lift(self, name: str) -> None:
        for each in sorted(self.model.suspended):
            self.real.hand("lift", who=self.model.ids[each])
        self.model.suspended.clear()

    # --- what must always be so -------------------------------------------------------------

    @rule()
    def all_have_heard(self) -> None:
        self.real.settle(self.model)

    @rule(name=who, private=st.booleans(), at=some, limit=st.sampled_from([1, 3, 200]), side=st.sampled_from(["after", "before", "around", ""]))
    def read(self, name: str, private: bool, at: int, limit: int, side: str) -> None:
        self.check_events(name, self.room(private), at, limit, side if side != "around" else "")
        self.check_messages(name, self.room(private), at, limit, side)

    def check_reading(self) -> None:
        """In the end two of the five, others in the next example, read all there is."""
        Machine.turn += 1
        self.readers = [NAMES[Machine.turn % 5], NAMES[(Machine.turn + 2) % 5]]
        for name in self.readers:
            for room in self.rooms:
                self.check_events(name, room, 0, 200, "after")
                if room.may(name) is None:
                    self.check_messages(name, room, 0, 200, "after")
                    self.check_list(name, room)

    def refused(self, answer: Any, room: Room, name: str) -> bool:
        if code := room.may(name):
            assert answer.status_code in (403, 404) and answer.json()["code"] == code, (answer.text, code)
            return True
        assert answer.status_code == 200, answer.text
        return False

    def check_events(self, name: str, room: Room, at: int, limit: int, side: str) -> None:
        """A page of the log, from any cursor, is the model's log from there, as content stands now."""
        answer = self.real.http(name, "GET", f"/rooms/{room.id}/events", params={"limit": limit, **({side: at} if side else {})})
        if self.refused(answer, room, name):
            return
        page, visible = answer.json(), [e for e in room.log if e.seq >= room.first(name)]
        wanted = [e for e in visible if e.seq > at][:limit] if side == "after" else [e for e in visible if side == "" or e.seq < at][-limit:]
        assert (page["epoch"], page["head"]) == (room.epoch, room.head)
        assert [e["seq"] for e in page["events"]] == [e.seq for e in wanted]
        for event, frame in zip(wanted, page["events"], strict=True):
            check_event(room, event, frame)
            assert frame["data"] == room.data(event), (frame["data"], room.data(event))

    def check_messages(self, name: str, room: Room, at: int, limit: int, side: str) -> None:
        """Messages in their current state are the model's fold of the log."""
        answer = self.real.http(name, "GET", f"/rooms/{room.id}/messages", params={"limit": limit, **({side: at} if side else {})})
        if self.refused(answer, room, name):
            return
        page, visible = answer.json(), sorted((m for m in room.messages.values() if m.seq >= room.first(name)), key=lambda m: m.seq)
        older, newer = [m for m in visible if m.seq <= at], [m for m in visible if m.seq > at]
        wanted = {
            "after": newer[:limit],
            "before": [m for m in visible if m.seq < at][-limit:],
            "around": older[-((limit + 1) // 2) :] + newer[: limit // 2],
            "": visible[-limit:],
        }[side]
        assert page["as_of"] == {"epoch": room.epoch, "seq": room.head}
        said = [{**{k: v for k, v in m.items() if k != "at"}, "actor": m["actor"]["id"]} for m in page["messages"]]
        assert said == [room.item(m, name) for m in wanted]

    def check_list(self, name: str, room: Room) -> None:
        """The room list counts as entering does."""
        item, state = self.real.http(name, "GET", f"/rooms/{room.id}").json(), room.state(name)
        assert {k: item[k] for k in COUNTED} == {k: state[k] for k in COUNTED}, (name, item)
        assert item["members"] == sum(m.ended is None for m in room.members.values())

    def check_personal(self) -> None:
        """Each personal room tells what happened to its person, in order."""
        for name in self.readers:
            someone = self.real.people[name]
            if name in self.model.suspended:
                continue
            page = self.real.http(name, "GET", f"/rooms/{someone.personal}/events", params={"after": self.real.own_heads[name], "limit": 200}).json()
            assert [(e["kind"], e["data"]) for e in page["events"]] == self.model.personal.get(name, [])[:200], name


@pytest.fixture
def clean_cache() -> None:
    """Not needed here: the servers' caches are their own."""


@pytest.fixture(scope="module")
def real() -> Iterator[Real]:
    try:
        with services() as made:
            stack = Stack(made)
            real = Real(stack)
            try:
                yield real
            finally:
                real.close()
                stack.stop()
    except LocalError as error:
        pytest.skip(f"these tests start servers of their own: {error}")


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_walk_comes_to_every_answer(real: Real) -> None:
    """One example by hand: whatever Hypothesis happens to draw, everything that the machine can compare was compared once."""
    Machine.real = real
    real.seen.clear()
    m = Machine()
    m.begin()
    m.several(
        "camille",
        False,
        [
            ("post", 0, "Avis ?", False, None),
            ("post", 0, " ", False, None),
            ("post", 0, "\x07", False, None),
            ("post", 0, "x" * 61, False, None),
            ("post", 0, "Avis ?", False, ("nadia", 0, 2)),
        ],
    )
    m.one("camille", False, ("post", 0, "Avis ?", False, ("soizic", 0, 2)))  # who may not read the group
    # What is picked goes by number: the first message shall be camille's.
    m.rooms[0].messages = dict(sorted(m.rooms[0].messages.items(), key=lambda item: item[1].author != "camille"))
    for name in ("nadia", "camille"):  # the first is not the author
        m.one(name, False, ("edit", 3 * len(m.rooms[0].messages), "Merci", False, None))
    m.several(
        "camille",
        False,
        [
            ("edit", 12 * len(m.rooms[0].messages), "Encore", False, None),
            ("add", 0, "", False, None),
            ("add", 0, "", False, None),
            ("mark", 0, "", False, None),
            ("mark", 2, "", False, None),
        ],
    )
    m.one("camille", False, ("mark", 0, "", False, None))
    m.again(0, False, False)
    m.again(0, True, True)
    m.several("camille", False, [("retract", 0, "", False, None), ("retract", 0, "", False, None), ("edit", 0, "Non", False, None), ("add", 1, "", False, None)])
    m.crowd(True, 3)
    m.one("camille", False, ("add", 9, "", False, None))  # a message of the other room
    m.enter("nadia", False, 13)
    m.enter("nadia", True, 9)
    m.rights("leave", "camille", "camille", False)
    m.rights("leave", "idris", "camille", False)
    m.one("idris", False, ("post", 0, "Avis ?", False, None))
    m.one("soizic", True, ("post", 0, "Avis ?", False, None))
    m.rights("join", "idris", "camille", False)
    m.rights("remove", "camille", "nadia", False)
    m.rights("remove", "nadia", "camille", True)
    m.rights("invite", "nadia", "camille", True)
    m.enter("nadia", True, 0)
    m.come_and_go("nadia", True, "resume", 1)
    m.rights("suspend", "nadia", "camille", False)
    m.rights("join", "nadia", "camille", False)
    m.rights("invite", "nadia", "camille", False)
    m.crowd(False, 3)
    m.rights("lift", "nadia", "camille", False)
    m.come_and_go("nadia", False, "resume", 1)
    m.all_have_heard()
    m.teardown()
    missing = REACHED - real.seen.keys()
    assert not missing, f"not reached: {missing}; reached: {real.seen}"


@pytest.mark.slow
@pytest.mark.timeout(300 if not EXAMPLES else 0)
def test_rooms_are_as_the_model_says(real: Real) -> None:
    Machine.real = real
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES or CI_EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            print_blob=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
