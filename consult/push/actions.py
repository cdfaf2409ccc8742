"""A person's devices: registering one, listing, forgetting. An address has one owner: whoever registered it last."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from py_vapid import Vapid02

from consult.errors import Refusal
from consult.push import addresses, sealed
from consult.push.couriers import Courier
from consult.push.couriers.apns import ApnsCourier
from consult.push.couriers.fcm import FcmCourier
from consult.push.couriers.web import WebCourier
from consult.push.models import Device, Notice
from consult.standing import sessions

NAMED = 60  # characters of a label


def configured() -> dict[str, Courier]:
    """The couriers that the settings name keys for; to be made on the loop that uses them."""
    made: dict[str, Courier] = {}
    if settings.VAPID_PRIVATE_KEY:
        made["web"] = WebCourier()
    if settings.FCM_ACCOUNT:
        made["fcm"] = FcmCourier()
    if settings.APNS_KEY:
        made["apns"] = ApnsCourier()
    return made


def couriers() -> dict[str, Any]:
    """Which push services this Consult can call, and the key that a browser must subscribe with."""
    return {"web": {"key": web_key()} if settings.VAPID_PRIVATE_KEY else None, "fcm": bool(settings.FCM_ACCOUNT), "apns": bool(settings.APNS_KEY)}


def web_key() -> str:
    """The public half of the VAPID key, an uncompressed point in base64url."""
    point = Vapid02.from_string(settings.VAPID_PRIVATE_KEY).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")


def register(*, person_id: uuid.UUID, session_key: str, courier: str, address: Mapping[str, object], label: str, locale: str) -> uuid.UUID:
    """Keeps where this person's browser or app is woken, in the caller's transaction, and returns the device.

    Registering an address again refreshes it; one that was somebody else's moves here, for one browser has one user at a time.
    Over DEVICES the one seen longest ago goes. Raises Refusal device.*.
    """
    if not couriers().get(courier):
        raise Refusal("device.courier")
    kept = addresses.checked(courier, address)
    digest = addresses.digest(courier, kept)
    with transaction.atomic():
        with connection.cursor() as cursor:  # registrations of one person, or of one address, stand in line
            cursor.execute("SELECT pg_advisory_xact_lock(k) FROM unnest(%s::bigint[]) AS t(k)", ([*sorted({_lock(person_id.bytes), _lock(digest)})],))
        known = Device.objects.filter(address_digest=digest).first()
        if known is not None and known.person_id != person_id:
            known.delete()
            known = None
        device = known or Device(person_id=person_id, courier=courier, address_digest=digest)
        device.session, device.locale, device.label = sessions.digest(session_key), locale, "".join(c for c in label if c.isprintable())[:NAMED]
        device.address, device.refused = sealed.seal({**kept, "session": session_key}), 0
        device.save()
        surplus = Device.objects.filter(person_id=person_id).exclude(pk=device.pk).order_by("-seen_at").values_list("pk", flat=True)[settings.DEVICES - 1 :]
        Device.objects.filter(pk__in=list(surplus)).delete()
    return device.pk


def _lock(of: bytes) -> int:
    return int.from_bytes(of[:8], "big", signed=True)


def mine(*, person_id: uuid.UUID, session_key: str) -> list[dict[str, Any]]:
    """The devices of a person, the latest seen first."""
    here = sessions.digest(session_key)
    return [
        {"device": str(d.pk), "courier": d.courier, "label": d.label, "created_at": d.created_at, "seen_at": d.seen_at, "this": d.session == here}
        for d in Device.objects.filter(person_id=person_id).order_by("-seen_at")
    ]


def forget(*, person_id: uuid.UUID, device_id: uuid.UUID) -> None:
    """Wakes a device no more. One that is gone, or somebody else's, answers alike: nothing is left to do."""
    Device.objects.filter(pk=device_id, person_id=person_id).delete()


def test(*, person_id: uuid.UUID, device_id: uuid.UUID, room: uuid.UUID, seq: int) -> None:
    """A wake-up to see whether they arrive. Raises Refusal device.not_found."""
    device = Device.objects.filter(pk=device_id, person_id=person_id).first()
    if device is None:
        raise Refusal("device.not_found")
    now = timezone.now()
    Notice.objects.update_or_create(device=device, room_id=room, seq=seq, defaults={"person_id": person_id, "reason": "test", "at": now, "due_at": now, "tries": 0, "urgent": True})
