"""The HTTP doors that everyone has: flag, answer, appeal."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from consult.rooms.api_lists import Body, created, me
from consult.rooms.commands.fields import ClientUuid
from consult.rooms.content import CONTROL

from . import appeals, reports

router = Router(tags=["moderation"])
BOTH = {200: dict[str, Any], 201: dict[str, Any]}
CategoryCode = Literal["identifies_patient", "dangerous_advice", "disrespect", "advertising", "not_clinician", "other"]
_SAYABLE = f"[^{CONTROL}]*"  # no column takes U+0000
Words = Annotated[str, Field(min_length=1, max_length=2000, pattern=rf"^{_SAYABLE}[^\s{CONTROL}]{_SAYABLE}$")]
Note = Annotated[str, Field(max_length=500, pattern=f"^{_SAYABLE}$")]


class Flag(Body):
    id: ClientUuid
    category: CategoryCode
    room: str | None = None
    message: str | None = None
    image: str | None = None
    person: str | None = None
    note: Note | None = None


class AnswerBody(Body):
    id: ClientUuid
    text: Words


class AppealBody(Body):
    id: ClientUuid
    act: str
    text: Words


@router.post("/reports", response=BOTH, summary="Flag a message, a picture of it, or a person")
def report(request: HttpRequest, body: Flag) -> Status:
    """Exactly one of `message` and `person`; `image` beside its `message`. `room` is not needed."""
    return created(
        reports.report(
            person_id=me(request),
            client_id=uuid.UUID(body.id),
            category=body.category,
            message=body.message,
            image=body.image,
            person=body.person,
            note=body.note or "",
        )
    )


@router.get("/reports/mine", summary="What I reported, and what was reported of me")
def my_reports(request: HttpRequest) -> dict[str, Any]:
    return reports.mine(person_id=me(request))


@router.post("/reports/{report}/answer", response=BOTH, summary="Answer a report about me")
def answer(request: HttpRequest, report: str, body: AnswerBody) -> Status:
    return created(reports.answer(person_id=me(request), client_id=uuid.UUID(body.id), report_id=report, text=body.text))


@router.post("/appeals", response=BOTH, summary="Appeal against an act on me; a suspended person may, too")
def appeal(request: HttpRequest, body: AppealBody) -> Status:
    return created(appeals.appeal(person_id=me(request), client_id=uuid.UUID(body.id), act=body.act, text=body.text))


@router.get("/appeals/mine", summary="My appeals")
def my_appeals(request: HttpRequest) -> dict[str, Any]:
    return appeals.mine(person_id=me(request))
