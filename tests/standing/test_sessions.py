"""Which sessions hold: those that exist, have not expired, and whose person and password are still the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from consult.standing import actions, sessions
from consult.standing.models import AccessChange
from tests.people import camille, nadia, session_of

pytestmark = pytest.mark.django_db


def test_a_session_names_its_person_and_its_digest() -> None:
    key = session_of(camille())
    found = sessions.speaker(key)
    assert found is not None
    assert found.person_id == camille().pk and not found.suspended
    assert timedelta(days=13) < found.expires_at - timezone.now() < timedelta(days=15)
    Session.objects.get(session_key=key).delete()
    assert AccessChange.objects.filter(kind="session").latest("id").session == found.session_digest


@pytest.mark.parametrize("key", ["", "nothing", "x" * 40, "x" * 5000, "\0", "\ud800", "é" * 32])
def test_a_key_that_is_nobodys_holds_nothing(key: str) -> None:
    assert sessions.speaker(key) is None


def test_an_expired_session_ended() -> None:
    key = session_of(camille())
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert sessions.speaker(key) is None


def test_a_changed_password_ends_the_sessions_before_it() -> None:
    person = camille()
    old = session_of(person)
    person.set_password("another-long-password")
    person.save()
    assert sessions.speaker(old) is None
    assert sessions.speaker(session_of(person)) is not None


def test_a_closed_or_deleted_account_has_no_session() -> None:
    closed, gone = session_of(camille()), session_of(nadia())
    person = camille()
    person.is_active = False
    person.save()
    nadia().delete()
    assert sessions.still_valid([closed, gone]) == {closed: "ended", gone: "ended"}


def test_a_session_without_sign_in_or_with_forged_data_is_nobodys() -> None:
    from django.contrib.sessions.backends.db import SessionStore

    anonymous = SessionStore()
    anonymous["cart"] = 1
    anonymous.save()
    key = session_of(camille())
    Session.objects.filter(session_key=key).update(session_data="forged")
    assert sessions.speaker(str(anonymous.session_key)) is None
    assert sessions.speaker(key) is None


def test_many_sessions_cost_two_queries(django_assert_num_queries: Any) -> None:
    keys = [session_of(camille()) for _ in range(30)] + [session_of(nadia())] + ["unknown"]
    actions.suspend(person_id=nadia().pk, until=timezone.now() + timedelta(hours=1), by=None, reason="test")
    with django_assert_num_queries(2):
        answer = sessions.still_valid(keys)
    assert [answer[key] for key in keys] == [None] * 30 + ["suspended", "ended"]


def test_the_trigger_and_we_agree_on_the_digest() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT encode(sha256('abc123'::bytea), 'hex')")
        assert cursor.fetchone() == (sessions.digest("abc123"),)
