"""What a person follows beside cases: specialties and colleagues, whose cases stand first in their feed. A case is followed by joining its room."""

from __future__ import annotations

import uuid
from typing import Any

from consult.cases.models import PersonFollow, SpecialtyFollow
from consult.clinicians import cards
from consult.clinicians.models import SpecialtyGroup
from consult.errors import Refusal
from consult.rooms import people

MOST = 500  # of each


def follows(*, person: uuid.UUID, locale: str = "fr") -> dict[str, Any]:
    """{"specialties": [code], "people": [card]}, in the order they were followed."""
    codes = list(SpecialtyFollow.objects.filter(person_id=person).order_by("at", "group_id").values_list("group_id", flat=True))
    followed = list(PersonFollow.objects.filter(person_id=person).order_by("at", "followed_id").values_list("followed_id", flat=True))
    names = cards.cards(followed, locale)
    return {"specialties": codes, "people": [names[p] for p in followed]}


def specialty(*, person: uuid.UUID, code: str, follow: bool) -> None:
    """`code` is a specialty group's, such as DER. Raises Refusal account.*, frame.invalid, case.full."""
    people.require_verified(person)
    if not code.isprintable() or not SpecialtyGroup.objects.filter(code=code).exists():
        raise Refusal("frame.invalid", fields=["code"])
    mine = SpecialtyFollow.objects.filter(person_id=person)
    if not follow:
        mine.filter(group_id=code).delete()
    elif not mine.filter(group_id=code).exists():
        if mine.count() >= MOST:
            raise Refusal("case.full")
        SpecialtyFollow.objects.bulk_create([SpecialtyFollow(person_id=person, group_id=code)], ignore_conflicts=True)


def colleague(*, person: uuid.UUID, other: uuid.UUID, follow: bool) -> None:
    """Following gives no right and tells nobody. Raises Refusal account.*, person.not_found, case.full."""
    people.require_verified(person)
    mine = PersonFollow.objects.filter(person_id=person)
    if not follow:
        mine.filter(followed_id=other).delete()
    elif not mine.filter(followed_id=other).exists():
        if other == person or not people.verified([other]):
            raise Refusal("person.not_found")
        if mine.count() >= MOST:
            raise Refusal("case.full")
        PersonFollow.objects.bulk_create([PersonFollow(person_id=person, followed_id=other)], ignore_conflicts=True)
