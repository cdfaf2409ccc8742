"""Tickets: single use, short-lived, and anything else is unknown."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from django.db import connection

from consult.errors import Refusal
from consult.standing import tickets
from consult.standing.models import Ticket


def refused(ticket: str) -> str:
    with pytest.raises(Refusal) as told:
        tickets.redeem(ticket)
    return told.value.code


@pytest.mark.django_db
def test_a_ticket_works_once_and_is_stored_as_a_digest() -> None:
    person = uuid.uuid4()
    ticket, seconds = tickets.issue(person_id=person, session_key="k" * 32)
    assert seconds == 30 and len(ticket) == 43
    assert ticket.encode() not in bytes(Ticket.objects.get().digest)
    assert tickets.redeem(ticket) == (person, "k" * 32)
    assert refused(ticket) == "ticket.unknown"


@pytest.mark.django_db
@pytest.mark.parametrize("ticket", ["", "x" * 5000, "\0", "\ud800", "é" * 50, "' OR 1=1 --"])
def test_any_other_text_is_just_unknown(ticket: str) -> None:
    assert refused(ticket) == "ticket.unknown"


@pytest.mark.django_db
def test_an_expired_ticket_is_unknown_and_purged(settings: Any) -> None:
    settings.TICKET_S = 0
    ticket, _ = tickets.issue(person_id=uuid.uuid4(), session_key="k")
    settings.TICKET_S = 30
    tickets.issue(person_id=uuid.uuid4(), session_key="k")
    assert refused(ticket) == "ticket.unknown"
    assert tickets.purge() == 1
    assert Ticket.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_redeem_at_once_one_succeeds() -> None:
    ticket, _ = tickets.issue(person_id=uuid.uuid4(), session_key="k")
    start, outcomes = threading.Barrier(8), []

    def redeem() -> None:
        try:
            start.wait()
            tickets.redeem(ticket)
            outcomes.append("ok")
        except Refusal as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=redeem) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["ok"] + ["ticket.unknown"] * 7
