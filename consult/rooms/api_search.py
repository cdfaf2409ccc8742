"""The HTTP door to finding messages and tags."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from consult.cursors import next_url
from consult.locale import locale_of
from consult.rooms import access, replica, search
from consult.rooms.api_lists import me

router = Router(tags=["search"])


@router.get("/search", summary="Find messages in the rooms I may read")
def find(request: HttpRequest, q: str = "", room: str | None = None, tag: str = "", cursor: str | None = None, limit: Annotated[int, Query(ge=1)] = 20) -> dict[str, Any]:
    where = access.room_id(room) if room else None
    person = me(request)
    hits, position = replica.read(
        person,
        search.messages,
        confirm=lambda found: search.readable(person, found[0]),
        person=person,
        q=q,
        room=where,
        tag=tag,
        cursor=cursor,
        limit=limit,
        locale=locale_of(request),
    )
    return {"hits": hits, "next": next_url(request.path, "search", position, q=q, room=room, tag=tag, limit=limit)}


@router.get("/tags", summary="Tags used in the rooms I may read")
def tags(request: HttpRequest, q: str = "") -> dict[str, Any]:
    return {"tags": search.tags(person=me(request), q=q)}
