"""The structured fuzzer: valid commands of people in rooms that exist, and what can be wrong with each of them."""

from __future__ import annotations

import json
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SURROGATE = re.compile("[\ud800-\udfff]")
UUID0 = "00000000-0000-4000-8000-000000000000"
WORDS = ["Avis ?", "Lésion stable depuis trois mois #dermato", "Merci, c’est très clair.", "🩺👩🏽‍⚕️", "x", "מה שלומך", "a\u0301\u0301\u0301", "#a #b #c #d", "﷽" * 20]
ODD_TEXT = [
    "", " ", "\u200b", "\x00", "\x00\x00", "\x1b[2J", "\x7f", "\x9f", "\ufeffBOM", "\uffff", "\U0010ffff", "\u202egnihtemos", "e" + "\u0301" * 2000, "👨‍👩‍👧‍👦" * 400, "%s%n%d", "'; DROP TABLE rooms_room; --",
    "{{7*7}}", "../../../etc/passwd", "\\u0000", "null", "x" * 7999, "x" * 8000, "x" * 8001, "é" * 8000, "🩺" * 8000, "\r\n\t", "\ud800", "a\udfffb", "#" * 5000, "#" + "x" * 5000, "<script>alert(1)</script>",
]  # fmt: skip
ODD: list[Callable[[random.Random], Any]] = [
    lambda r: None, lambda r: True, lambda r: False, lambda r: r.choice([0, -1, 1, 1.0, 1.5, -0.0, 1e308, 2**31, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30]),
    lambda r: r.choice(ODD_TEXT), lambda r: [], lambda r: {}, lambda r: [[]], lambda r: [None], lambda r: {"epoch": "x", "seq": 0}, lambda r: {"": ""}, lambda r: [r.choice(ODD_TEXT)] * r.choice([1, 3, 60]),
    lambda r: nested(r.choice([2, 13, 14, 15, 16, 17, 40])), lambda r: str(uuid.UUID(int=r.getrandbits(128))), lambda r: str(uuid.UUID(int=r.getrandbits(128))).upper(), lambda r: r.choice([UUID0, UUID0[:-1], UUID0 + "0", "{" + UUID0 + "}"]),
    lambda r: {str(i): i for i in range(r.choice([1, 30, 300]))}, lambda r: list(range(r.choice([1, 21, 51, 3000]))), lambda r: r.random(), lambda r: {"person": UUID0, "start": 0, "length": 1},
]  # fmt: skip


def nested(depth: int) -> Any:
    value: Any = 0
    for i in range(depth):
        value = [value] if i % 2 else {"a": value}
    return value


@dataclass
class World:
    """What exists: rooms of every kind (`closed` to the attackers, too), people, and messages as they are made."""

    rooms: list[str]  # the attackers' own
    foreign: list[str]  # that they may not know of
    people: list[str]
    personal: list[str]
    foreign_messages: list[str] = field(default_factory=list)
    messages: list[tuple[str, str, int]] = field(default_factory=list)  # room, message, seq
    heads: dict[str, tuple[str, int]] = field(default_factory=dict)  # epoch, seq
    posts: list[dict[str, Any]] = field(default_factory=list)  # commands that were sent before, to be sent again

    def heard(self, event: dict[str, Any]) -> None:
        self.heads[event["room"]] = event["epoch"], event["seq"]
        if event["kind"] == "message.posted":
            self.messages.append((event["room"], event["data"]["message"], event["seq"]))
            if len(self.messages) > 400:
                del self.messages[:200]


@dataclass
class Frames:
    """An endless source of frames as text, from a seed."""

    random: random.Random
    world: World

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def room(self) -> str:
        r, w = self.random, self.world
        return r.choice(w.rooms) if r.random() < 0.85 else r.choice([*w.foreign, *w.personal, self.uuid(), UUID0])

    def message(self) -> tuple[str, str, int]:
        """Mostly one that exists, in its room; else another room's."""
        r, w = self.random, self.world
        if not w.messages or r.random() < 0.05:
            return self.room(), r.choice([self.uuid(), *w.foreign_messages]), 1
        room, message, seq = r.choice(w.messages[-60:])
        return (room if r.random() < 0.9 else self.room()), message, seq

    def after(self) -> Any:
        r = self.random
        epoch, seq = r.choice(list(self.world.heads.values())) if self.world.heads else ("none", 0)
        return None if r.random() < 0.4 else {"epoch": epoch if r.random() < 0.8 else "other", "seq": max(0, seq - r.choice([0, 0, 1, 5, 200, 400]))}

    def mentions(self, body: str) -> Any:
        r = self.random
        return (
            None
            if r.random() < 0.7
            else [{"person": r.choice(self.world.people), "start": r.choice([0, 0, 1, len(body)]), "length": r.choice([1, 2, 2**40])} for _ in range(r.choice([1, 2, 50, 51]))]
        )

    def valid(self, ref: int) -> dict[str, Any]:
        """A command as a client would send it."""
        r = self.random
        kind = r.choice(["post"] * 5 + ["edit", "retract", "react", "react", "unreact", "mark", "enter", "leave", "typing", "ping", "again"])
        room, message, seq = self.message()
        body = r.choice(WORDS)
        if kind == "again" and self.world.posts:
            return {**r.choice(self.world.posts), "ref": ref}
        if kind in ("post", "again"):
            made = {"type": "message.post", "ref": ref, "room": self.room(), "id": self.uuid(), "body": body}
            if r.random() < 0.2:
                made.update(reply_to=message, images=r.choice([None, [], [self.uuid()]]), mentions=self.mentions(body))
            self.world.posts = [*self.world.posts[-30:], made]
            return made
        there = {"ref": ref, "room": room}
        return {
            "edit": {"type": "message.edit", **there, "message": message, "base": seq, "body": body, "mentions": self.mentions(body)},
            "retract": {"type": "message.retract", **there, "message": message},
            "react": {"type": "reaction.add", **there, "message": message, "reaction": r.choice(["agree", "useful", "thanks", "discuss"])},
            "unreact": {"type": "reaction.remove", **there, "message": message, "reaction": "agree"},
            "mark": {"type": "read.mark", **there, "seq": r.choice([0, seq, seq + 100_000])},
            "enter": {"type": "room.enter", "ref": ref, "room": self.room(), "after": self.after()},
            "leave": {"type": "room.leave", "ref": ref, "room": self.room()},
            "typing": {"type": "typing", **there},
            "ping": {"type": "ping", "ref": ref},
        }[kind]

    def hello(self, ref: int, ticket: str | None) -> dict[str, Any]:
        resume = [{"room": self.room(), "after": self.after()} for _ in range(self.random.choice([0, 1, 3, 40]))]
        return {"type": "hello", "ref": ref, "protocols": [1], "client": "fuzz/1", "ticket": ticket, "locale": self.random.choice(["fr", "en", None]), "resume": resume}

    # What can be wrong

    def mutated(self, frame: dict[str, Any]) -> str:
        """The frame with one, two or three things changed."""
        r, changed = self.random, dict(frame)
        text: str | None = None
        for _ in range(r.choice([1, 1, 1, 2, 3])):
            change = r.choice([self.drop, self.add, self.swap, self.swap, self.exchange, self.deepen, self.text, self.twice])
            if change in (self.text, self.twice):
                text = change(changed)
            else:
                change(changed)
        return text if text is not None else dumps(changed)

    def drop(self, frame: dict[str, Any]) -> None:
        if frame:
            del frame[self.random.choice(list(frame))]

    def add(self, frame: dict[str, Any]) -> None:
        name = self.random.choice(["extra", "__proto__", "", "ticket", "after", "id", "x" * 3000, "\ud800", "é", "as", "actor", "Type", "ref ", "\x00"])
        frame[name] = self.odd()

    def swap(self, frame: dict[str, Any]) -> None:
        if frame:
            frame[self.random.choice(list(frame))] = self.odd()

    def exchange(self, frame: dict[str, Any]) -> None:
        """Another one's id, another command's name: sound, but not this."""
        r, w = self.random, self.world
        name = r.choice(["room", "message", "reply_to", "id", "type", "ref", "seq", "base"])
        if name in frame:
            frame[name] = r.choice(
                [
                    *w.foreign,
                    *w.personal,
                    *w.people,
                    *w.foreign_messages,
                    self.uuid(),
                    frame.get("message"),
                    frame.get("room"),
                    "hello",
                    "message.post",
                    "Message.Post",
                    "pin.add",
                    "room.lock",
                    2**53 - 1,
                ]
            )

    def deepen(self, frame: dict[str, Any]) -> None:
        if frame:
            name = self.random.choice(list(frame))
            frame[name] = self.random.choice([[frame[name]], {name: frame[name]}, [frame[name]] * 30])

    def odd(self) -> Any:
        return self.random.choice(ODD)(self.random)

    def twice(self, frame: dict[str, Any]) -> str:
        """A key that stands twice: with the same value, or another."""
        text = dumps(frame)
        name = self.random.choice(list(frame) or ["type"])
        return f"{text[:-1]}{', ' if frame else ''}{dumps(name)}: {dumps(frame.get(name) if self.random.random() < 0.5 else self.odd())}}}"

    def text(self, frame: dict[str, Any]) -> str:
        """Text that is nearly JSON, or JSON of a size or depth that nobody needs."""
        r, text = self.random, dumps(frame)
        at = r.randrange(len(text)) if text else 0
        return r.choice([
            lambda: text[:at], lambda: text[at:], lambda: text[:at] + text[at + 1 :], lambda: text[:at] + r.choice('{}[]",:\\0e-+.\x00\ufeff \n') + text[at:],
            lambda: "\ufeff" + text, lambda: text + text, lambda: f"[{text}]", lambda: f"[{text},{text}]", lambda: text + " ", lambda: "\n\t " + text, lambda: text[:-1] + ",}", lambda: f"/* */{text}",
            lambda: text.replace('"', "'"), lambda: text.replace(":", ": NaN,", 1), lambda: text[:-1] + ', "seq": Infinity}', lambda: text[:-1] + ', "base": 1e999}', lambda: text[:-1] + ', "seq": ' + "9" * r.choice([25, 4300, 4301, 90_000]) + "}",
            lambda: text[:-1] + ', "x": ' + "[" * r.choice([16, 1000, 60_000]) + "}", lambda: "[" * r.choice([17, 100, 120_000]), lambda: '{"a":' * r.choice([17, 20_000]), lambda: text[:-1] + ', "y": "\\ud800"}', lambda: text[:-1] + ', "y": "\\x"}',
            lambda: text.replace("type", "t\\u0079pe", 1), lambda: text[:-1] + ', "body": "' + "x" * r.choice([8000, 100_000, 131_072, 140_000, 600_000]) + '"}', lambda: "", lambda: "null", lambda: '"hello"', lambda: "1" * 400, lambda: text.swapcase(),
        ])()  # fmt: skip

    def some(self, ref: int, share_valid: float = 0.35) -> str:
        frame = self.valid(ref)
        return dumps(frame) if self.random.random() < share_valid else self.mutated(frame)

    def sequence(self, ref: int) -> list[str]:
        """Several commands at once that belong together: made and unmade in one breath, a ref that is used while it waits."""
        r = self.random
        room, message, seq = self.message()
        there = {"room": room, "message": message}
        post = {"type": "message.post", "room": room, "id": self.uuid(), "body": r.choice(WORDS)}
        plans: list[list[dict[str, Any]]] = [
            [{"type": "room.leave", "room": room}, {"type": "room.enter", "room": room, "after": None}, post, {"type": "room.leave", "room": room}, post],
            [post, post, {**post, "body": "other"}, post],
            [
                {"type": "message.edit", **there, "base": seq, "body": "1"},
                {"type": "message.edit", **there, "base": seq, "body": "2"},
                {"type": "message.retract", **there},
                {"type": "message.retract", **there},
            ],
            [{"type": "reaction.add", **there, "reaction": "agree"}, {"type": "reaction.remove", **there, "reaction": "agree"}] * 4,
            [{"type": "room.enter", "room": room, "after": self.after()}] * 6,
            [{"type": "typing", "room": room}, {"type": "ping"}] * 5,
            [{"type": "read.mark", "room": room, "seq": s} for s in (seq, 0, seq, 2**53 - 1)],
            [self.hello(1, None), post],
        ]
        plan = r.choice(plans)
        same = r.random() < 0.2
        return [dumps({**c, "ref": ref if same else ref + i}) for i, c in enumerate(plan)]


def dumps(value: Any) -> str:
    """JSON as Python writes it: lone surrogates escaped, everything else sometimes as it is."""
    text = json.dumps(value, ensure_ascii=False)
    return json.dumps(value) if SURROGATE.search(text) else text
