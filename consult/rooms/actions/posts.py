"""One message on its way, and the ids that it names."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from consult.errors import Refusal
from consult.rooms import access, content, identifying
from consult.rooms.commands.messages import MessagePost
from consult.rooms.judging import Verdict

Key = tuple[uuid.UUID, uuid.UUID, uuid.UUID]  # room, sender, client id


@dataclass(slots=True, eq=False)
class Post:
    """One message on its way. `form` is set only by the cases, for a question."""

    room: uuid.UUID
    person: uuid.UUID
    client_id: uuid.UUID
    body: str
    reply_to: str | None = None
    images: Sequence[str] = ()
    mentions: Sequence[Any] = ()
    form: str | None = None
    acting: str | None = None
    confirmed: Sequence[str] | None = None  # null: the client does not know the feature "identifiers"
    looked: bool = False  # for identifiers: `seen` is what was found
    seen: identifying.Look | None = None
    beside: str = ""  # words that are shown with the body, and judged with it: the title of a case
    judged: bool = False  # by the rules: once, however often the batch is tried
    verdict: Verdict | None = None
    charged: bool = False  # against the rate of posts: once, however often the batch is tried
    reached: bool = False  # a try may have committed it: its own echo is then no duplicate

    @property
    def key(self) -> Key:
        return self.room, self.person, self.client_id


def of_command(c: MessagePost, room: uuid.UUID, person: uuid.UUID) -> Post:
    return Post(room, person, uuid.UUID(c.id), c.body, c.reply_to, c.images or (), c.mentions or (), confirmed=c.confirmed)


def reply_id(post: Post) -> uuid.UUID | None:
    try:
        return access.id_of(post.reply_to) if post.reply_to else None
    except ValueError:
        return None  # told in its turn


def named_in(post: Post) -> list[uuid.UUID]:
    try:
        return content.mentioned(post.mentions) if post.mentions else []
    except Refusal:
        return []  # told in its turn, after what comes before content


def image_ids(post: Post) -> list[uuid.UUID | None]:
    found: list[uuid.UUID | None] = []
    for text in post.images:
        try:
            found.append(access.id_of(text))
        except ValueError:
            found.append(None)
    return found
