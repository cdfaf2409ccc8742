"""What happens to an item of the moderators' queue, told in the console's room."""

from __future__ import annotations

from consult.rooms.events.data import Data


class AboutItem(Data):
    item: str


class ItemOpened(AboutItem):
    """Something waits for a moderator; ask the queue for it."""


class ItemClaimed(AboutItem):
    """The actor works on it."""


class ItemReleased(AboutItem):
    """Nobody works on it any more."""


class ItemDecided(AboutItem):
    """It was decided, and leaves the queue."""
