"""What a person does to their own profile, and what that does to their verification."""

from __future__ import annotations

import unicodedata
import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone

from consult.audit.models import record
from consult.errors import Refusal
from consult.standing import actions as standing
from consult.standing.models import Standing, Verification

from .models import Person, Profession, Specialty

TITLES = ("", "Dr", "Pr")
CHECKED = ("title", "given_name", "family_name", "profession", "specialty")
FIELDS = (*CHECKED, "level", "place", "locale")
LONGEST = {name: int(getattr(Person._meta.get_field(name), "max_length", 0) or 0) for name in FIELDS}  # characters


def update_profile(*, person_id: uuid.UUID, changes: dict[str, str | None]) -> str | None:
    """Writes the given fields (null and blank empty one) and returns the new verification status where it changed.

    A new account whose profile is complete becomes `pending`. A verified person who changes their title, name, profession or
    specialty is sent back to `pending`: those words stand under every answer as checked ones. Level and place are their own.
    Raises Refusal frame.invalid with `fields`.
    """
    clean = {name: " ".join((value or "").split()) for name, value in changes.items()}
    wrong = sorted(name for name, value in clean.items() if not _right(name, value))
    if wrong:
        raise Refusal("frame.invalid", fields=wrong)
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=person_id)
        changed = [name for name, value in clean.items() if getattr(person, name) != value]
        for name in changed:
            setattr(person, name, clean[name])
        if changed:
            person.save(update_fields=changed)
            record(act="profile.changed", person=person_id, object=str(person_id), reason=" ".join(sorted(changed)))
        before = Standing.objects.select_for_update().get(person_id=person_id).verification
        complete = bool(person.given_name and person.family_name and person.profession)
        if before == Verification.VERIFIED and set(changed) & set(CHECKED):
            standing.submit(person_id=person_id, by=person_id, reason="profile changed")
        elif before == Verification.INCOMPLETE and complete:
            standing.submit(person_id=person_id, by=person_id, reason="profile complete")
        else:
            return None
    return str(Verification.PENDING)


def status_of(standing: Standing) -> str:
    """incomplete, pending, verified or expired, as it is now: a date that passed counts before the worker wrote it down."""
    if standing.verification == Verification.VERIFIED and standing.verified_until and standing.verified_until <= timezone.now():
        return str(Verification.EXPIRED)
    return str(standing.verification)


def require_verified(person: Any) -> None:
    """Raises Refusal account.suspended or account.unverified."""
    standing = Standing.objects.filter(person_id=person.pk).first()
    if standing is not None and standing.suspended_until and standing.suspended_until > timezone.now():
        raise Refusal("account.suspended")
    if standing is None or status_of(standing) != Verification.VERIFIED:
        raise Refusal("account.unverified")


def _right(name: str, value: str) -> bool:
    if name not in FIELDS or len(value) > LONGEST[name] or any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") for c in value):
        return False
    match name:
        case "title":
            return value in TITLES
        case "locale":
            return value in ("fr", "en")
        case "profession":
            return not value or Profession.objects.filter(code=value).exists()
        case "specialty":
            return not value or Specialty.objects.filter(code=value).exists()
        case "given_name" | "family_name":
            # A name is letters: no address, no digits, no look-alike of a title or a sentence.
            return all(c.isalpha() or unicodedata.category(c) in ("Mn", "Mc", "Pd") or c in " '’.·" for c in value)
        case _:
            return True
