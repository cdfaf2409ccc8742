"""The courier of iOS apps, against a real HTTP/2 server that checks what Apple checks."""

from __future__ import annotations

import asyncio
import json
import ssl
import uuid
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from consult.push.couriers import Fate, Outcome, Wake, apns, sending
from tests.push.apns_service import ApnsService, reason
from tests.push.carrying import carry
from tests.push.serving import CUT, HANG, Answer

WAKE = Wake(uuid.uuid4(), 121, "mention", 3, False, 3600)


@pytest.fixture
def apple(settings: Any) -> Iterator[ApnsService]:
    with ApnsService() as service:
        for name, value in service.env.items():
            setattr(settings, name, value)
        yield service


def courier_of(apple: ApnsService) -> apns.ApnsCourier:
    return apns.ApnsCourier(ssl.create_default_context(cafile=str(apple.certificate)))


def carried(apple: ApnsService, *sends: tuple[str, Wake], together: bool = False) -> list[Outcome]:
    return carry(lambda: courier_of(apple), *sends, together=together)


def test_an_alert_of_a_key_and_ids_with_no_word(apple: ApnsService) -> None:
    app = apple.install()
    calm = WAKE._replace(reason="reply")
    assert carried(apple, (app, WAKE), (app, calm)) == [Outcome(Fate.TAKEN, "200")] * 2
    first, second = apple.received
    assert first.payload == {
        "aps": {"alert": {"loc-key": "push.mention"}, "badge": 3, "sound": "default", "thread-id": str(WAKE.room), "mutable-content": 1},
        "v": 1,
        "room": str(WAKE.room),
        "seq": 121,
        "reason": "mention",
        "badge": 3,
    }
    headers = first.headers
    assert (headers["apns-topic"], headers["apns-push-type"], headers["apns-priority"], headers["apns-collapse-id"]) == (apple.topic, "alert", "10", WAKE.room.hex)
    assert abs(int(headers["apns-expiration"]) - time() - 3600) < 10
    assert second.headers["apns-priority"] == "5" and second.payload["aps"]["alert"] == {"loc-key": "push.reply"}
    assert apple.connections == 1 and len(apple.tokens) == 1, "one connection, one provider token"
    assert not apple.complaints


@pytest.mark.parametrize(
    ("answer", "fate", "wait_s"),
    [
        (reason(410, "Unregistered", timestamp=1), Fate.GONE, 0),
        (reason(410, "ExpiredToken"), Fate.GONE, 0),
        (reason(400, "BadDeviceToken"), Fate.GONE, 0),
        (reason(400, "DeviceTokenNotForTopic"), Fate.GONE, 0),
        (reason(400, "BadTopic"), Fate.REJECTED, 0),
        (reason(413, "PayloadTooLarge"), Fate.REJECTED, 0),
        (reason(404, "BadPath"), Fate.REJECTED, 0),
        (reason(405, "MethodNotAllowed"), Fate.REJECTED, 0),
        (reason(403, "Forbidden"), Fate.FORBIDDEN, 0),
        (reason(403, "InvalidProviderToken"), Fate.LATER, 60),
        (reason(429, "TooManyProviderTokenUpdates"), Fate.LATER, 60),
        (Answer(429, {"reason": "TooManyRequests"}, {"retry-after": "5"}), Fate.LATER, 5),
        (reason(500, "InternalServerError"), Fate.LATER, 0),
        (reason(503, "Shutdown"), Fate.LATER, 0),
        (Answer(500), Fate.LATER, 0),
        (Answer(400, [1]), Fate.REJECTED, 0),
        (CUT, Fate.LATER, 0),
        (HANG, Fate.LATER, 0),
    ],
)
def test_what_each_answer_means(apple: ApnsService, monkeypatch: pytest.MonkeyPatch, answer: Answer, fate: Fate, wait_s: float) -> None:
    monkeypatch.setattr(sending, "SECONDS", 0.5)
    apple.plan(answer)
    app = apple.install()
    first, second = carried(apple, (app, WAKE), (app, WAKE))
    assert (first.fate, first.wait_s) == (fate, wait_s) and second.fate is Fate.TAKEN, "one answer spoils nothing that follows"
    assert app not in first.why


def test_an_app_that_was_never_there_is_gone(apple: ApnsService) -> None:
    assert carried(apple, ("ab" * 32, WAKE))[0].fate is Fate.GONE


def test_a_hundred_at_once_share_one_connection(apple: ApnsService) -> None:
    assert {o.fate for o in carried(apple, *[(apple.install(), WAKE) for _ in range(100)], together=True)} == {Fate.TAKEN}
    assert len(apple.received) == 100 and apple.connections == 1 and len(apple.tokens) == 1


def test_a_provider_token_that_is_called_expired_is_replaced_once_in_twenty_minutes(apple: ApnsService, monkeypatch: pytest.MonkeyPatch) -> None:
    app = apple.install()

    async def go() -> None:
        courier = courier_of(apple)
        assert (await courier.carry({"token": app}, WAKE)).fate is Fate.TAKEN
        apple.stale.update(apple.tokens)
        assert (await courier.carry({"token": app}, WAKE)).fate is Fate.TAKEN
        apple.stale.update(apple.tokens)
        assert await courier.carry({"token": app}, WAKE) == Outcome(Fate.LATER, "403 ExpiredProviderToken", 60)
        assert len(apple.tokens) == 2
        courier.forced -= apns.LEAST_S
        assert (await courier.carry({"token": app}, WAKE)).fate is Fate.TAKEN
        await courier.close()

    asyncio.run(go())
    assert len(apple.tokens) == 3


def test_a_provider_token_lives_forty_minutes(apple: ApnsService) -> None:
    async def go() -> None:
        courier = courier_of(apple)
        first = courier._provider()
        courier.made -= 20 * 60
        assert courier._provider() == first
        courier.made -= 20 * 60
        assert courier._provider() != first
        await courier.close()

    asyncio.run(go())


def test_a_sandbox_app_is_sent_to_the_sandbox(apple: ApnsService, settings: Any) -> None:
    settings.APNS_URL = "https://127.0.0.1:1"

    async def go() -> tuple[Outcome, Outcome]:
        courier, app = courier_of(apple), apple.install()
        both = await courier.carry({"token": app}, WAKE), await courier.carry({"token": app, "sandbox": "1"}, WAKE)
        await courier.close()
        return both

    live, sandbox = asyncio.run(go())
    assert live.fate is Fate.LATER and sandbox.fate is Fate.TAKEN


def test_a_server_that_nobody_vouches_for_gets_nothing(apple: ApnsService) -> None:
    async def go() -> Outcome:
        courier = apns.ApnsCourier()
        try:
            return await courier.carry({"token": apple.install()}, WAKE)
        finally:
            await courier.close()

    assert asyncio.run(go()) == Outcome(Fate.LATER, "ConnectError") and not apple.requests


def test_the_key_is_read_from_text_or_file_and_nothing_of_it_is_told(apple: ApnsService, tmp_path: Path) -> None:
    file = tmp_path / "key.p8"
    file.write_text(apple.pem)
    one_line = apple.pem.replace("\n", "\\n")
    assert len({apns.key(text).private_numbers() for text in (str(file), apple.pem, one_line)}) == 1
    other = ec.generate_private_key(ec.SECP384R1()).private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    for wrong in ("/nowhere", "-----BEGIN PRIVATE KEY-----\nsecret", json.dumps({}), other):
        with pytest.raises(ValueError) as error:
            apns.key(wrong)
        assert "secret" not in str(error.value) and other not in str(error.value)
