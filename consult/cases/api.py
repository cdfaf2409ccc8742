"""The HTTP door to cases: ask, make a case of a message, say how far it has got."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from consult.cases import actions
from consult.rooms import access
from consult.rooms.api_lists import Body, created, me
from consult.rooms.commands import ClientUuid, Confirmed
from consult.rooms.people import person_id

router = Router(tags=["cases"])
BOTH = {200: dict[str, Any], 201: dict[str, Any]}
Ids = Annotated[list[str], Field(max_length=100)]
Short = Annotated[str, Field(max_length=20)]


class Ask(Body):
    id: ClientUuid
    title: str
    question: str
    specialty: Short
    urgency: Short
    group: str | None = None
    groups: Ids | None = None
    people: Ids | None = None
    everyone: bool | None = None
    confirmed: Confirmed | None = None


class Turn(Body):
    id: ClientUuid
    title: str
    specialty: Short
    urgency: Short
    confirmed: Confirmed | None = None


class Turning(Body):
    id: ClientUuid
    status: Short


@router.post("/cases", response=BOTH, summary="Ask")
def ask(request: HttpRequest, body: Ask) -> Status:
    return created(
        actions.ask(
            person_id=me(request),
            client_id=uuid.UUID(body.id),
            title=body.title,
            question=body.question,
            specialty=body.specialty,
            urgency=body.urgency,
            group=access.room_id(body.group) if body.group else None,
            groups=[access.room_id(g) for g in body.groups or ()],
            people=[person_id(p) for p in body.people or ()],
            everyone=bool(body.everyone),
            confirmed=body.confirmed,
        )
    )


@router.post("/messages/{message}/case", response=BOTH, summary="Make a case of a group's message")
def turn(request: HttpRequest, message: str, body: Turn) -> Status:
    return created(
        actions.turn(
            person_id=me(request),
            client_id=uuid.UUID(body.id),
            message_id=access.message_id(message),
            title=body.title,
            specialty=body.specialty,
            urgency=body.urgency,
            confirmed=body.confirmed,
        )
    )


@router.post("/cases/{room}/status", response=BOTH, summary="Say how far a case has got")
def set_status(request: HttpRequest, room: str, body: Turning) -> Status:
    return created(actions.set_status(person_id=me(request), client_id=uuid.UUID(body.id), room_id=access.room_id(room), status=body.status))
