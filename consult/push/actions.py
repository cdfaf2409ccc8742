"""A person's devices: registering one, listing, forgetting. An address has one owner: whoever registered it last (docs/push.md says what proves it)."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from py_vapid import Vapid02

from consult.errors import Refusal
from consult.push import addresses, sealed
from consult.push.couriers import Courier
from consult.push.couriers import all as every
from consult.push.models import Device, Notice
from consult.standing import sessions
from consult.standing.models import Standing

NAMED = 60  # characters of a label


def configured() -> dict[str, Courier]:
    """The couriers that the settings name keys for; to be made on the loop that uses them."""
    return every.made()


def couriers() -> dict[str, Any]:
    """Which push services this Consult can call, and the key that a browser must subscribe with."""
    here = every.named()
    return {**here, "web": {"key": web_key()} if here["web"] else None}


def web_key() -> str:
    """The public half of the VAPID key, an uncompressed point in base64url."""
    point = Vapid02.from_string(settings.VAPID_PRIVATE_KEY).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")


def register(*, person_id: uuid.UUID, session_key: str, courier: str, address: Mapping[str, object], label: str, locale: str) -> uuid.UUID:
    """Keeps where this person's browser or app is woken, in the caller's transaction, and returns the device.

    Registering an address again refreshes it; one that was somebody else's moves here, for one browser has one user at a time.
    Over DEVICES the one seen longest ago goes. Raises Refusal device.*, account.suspended.
    """
    if not couriers().get(courier):
        raise Refusal("device.courier")
    if Standing.objects.filter(person_id=person_id, suspended_until__gt=timezone.now()).exists():
        raise Refusal("account.suspended")
    kept, expires_at = addresses.checked(courier, address), addresses.expiry(address)
    digest = addresses.digest(courier, kept)
    with transaction.atomic():
        with connection.cursor() as cursor:  # registrations of one person, or of one address, stand in line
            cursor.execute("SELECT pg_advisory_xact_lock(k) FROM unnest(%s::bigint[]) AS t(k)", ([*sorted({_lock(person_id.bytes), _lock(digest)})],))
        known = Device.objects.filter(address_digest=digest).first()
        if known is not None and known.person_id != person_id:
            if not _same_browser(known, kept) and not ended([known]):
                raise Refusal("device.keys")
            known.delete()
            known = None
        device = known or Device(person_id=person_id, courier=courier, address_digest=digest)
        device.session, device.locale, device.label = sessions.digest(session_key), locale, "".join(c for c in label if c.isprintable())[:NAMED]
        device.address, device.refused = sealed.seal({**kept, "session": session_key}), 0
        device.expires_at = expires_at
        device.save()
        surplus = Device.objects.filter(person_id=person_id).exclude(pk=device.pk).order_by("-seen_at").values_list("pk", flat=True)[settings.DEVICES - 1 :]
        Device.objects.filter(pk__in=list(surplus)).delete()
    return device.pk


def _same_browser(device: Device, address: Mapping[str, str]) -> bool:
    """Who takes an address over has the browser, and so its keys; who only came to know the endpoint would silence somebody. A token has no keys."""
    held = sealed.unseal(bytes(device.address))
    return held is None or all(held.get(name) == address.get(name) for name in ("p256dh", "auth"))


def _lock(of: bytes) -> int:
    return int.from_bytes(of[:8], "big", signed=True)


def mine(*, person_id: uuid.UUID, session_key: str) -> list[dict[str, Any]]:
    """The devices of a person, the latest seen first."""
    here, devices = sessions.digest(session_key), list(Device.objects.filter(person_id=person_id).order_by("-seen_at"))
    gone = ended(devices)
    return [
        {"device": str(d.pk), "courier": d.courier, "label": d.label, "created_at": d.created_at, "seen_at": d.seen_at, "this": d.session == here}
        for d in devices
        if d.pk not in gone
    ]


def ended(devices: Iterable[Device]) -> set[uuid.UUID]:
    """Those whose session is over, however it ended (signed out, expired, another password, a closed account), in two queries."""
    held = {d.pk: sealed.unseal(bytes(d.address)) for d in devices}
    verdicts = sessions.still_valid(a["session"] for a in held.values() if a)
    return {pk for pk, a in held.items() if a is None or verdicts[a["session"]] == "ended"}


def purge() -> int:
    """Forgets devices whose subscription ended, or whose session is over by what access_change says of the last day; how many.

    Delivery asks for sessions itself and does not wait for this; of a subscription that ended the push service answers 410.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT session, person_id FROM standing_accesschange WHERE kind IN ('session', 'account')")
        rows = cursor.fetchall()
    gone = set(Device.objects.filter(session__in={session for session, _ in rows if session}).values_list("pk", flat=True))
    gone |= ended(Device.objects.filter(person_id__in={person for session, person in rows if person and not session}))
    gone |= set(Device.objects.filter(expires_at__lte=timezone.now()).values_list("pk", flat=True))
    return Device.objects.filter(pk__in=gone).delete()[1].get("push.Device", 0) if gone else 0


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
