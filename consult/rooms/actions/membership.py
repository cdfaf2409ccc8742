"""Who belongs to a room: join, leave, invite, remove, roles, and which notices one wants. One transaction each; repeating adds no event.

The room's log tells its readers, the personal room tells the person on all their devices, and a trigger on the
membership row tells every process that a right changed (standing's access_change log).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from consult.audit.models import record
from consult.errors import Refusal
from consult.rooms import access, doorbell, log, people, receipts
from consult.rooms.access import Grant
from consult.rooms.actions import personal
from consult.rooms.models import Kind, Level, Membership, Role, Room

KEEPERS = (Role.OWNER, Role.MODERATOR)  # who removes people and names roles

_ADMIT = """
INSERT INTO rooms_membership (room_id, person_id, role, first_seq, first_post_no, muted, joined_at)
SELECT %s, person, role, %s, %s, false, now() FROM unnest(%s::uuid[], %s::text[]) AS t(person, role)
ON CONFLICT (room_id, person_id) DO UPDATE
SET ended = NULL, role = excluded.role, first_seq = excluded.first_seq, first_post_no = excluded.first_post_no, muted = false, notices = NULL, joined_at = excluded.joined_at"""


@dataclass(slots=True)
class _Row:
    """A membership as it stands under the room's lock."""

    role: str
    ended: str | None


def admit(made: log.Writing, rooms_of: Mapping[uuid.UUID, uuid.UUID], *, room: uuid.UUID, roles: Mapping[uuid.UUID, str], by: uuid.UUID, from_start: bool) -> int:
    """Makes these people members and tells the room and each of them. Returns the seq of the last `member.joined`.

    Without `from_start` (private conversations) each reads from their own joining event on, and nothing earlier counts as unread.
    """
    head, seq = made.heads[room], 0
    for person, role in roles.items():
        seq = made.append(room, "member.joined", actor=by, person=person)
        made.append(rooms_of[person], "room.joined", actor=by, data={"room": str(room)})
        if not from_start:
            _store(room, {person: role}, seq, head.post_no + 1)
    if from_start:
        _store(room, roles, 0, 0)
    return seq


def _store(room: uuid.UUID, roles: Mapping[uuid.UUID, str], first_seq: int, first_post_no: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ADMIT, (room, first_seq, first_post_no, list(roles), [str(r) for r in roles.values()]))
        if first_seq:  # who comes back: what was said while they were away is neither read nor unread
            cursor.execute(
                "UPDATE rooms_readmark SET seq = %s, post_no = %s WHERE room_id = %s AND person_id = ANY(%s) AND seq < %s",
                (first_seq - 1, first_post_no - 1, room, list(roles), first_seq - 1),
            )


def _memberships(room: uuid.UUID, who: list[uuid.UUID]) -> dict[uuid.UUID, _Row]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT person_id, role, ended FROM rooms_membership WHERE room_id = %s AND person_id = ANY(%s)", (room, who))
        return {person: _Row(role, ended) for person, role, ended in cursor.fetchall()}


def _unchanged(made: log.Writing, room: uuid.UUID) -> dict[str, Any]:
    return {"seq": made.heads[room].seq, "unchanged": True}


def join(*, person_id: uuid.UUID, room_id: uuid.UUID) -> dict[str, Any]:
    """Joins a listed group, or follows a case that the audience rule lets one read. Answers {"seq"} of `member.joined`.

    Raises Refusal room.not_found, room.read_only (the personal room), room.not_joinable (on a moderator's visit).
    """
    own = personal.room_of(person_id)
    with log.writing([room_id, own]) as made:
        grant = access.grants([(room_id, person_id)])[room_id, person_id]
        if isinstance(grant, Refusal):
            if grant.code != "room.not_member":
                raise grant
        else:
            access.may_write(grant)
            if grant.role is not None:
                return _unchanged(made, room_id)
            if grant.visiting:  # a moderator's visit ends; it makes nobody a member
                raise Refusal("room.not_joinable")
        seq = admit(made, {person_id: own}, room=room_id, roles={person_id: Role.MEMBER}, by=person_id, from_start=True)
    doorbell.ring_access()
    return {"seq": seq}


def leave(*, person_id: uuid.UUID, room_id: uuid.UUID) -> dict[str, Any]:
    """Ends one's membership. Answers {"seq"} of `member.left`. A second time: unchanged.

    Raises Refusal room.not_found, room.last_owner (a group keeps an owner while others are in it, a case its asker).
    """
    own = personal.room_of(person_id)
    with log.writing([room_id, own]) as made:
        grant = access.grants([(room_id, person_id)])[room_id, person_id]
        if isinstance(grant, Grant):
            access.may_write(grant)
        elif grant.code == "account.suspended":
            raise grant
        mine = _memberships(room_id, [person_id]).get(person_id)
        if mine is None or mine.ended == "removed":
            if isinstance(grant, Refusal):
                raise grant
            return {"unchanged": True}  # a case read by its audience rule
        if mine.ended:
            return {"unchanged": True}  # and not how far the log has grown since
        head = made.heads[room_id]
        if head.kind == Kind.CASE and head.created_by == person_id:  # an asker who left could lose sight of their own question
            raise Refusal("room.last_owner")
        if mine.role == Role.OWNER and head.kind != Kind.PRIVATE and is_last_owner(room_id, person_id):
            raise Refusal("room.last_owner")
        seq = end(made, room=room_id, person=person_id, own=own, by=person_id, ended="left")
    doorbell.ring_access()
    return {"seq": seq}


def is_last_owner(room: uuid.UUID, person: uuid.UUID) -> bool:
    """No other owner, though others are still in the room."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FILTER (WHERE role = 'owner'), count(*) FROM rooms_membership WHERE room_id = %s AND person_id <> %s AND ended IS NULL", (room, person))
        owners, others = cursor.fetchone()
    return bool(others and not owners)


def end(made: log.Writing, *, room: uuid.UUID, person: uuid.UUID, own: uuid.UUID, by: uuid.UUID | None, ended: str, acting: str | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rooms_membership SET ended = %s WHERE room_id = %s AND person_id = %s", (ended, room, person))
    seq = made.append(room, f"member.{ended}", actor=by, acting=acting, person=person)
    made.append(own, "room.left", actor=by, acting=acting, data={"room": str(room), "code": f"room.{ended}"})
    return seq


def invite(*, person_id: uuid.UUID, client_id: uuid.UUID, room_id: uuid.UUID, invitee: uuid.UUID) -> dict[str, Any]:
    """A member brings a verified clinician in. Answers {"room","seq","created"}; who is in already: their room as it is.

    Raises Refusal request.id_reused, room.*, person.not_found, member.not_allowed (by audience only, or the invitee was removed).
    """
    rooms_of = personal.rooms_of({person_id, *people.known([invitee])})
    with log.writing([room_id, *rooms_of.values()]) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="invite", room=str(room_id), person=str(invitee))
        if request.answer is not None:
            return request.answer
        grant = access.may_read(person=person_id, room=room_id)
        access.may_write(grant)
        if grant.role is None:
            raise Refusal("member.not_allowed")
        if not people.verified([invitee]):
            raise Refusal("person.not_found")
        theirs = _memberships(room_id, [invitee]).get(invitee)
        if theirs and theirs.ended == "removed" and grant.role not in KEEPERS:
            raise Refusal("member.not_allowed")
        if theirs and theirs.ended is None:
            return {**request.keep({"room": str(room_id), "seq": made.heads[room_id].seq}), "created": False}
        private = grant.kind == Kind.PRIVATE
        seq = admit(made, rooms_of, room=room_id, roles={invitee: Role.MEMBER}, by=person_id, from_start=not private)
        if private:
            _unpair(room_id, invitee)
        record(act="member.invited", person=person_id, room=room_id, object=str(invitee))
        answer = request.keep({"room": str(room_id), "seq": seq})
    doorbell.ring_access()
    return answer


def _unpair(room: uuid.UUID, newcomer: uuid.UUID) -> None:
    """With a third person a conversation of two is no longer the one that these two share."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rooms_room SET pair = NULL WHERE id = %s AND position(%s in pair) = 0", (room, str(newcomer)))


def remove(*, person_id: uuid.UUID, room_id: uuid.UUID, member: uuid.UUID, reason: str = "") -> dict[str, Any]:
    """An owner or moderator puts a member out; they cannot join again by themselves. A second time: unchanged.

    Raises Refusal room.*, member.not_allowed, person.not_found.
    """
    own = personal.rooms_of(people.known([member])).get(member)
    with log.writing([room_id, *([own] if own else [])]) as made:
        grant = _keeper(person_id, room_id)
        theirs = _memberships(room_id, [member]).get(member)
        if theirs is None or own is None:
            raise Refusal("person.not_found")
        if theirs.ended == "removed":
            return _unchanged(made, room_id)
        if member == person_id or (theirs.role in KEEPERS and theirs.ended is None and grant.role != Role.OWNER):
            raise Refusal("member.not_allowed")
        record(act="member.removed", person=person_id, room=room_id, object=str(member), reason=reason[:200])
        seq = end(made, room=room_id, person=member, own=own, by=person_id, ended="removed", acting=_acting(grant))
    doorbell.ring_access()
    return {"seq": seq}


def set_role(*, person_id: uuid.UUID, room_id: uuid.UUID, member: uuid.UUID, role: str) -> dict[str, Any]:
    """An owner names roles (a moderator only members and moderators). The same role again: unchanged.

    Raises Refusal room.*, member.not_allowed, person.not_found, room.last_owner.
    """
    role = Role(role)
    with log.writing([room_id]) as made:
        grant = _keeper(person_id, room_id)
        theirs = _memberships(room_id, [member]).get(member)
        if theirs is None or theirs.ended:
            raise Refusal("person.not_found")
        if theirs.role == role:
            return _unchanged(made, room_id)
        if grant.role != Role.OWNER and Role.OWNER in (role, theirs.role):
            raise Refusal("member.not_allowed")
        if theirs.role == Role.OWNER and is_last_owner(room_id, member):
            raise Refusal("room.last_owner")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE rooms_membership SET role = %s WHERE room_id = %s AND person_id = %s", (str(role), room_id, member))
        record(act="member.role_changed", person=person_id, room=room_id, object=str(member), reason=str(role))
        seq = made.append(room_id, "member.role_changed", actor=person_id, acting=_acting(grant), person=member, data={"role": str(role)})
    doorbell.ring_access()
    return {"seq": seq}


def _keeper(person: uuid.UUID, room: uuid.UUID) -> Grant:
    grant = access.may_read(person=person, room=room)
    access.may_write(grant)
    if grant.role not in KEEPERS:
        raise Refusal("member.not_allowed")
    return grant


def _acting(grant: Grant) -> str | None:
    return "moderator" if grant.role == Role.MODERATOR else None


def set_notices(*, person_id: uuid.UUID, room_id: uuid.UUID, level: str | None) -> None:
    """Which notices of this room one gets (rooms/models.Level), None for the default. It changes no right and adds no event.

    Raises Refusal room.*, room.not_member.
    """
    with transaction.atomic():
        room = Room.objects.select_for_update(no_key=True).filter(pk=room_id).first()  # as a post locks it: `watched` is read there
        grant = access.may_read(person=person_id, room=room_id)
        access.may_write(grant)
        if not Membership.objects.filter(room_id=room_id, person_id=person_id, ended=None).update(notices=level, muted=level == Level.NONE):
            raise Refusal("room.not_member")
        assert room is not None  # there is a membership
        watched = room.kind == Kind.GROUP and Membership.objects.filter(room_id=room_id, ended=None, notices=Level.ALL).exists()
        if watched != room.watched:
            Room.objects.filter(pk=room_id).update(watched=watched)


def make_room(made: log.Writing, *, kind: Kind, by: uuid.UUID | None, **fields: Any) -> Room:
    """A new room whose log this transaction may write at once: nobody else knows it before the commit."""
    room = Room.objects.create(kind=kind, created_by=by, **fields)
    made.heads[room.id] = log.Head(room.id, str(kind), room.epoch, 0, 0, made.now, None, room.slow_mode, None, by)
    return room
