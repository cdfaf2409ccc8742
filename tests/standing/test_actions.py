"""Standing changes: who decided is on record, and nothing is half done."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from consult.audit.models import Record
from consult.errors import Refusal
from consult.standing import actions
from consult.standing.models import Standing
from tests.people import camille, moderator, nadia, unverified

pytestmark = pytest.mark.django_db


def standing(person: object) -> Standing:
    return Standing.objects.get(person_id=person.pk)  # type: ignore[attr-defined]


def test_verifying_and_expiring_leave_their_line() -> None:
    person, by = unverified(), moderator()
    actions.verify(person_id=person.pk, by=by.pk, register="10101234567")
    assert (standing(person).verification, standing(person).register, standing(person).verified_by) == ("verified", "10101234567", by.pk)
    actions.expire(person_id=person.pk, by=by.pk, reason="left the register")
    assert standing(person).verification == "expired"
    lines = Record.objects.filter(object=str(person.pk)).order_by("id").values_list("act", "person_id", "reason")
    assert list(lines) == [("standing.verified", by.pk, "10101234567"), ("standing.expired", by.pk, "left the register")]


def test_suspending_and_lifting() -> None:
    person, until = camille(), timezone.now() + timedelta(days=1)
    actions.suspend(person_id=person.pk, until=until, by=moderator().pk, reason="insults")
    assert standing(person).suspended_until == until
    actions.lift(person_id=person.pk, by=moderator().pk)
    assert standing(person).suspended_until is None


@pytest.mark.parametrize(
    "act",
    [lambda p: actions.verify(person_id=p, by=None, register="x"), lambda p: actions.expire(person_id=p, by=None), lambda p: actions.lift(person_id=p, by=None)],
)
def test_nobody_is_refused_and_nothing_recorded(act: object) -> None:
    with pytest.raises(Refusal, match=r"person\.not_found"):
        act(uuid.uuid4())  # type: ignore[operator]
    assert not Record.objects.exists()


def test_what_ran_out_is_written_down_once() -> None:
    past = timezone.now() - timedelta(minutes=1)
    actions.verify(person_id=camille().pk, by=None, register="x", until=past)
    actions.suspend(person_id=nadia().pk, until=past, by=None, reason="x")
    assert actions.lapse() == [camille().pk]
    assert standing(camille()).verification == "expired" and standing(nadia()).suspended_until is None
    assert actions.lapse() == []


def test_the_audit_trail_refuses_to_be_changed() -> None:
    actions.verify(person_id=camille().pk, by=None, register="x")
    for spoil in (lambda: Record.objects.update(reason="nothing"), lambda: Record.objects.all()._raw_delete("default")):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            spoil()
