"""What tests of moderation share: moderators with a remit, flags and decisions over HTTP, the console's log."""

from __future__ import annotations

import uuid
from typing import Any

from consult.clinicians.models import Person
from consult.moderation import console
from consult.rooms.models import Message, Remit
from tests import people
from tests.people import some_id
from tests.rooms.helpers import Phone, events


def moderator(name: str = "sacha", *groups: uuid.UUID) -> Person:
    """Someone who moderates these groups; without any, everywhere."""
    person = people.moderator() if name == "sacha" else people.person(name, profession="10", family_name=name.title())
    Remit.objects.filter(person=person).delete()
    for group in groups or (None,):
        Remit.objects.create(person=person, group_id=group)
    return person


def flag(who: Person, message: Any = None, category: str = "dangerous_advice", **more: Any) -> Any:
    """The answer of POST /reports."""
    about = {"message": str(message)} if message else {}
    return Phone(who).post("/reports", {"id": some_id(), "category": category, **about, **more})


def queue(person: Person, **query: Any) -> list[dict[str, Any]]:
    answer = Phone(person).get("/moderation/queue", **query)
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]  # type: ignore[no-any-return]


def detail(person: Person, item: str) -> Any:
    return Phone(person).get(f"/moderation/queue/{item}")


def decide(person: Person, item: str, decision: str, note: str | None = None) -> Any:
    return Phone(person).post(f"/moderation/queue/{item}/decide", {"id": some_id(), "decision": decision, "note": note})


def claim(person: Person, item: str, id: str | None = None) -> Any:
    return Phone(person).post(f"/moderation/queue/{item}/claim", {"id": id or some_id()})


def told() -> list[str]:
    """The kinds of what the console's room heard."""
    return [e["kind"] for e in events(console.room())]


def withheld(message: Any) -> str | None:
    return Message.objects.get(pk=message).withheld
