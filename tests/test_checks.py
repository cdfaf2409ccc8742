"""A configuration that would break a promise is refused at the start."""

from __future__ import annotations

from typing import Any

import pytest

from consult import checks
from consult.cursors import seal, unseal
from consult.errors import Refusal


@pytest.mark.parametrize(
    ("name", "value", "check", "id"),
    [
        ("SESSION_ENGINE", "django.contrib.sessions.backends.signed_cookies", checks.accounts, "consult.E001"),
        ("ACCOUNT_LOGIN_METHODS", {"username"}, checks.accounts, "consult.E002"),
        ("HEADLESS_CLIENTS", ("browser",), checks.accounts, "consult.E003"),
        ("CHANNEL_LAYERS", {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}, checks.services, "consult.E012"),
        ("ACCESS_POLL_S", 2.0, checks.services, "consult.W014"),
        ("SECRET_KEY", "a" * 60, checks.secrets, "consult.E020"),
        ("ALLOWED_HOSTS", ["*"], checks.secrets, "consult.E021"),
        ("ALLOWED_ORIGINS", ["*"], checks.secrets, "consult.E022"),
        ("SESSION_COOKIE_SECURE", False, checks.secrets, "consult.E023"),
        ("VAPID_SUBJECT", "operator", checks.push, "consult.E024"),
        ("VAPID_SUBJECT", "mailto:operator", checks.push, "consult.E030"),
        ("VAPID_PRIVATE_KEY", "short", checks.push, "consult.E030"),
        ("VAPID_PRIVATE_KEY", "é" * 43, checks.push, "consult.E030"),
        ("PUSH_HOSTS", ["*"], checks.push, "consult.E031"),
        ("PUSH_HOSTS", ["*."], checks.push, "consult.E031"),
        ("PUSH_HOSTS", ["push.example.org:8443"], checks.push, "consult.E031"),
        ("PUSH_HOSTS", ["localhost"], checks.push, "consult.E031"),
        ("SECRETS_KEYS", [], checks.push, "consult.E025"),
        ("SECRETS_KEYS", ["short"], checks.push, "consult.E025"),
        ("FCM_ACCOUNT", "{}", checks.push, "consult.E026"),
        ("APNS_KEY", "/nowhere", checks.push, "consult.E027"),
        ("APNS_KEY", "/nowhere", checks.push, "consult.E028"),
        ("FCM_URL", "http://fcm.example", checks.push, "consult.E029"),
        ("PSC_CLIENT_ID", "consult", checks.pro_sante_connect, "consult.E050"),
        ("PSC_CLIENT_SECRET", "secret", checks.pro_sante_connect, "consult.E050"),
        ("PSC_APP_CALLBACK", "https://consult.example/app/sign-in", checks.pro_sante_connect, "consult.E051"),
        ("PSC_DISCOVERY", "http://auth.example/configuration", checks.pro_sante_connect, "consult.E052"),
        ("PSC_AUTHORIZATION", "http://wallet.example/auth", checks.pro_sante_connect, "consult.E052"),
        ("PSC_ISSUER", "", checks.pro_sante_connect, "consult.E053"),
    ],
)
def test_each_is_told(settings: Any, name: str, value: Any, check: Any, id: str) -> None:
    settings.LOCAL = False
    settings.SECRET_KEY = "k3Jf9-sLq0_Zx7vBn2Mw5Rt8Yp1Uc4Ad6Ge" * 2
    settings.ALLOWED_HOSTS = ["consult.example"]
    settings.SECRETS_KEYS = ["k3Jf9-sLq0_Zx7vBn2Mw5Rt8Yp1Uc4Ad6Ge"]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    assert not [message for message in check(None) if message.id == id]
    setattr(settings, name, value)
    assert [message.id for message in check(None) if message.id == id] == [id]


def test_a_cursor_belongs_to_its_list() -> None:
    cursor = seal("people", ["a", 1])
    assert unseal("people", cursor) == ["a", 1]
    assert unseal("people", "") is None
    for wrong in (cursor[:-1], cursor + "x", seal("tags", ["a", 1])):
        with pytest.raises(Refusal, match=r"cursor\.invalid"):
            unseal("people", wrong)
