"""The HTTP twins of the log: posting, pages of events, pages of messages. Same fields, same codes, same rights as the socket."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from consult.errors import Refusal
from consult.rooms import access, log, pages, parsing, replica, wire
from consult.rooms.actions import marks, messages, posts
from consult.rooms.commands.messages import MessagePost
from consult.rooms.commands.pictures import MarkAdd
from consult.who import person_of

router = Router()
MOST = 2**63 - 1
Position = Annotated[int, Query(ge=0)]
Limit = Annotated[int, Query(ge=1)]


def text_of(request: HttpRequest) -> str:
    """The body as text. Raises Refusal frame.too_large, frame.invalid."""
    if int(request.headers.get("Content-Length") or 0) > settings.LIMITS["frame_bytes"] or len(request.body) > settings.LIMITS["frame_bytes"]:
        raise Refusal("frame.too_large")
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        raise parsing.Invalid(["frame"]) from None


def as_json(parts: bytes, status: int = 200) -> HttpResponse:
    return HttpResponse(parts, content_type="application/json", status=status)


@router.get("/meta", auth=None, tags=["connection"])
def meta(request: HttpRequest) -> dict[str, Any]:
    """What this server speaks: {protocols, server, features, limits}."""
    from consult import __version__
    from consult.rooms.greeting import FEATURES, PROTOCOLS

    return {"protocols": PROTOCOLS, "server": __version__, "features": FEATURES, "limits": settings.LIMITS}


@router.post("/rooms/{room}/messages", tags=["messages"])
def post_message(request: HttpRequest, room: str) -> HttpResponse:
    """The twin of message.post: 201 {"seq","message"}, or 200 with "duplicate"."""
    command = parsing.twin(text_of(request), type="message.post", room=room)
    assert isinstance(command, MessagePost)
    item = posts.of_command(command, access.room_id(room), person_of(request))
    answer = messages.send(item)
    return as_json(wire.frame(**answer), 200 if answer.get("duplicate") else 201)


def _one_side(**sides: int | None) -> None:
    given = [name for name, value in sides.items() if value is not None]
    if len(given) > 1:
        raise Refusal("frame.invalid", fields=given)


@router.get("/rooms/{room}/events", tags=["messages"])
def events(request: HttpRequest, room: str, after: Position | None = None, before: Position | None = None, limit: Limit = 100, epoch: str | None = None) -> HttpResponse:
    """A page of the log, ascending: {"epoch","head","events"}. Neither `after` nor `before`: the newest page."""
    _one_side(after=after, before=before)
    grant = access.may_read(person=person_of(request), room=access.room_id(room))
    page = replica.read(grant.person, log.page, room=grant.room, first_seq=grant.first_seq, after=_clamp(after), before=_clamp(before), limit=min(limit, 200), epoch=epoch)
    head = wire.frame(epoch=page["epoch"], head=page["head"])
    return as_json(head[:-1] + b',"events":[' + b",".join(f.text for f in page["events"]) + b"]}")


@router.get("/rooms/{room}/messages", tags=["messages"])
def list_messages(
    request: HttpRequest,
    room: str,
    after: Position | None = None,
    before: Position | None = None,
    around: Position | None = None,
    limit: Limit = 100,
) -> HttpResponse:
    """Messages in their current state, with `as_of`: apply only later events to them."""
    _one_side(after=after, before=before, around=around)
    grant = access.may_read(person=person_of(request), room=access.room_id(room))
    page = replica.read(grant.person, pages.messages, grant, after=_clamp(after), before=_clamp(before), around=_clamp(around), limit=min(limit, 200))
    return as_json(wire.frame(**page))


def _clamp(seq: int | None) -> int | None:
    return None if seq is None else min(seq, MOST - 1000)


@router.get("/messages/{message}", tags=["messages"])
def one_message(request: HttpRequest, message: str) -> HttpResponse:
    """One message in its current state, with its room."""
    return as_json(wire.frame(**pages.one(person_of(request), access.message_id(message))))


@router.get("/messages/{message}/marks", tags=["messages"])
def kept_marks(request: HttpRequest, message: str) -> HttpResponse:
    """The marks on a message's pictures: {"marks":[{mark,image,seq,by,drawn}]}."""
    return as_json(wire.frame(**marks.kept(person=person_of(request), message_id=access.message_id(message))))


@router.post("/rooms/{room}/marks", tags=["messages"])
def add_mark(request: HttpRequest, room: str) -> HttpResponse:
    """The twin of mark.add: 201 {"seq","mark"}, the same for a repeat."""
    command = parsing.twin(text_of(request), type="mark.add", room=room)
    assert isinstance(command, MarkAdd)
    item = marks.Adding(access.room_id(room), person_of(request), uuid.UUID(command.id), command.message, command.image, command.drawn.model_dump())
    return as_json(wire.frame(**marks.send(item)), 201)


@router.delete("/rooms/{room}/marks/{mark}", tags=["messages"])
def remove_mark(request: HttpRequest, room: str, mark: str) -> HttpResponse:
    """The twin of mark.remove."""
    return as_json(wire.frame(**marks.send(marks.Removal(access.room_id(room), person_of(request), mark))))


@router.get("/messages/{message}/history", tags=["messages"])
def history(request: HttpRequest, message: str) -> HttpResponse:
    """Every version of a message, withheld or not, for its author and the room's moderators; the audit records who read it."""
    return as_json(wire.frame(**pages.history(person_of(request), access.message_id(message))))
