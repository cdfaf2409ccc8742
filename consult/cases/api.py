"""The HTTP door to cases: ask, make a case of a message, find, read one, act on it, say how far it has got, take it along."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status
from pydantic import Field

from consult.cases import acting, actions, audience, consent, differentials, search, sheet, status, template
from consult.cases.export import fhir
from consult.cases.export import record as export
from consult.cursors import next_url
from consult.locale import locale_of
from consult.rooms import access, lanes, parsing
from consult.rooms.api import text_of
from consult.rooms.api_lists import Body, created, me
from consult.rooms.carrying import Asked
from consult.rooms.commands.cases import CaseCommand
from consult.rooms.commands.fields import ClientUuid, Confirmed
from consult.rooms.people import person_id

router = Router(tags=["cases"])
BOTH = {200: dict[str, Any], 201: dict[str, Any]}
Ids = Annotated[list[str], Field(max_length=100)]
Images = Annotated[list[str], Field(max_length=20)]  # as of a message
Short = Annotated[str, Field(max_length=20)]
Limit = Annotated[int, Query(ge=1)]


class TemplateIn(Body):
    age_band: Short = ""
    sex: Short = ""
    history: str = ""
    done: str = ""
    feared: str = ""


class ConsentIn(Body):
    told: Annotated[list[Short], Field(max_length=10)]
    recorded: Short


class ConsentAnew(ConsentIn):
    id: ClientUuid


class Withdrawing(Body):
    id: ClientUuid


class Readers(Body):
    group: str | None = None
    groups: Ids | None = None
    people: Ids | None = None
    everyone: bool | None = None


class Ask(Readers):
    id: ClientUuid
    title: str
    question: str
    specialty: Short
    urgency: Short
    template: TemplateIn | None = None
    consent: ConsentIn | None = None
    images: Images | None = None
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
    message: str | None = None
    differential: str | None = None


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
            template=template.Fields(**body.template.dict()) if body.template else template.NOTHING,
            told=body.consent.told if body.consent else (),
            recorded=body.consent.recorded if body.consent else "",
            images=body.images or (),
        )
    )


@router.post("/cases/audience", summary="Who would read a question asked like this")
def preview(request: HttpRequest, body: Readers) -> dict[str, Any]:
    return audience.preview(
        person=me(request),
        groups=[access.room_id(g) for g in (*(body.groups or ()), *([body.group] if body.group else ()))],
        people=[person_id(p) for p in body.people or ()],
        everyone=bool(body.everyone),
        locale=locale_of(request),
    )


@router.post("/cases/{room}/consent", response=BOTH, summary="State the patient's consent")
def record_consent(request: HttpRequest, room: str, body: ConsentAnew) -> Status:
    return created(consent.record(person_id=me(request), client_id=uuid.UUID(body.id), room_id=access.room_id(room), told=body.told, recorded=body.recorded))


@router.post("/cases/{room}/consent/withdrawal", response=BOTH, summary="Withdraw the patient's consent: words and pictures go for everyone")
def withdraw_consent(request: HttpRequest, room: str, body: Withdrawing) -> Status:
    return created(consent.withdraw(person_id=me(request), client_id=uuid.UUID(body.id), room_id=access.room_id(room)))


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


@router.get("/cases", summary="Search the cases I may read")
def find(
    request: HttpRequest,
    q: str = "",
    specialty: str = "",
    status: str = "",
    picture: bool | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    limit: Limit = 20,
) -> dict[str, Any]:
    asked = search.Asked(q.strip(), specialty, status, picture, since, until)
    rooms, position = search.cases(person=me(request), asked=asked, cursor=cursor, limit=limit, locale=locale_of(request))
    again = {"q": q, "specialty": specialty, "status": status, "picture": None if picture is None else str(picture).lower(), "limit": limit}
    times = {name: at.isoformat() if at else None for name, at in (("since", since), ("until", until))}
    return {"cases": rooms, "next": next_url(request.path, "cases", position, **again, **times)}


@router.get("/cases/{room}", summary="A case with all that is said of it")
def one_case(request: HttpRequest, room: str) -> dict[str, Any]:
    return sheet.read(person=me(request), room=access.room_id(room), locale=locale_of(request))


@router.get("/cases/{room}/export", summary="A case taken along: PDF, or a FHIR R4 bundle")
def take_along(request: HttpRequest, room: str, format: Short = "pdf") -> HttpResponse:
    record = export.gather(person=me(request), room=access.room_id(room), format=format, locale=locale_of(request))
    if format == "pdf":
        from consult.cases.export import pdf  # what it draws with takes a tenth of a process's start

        response = HttpResponse(pdf.render(record), content_type="application/pdf")
    else:
        response = HttpResponse(orjson.dumps(fhir.bundle(record)), content_type="application/fhir+json")
    # Neither a title nor a name: what a file is called stands in logs and lists of downloads.
    response["Content-Disposition"] = f'attachment; filename="consult-{record.sheet["room"][:8]}-{record.at[:10]}.{"pdf" if format == "pdf" else "json"}"'
    return response


@router.post("/cases/{room}/acts", response=BOTH, summary="Vote, mark, propose, refer, tell the outcome: a command's twin, with its type")
def act(request: HttpRequest, room: str) -> Status:
    command = parsing.twin(text_of(request), room=room)
    if not isinstance(command, CaseCommand):
        raise parsing.Invalid(["type"])
    id = access.room_id(room)
    return created(lanes.wait(id, acting.created_many, Asked(id, me(request), command), together=False))


@router.post("/cases/{room}/status", response=BOTH, summary="Say how far a case has got")
def set_status(request: HttpRequest, room: str, body: Turning) -> Status:
    return created(
        status.set_status(
            person_id=me(request),
            client_id=uuid.UUID(body.id),
            room_id=access.room_id(room),
            status=body.status,
            message_id=access.message_id(body.message) if body.message else None,
            differential_id=differentials.id_of(body.differential) if body.differential else None,
        )
    )
