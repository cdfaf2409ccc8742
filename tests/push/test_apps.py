"""From an app's registration to its push service and back: the whole way, through the API and the worker's delivery."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from consult.push import actions
from consult.push.delivery import Delivery, settle
from consult.push.models import Device, Notice
from consult.rooms import waking
from tests import people
from tests.push.apns_service import ApnsService
from tests.push.fcm_service import FcmService
from tests.rooms.helpers import Phone

pytestmark = pytest.mark.django_db(transaction=True)


def deliver() -> None:
    delivery = Delivery(dict.fromkeys(("web", "fcm", "apns")), still_due=waking.still_due, badges=waking.badges)  # type: ignore[arg-type]
    todo = delivery.take()

    async def carry() -> None:
        delivery.couriers = couriers = actions.configured()
        await asyncio.gather(*[delivery._carry(one) for one in todo.wakes])
        for courier in couriers.values():
            await courier.close()

    asyncio.run(carry())
    settle(delivery.finished)


def test_apps_are_woken_and_forgotten_when_they_are_gone(settings: Any) -> None:
    nadia = Phone(people.nadia())
    with FcmService() as google, ApnsService(tls=False) as apple:  # HTTP/2 in clear: what a worker on one machine can be given
        for name, value in {**google.env, **apple.env}.items():
            setattr(settings, name, value)
        android, iphone = google.install(), apple.install()
        devices = [
            nadia.post("/devices", {"id": str(uuid.uuid4()), "courier": courier, "address": {"token": token}}).json()["device"]
            for courier, token in (("fcm", android), ("apns", iphone))
        ]
        for device in devices:
            assert nadia.post(f"/devices/{device}/test", {}).status_code == 200
        deliver()
        assert [p.payload["data"]["reason"] for p in google.received] == ["test"] and [p.payload["reason"] for p in apple.received] == ["test"]
        assert not Notice.objects.exists() and Device.objects.count() == 2
        google.devices.clear()
        apple.devices.clear()
        for device in devices:
            nadia.post(f"/devices/{device}/test", {})
        deliver()
        assert not Device.objects.exists() and not Notice.objects.exists()
        assert not google.complaints and not apple.complaints
