"""What an export holds: the sheet and every message as they stand now for every reader, with one hash over all of it.

What is withheld says so and why, and has no words; what is in doubt says so. Whoever may read the case may take it along; that they did is in the audit trail.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

import orjson
from django.utils import timezone

from consult.audit.models import record as audit
from consult.cases import sheet
from consult.clinicians import cards
from consult.errors import Refusal
from consult.images import storage
from consult.images.models import State
from consult.rooms import access, shown, wire

MOST = 1000  # messages: a case that has more is taken along with the oldest of them, and says how many are missing
PICTURES = 40  # that are taken along; the others are counted
FORMATS = ("pdf", "fhir")

_MESSAGES = """
SELECT m.id, m.at, m.author_id, m.author_as, m.form, m.reply_to, m.images, m.withheld, m.doubt, m.edited_seq IS NOT NULL AS edited,
       CASE WHEN m.withheld IS NULL THEN m.body END AS body, count(*) OVER () AS n
FROM rooms_message m WHERE m.room_id = %(room)s ORDER BY m.seq LIMIT %(most)s"""


@dataclass(frozen=True, slots=True)
class Picture:
    """Its pixels as WebP, and what it shows in its sender's words; empty where they said nothing."""

    webp: bytes
    description: str


@dataclass(frozen=True, slots=True)
class Record:
    """One case as it is taken along. `digest` is the SHA-256 of sheet and messages, in hexadecimal."""

    sheet: dict[str, Any]
    messages: list[dict[str, Any]]
    pictures: dict[str, Picture]  # by id, of those that every reader sees
    missing: int
    by: dict[str, Any]
    at: str
    digest: str
    locale: str


def gather(*, person: uuid.UUID, room: uuid.UUID, format: str, locale: str = "fr") -> Record:
    """Reads the case and notes in the audit trail that this person took it along. Raises Refusal room.*, case.not_found, frame.invalid."""
    if format not in FORMATS:
        raise Refusal("frame.invalid", fields=["format"])
    grant = access.may_read(person=person, room=room)
    page = sheet.read(person=person, room=room, locale=locale)
    rows = sheet.rows(_MESSAGES, {"room": room, "most": MOST})
    names = cards.cards({row["author_id"] for row in rows if row["author_id"]}, locale)
    pictures = _pictures(person, [image for row in rows if not row["withheld"] for image in row["images"]])
    messages = [_message(row, names, pictures) for row in rows]
    content = {**{name: value for name, value in page.items() if name not in ("as_of", "following")}, "messages": messages}
    digest = hashlib.sha256(orjson.dumps(_impersonal(content), option=orjson.OPT_SORT_KEYS)).hexdigest()
    audit(act="case.exported", person=person, room=room, object=str(room), reason=f"{format} {digest}")
    return Record(page, messages, pictures, (rows[0]["n"] if rows else 0) - len(rows), grant.card, wire.time(timezone.now()), digest, locale)


def _pictures(person: uuid.UUID, ids: list[uuid.UUID]) -> dict[str, Picture]:
    """The pixels, in the size of the room, of those that are shown to all alike; what is held back or veiled stays behind, even its sender's own."""
    known = shown.known_to(person, ids) if ids else {}
    found = {}
    for image in [known[id] for id in ids if id in known and known[id].state == State.READY and known[id].veil is None][:PICTURES]:
        try:
            found[str(image.id)] = Picture(storage.read(image.folder, "room"), image.description)
        except FileNotFoundError:  # erased since the row was read
            continue
    return found


def _message(row: dict[str, Any], names: dict[uuid.UUID, dict[str, Any]], pictures: dict[str, Picture]) -> dict[str, Any]:
    images = [] if row["withheld"] else [str(i) for i in row["images"]]
    return {
        "message": str(row["id"]),
        "at": wire.time(row["at"]),
        "actor": {**names[row["author_id"]], "as": row["author_as"]} if row["author_id"] in names else None,
        "form": row["form"],
        "body": row["body"],
        "reply_to": str(row["reply_to"]) if row["reply_to"] else None,
        "images": [i for i in images if i in pictures],
        "descriptions": {i: pictures[i].description for i in images if i in pictures and pictures[i].description},
        "unseen": sum(i not in pictures for i in images),
        "edited": row["edited"],
        "withheld": row["withheld"],
        "doubt": row["doubt"],
    }


def _impersonal(value: Any) -> Any:
    """Without what depends on who reads (one's own votes) or in which language: two exports of the same case have the same hash."""
    if isinstance(value, dict):
        return {name: _impersonal(inner) for name, inner in value.items() if name not in ("mine", "specialty_label")}
    return [_impersonal(inner) for inner in value] if isinstance(value, list) else value
