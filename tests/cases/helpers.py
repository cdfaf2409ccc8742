"""What tests of cases share."""

from __future__ import annotations

import uuid
from typing import Any

from consult.cases import actions, followups
from consult.clinicians.models import Person

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
