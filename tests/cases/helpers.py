"""What tests of cases share."""

from __future__ import annotations

import uuid
from typing import Any

from consult.cases import actions, followups
from consult.clinicians.models import Person
from tests.rooms.helpers import Phone

QUESTION = "Plaque érythémateuse du mollet droit depuis six semaines, prurigineuse. Que proposez-vous ?"


def ask(person: Person, **more: Any) -> dict[str, Any]:
    """One question by this person: to everyone, unless told otherwise."""
    given = {"title": "Plaque du mollet", "question": QUESTION, "specialty": "SM15", "urgency": "week", "client_id": uuid.uuid4()}
    if not {"group", "groups", "people"} & more.keys():
        given["everyone"] = True
    answer = actions.ask(person_id=person.pk, **{**given, **more})
    return {**answer, "room": uuid.UUID(answer["room"])}


def settle() -> int:
    """Lets the worker do all that waits."""
    done = 0
    while more := followups.run_once():
        done += more
    return done


def act(person: Person, room: uuid.UUID, type: str, **fields: Any) -> Any:
    """One act on a case over HTTP: the answer as the phone gets it."""
    return Phone(person).post(f"/cases/{room}/acts", {"id": str(uuid.uuid4()), "type": type, **fields})


def done(person: Person, room: uuid.UUID, type: str, **fields: Any) -> dict[str, Any]:
    """The same where it is done: what it answers."""
    answer = act(person, room, type, **fields)
    assert answer.status_code == 201, answer.content
    return answer.json()  # type: ignore[no-any-return]


def sheet(person: Person, room: uuid.UUID) -> dict[str, Any]:
    answer = Phone(person).get(f"/cases/{room}")
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]
