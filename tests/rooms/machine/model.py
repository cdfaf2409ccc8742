"""The model: rooms, rights, messages and marks in plain Python, as the protocol tells them. It knows no SQL, no socket and no clock.

Every method that a client can ask for returns what its `ok` must say, or raises `Refuse` with the code that must be told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

REACTIONS = ("agree", "useful", "thanks", "discuss")
REPLAY_EVENTS, RESUME_EVENTS, BODY_CHARS = 5, 8, 60


class Refuse(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Event:
    seq: int
    kind: str
    actor: str
    data: dict[str, Any]  # what stays; the words of messages are looked up


@dataclass
class Message:
    id: str
    seq: int
    post_no: int
    author: str
    client_id: str
    reply_to: str | None
    versions: dict[int, tuple[str, list[Any]]]  # by the seq of the event that said them: words, mentions
    last_event: int
    retracted: bool = False
    reactions: set[tuple[str, str]] = field(default_factory=set)

    @property
    def version(self) -> int:
        return max(self.versions)

    @property
    def words(self) -> tuple[str, list[Any]]:
        return self.versions[self.version]

    @property
    def unchanged(self) -> dict[str, Any]:
        return {"seq": self.last_event, "unchanged": True}


@dataclass
class Member:
    role: str = "member"
    ended: str | None = None
    first_seq: int = 0
    first_post_no: int = 0


@dataclass
class Mark:
    seq: int
    post_no: int
    made: int  # a count that only grows: which room was read last


@dataclass
class Model:
    """Everything that is known of everyone: people by name, rooms by id."""

    ids: dict[str, str]  # a person's id by name
    suspended: set[str] = field(default_factory=set)
    rooms: dict[str, Room] = field(default_factory=dict)
    personal: dict[str, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict)
    marks: int = 0

    def tell(self, who: str, kind: str, **data: Any) -> None:
        self.personal.setdefault(who, []).append((kind, data))


@dataclass
class Room:
    model: Model
    id: str
    kind: str  # group (listed), private
    epoch: str
    members: dict[str, Member]
    log: list[Event] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    used: dict[tuple[str, str], str] = field(default_factory=dict)  # (person, client id): message
    mentions: list[tuple[str, int, str]] = field(default_factory=list)  # person, seq, message
    marks: dict[str, Mark] = field(default_factory=dict)

    # --- rights ------------------------------------------------------------------

    @property
    def head(self) -> int:
        return len(self.log)

    @property
    def posts(self) -> int:
        return len(self.messages)

    def may(self, who: str) -> str | None:
        """None, or the code that refuses."""
        member = self.members.get(who)
        if who in self.model.suspended:
            return "account.suspended"
        if member and member.ended is None:
            return None
        listed = self.kind == "group" and not (member and member.ended == "removed")
        return "room.not_member" if listed else "room.not_found"

    def grant(self, who: str) -> Member:
        code = self.may(who)
        if code:
            raise Refuse(code)
        return self.members[who]

    def first(self, who: str) -> int:
        return self.members[who].first_seq if self.kind == "private" else 0

    def _append(self, kind: str, actor: str, **data: Any) -> int:
        self.log.append(Event(self.head + 1, kind, actor, data))
        return self.head

    # --- messages ------------------------------------------------------------------

    def post(self, who: str, client_id: str, body: str, reply_to: str | None, mentions: list[Any], said: dict[str, Any] | None) -> dict[str, Any]:
        """`said` is the real answer: only the server knows the id of a new message."""
        if (who, client_id) in self.used:
            message = self.messages[self.used[who, client_id]]
            if (message.versions[message.seq][0], message.reply_to) != (body, reply_to):
                raise Refuse("message.id_reused")
            return {"seq": message.seq, "message": message.id, "duplicate": True}
        self.grant(who)
        self._content(body)
        if reply_to is not None:
            if reply_to not in self.messages or self.messages[reply_to].seq < self.first(who):
                raise Refuse("message.not_found")
            if self.messages[reply_to].retracted:
                raise Refuse("message.retracted")
        self._mentions(body, mentions)
        id = (said or {}).get("message", "?")
        seq = self._append("message.posted", who, message=id)
        self.messages[id] = Message(id, seq, self.posts + 1, who, client_id, reply_to, {seq: (body, mentions)}, seq)
        self.used[who, client_id] = id
        self._mention(who, id, seq, [m["person"] for m in mentions])
        return {"seq": seq, "message": id}

    def _content(self, body: str) -> None:
        if len(body) > BODY_CHARS:
            raise Refuse("message.too_long")
        if any(c < " " and c not in "\t\r\n" for c in body):
            raise Refuse("message.characters")
        if not body.strip():
            raise Refuse("message.blank")

    def _mentions(self, body: str, mentions: list[Any]) -> None:
        names = {id: name for name, id in self.model.ids.items()}
        if any(self.may(names[m["person"]]) for m in mentions) or any(m["start"] + m["length"] > len(body) for m in mentions):
            raise Refuse("message.mentions")

    def _mention(self, author: str, message: str, seq: int, people: list[str]) -> None:
        names = {id: name for name, id in self.model.ids.items()}
        for person in dict.fromkeys(people):
            if names[person] != author:
                self.mentions.append((names[person], seq, message))
                self.model.tell(names[person], "mention.received", room=self.id, seq=seq)

    def _message(self, id: str) -> Message:
        if id not in self.messages:
            raise Refuse("message.not_found")
        return self.messages[id]

    def edit(self, who: str, id: str, base: int, body: str, mentions: list[Any]) -> dict[str, Any]:
        self.grant(who)
        message = self._message(id)
        if message.author != who:
            raise Refuse("message.not_author")
        if message.retracted:
            raise Refuse("message.retracted")
        self._content(body)
        self._mentions(body, mentions)
        before, named = message.words
        if body == before:
            return message.unchanged
        if base != message.version:
            raise Refuse("message.changed")
        seq = self._append("message.edited", who, message=id, base=base)
        message.versions[seq] = body, mentions
        message.last_event = seq
        people, had = [m["person"] for m in mentions], {m["person"] for m in named}
        self.mentions = [row for row in self.mentions if row[2] != id or self.model.ids[row[0]] in people]
        self._mention(who, id, seq, [p for p in people if p not in had])
        return {"seq": seq}

    def retract(self, who: str, id: str) -> dict[str, Any]:
        self.grant(who)
        message = self._message(id)
        if message.author != who:
            raise Refuse("message.not_author")
        if message.retracted:
            return message.unchanged
        message.retracted = True
        message.last_event = self._append("message.retracted", who, message=id)
        self.mentions = [row for row in self.mentions if row[2] != id]
        return {"seq": message.last_event}

    def react(self, who: str, id: str, reaction: str, add: bool) -> dict[str, Any]:
        self.grant(who)
        message = self._message(id)
        if message.seq < self.first(who):
            raise Refuse("message.not_found")
        if add and message.retracted:
            raise Refuse("message.retracted")
        if ((who, reaction) in message.reactions) == add:
            return message.unchanged
        message.reactions ^= {(who, reaction)}
        message.last_event = self._append("reaction.added" if add else "reaction.removed", who, message=id, reaction=reaction)
        return {"seq": message.last_event}

    def mark(self, who: str, seq: int) -> dict[str, Any]:
        self.grant(who)
        if seq > self.head:
            raise Refuse("read.future")
        mark = self.marks.get(who)
        if seq < max(self.first(who), 1) or (mark and seq <= mark.seq):
            return {"seq": mark.seq if mark else 0, "unchanged": True}
        self.model.marks += 1
        self.marks[who] = Mark(seq, max((m.post_no for m in self.messages.values() if m.seq <= seq), default=0), self.model.marks)
        self.model.tell(who, "read.marked", room=self.id, seq=seq)
        return {"seq": seq}

    # --- who belongs ---------------------------------------------------------------

    def _admit(self, who: str, by: str) -> int:
        seq = self._append("member.joined", by, person=self.model.ids[who])
        self.model.tell(who, "room.joined", room=self.id)
        private = self.kind == "private"
        self.members[who] = Member("member", None, seq if private else 0, self.posts + 1 if private else 0)
        mark = self.marks.get(who)
        if private and mark and mark.seq < seq - 1:
            mark.seq, mark.post_no = seq - 1, self.posts
        return seq

    def _end(self, who: str, by: str, how: str) -> int:
        self.members[who].ended = how
        self.model.tell(who, "room.left", room=self.id, code=f"room.{how}")
        return self._append(f"member.{how}", by, person=self.model.ids[who])

    def join(self, who: str) -> dict[str, Any]:
        code = self.may(who)
        if code is None:
            return {"seq": self.head, "unchanged": True}
        if code != "room.not_member":
            raise Refuse(code)
        return {"seq": self._admit(who, who)}

    def leave(self, who: str) -> dict[str, Any]:
        mine = self.members.get(who)
        if mine is None or mine.ended == "removed":
            raise Refuse(self.may(who) or "?")
        if mine.ended:
            return {"unchanged": True}
        others = [m for name, m in self.members.items() if name != who and m.ended is None]
        if mine.role == "owner" and self.kind != "private" and others and not any(m.role == "owner" for m in others):
            raise Refuse("room.last_owner")
        return {"seq": self._end(who, who, "left")}

    def invite(self, by: str, who: str) -> dict[str, Any]:
        grant = self.grant(by)
        if who in self.model.suspended:
            raise Refuse("person.not_found")
        theirs = self.members.get(who)
        if theirs and theirs.ended == "removed" and grant.role != "owner":
            raise Refuse("member.not_allowed")
        return {"room": self.id, "seq": self.head if theirs and theirs.ended is None else self._admit(who, by)}

    def remove(self, by: str, who: str) -> dict[str, Any]:
        if self.grant(by).role != "owner":
            raise Refuse("member.not_allowed")
        theirs = self.members.get(who)
        if theirs is None:
            raise Refuse("person.not_found")
        if theirs.ended == "removed":
            return {"seq": self.head, "unchanged": True}
        if who == by:
            raise Refuse("member.not_allowed")
        return {"seq": self._end(who, by, "removed")}

    # --- reading -------------------------------------------------------------------

    def mode(self, who: str, after: dict[str, Any] | None) -> tuple[str, int]:
        """How a room is entered from a cursor, and after which seq events follow."""
        if after is None or after["epoch"] != self.epoch or after["seq"] > self.head or after["seq"] < max(self.first(who) - 1, 0):
            return "reset", self.head
        if self.head - after["seq"] > REPLAY_EVENTS:
            return "page", self.head
        return "replay", after["seq"]

    def state(self, who: str) -> dict[str, Any]:
        grant, mark, first = self.members[who], self.marks.get(who), self.first(who)
        read = mark.seq if mark else 0
        since = mark.post_no if mark else max(grant.first_post_no - 1, 0)
        return {
            "role": grant.role,
            "read_seq": read,
            "unread": sum(m.post_no > since and m.author != who for m in self.messages.values()),
            "mentions": sum(person == who and seq > read and seq >= first for person, seq, _ in self.mentions),
            "pins": [],
            "lock": None,
            "slow_mode": 0,
            "answers_exempt": False,
            "expert": None,
            "moderators": [],
            "silenced_until": None,
            "silence_reason": None,
            "first_seq": first,
        }

    def data(self, event: Event) -> dict[str, Any]:
        """An event's data as a replay says it now."""
        if event.kind not in ("message.posted", "message.edited"):
            return event.data
        message = self.messages[event.data["message"]]
        withheld = "retracted" if message.retracted else None if message.version == event.seq else "superseded"
        return self._said(event, withheld)

    def told(self, event: Event) -> list[dict[str, Any]]:
        """What a live event may have said: the words as they were, or what has become of them since."""
        if event.kind not in ("message.posted", "message.edited"):
            return [event.data]
        message = self.messages[event.data["message"]]
        reasons = [None, *(["superseded"] if message.version > event.seq else []), *(["retracted"] if message.retracted else [])]
        return [self._said(event, reason) for reason in reasons]

    def _said(self, event: Event, withheld: str | None) -> dict[str, Any]:
        message = self.messages[event.data["message"]]
        body, mentions = message.versions[event.seq]
        data = {**event.data, "body": None if withheld else body, "mentions": None if withheld else mentions, "withheld": withheld}
        if event.kind == "message.posted":
            data |= {"client_id": message.client_id, "post_no": message.post_no, "reply_to": message.reply_to, "images": [], "form": "text"}
        return data

    def item(self, message: Message, reader: str) -> dict[str, Any]:
        """A message as GET …/messages says it; `at` and the author's card are the server's."""
        body, mentions = message.words
        return {
            "message": message.id,
            "seq": message.seq,
            "post_no": message.post_no,
            "actor": self.model.ids[message.author],
            "client_id": message.client_id,
            "body": None if message.retracted else body,
            "mentions": None if message.retracted else mentions,
            "reply_to": message.reply_to,
            "images": [],
            "form": "text",
            "edited_seq": message.version if len(message.versions) > 1 else None,
            "withheld": "retracted" if message.retracted else None,
            "reactions": {r: sum(reaction == r for _, reaction in message.reactions) for r in REACTIONS},
            "mine": sorted(r for who, r in message.reactions if who == reader),
            "case": None,
            "doubt": None,
        }


def resumed(rooms: list[tuple[Room, dict[str, Any] | None]], who: str) -> list[tuple[Room, str, int]]:
    """How `resume` enters these rooms, in the order that it answers: (room, mode, after which seq). Only those `who` may read."""
    order = sorted(rooms, key=lambda asked: -(asked[0].marks[who].made if who in asked[0].marks else 0))
    answers, spent, full = [], 0, False
    for room, after in order:
        mode, low = room.mode(who, after)
        missed = room.head - low
        if missed:
            full = full or spent + missed > RESUME_EVENTS
            if full:
                mode, low = "page", room.head
            else:
                spent += missed
        answers.append((room, mode, low))
    return answers
