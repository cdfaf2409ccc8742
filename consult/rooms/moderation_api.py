"""The HTTP door to moderators' tools and to a room's record of moderation: the same orders as on the socket, the same codes."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from consult.cursors import next_url
from consult.errors import Refusal
from consult.rooms import access, parsing, record, suspended, wire
from consult.rooms.actions import suspension, tools
from consult.rooms.api import as_json, text_of
from consult.rooms.api_lists import Body, Limit, created, me
from consult.rooms.commands.fields import ClientUuid
from consult.rooms.commands.tools import Reason, Seconds, Tool
from consult.rooms.people import person_id

router = Router(tags=["moderation"])
BOTH = {200: dict[str, Any], 201: dict[str, Any]}


class Undo(Body):
    id: ClientUuid
    reason: Reason | None = None


@router.post("/rooms/{room}/moderation", summary="Use a tool: the body is the command, without ref and room")
def use(request: HttpRequest, room: str) -> HttpResponse:
    command = parsing.twin(text_of(request), room=room)
    if not isinstance(command, Tool):
        raise parsing.Invalid(["type"])
    answer = tools.send(tools.of_command(command, access.room_id(room), me(request)))
    made = answer.pop("created")
    return as_json(wire.frame(**answer), 201 if made else 200)


@router.get("/rooms/{room}/moderation", summary="A room's record of moderation, the latest first")
def of_room(request: HttpRequest, room: str, before: str | None = None, limit: Annotated[int, Query(ge=1)] = 50) -> dict[str, Any]:
    return record.of_room(person=me(request), room=access.room_id(room), before=before, limit=limit)


class Suspension(Body):
    id: ClientUuid
    seconds: Seconds | None
    reason: Reason
    room: str | None = None  # whose log says so too


class Lifting(Body):
    id: ClientUuid
    reason: Reason


@router.post("/moderation/people/{person}/suspension", response=BOTH, summary="Suspend a person from the service, for so long or until it is lifted")
def suspend(request: HttpRequest, person: str, body: Suspension) -> Status:
    room = access.room_id(body.room) if body.room is not None else None
    return created(suspension.suspend(person_id=me(request), client_id=uuid.UUID(body.id), target=person_id(person), seconds=body.seconds, reason=body.reason, room_id=room))


@router.delete("/moderation/people/{person}/suspension", response=BOTH, summary="End a suspension before its time")
def lift(request: HttpRequest, person: str, body: Lifting) -> Status:
    return created(suspension.lift(person_id=me(request), client_id=uuid.UUID(body.id), target=person_id(person), reason=body.reason))


@router.get("/moderation/suspensions", summary="Who is suspended now, the one whose suspension ends first before the others")
def suspensions(request: HttpRequest, cursor: str | None = None, limit: Limit = 100) -> dict[str, Any]:
    found, position = suspended.now(person=me(request), cursor=cursor, limit=limit)
    return {"suspended": found, "next": next_url(request.path, suspended.LIST, position, limit=limit)}


@router.post("/moderation/acts/{act}/undo", response=BOTH, summary="Reverse an act")
def undo(request: HttpRequest, act: str, body: Undo) -> Status:
    try:
        act_id = access.id_of(act)
    except ValueError:
        raise Refusal("moderation.gone") from None
    return created(tools.undo(act_id=act_id, person_id=me(request), client_id=uuid.UUID(body.id), reason=body.reason or ""))
