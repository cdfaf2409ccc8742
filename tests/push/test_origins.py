"""A push service that hangs: its own requests wait, nobody else's; and it rests until one request finds it back."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from django.utils import timezone

from consult.clinicians.models import Person
from consult.push import actions, origins
from consult.push.couriers import Fate, Outcome, sending
from consult.push.delivery import AT_ONCE, Delivery, settle
from consult.push.models import Notice
from consult.push.origins import Origin, Origins
from consult.rooms import waking
from tests import people
from tests.live import wait_for
from tests.push.services import Service, web_push
from tests.push.test_notices import conversation, device, due
from tests.rooms.helpers import post

SILENCE = Outcome(Fate.LATER, "Timeout", silent=True)
TAKEN = Outcome(Fate.TAKEN)


def silent(service: Service, person: Person, count: int) -> None:
    for n in range(count):
        device(service, person, f"hangs{n}")
        service.answers[f"hangs{n}"] = ["silent"]


@pytest.mark.django_db(transaction=True)
def test_more_that_hang_than_may_be_under_way_keep_nobody_waiting(service: Service, settings: Any) -> None:
    settings.DEVICES = 2 * AT_ONCE
    nadia, idris, camille = people.nadia(), people.idris(), people.camille()
    with web_push() as other:
        silent(service, idris, AT_ONCE + 1)
        device(other, camille)
        post(conversation(nadia, idris), nadia, "Un")
        post(conversation(nadia, camille), nadia, "Deux")
        due()

        async def go() -> None:
            delivery = Delivery(actions.configured(), still_due=waking.still_due, badges=waking.badges)
            todo = await asyncio.to_thread(delivery.take)
            assert len(todo.wakes) == AT_ONCE + 2
            tasks = [asyncio.create_task(delivery._carry(one)) for one in sorted(todo.wakes, key=lambda one: one.notice.person_id == camille.pk)]
            heard = await asyncio.to_thread(wait_for, lambda: other.asked == ["Camille"], sending.SECONDS / 2)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert heard, "before any of the others was given up"
            assert len(service.asked) <= origins.AT_ONCE
            await delivery.couriers["web"].close()

        asyncio.run(go())


@pytest.mark.django_db(transaction=True)
def test_what_waits_for_a_service_that_does_not_answer_is_put_off_without_a_call(service: Service, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SECONDS", 1.0)
    settings.DEVICES, count = 200, origins.AT_ONCE + 10
    nadia, idris = people.nadia(), people.idris()
    silent(service, idris, count)
    post(conversation(nadia, idris), nadia, "Un")
    due()

    async def go() -> Delivery:
        delivery = Delivery(actions.configured(), still_due=waking.still_due, badges=waking.badges)
        todo = await asyncio.to_thread(delivery.take)
        await asyncio.gather(*[delivery._carry(one) for one in todo.wakes])
        await delivery.couriers["web"].close()
        return delivery

    delivery = asyncio.run(go())
    assert len(service.asked) <= origins.AT_ONCE + origins.SILENT and {o.fate for _, o in delivery.finished} == {Fate.LATER}
    settle(delivery.finished)
    waits = sorted((at - timezone.now()).total_seconds() for at in Notice.objects.values_list("due_at", flat=True))
    assert len(waits) == count and sum(wait > origins.REST_S - 20 for wait in waits) >= count - origins.AT_ONCE - origins.SILENT


def test_it_rests_after_silence_and_one_request_finds_out_that_it_is_back() -> None:
    origin = Origin()
    for _ in range(origins.SILENT - 1):
        assert origin.rest() is None
        origin.heard(SILENCE)
    origin.heard(Outcome(Fate.LATER, "503"))  # an answer, if none that helps
    for _ in range(origins.SILENT):
        assert origin.rest() is None
        origin.heard(SILENCE)
    resting = origin.rest()
    assert resting and resting.fate is Fate.LATER and 0 < resting.wait_s <= origins.REST_S and not resting.silent
    origin.until = 0.0
    assert origin.rest() is None and origin.rest() is not None, "one asks, the others wait for what it hears"
    origin.heard(SILENCE)
    assert origin.rest() is not None
    origin.until = 0.0
    assert origin.rest() is None
    origin.heard(TAKEN)
    assert origin.rest() is None and origin.rest() is None


def test_they_are_told_apart_by_whom_is_called_and_bounded() -> None:
    known = Origins()
    web = [known.of("web", {"endpoint": f"https://{host}/{uuid.uuid4()}"}) for host in ("push.example.org", "PUSH.example.org", "push.example.net")]
    assert web[0] is web[1] is not web[2] and known.of("fcm", {"token": "a"}) is known.of("fcm", {"token": "b"}) is not known.of("apns", {"token": "a"})
    for n in range(2 * origins.KNOWN):
        known.of("web", {"endpoint": f"https://{n}.push.example.net/x"})
    assert len(known.known) <= origins.KNOWN
