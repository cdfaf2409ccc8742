"""The HTTP doors to rules: an administrator writes, tries and switches them; a composer asks for hints."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from consult.rooms import people
from consult.rooms.api_lists import Body, Nothing, created, me
from consult.rooms.commands.fields import ClientUuid
from consult.rooms.commands.tools import LINE

from . import holding, rules, trials
from .api import BOTH

router = Router(tags=["rules"])
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=LINE)]
Short = Annotated[str, Field(max_length=10)]
Contents = dict[str, Any]


class Written(Body):
    name_fr: Name
    name_en: Name
    kind: Short
    data: Contents
    action: Short


class New(Written):
    id: ClientUuid


class Changed(Written):
    live: bool


class Draft(Body):
    body: Annotated[str, Field(max_length=8000)]


@router.get("/moderation/rules", summary="All rules, each with its latest dry run")
def list_rules(request: HttpRequest) -> dict[str, Any]:
    return rules.every(person_id=me(request))


@router.post("/moderation/rules", response=BOTH, summary="Write a rule; it is not live yet")
def create_rule(request: HttpRequest, body: New) -> Status:
    """`data` by kind: words {"words":[…]}, pattern {"pattern": RE2}, links {"hosts":[…]} (all others are found), rate {"messages","seconds"},
    newcomer {"messages","seconds","days"}."""
    return created(rules.create(person_id=me(request), client_id=uuid.UUID(body.id), **body.model_dump(exclude={"id"})))


@router.get("/moderation/rules/{rule}", summary="One rule")
def one_rule(request: HttpRequest, rule: str) -> dict[str, Any]:
    return rules.one(person_id=me(request), rule=rule)


@router.put("/moderation/rules/{rule}", summary="Change a rule, switch it on or off; only what was tried goes live")
def change_rule(request: HttpRequest, rule: str, body: Changed) -> dict[str, Any]:
    return rules.change(person_id=me(request), rule=rule, **body.model_dump())


@router.delete("/moderation/rules/{rule}", response={204: None}, summary="Remove a rule")
def remove_rule(request: HttpRequest, rule: str) -> Status:
    rules.remove(person_id=me(request), rule=rule)
    return Status(204, None)


@router.post("/moderation/rules/{rule}/try", response=BOTH, summary="Try a rule on the messages of the last 30 days")
def try_rule(request: HttpRequest, rule: str, body: Nothing) -> Status:
    """A job does it; `trial` of the rule says how far it is: `rooms_done` of `rooms`, then `finished_at`."""
    return created(trials.start(person_id=me(request), rule=rule))


@router.get("/rules/check", summary="Whether any rule hints: without one, no text need be sent")
def checks(request: HttpRequest) -> dict[str, Any]:
    people.require_verified(me(request))
    return {"hints": holding.hinting()}


@router.post("/rules/check", summary="Hints about a text that I am writing; nothing is kept of it")
def check(request: HttpRequest, body: Draft) -> dict[str, Any]:
    people.require_verified(me(request))
    return {"hints": holding.hints(body.body)}
