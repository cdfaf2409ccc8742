"""The HTTP door to many cases: the feed, similar cases, what one follows, one's collections, the public figures."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from consult.cases import collections, feed, following, similar, stats
from consult.cursors import next_url
from consult.errors import Refusal
from consult.locale import locale_of
from consult.rooms import access
from consult.rooms.api_lists import Body, created, me
from consult.rooms.commands.fields import ClientUuid
from consult.rooms.people import person_id

router = Router(tags=["cases"])
BOTH = {200: dict[str, Any], 201: dict[str, Any]}
Limit = Annotated[int, Query(ge=1)]


class Draft(Body):
    title: Annotated[str, Field(max_length=400)] = ""
    question: str = ""


class Named(Body):
    id: ClientUuid
    name: Annotated[str, Field(max_length=200)]


@router.get("/stats", auth=None, summary="The service's figures beside published ones; for anyone")
def read_stats(request: HttpRequest) -> dict[str, Any]:
    return stats.read(locale_of(request))


@router.get("/feed", summary="Recent cases for me, what asks for me on top, with reasons")
def read_feed(request: HttpRequest, only: str = "", specialty: str = "", status: str = "", cursor: str | None = None, limit: Limit = 20) -> dict[str, Any]:
    items, position = feed.read(person=me(request), only=only, specialty=specialty, status=status, cursor=cursor, limit=limit, locale=locale_of(request))
    return {"cases": items, "next": next_url(request.path, "feed", position, only=only, specialty=specialty, status=status, limit=limit)}


@router.post("/cases/similar", summary="Cases like the one I am asking")
def find_similar(request: HttpRequest, body: Draft) -> dict[str, Any]:
    return {"cases": similar.cases(person=me(request), title=body.title, question=body.question, locale=locale_of(request))}


@router.get("/follows", summary="The specialties and colleagues I follow")
def follows(request: HttpRequest) -> dict[str, Any]:
    return following.follows(person=me(request), locale=locale_of(request))


@router.put("/follows/specialties/{code}", summary="Follow a specialty")
def follow_specialty(request: HttpRequest, code: str) -> dict[str, Any]:
    following.specialty(person=me(request), code=code, follow=True)
    return {"following": True}


@router.delete("/follows/specialties/{code}", summary="Follow it no longer")
def unfollow_specialty(request: HttpRequest, code: str) -> dict[str, Any]:
    following.specialty(person=me(request), code=code, follow=False)
    return {"following": False}


@router.put("/follows/people/{person}", summary="Follow a colleague's cases")
def follow_colleague(request: HttpRequest, person: str) -> dict[str, Any]:
    following.colleague(person=me(request), other=person_id(person), follow=True)
    return {"following": True}


@router.delete("/follows/people/{person}", summary="Follow them no longer")
def unfollow_colleague(request: HttpRequest, person: str) -> dict[str, Any]:
    following.colleague(person=me(request), other=person_id(person), follow=False)
    return {"following": False}


def _collection(text: str) -> uuid.UUID:
    try:
        return access.id_of(text)
    except ValueError:
        raise Refusal("collection.not_found") from None


@router.get("/collections", summary="My collections; with `case`, which of them hold it")
def my_collections(request: HttpRequest, case: str | None = None) -> dict[str, Any]:
    return {"collections": collections.mine(person=me(request), case=access.room_id(case) if case else None)}


@router.post("/collections", response=BOTH, summary="Make a collection, or name it anew")
def make_collection(request: HttpRequest, body: Named) -> Status:
    return created(collections.make(person=me(request), id=uuid.UUID(body.id), name=body.name))


@router.delete("/collections/{collection}", summary="Take a collection away")
def drop_collection(request: HttpRequest, collection: str) -> dict[str, Any]:
    collections.drop(person=me(request), id=_collection(collection))
    return {}


@router.get("/collections/{collection}", summary="The cases of a collection that I may still read")
def one_collection(request: HttpRequest, collection: str, cursor: str | None = None, limit: Limit = 20) -> dict[str, Any]:
    rooms, position = collections.cases(person=me(request), id=_collection(collection), cursor=cursor, limit=limit, locale=locale_of(request))
    return {"cases": rooms, "next": next_url(request.path, "collection", position, limit=limit)}


@router.put("/collections/{collection}/cases/{room}", summary="Save a case")
def save(request: HttpRequest, collection: str, room: str) -> dict[str, Any]:
    collections.save(person=me(request), id=_collection(collection), room=access.room_id(room))
    return {"saved": True}


@router.delete("/collections/{collection}/cases/{room}", summary="Save it no longer")
def unsave(request: HttpRequest, collection: str, room: str) -> dict[str, Any]:
    collections.unsave(person=me(request), id=_collection(collection), room=access.room_id(room))
    return {"saved": False}
