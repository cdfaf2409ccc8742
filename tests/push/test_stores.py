"""The couriers of apps, against servers that speak FCM's and APNs' dialects and check who sends."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from consult.push.couriers import Courier, Fate, Outcome, Wake
from consult.push.couriers.apns import ApnsCourier
from consult.push.couriers.fcm import FcmCourier
from tests.push.stores import Apns, Fcm, apns, fcm, pem

WAKE = Wake(uuid.uuid4(), 121, "mention", 3, False, 3600)
ANDROID, IPHONE = {"token": "a" * 140}, {"token": "ab" * 32}


def carried(make: Callable[[], Courier], address: dict[str, str], times: int = 1, between: Callable[[Any], None] = lambda courier: None) -> list[Outcome]:
    async def go() -> list[Outcome]:
        courier, found = make(), []
        try:
            for _ in range(times):
                found.append(await courier.carry(address, WAKE))
                between(courier)
        finally:
            await courier.close()
        return found

    return asyncio.run(go())


@pytest.fixture
def android(settings: Any) -> Iterator[Fcm]:
    with fcm() as made:
        settings.FCM_ACCOUNT, settings.FCM_URL = made.account(), made.base
        yield made


@pytest.fixture
def apple(settings: Any, tmp_path: Path) -> Iterator[Apns]:
    with apns(tmp_path) as made:
        settings.APNS_KEY, settings.APNS_KEY_ID, settings.APNS_TEAM, settings.APNS_TOPIC = pem(made.key), "KEYID12345", "TEAMID1234", "org.example.consult"
        settings.APNS_URL, settings.APNS_SANDBOX_URL = made.base, "https://localhost:1"
        yield made


def test_fcm_gets_ids_alone_by_one_token_for_many(android: Fcm) -> None:
    assert [o.fate for o in carried(FcmCourier, ANDROID, 3)] == [Fate.TAKEN] * 3 and android.issued == 1
    assert android.got[0] == {
        "token": ANDROID["token"],
        "data": {"v": "1", "room": str(WAKE.room), "seq": "121", "reason": "mention", "badge": "3"},
        "android": {"collapse_key": WAKE.room.hex, "priority": "HIGH", "ttl": "3600s"},
    }


def test_fcm_takes_a_new_token_when_the_old_one_was_withdrawn(android: Fcm) -> None:
    assert [o.fate for o in carried(FcmCourier, ANDROID, 2, between=lambda _: android.tokens.clear())] == [Fate.TAKEN, Fate.TAKEN] and android.issued == 2


@pytest.mark.parametrize(
    ("status", "code", "fate"),
    [
        (404, "UNREGISTERED", Fate.GONE),
        (400, "INVALID_ARGUMENT", Fate.REJECTED),
        (403, "SENDER_ID_MISMATCH", Fate.FORBIDDEN),
        (429, "QUOTA_EXCEEDED", Fate.LATER),
        (500, "INTERNAL", Fate.LATER),
        (503, "UNAVAILABLE", Fate.LATER),
        (404, "", Fate.GONE),
    ],
)
def test_what_fcm_says(android: Fcm, status: int, code: str, fate: Fate) -> None:
    android.answers = [(status, {"error": {"code": status, "details": [{"@type": "x"}, {"errorCode": code}] if code else []}}, {"Retry-After": "9"})]
    [outcome] = carried(FcmCourier, ANDROID)
    assert outcome.fate is fate and (outcome.wait_s == 9 if fate is Fate.LATER else True)
    assert ANDROID["token"] not in outcome.why


def test_fcm_that_is_away_or_garbles_is_tried_later(android: Fcm, settings: Any) -> None:
    android.answers = [(502, ["<html>"], {})]
    assert carried(FcmCourier, ANDROID)[0].fate is Fate.LATER
    settings.FCM_URL = "http://127.0.0.1:1"
    assert carried(FcmCourier, ANDROID)[0].fate is Fate.LATER


def test_apns_gets_a_key_of_words_and_ids(apple: Apns) -> None:
    assert [o.fate for o in carried(lambda: ApnsCourier(apple.trust), IPHONE, 2)] == [Fate.TAKEN, Fate.TAKEN]
    headers, body = apple.got[0]
    assert headers[":path"] == f"/3/device/{IPHONE['token']}" and headers["apns-topic"] == "org.example.consult" and headers["apns-push-type"] == "alert"
    assert headers["apns-collapse-id"] == WAKE.room.hex and headers["apns-priority"] == "10" and int(headers["apns-expiration"]) > 0
    assert body["aps"] == {"alert": {"loc-key": "push.mention"}, "badge": 3, "thread-id": str(WAKE.room), "mutable-content": 1}
    assert (body["v"], body["room"], body["seq"], body["reason"]) == (1, str(WAKE.room), 121, "mention")
    assert apple.got[0][0]["authorization"] == apple.got[1][0]["authorization"], "one provider token for many"


@pytest.mark.parametrize(
    ("status", "reason", "fate"),
    [
        (410, "Unregistered", Fate.GONE),
        (400, "BadDeviceToken", Fate.GONE),
        (400, "DeviceTokenNotForTopic", Fate.GONE),
        (413, "PayloadTooLarge", Fate.REJECTED),
        (429, "TooManyRequests", Fate.LATER),
        (500, "InternalServerError", Fate.LATER),
        (503, "Shutdown", Fate.LATER),
        (403, "InvalidProviderToken", Fate.LATER),
        (403, "Forbidden", Fate.FORBIDDEN),
        (400, "BadTopic", Fate.REJECTED),
    ],
)
def test_what_apns_says(apple: Apns, status: int, reason: str, fate: Fate) -> None:
    apple.answers = [(status, reason)]
    [outcome] = carried(lambda: ApnsCourier(apple.trust), IPHONE)
    assert outcome.fate is fate and IPHONE["token"] not in outcome.why


def test_apns_signs_anew_once_when_the_token_is_too_old(apple: Apns) -> None:
    apple.answers = [(403, "ExpiredProviderToken")]
    assert carried(lambda: ApnsCourier(apple.trust), IPHONE)[0].fate is Fate.TAKEN
    apple.answers = [(403, "ExpiredProviderToken"), (403, "ExpiredProviderToken")]
    assert carried(lambda: ApnsCourier(apple.trust), IPHONE)[0].fate is Fate.LATER


def test_a_development_build_is_woken_by_the_sandbox_and_an_unknown_certificate_is_not_trusted(apple: Apns) -> None:
    assert carried(lambda: ApnsCourier(apple.trust), {**IPHONE, "sandbox": "1"})[0].fate is Fate.LATER and apple.got == []
    assert carried(ApnsCourier, IPHONE)[0].fate is Fate.LATER and apple.got == []
