"""Who belongs to a room, and what was decided about a person."""

from __future__ import annotations

from typing import Literal

from consult.rooms.events.data import AboutPerson
from consult.rooms.shapes import Time


class MemberJoined(AboutPerson):
    """A person became a member; `actor` is who joined or who invited."""


class MemberLeft(AboutPerson):
    """A member left by choice."""


class MemberRemoved(AboutPerson):
    """A member was removed."""


class MemberRoleChanged(AboutPerson):
    """A member's role is now `role`."""

    role: Literal["member", "owner", "moderator"]


class MemberSilenced(AboutPerson):
    """A member may not write until `until`; null ends it."""

    until: Time | None


class PersonSuspended(AboutPerson):
    """A person is suspended from the whole service until `until`; null: until it is lifted. In their personal room, and in the room whose events led to it."""

    until: Time | None


class PersonReinstated(AboutPerson):
    """The suspension was lifted before its time."""


class MemberReadmitted(AboutPerson):
    """A removed person may come in again; who was a member is one again."""
