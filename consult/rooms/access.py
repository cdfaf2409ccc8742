"""May this person read or post here, now? The one place where that is decided, for every door.

`grants()` answers for many (room, person) pairs in one query, and one more about those who moderate something; a Grant says what is
allowed, else a Refusal says what the person is told. Nothing here is cached: callers that write ask after they hold the room's lock.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, LiteralString

from django.db import connection

from consult.columns import Uuids
from consult.database import Rows, Statement, together
from consult.errors import Refusal

Pair = tuple[uuid.UUID, uuid.UUID]


@dataclass(frozen=True, slots=True)
class Grant:
    """What one person may do in one room, and the words that name them there."""

    room: uuid.UUID
    person: uuid.UUID
    kind: str
    role: str | None  # member, owner, moderator; None: by the room's audience rule
    first_seq: int  # nothing before it may be read; 0: everything may
    silenced_until: datetime | None
    card: dict[str, Any]
    asker: bool  # this person asked the case
    visiting: bool = False  # a moderator, announced in the room
    ends: datetime | None = None  # by when something that it rests on runs out by itself: the verification, an agreed reading

    @property
    def moderates(self) -> bool:
        """Is here as a moderator, for all to see: reads and writes whatever the room's rules keep others from."""
        return self.visiting or self.role == "moderator"

    @property
    def acting(self) -> str | None:
        """What `as` says of what this person does here."""
        return "moderator" if self.visiting else None


@dataclass(frozen=True, slots=True)
class Authority:
    """What one person may do with moderators' tools in one room, and what else they are to it."""

    grant: Grant | Refusal
    remit: bool  # the room is in their remit
    everywhere: bool  # their remit is everywhere
    administrator: bool

    @property
    def role(self) -> str | None:
        return self.grant.role if isinstance(self.grant, Grant) else None

    @property
    def moderates(self) -> bool:
        return self.remit or self.role == "moderator"

    @property
    def asker(self) -> bool:
        return isinstance(self.grant, Grant) and self.grant.asker


# Who may see what, as one condition over (r = room, m = this person's live membership, s = their standing).
# Kept as SQL because it filters lists and searches too: a second copy in Python would be a second truth.
STANDING = "(s.verification = 'verified' AND (s.verified_until IS NULL OR s.verified_until > now()) AND (s.suspended_until IS NULL OR s.suspended_until <= now()) AND p.is_active)"
AUDIENCE = """EXISTS (
    SELECT 1 FROM rooms_audience a LEFT JOIN rooms_membership g ON g.room_id = a.group_id AND g.person_id = p.id AND g.ended IS NULL
    WHERE a.room_id = r.id AND (g.id IS NOT NULL OR a.person_id = p.id OR (a.group_id IS NULL AND a.person_id IS NULL)))"""
# A remit covers a group and the cases addressed to it; a specialty's groups, the cases addressed to them and those asked of it; or all of them. A
# private conversation is in one only while a reading of it was agreed.
EVERYWHERE = "t.group_id IS NULL AND t.specialty_id IS NULL"
REMIT = f"""(s.moderator AND (r.kind IN ('group', 'case') AND EXISTS (
        SELECT 1 FROM rooms_remit t WHERE t.person_id = p.id AND ({EVERYWHERE} OR t.group_id = r.id OR r.kind = 'group' AND t.specialty_id = r.code
            OR r.kind = 'case' AND (
                EXISTS (SELECT 1 FROM rooms_audience u JOIN rooms_room g ON g.id = u.group_id WHERE u.room_id = r.id AND (g.id = t.group_id OR g.code = t.specialty_id))
                OR t.specialty_id IS NOT NULL AND EXISTS (
                    SELECT 1 FROM cases_case c JOIN clinicians_specialty y ON y.code = c.specialty WHERE c.room_id = r.id AND y.group_id = t.specialty_id))))
    OR r.kind = 'private' AND EXISTS (SELECT 1 FROM rooms_agreedreading x WHERE x.room_id = r.id AND x.person_id = p.id AND x.until > now())))"""
VISITING = f"(s.moderator AND EXISTS (SELECT 1 FROM rooms_visit v WHERE v.room_id = r.id AND v.person_id = p.id AND v.ended IS NULL) AND {REMIT})"


def _readable(visiting: str) -> str:
    return f"""(r.kind = 'personal' AND r.owner_id = p.id OR {STANDING} AND (
    m.id IS NOT NULL AND m.ended IS NULL
    OR r.kind = 'case' AND m.ended IS DISTINCT FROM 'removed' AND {AUDIENCE}
    OR r.kind = 'console' AND s.moderator
    OR {visiting}))"""


READABLE = _readable(VISITING)

# Nothing writes a row when a time passes: open sockets are looked at again by then (rights.py).
_VERIFIED = "CASE WHEN s.verified_until > now() THEN s.verified_until END"
_AGREED = "(SELECT x.until FROM rooms_agreedreading x WHERE r.kind = 'private' AND s.moderator AND x.room_id = r.id AND x.person_id = p.id AND x.until > now())"


def _query(visiting: str, ends: str) -> LiteralString:
    return f"""
SELECT q.room, q.person, s.moderator, r.id IS NOT NULL, {_readable(visiting)}, r.kind, r.listed,
       CASE WHEN m.ended IS NULL THEN m.role END, m.first_seq, m.silenced_until, m.ended, {STANDING}, s.suspended_until > now(), {visiting}, {ends},
       p.title, p.given_name, p.family_name, p.profession, p.specialty, p.level, r.created_by
FROM unnest(%b::uuid[], %b::uuid[]) AS q(room, person)
JOIN clinicians_person p ON p.id = q.person JOIN standing_standing s ON s.person_id = p.id
LEFT JOIN rooms_room r ON r.id = q.room LEFT JOIN rooms_membership m ON m.room_id = q.room AND m.person_id = q.person
"""  # both by what was asked: of r and p, one after the other, the planner took a room for an average one and read all members of a large one


# Visits and agreed readings are moderators' alone (`s.moderator AND …`), and preparing to look for them is more than half of what the whole
# question costs, on the path of every post. So all are asked without them, and who turns out to moderate something is asked about again.
_QUERY = _query("false", _VERIFIED)
_OF_MODERATORS = _query(VISITING, f"least({_VERIFIED}, {_AGREED})")


def card(id: Any, title: str, given: str, family: str, profession: str, specialty: str, level: str, acting: str | None = None) -> dict[str, Any]:
    """The protocol's `actor`."""
    name = " ".join(x for x in (title, given, family) if x) or None
    return {"id": str(id), "name": name, "profession": profession or None, "specialty": specialty or None, "level": level or None, "as": acting}


def grants(pairs: Iterable[Pair]) -> dict[Pair, Grant | Refusal]:
    """A Grant or the Refusal to tell, for each pair; a person who does not exist is refused as not signed in."""
    pairs = list(dict.fromkeys(pairs))
    return granted(pairs, *together(asking(pairs)))


def asking(pairs: Sequence[Pair]) -> Statement:
    """The query behind `grants`, for whoever asks more in the same round trip; `granted` reads its rows."""
    return _QUERY, _columns(pairs)


def _columns(pairs: Sequence[Pair]) -> tuple[Uuids, Uuids]:
    return Uuids(r for r, _ in pairs), Uuids(p for _, p in pairs)


def granted(pairs: Iterable[Pair], rows: Rows, *, joinable: bool = False) -> dict[Pair, Grant | Refusal]:
    """What `asking` read; where moderators are among them, in the transaction that read it. With `joinable` a listed group gives whoever
    could join it the grant they would have."""
    found: dict[Pair, Grant | Refusal] = {}
    if moderators := [(room, person) for room, person, moderator, *_ in rows if moderator]:
        (again,) = together((_OF_MODERATORS, _columns(moderators)))
        rows = [*(row for row in rows if not row[2]), *again]
    for room, person, _, exists, readable, kind, listed, role, first_seq, silenced, ended, standing, suspended, visiting, ends, *names, author in rows:
        could_join = exists and standing and kind == "group" and listed and ended != "removed"
        if readable or (joinable and could_join):
            found[room, person] = Grant(
                room,
                person,
                kind,
                role,
                (first_seq or 0) if kind == "private" else 0,
                silenced,
                {**card(person, *names), "as": "moderator" if visiting else None},
                asker=kind == "case" and author == person,
                visiting=bool(visiting),
                ends=ends,
            )
        elif suspended:
            found[room, person] = Refusal("account.suspended")
        elif could_join:
            found[room, person] = Refusal("room.not_member")
        else:
            found[room, person] = Refusal("room.not_found")
    for pair in pairs:
        found.setdefault(pair, Refusal("session.none"))
    return found


def ended(pairs: Iterable[Pair]) -> dict[Pair, str]:
    """Why rooms were lost: the `left` codes room.left, room.removed, room.deleted, for those pairs where one of them holds."""
    pairs = list(pairs)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT q.room, q.person, CASE WHEN r.id IS NULL THEN 'room.deleted' ELSE 'room.' || m.ended END FROM unnest(%s::uuid[], %s::uuid[]) AS q(room, person) "
            "LEFT JOIN rooms_room r ON r.id = q.room LEFT JOIN rooms_membership m ON m.room_id = q.room AND m.person_id = q.person WHERE r.id IS NULL OR m.ended IS NOT NULL",
            ([r for r, _ in pairs], [p for _, p in pairs]),
        )
        return {(room, person): code for room, person, code in cursor.fetchall()}


def may_read(*, person: uuid.UUID, room: uuid.UUID) -> Grant:
    """The grant to read this room. Raises Refusal: room.not_found, room.not_member, account.suspended."""
    answer = grants([(room, person)])[room, person]
    if isinstance(answer, Refusal):
        raise answer
    return answer


def may_ask(*, person: uuid.UUID, room: uuid.UUID) -> Grant:
    """The grant to leave a question's card in this group, as a member or as anyone who could join it: a general practitioner asks dermatologists
    without being one. It lets nobody read there. Raises Refusal room.not_found, account.suspended."""
    pairs = [(room, person)]
    answer = granted(pairs, *together(asking(pairs)), joinable=True)[room, person]
    if isinstance(answer, Refusal):
        raise answer
    if answer.kind != "group":
        raise Refusal("room.not_found")
    return answer


_AUTHORITY = f"""
SELECT {STANDING} AND {REMIT}, {STANDING} AND EXISTS (SELECT 1 FROM rooms_remit t WHERE t.person_id = p.id AND {EVERYWHERE}), {STANDING} AND p.is_staff
FROM clinicians_person p JOIN standing_standing s ON s.person_id = p.id LEFT JOIN rooms_room r ON r.id = %s WHERE p.id = %s"""


def authority(*, person: uuid.UUID, room: uuid.UUID) -> Authority:
    """What this person is to this room, for tools; of a room that does not exist: everything no."""
    (rows,) = together((_AUTHORITY, (room, person)))
    grant = grants([(room, person)])[room, person]
    return Authority(grant, *(bool(x) for x in rows[0])) if rows else Authority(grant, False, False, False)


def may_moderate(*, person: uuid.UUID, room: uuid.UUID, keepers: bool = False) -> Authority:
    """The authority to use a tool here; with `keepers` the room's owners have it too. It needs no visit: every act is announced.

    Raises Refusal moderation.remit where the room is one they see, else what any stranger to it is told.
    """
    found = authority(person=person, room=room)
    if isinstance(found.grant, Grant):
        may_write(found.grant)
    if found.moderates or (keepers and found.role == "owner"):
        return found
    if isinstance(found.grant, Refusal) and found.grant.code != "room.not_member":
        raise found.grant
    raise Refusal("moderation.remit")


def may_write(grant: Grant) -> None:
    """The personal room and the console's take nothing from outside. Raises Refusal."""
    if grant.kind in ("personal", "console"):
        raise Refusal("room.read_only")


@lru_cache(16_384)  # the same rooms are named again and again
def id_of(text: str) -> uuid.UUID:
    """An opaque id from outside. What cannot be one of ours raises ValueError."""
    if len(text) != 36:
        raise ValueError("not an id")
    made = uuid.UUID(text)
    if str(made) != text:
        raise ValueError("not an id as we write it")
    return made


def room_id(text: str) -> uuid.UUID:
    try:
        return id_of(text)
    except ValueError:
        raise Refusal("room.not_found") from None


def is_room_id(text: str) -> bool:
    try:
        id_of(text)
    except ValueError:
        return False
    return True


def message_id(text: str) -> uuid.UUID:
    try:
        return id_of(text)
    except ValueError:
        raise Refusal("message.not_found") from None
