"""Which couriers there are here: those whose keys the settings name."""

from __future__ import annotations

from django.conf import settings

from consult.push.couriers import Courier
from consult.push.couriers.apns import ApnsCourier
from consult.push.couriers.fcm import FcmCourier
from consult.push.couriers.web import WebCourier


def named() -> dict[str, bool]:
    return {"web": bool(settings.VAPID_PRIVATE_KEY), "fcm": bool(settings.FCM_ACCOUNT), "apns": bool(settings.APNS_KEY)}


def made() -> dict[str, Courier]:
    """To be made on the loop that uses them."""
    kinds: dict[str, type[WebCourier | FcmCourier | ApnsCourier]] = {"web": WebCourier, "fcm": FcmCourier, "apns": ApnsCourier}
    return {name: kinds[name]() for name, here in named().items() if here}
