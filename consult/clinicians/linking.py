"""Whose account a licence opens: the link between an account and a number of the register, and the verification that comes with it.

An account is never found by an e-mail address. It is found by a link that was made, or by the number under which a person of the team
verified it, and then only where the family name is the same.
"""

from __future__ import annotations

import re
import uuid

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from consult.audit.models import record
from consult.errors import Refusal
from consult.standing import actions as standing
from consult.standing.models import Standing, Verification

from .actions import status_of
from .licence import Licence, same_name
from .models import LinkedLicence, Person

REGISTER = "Pro Santé Connect"  # where the licence was checked; the number itself stands in the link alone


def sign_in(licence: Licence) -> Person | None:
    """Whose account this opens; None where it is nobody's yet.

    An account that was verified under this number, and is not linked, is linked. Raises Refusal psc.account_exists, psc.closed.
    """
    with transaction.atomic():
        _alone(licence)
        link = _links(licence).first()
        person = link.person if link else _holder(licence)
        if person is None:
            return None
        if not person.is_active:
            raise Refusal("psc.closed")
        if link:
            _links(licence).update(used_at=timezone.now())
        else:
            _link(person, licence, "number")
        return person


def link(*, person_id: uuid.UUID, licence: Licence) -> str | None:
    """Links an account to the licence of whoever holds its session, and returns the new verification status where it changed.

    Done before: nothing changes. Raises Refusal psc.other_account, psc.other_name.
    """
    with transaction.atomic():
        _alone(licence)
        person = Person.objects.select_for_update().get(pk=person_id)
        held = LinkedLicence.objects.filter(person=person).first()
        taken = _links(licence).first()
        if held and taken == held:
            return None
        if held or taken or any(one.person_id != person_id for one in _registered(licence)) or _other_number(person_id, licence):
            raise Refusal("psc.other_account")
        if person.family_name and not same_name(person.family_name, licence.family_name):
            raise Refusal("psc.other_name")
        _link(person, licence, "session")
        return _attest(person, licence)


def sign_up(*, licence: Licence, email: str, locale: str = "fr") -> Person:
    """A new account without a password, under the name of the licence, and verified by it where it proves a practice. The address is unconfirmed.

    Raises Refusal psc.no_account, psc.account_exists, psc.email_taken, frame.invalid with `fields`.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
        if len(email) > 254:
            raise ValidationError("too long")
    except ValidationError:
        raise Refusal("frame.invalid", fields=["email"]) from None
    if not settings.SIGNUP:
        raise Refusal("psc.no_account")
    try:
        with transaction.atomic():
            _alone(licence)
            if _links(licence).exists() or _registered(licence):
                raise Refusal("psc.account_exists")
            if Person.objects.filter(email__iexact=email).exists() or EmailAddress.objects.filter(email__iexact=email).exists():
                raise Refusal("psc.email_taken")
            person = Person.objects.create_user(email, None, given_name=licence.given_name, family_name=licence.family_name, locale=locale)
            EmailAddress.objects.create(user=person, email=email, primary=True, verified=False)
            _link(person, licence, "new")
            _attest(person, licence)
            return person
    except IntegrityError:  # somebody took the address in the same moment
        raise Refusal("psc.email_taken") from None


def linked(person_id: uuid.UUID) -> bool:
    return LinkedLicence.objects.filter(person_id=person_id).exists()


def _attest(person: Person, licence: Licence) -> str | None:
    """Writes what is proven into the profile and verifies it. What a person of the team decided stands: verified, expired and refused are left."""
    now = Standing.objects.select_for_update().get(person_id=person.pk).verification
    if now not in (Verification.INCOMPLETE, Verification.PENDING) or not licence.proven:
        return None
    title = person.title if person.title in ("", licence.title) else ""  # "Pr" that the licence does not tell is not proven
    proven = {
        "title": title or licence.title,
        "given_name": licence.given_name,
        "family_name": licence.family_name,
        "profession": licence.profession,
        "specialty": licence.specialty,
    }
    changed = sorted(name for name, value in proven.items() if getattr(person, name) != value)
    if changed:
        for name in changed:
            setattr(person, name, proven[name])
        person.save(update_fields=changed)
        record(act="profile.changed", person=None, object=str(person.pk), reason=" ".join(changed))
    standing.verify(person_id=person.pk, by=None, register=REGISTER)
    return str(Verification.VERIFIED)


def _holder(licence: Licence) -> Person | None:
    """The one account verified by hand under this number. Raises Refusal psc.account_exists where it is not certain that it is this person's."""
    rows = _registered(licence)
    if not rows:
        return None
    person = Person.objects.select_for_update().get(pk=rows[0].person_id)
    sure = len(rows) == 1 and status_of(rows[0]) == Verification.VERIFIED and same_name(person.family_name, licence.family_name)
    if not sure or linked(person.pk):
        raise Refusal("psc.account_exists")
    return person


def _registered(licence: Licence) -> list[Standing]:
    """Standings whose `register` names this number, as it is or within words ("RPPS 10003456789, vu le 3 mai")."""
    named = Standing.objects.filter(register__contains=licence.rpps)  # along the index
    return list(named.filter(register__regex=rf"(^|[^0-9])8?{licence.rpps}([^0-9]|$)")[:2])


def _other_number(person_id: uuid.UUID, licence: Licence) -> bool:
    """Whether the team verified this account under another number."""
    numbers = re.findall(r"(?<!\d)8?(\d{11})(?!\d)", Standing.objects.get(person_id=person_id).register, re.ASCII)
    return bool(numbers) and licence.rpps not in numbers


def _links(licence: Licence) -> models.QuerySet[LinkedLicence]:
    return LinkedLicence.objects.filter(issuer=settings.PSC_ISSUER, rpps=licence.rpps).select_related("person")


def _link(person: Person, licence: Licence, how: str) -> None:
    LinkedLicence.objects.create(person=person, issuer=settings.PSC_ISSUER, rpps=licence.rpps, used_at=timezone.now())
    record(act="licence.linked", person=person.pk, object=str(person.pk), reason=how)


def _alone(licence: Licence) -> None:
    """Two that come at once with one number come one after the other, until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"licence {licence.rpps}"])
