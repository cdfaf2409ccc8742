"""The digest by e-mail: who gets one, once a period, with counts and links and not a word of anything else."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.utils import timezone

from consult.clinicians.models import Person
from consult.push import actions, wishes
from consult.push.models import Wishes
from consult.rooms import digest
from consult.rooms.actions import membership, reading
from consult.rooms.commands.messages import MentionAt
from tests import people
from tests.cases import helpers as cases
from tests.push.services import Service
from tests.push.test_notices import conversation
from tests.rooms.helpers import at_once, group, joined, post

pytestmark = pytest.mark.django_db(transaction=True)
TOMORROW = timedelta(days=1)
PLANTED = "Zoster ophtalmique"


def run(now: datetime) -> list[str]:
    """Who was written to."""
    mail.outbox = []
    while digest.run_once(now):
        pass
    return sorted(to for m in mail.outbox for to in m.to)


def test_it_counts_and_links_and_says_not_a_word(settings: Any) -> None:
    settings.PUBLIC_URL = "https://consult.example/"
    nadia, idris, camille = people.nadia(), people.idris(), people.camille()
    Person.objects.filter(pk=camille.pk).update(locale="en")
    room, talk = joined(group(), nadia, idris), conversation(nadia, camille)
    post(room, nadia, PLANTED, mentions=[MentionAt(person=str(idris.pk), start=0, length=6)])
    case = cases.ask(camille, title=PLANTED, question=PLANTED)["room"]
    post(case, nadia, PLANTED)
    post(talk, nadia, PLANTED)
    assert run(timezone.now() + TOMORROW) == [camille.email, idris.email]
    told = {m.to[0]: m for m in mail.outbox}
    french, english = str(told[idris.email].body), str(told[camille.email].body)
    assert "- 1 mention de votre nom\n- 1 groupe avec du nouveau" in french and "https://consult.example/\n" in french
    assert "- 1 conversation with news\n- 1 case you follow with news" in english and told[camille.email].subject == "Consult: news for you"
    whole = "".join(m.message().as_string() for m in mail.outbox)
    for word in (*PLANTED.split(), "Dermatologie", "Ferrand", "Nadia", str(room), str(case), str(talk)):
        assert word not in whole, word


def test_once_a_period_and_only_of_what_is_new(settings: Any) -> None:
    nadia, idris = people.nadia(), people.idris()
    room = joined(group(), nadia, idris)
    post(room, nadia, "Avis ?")
    now = digest.period_end("daily", "Europe/Paris", timezone.now() + TOMORROW) + timedelta(minutes=1)
    assert run(now) == [idris.email]
    assert run(now) == run(now + timedelta(hours=22)) == []
    assert run(now + 2 * TOMORROW) == []  # the same message is told of once
    Wishes.objects.update(digested_at=timezone.now() - TOMORROW)
    post(room, nadia, "Encore")
    assert run(now + 4 * TOMORROW) == [idris.email]


def test_two_workers_write_once() -> None:
    nadia, idris = people.nadia(), people.idris()
    post(joined(group(), nadia, idris), nadia, "Avis ?")
    now = timezone.now() + TOMORROW
    mail.outbox = []
    answers = at_once(*[lambda: digest.run_once(now)] * 8)
    assert not [a for a in answers if isinstance(a, Exception)], answers
    assert [m.to for m in mail.outbox] == [[idris.email]]


@pytest.mark.parametrize("why", ["off", "device", "read", "silent", "unverified", "left", "joined today"])
def test_who_gets_none(service: Service, why: str) -> None:
    nadia, idris = people.nadia(), people.idris()
    room = joined(group(), nadia, idris)
    seq = post(room, nadia, "Avis ?")["seq"]
    now = timezone.now() + TOMORROW
    match why:
        case "off":
            wishes.change(person_id=idris.pk, changes={"digest": "off"})
        case "device":
            _device(service, idris)
        case "read":
            reading.mark(reading.Mark(room, idris.pk, seq))
        case "silent":
            membership.set_notices(person_id=idris.pk, room_id=room, level="none")
        case "unverified":
            from consult.standing.models import Standing

            Standing.objects.filter(person_id=idris.pk).update(verification="pending")
        case "left":
            membership.leave(person_id=idris.pk, room_id=room)
        case "joined today":
            now = digest.period_end("daily", "Europe/Paris", timezone.now()) + timedelta(seconds=1)
            Person.objects.update(joined_at=now)
    assert run(now) == []


def _device(service: Service, person: Person) -> uuid.UUID:
    return actions.register(person_id=person.pk, session_key=people.session_of(person), courier="web", address=service.browser("one").address(), label="", locale="fr")


def test_a_device_whose_session_ended_is_none(service: Service) -> None:
    nadia, idris = people.nadia(), people.idris()
    room = joined(group(), nadia, idris)
    _device(service, idris)
    Session.objects.all().delete()
    post(room, nadia, "Avis ?")
    assert run(timezone.now() + TOMORROW) == [idris.email]


def test_a_device_of_a_courier_that_was_switched_off_is_none(service: Service, settings: Any) -> None:
    nadia, idris = people.nadia(), people.idris()
    room = joined(group(), nadia, idris)
    _device(service, idris)
    settings.VAPID_PRIVATE_KEY = ""
    post(room, nadia, "Avis ?")
    assert run(timezone.now() + TOMORROW) == [idris.email]


def test_a_zone_that_this_machine_does_not_know_keeps_no_mail_back() -> None:
    nadia, idris = people.nadia(), people.idris()
    Wishes.objects.create(person=nadia, zone="Mars/Olympus")
    room = joined(group(), nadia, idris)
    post(room, nadia, "Avis ?")
    post(room, idris, "Oui")
    assert run(timezone.now() + TOMORROW) == [idris.email, nadia.email]


def test_hourly_on_the_hour() -> None:
    nadia, idris = people.nadia(), people.idris()
    room = joined(group(), nadia, idris)
    wishes.change(person_id=idris.pk, changes={"digest": "hourly"})
    wishes.change(person_id=nadia.pk, changes={"digest": "off"})
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    Person.objects.update(joined_at=hour)
    post(room, nadia, "Avis ?")
    assert run(hour + timedelta(minutes=59)) == []
    assert run(hour + timedelta(minutes=61)) == [idris.email]
    assert run(hour + timedelta(minutes=119)) == []


@pytest.mark.parametrize(
    ("zone", "now", "end"),
    [
        ("Europe/Paris", "2026-11-25T05:59:00Z", "2026-11-24T06:00:00Z"),
        ("Europe/Paris", "2026-11-25T06:00:00Z", "2026-11-25T06:00:00Z"),
        ("Europe/Paris", "2026-03-29T05:00:00Z", "2026-03-29T05:00:00Z"),  # summer time began that night
        ("Europe/Paris", "2026-03-29T04:59:00Z", "2026-03-28T06:00:00Z"),
        ("Europe/Paris", "2026-10-25T05:59:00Z", "2026-10-24T05:00:00Z"),  # and ended
        ("Europe/Paris", "2026-10-25T06:00:00Z", "2026-10-25T06:00:00Z"),
        ("Pacific/Kiritimati", "2026-11-24T17:30:00Z", "2026-11-24T17:00:00Z"),
    ],
)
def test_a_day_ends_at_seven_where_one_lives(zone: str, now: str, end: str) -> None:
    assert digest.period_end("daily", zone, datetime.fromisoformat(now)).astimezone(UTC) == datetime.fromisoformat(end)
