"""The HTTP door to rooms as lists show them, and to who belongs to them: groups, conversations, members, joining and leaving."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from consult.cursors import next_url
from consult.locale import locale_of
from consult.rooms import access, lists
from consult.rooms.actions import conversations, membership
from consult.rooms.commands.fields import ClientUuid
from consult.rooms.people import person_id

router = Router(tags=["rooms"])
Limit = Annotated[int, Query(ge=1)]


class Body(Schema):
    model_config = ConfigDict(extra="forbid", strict=True)


class Nothing(Body):
    pass


class Mute(Body):
    muted: bool


class Notices(Body):
    level: Literal["all", "mentions", "none"] | None


class Invitation(Body):
    id: ClientUuid
    person: str


class Conversation(Body):
    id: ClientUuid
    people: Annotated[list[str], Field(min_length=1, max_length=100)]
    title: Annotated[str, Field(max_length=200)] | None = None


def me(request: HttpRequest) -> uuid.UUID:
    """Who is signed in: every door of the API has asked for that before."""
    person: uuid.UUID = request.user.pk  # type: ignore[assignment]
    return person


def created(answer: dict[str, Any]) -> Status:
    """201 for what was made, 200 for what was there or asked before."""
    made = answer.pop("created")
    return Status(201 if made else 200, answer)


@router.get("/rooms", summary="My rooms, the latest first")
def my_rooms(request: HttpRequest, cursor: str | None = None, limit: Limit = 100) -> dict[str, Any]:
    rooms, position = lists.mine(person=me(request), cursor=cursor, limit=limit, locale=locale_of(request))
    return {"rooms": rooms, "next": next_url(request.path, "rooms", position, limit=limit)}


@router.get("/groups", summary="Every listed group, joined or not")
def all_groups(request: HttpRequest) -> dict[str, Any]:
    return {"groups": lists.groups(person=me(request), locale=locale_of(request))}


@router.get("/rooms/{room}", summary="One room")
def one_room(request: HttpRequest, room: str) -> dict[str, Any]:
    return lists.one(person=me(request), room=access.room_id(room), locale=locale_of(request))


@router.get("/rooms/{room}/members", summary="Who belongs to a room")
def members(request: HttpRequest, room: str, cursor: str | None = None, limit: Limit = 100) -> dict[str, Any]:
    found, position = lists.members(person=me(request), room=access.room_id(room), cursor=cursor, limit=limit, locale=locale_of(request))
    return {"members": found, "next": next_url(request.path, "members", position, limit=limit)}


@router.post("/rooms/{room}/join", summary="Join a listed group, follow a case")
def join(request: HttpRequest, room: str, body: Nothing) -> dict[str, Any]:
    return membership.join(person_id=me(request), room_id=access.room_id(room))


@router.post("/rooms/{room}/leave", summary="Leave a room, unfollow a case")
def leave(request: HttpRequest, room: str, body: Nothing) -> dict[str, Any]:
    return membership.leave(person_id=me(request), room_id=access.room_id(room))


@router.put("/rooms/{room}/notices", summary="Which notices of a room I get")
def set_notices(request: HttpRequest, room: str, body: Notices) -> dict[str, Any]:
    membership.set_notices(person_id=me(request), room_id=access.room_id(room), level=body.level)
    return {"level": body.level}


@router.post("/rooms/{room}/mute", summary="No notices from a room, for me: level none, or the default")
def mute(request: HttpRequest, room: str, body: Mute) -> dict[str, Any]:
    membership.set_notices(person_id=me(request), room_id=access.room_id(room), level="none" if body.muted else None)
    return {"muted": body.muted}


@router.post("/rooms/{room}/members", response={200: dict[str, Any], 201: dict[str, Any]}, summary="Bring a verified clinician in")
def invite(request: HttpRequest, room: str, body: Invitation) -> Status:
    return created(membership.invite(person_id=me(request), client_id=uuid.UUID(body.id), room_id=access.room_id(room), invitee=person_id(body.person)))


@router.post("/conversations", response={200: dict[str, Any], 201: dict[str, Any]}, summary="Open a private conversation")
def open_conversation(request: HttpRequest, body: Conversation) -> Status:
    people = [person_id(each) for each in body.people]
    return created(conversations.open(person_id=me(request), client_id=uuid.UUID(body.id), people=people, title=body.title or ""))
