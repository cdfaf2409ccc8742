"""What moderators do in a room, for all to see: they come, they lock and slow it, pin, move a thread, ask for an expert."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from consult.rooms.events.data import AboutMessage, AboutPerson, Data
from consult.rooms.shapes import Count, Time, Withheld


class RoomLocked(Data):
    """Only moderators may write, until then or (null) until one opens it. `state.lock` and the room's item hold the reason."""

    reason: str | None = None
    until: Time | None = None


class RoomUnlocked(Data):
    """Members may write again."""


class RoomSlowed(Data):
    """One message each `seconds` a person, but for who answers somebody where `answers_exempt`, until then or (null) until it is ended; 0 ends it."""

    seconds: Count
    answers_exempt: bool = False
    until: Time | None = None


class PinAdded(AboutMessage):
    """A message is kept in sight of the room."""


class PinRemoved(AboutMessage):
    """A message is no longer pinned."""


class ModeratorJoined(AboutPerson):
    """A moderator is in the room, and why."""

    reason: str | None
    withheld: Withheld | None = None


class ModeratorLeft(AboutPerson):
    """The moderator left the room."""


class ModeratorUncalled(Data):
    """A call for a moderator, or (null) for all of them, was taken back."""

    person: str | None = None


class ModeratorCalled(Data):
    """A moderator was called in, or (null) all of those whose remit the room is."""

    person: str | None = None


class ThreadMoved(AboutMessage):
    """The message and the replies to it go on in another room: `to`, where the message is `as_message`."""

    to: str
    as_message: str | None = None
    origin: Annotated[str | None, Field(alias="from")] = None


class ExpertAsked(Data):
    """An expert is asked for; of any specialty where that is null."""

    specialty: str | None


class ExpertUnasked(Data):
    """No expert is asked for any more."""
