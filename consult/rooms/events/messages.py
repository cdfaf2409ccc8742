"""What happens to a message: written, edited, gone, marked by a reaction."""

from __future__ import annotations

from consult.rooms.commands.messages import ReactionCode
from consult.rooms.events.data import AboutMessage
from consult.rooms.shapes import Count, Form, Mention, Seq, Withheld


class MessagePosted(AboutMessage):
    """A message was written. `post_no` counts messages alone; unread is the difference of two of them."""

    client_id: str | None
    post_no: Count
    body: str | None
    mentions: list[Mention] | None
    reply_to: str | None
    images: list[str]
    form: Form
    withheld: Withheld | None


class MessageEdited(AboutMessage):
    """Its author replaced the words; `base` is the `seq` of the version before."""

    base: Seq
    body: str | None
    mentions: list[Mention] | None
    withheld: Withheld | None


class MessageGone(AboutMessage):
    withheld: Withheld | None = None


class MessageRetracted(MessageGone):
    """Its author took the words back."""


class MessageHidden(MessageGone):
    """A moderator withheld the words."""


class MessageRestored(AboutMessage):
    """The words are shown again; read the message anew, for the event does not carry them."""


class MessageWithdrawn(MessageGone):
    """The patient's consent was withdrawn: the words and pictures are gone for everyone."""


class ReactionAdded(AboutMessage):
    """Somebody put one of the four words on a message."""

    reaction: ReactionCode


class ReactionRemoved(AboutMessage):
    """Somebody took their reaction back."""

    reaction: ReactionCode
