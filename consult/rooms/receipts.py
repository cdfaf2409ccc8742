"""What makes a repeated request harmless: the client id, a digest of what was asked, and the answer given (ids only).

An action asks `before` inside its transaction, once it holds the lock of the sender's personal room, which every action with
a client id locks: so two copies of one request stand in line, and the second finds the first one's receipt.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection

from consult.errors import Refusal


@dataclass(frozen=True, slots=True)
class Request:
    """One request that creates something. `answer` is what it was told before, or None where it is new."""

    sender: uuid.UUID
    client_id: uuid.UUID
    digest: str
    answer: dict[str, Any] | None

    def keep(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Stores the answer in the caller's transaction and returns it with "created"."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO rooms_receipt (sender_id, client_id, digest, answer) VALUES (%s, %s, %s, %s::jsonb)",
                (self.sender, self.client_id, self.digest, orjson.dumps(answer).decode()),
            )
        return {**answer, "created": True}


def before(*, sender: uuid.UUID, client_id: uuid.UUID, act: str, **asked: Any) -> Request:
    """The request as it stands. Raises Refusal request.id_reused where this id was used for another one.

    `asked` is the content: of None, empty and absent the digest makes no difference.
    """
    content = {name: value for name, value in asked.items() if value not in (None, "", [], (), False)}
    digest = hashlib.sha256(orjson.dumps([act, content], option=orjson.OPT_SORT_KEYS)).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest, answer FROM rooms_receipt WHERE sender_id = %s AND client_id = %s", (sender, client_id))
        row = cursor.fetchone()
    if row is None:
        return Request(sender, client_id, digest, None)
    if row[0] != digest:
        raise Refusal("request.id_reused")
    answer = row[1] if isinstance(row[1], dict) else orjson.loads(row[1])
    return Request(sender, client_id, digest, {**answer, "created": False})
