"""The digest: for who has no device, once a period, counts and links alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from consult.clinicians.models import Person
from consult.push.models import Wishes
from consult.rooms import digest
from consult.rooms.actions import membership, reading
from tests import people
from tests.push.services import Service
from tests.push.test_notices import conversation, device, mentions
from tests.rooms.helpers import at_once, group, joined, post

pytestmark = pytest.mark.django_db(transaction=True)


def long_here() -> None:
    Person.objects.update(joined_at=timezone.now() - timedelta(days=2))


def test_counts_and_links_in_ones_language_and_never_a_word(mailoutbox: Any) -> None:
    nadia, idris = people.nadia(), people.idris()
    room, talk = joined(group("DER", "PLANTED-TITLE"), nadia, idris), conversation(nadia, idris)
    post(room, nadia, "@Idris", mentions=mentions("@Idris", idris))
    post(talk, nadia, "PLANTED-WORDS")
    assert digest.send() == 0, "who joined today is not told today"
    long_here()
    Person.objects.filter(pk=idris.pk).update(locale="en")
    assert digest.send() == 1
    [mail] = mailoutbox
    assert mail.to == ["idris@example.org"] and mail.subject == "Consult: 2 room(s) to read" and "mentioned in 1" in mail.body and "http" in mail.body
    assert "PLANTED" not in mail.subject + mail.body and "Nadia" not in mail.body
    assert digest.send() == 0, "once a period"


def test_the_same_unread_is_told_once_and_what_is_read_never(mailoutbox: Any) -> None:
    nadia, idris, camille = people.nadia(), people.idris(), people.camille()
    talk = conversation(nadia, idris)
    seq = post(talk, nadia, "Un")["seq"]
    long_here()
    assert digest.send() == 1
    Wishes.objects.update(digested_at=timezone.now() - timedelta(days=2))
    with_news = conversation(nadia, camille)
    post(with_news, nadia, "Deux")
    reading.mark(reading.Mark(talk, idris.pk, seq))
    assert digest.send() == 1 and [m.to[0] for m in mailoutbox] == ["idris@example.org", "camille@example.org"]


def test_who_has_a_device_wants_none_or_muted_the_room_gets_none(service: Service, mailoutbox: Any) -> None:
    nadia, idris, camille, helene, yann = people.nadia(), people.idris(), people.camille(), people.helene(), people.tessard()
    room = conversation(nadia, idris, camille, helene, yann)
    post(room, nadia, "Un")
    long_here()
    device(service, idris)
    Wishes.objects.create(person=camille, digest="off")
    membership.set_notices(person_id=helene.pk, room_id=room, level="none")
    assert digest.send() == 1 and [m.to[0] for m in mailoutbox] == ["aline@example.org"]


def test_hourly_is_each_hour_and_many_workers_send_one(mailoutbox: Any) -> None:
    nadia, idris = people.nadia(), people.idris()
    room = conversation(nadia, idris)
    Wishes.objects.create(person=idris, digest="hourly", digested_at=timezone.now() - timedelta(minutes=59))
    post(room, nadia, "Un")
    long_here()
    assert digest.send() == 0
    Wishes.objects.update(digested_at=timezone.now() - timedelta(minutes=61))
    at_once(*[digest.send for _ in range(4)])
    assert len(mailoutbox) == 1
