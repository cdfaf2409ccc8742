"""The HTTP doors of the console, for moderators: the queue, claims and decisions, readings, rooms watched side by side."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from consult.errors import Refusal
from consult.locale import locale_of
from consult.rooms import access
from consult.rooms.api_lists import Body, Limit, created, me
from consult.rooms.commands.fields import ClientUuid
from consult.rooms.commands.tools import Reason
from consult.rooms.people import person_id

from . import claims, kinds, queue, readings, reports, watch
from .api import BOTH, Note

router = Router(tags=["console"])
SOME = 50  # items, and rooms, that one answer is asked for by name


class Turn(Body):
    id: ClientUuid


class Decide(Body):
    id: ClientUuid
    decision: Annotated[str, Field(max_length=12)]
    note: Note | None = None
    base: Annotated[int, Field(ge=0, le=2**53)] | None = None


class Ask(Body):
    id: ClientUuid
    report: str
    reason: Reason


def _ids(field: str, text: str | None) -> list[uuid.UUID] | None:
    """Ids between commas. Raises Refusal frame.invalid."""
    if text is None:
        return None
    try:
        found = [access.id_of(part) for part in text.split(",") if part]
    except ValueError:
        raise Refusal("frame.invalid", fields=[field]) from None
    if len(found) > SOME:
        raise Refusal("frame.invalid", fields=[field])
    return found


@router.get("/moderation/queue", summary="What waits, the most urgent and oldest first")
def list_items(request: HttpRequest, kind: str | None = None, mine: bool = False, items: str | None = None, before: str | None = None, limit: Limit = 100) -> dict[str, Any]:
    """{"items","next","open","room","claim_s","as_of"}: `open` counts all that waits for me; give `next` back as `before`; `room` is the console's,
    entered like any; `claim_s` is how long a claim lasts without an act, in seconds; `items` asks for some by their ids."""
    if kind is not None and kind not in kinds.every():
        raise Refusal("frame.invalid", fields=["kind"])
    return queue.page(person=me(request), kind=kind, mine=mine, items=_ids("items", items), before=before, limit=limit)


@router.get("/moderation/queue/{item}", summary="One item, with what is needed to decide; the audit records who read it")
def one_item(request: HttpRequest, item: str) -> dict[str, Any]:
    return queue.detail(person=me(request), item=item, locale=locale_of(request))


@router.post("/moderation/queue/{item}/claim", response=BOTH, summary="Take an item, or hold it for longer")
def claim(request: HttpRequest, item: str, body: Turn) -> Status:
    return created(claims.claim(person_id=me(request), client_id=uuid.UUID(body.id), item=item))


@router.post("/moderation/queue/{item}/release", response=BOTH, summary="Let an item go")
def release(request: HttpRequest, item: str, body: Turn) -> Status:
    return created(claims.release(person_id=me(request), client_id=uuid.UUID(body.id), item=item))


@router.post("/moderation/queue/{item}/decide", response=BOTH, summary="Decide an item; its detail names the decisions")
def decide(request: HttpRequest, item: str, body: Decide) -> Status:
    """`base` is the detail's: 409 `item.changed` where the words were edited since it was read. Without it, hidden words that were edited are not shown."""
    return created(claims.decide(person_id=me(request), client_id=uuid.UUID(body.id), item=item, decision=body.decision, note=body.note or "", base=body.base))


@router.post("/moderation/reporters/{person}/pardon", summary="Someone's dismissed reports were looked at: their flags weigh again")
def pardon(request: HttpRequest, person: str, body: Turn) -> dict[str, Any]:
    return {"pardoned": reports.pardon(moderator=me(request), reporter=person_id(person))}


@router.post("/moderation/readings", response=BOTH, summary="Ask to read the private room of a report")
def ask_reading(request: HttpRequest, body: Ask) -> Status:
    return created(readings.ask(person_id=me(request), client_id=uuid.UUID(body.id), report=body.report, reason=body.reason))


@router.post("/moderation/readings/{reading}/agree", response=BOTH, summary="Agree to another moderator's reading")
def agree_reading(request: HttpRequest, reading: str, body: Turn) -> Status:
    return created(readings.agree(person_id=me(request), client_id=uuid.UUID(body.id), reading=reading))


@router.get("/moderation/watch", summary="How lively some rooms are, never what is said there")
def watch_rooms(request: HttpRequest, rooms: Annotated[str, Query()]) -> dict[str, Any]:
    return {"rooms": watch.rooms(person=me(request), rooms=_ids("rooms", rooms) or [])}
