"""The courier of browsers, against a service that checks and decrypts; and which addresses it would ever call."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpcore
import jwt
import pytest

from consult.errors import Refusal
from consult.push import addresses
from consult.push.couriers import Fate, Outcome, Wake, sending, web
from tests.push.services import Service, b64

WAKE = Wake(uuid.uuid4(), 121, "mention", 3, False, 3600)


def carried(address: dict[str, str], *wakes: Wake) -> list[Outcome]:
    async def go() -> list[Outcome]:
        courier = web.WebCourier()
        try:
            return [await courier.carry(address, wake) for wake in wakes]
        finally:
            await courier.close()

    return asyncio.run(go())


def test_only_the_browser_can_read_it_and_it_holds_ids_alone(service: Service) -> None:
    [outcome] = carried(service.browser("nadia").address(), WAKE)
    assert outcome.fate is Fate.TAKEN
    [(_, payload, headers, _)] = service.got
    assert payload == {"v": 1, "room": str(WAKE.room), "seq": 121, "reason": "mention", "badge": 3}
    assert (headers["Topic"], headers["TTL"], headers["Urgency"], headers["Content-Encoding"]) == (WAKE.room.hex, "3600", "high", "aes128gcm")


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        (201, Fate.TAKEN),
        (404, Fate.GONE),
        (410, Fate.GONE),
        (403, Fate.FORBIDDEN),
        (413, Fate.REJECTED),
        (400, Fate.REJECTED),
        (429, Fate.LATER),
        (500, Fate.LATER),
        (503, Fate.LATER),
        ("cut", Fate.LATER),
        ("hang", Fate.LATER),
        (302, Fate.REJECTED),
    ],
)
def test_what_each_answer_means(service: Service, monkeypatch: pytest.MonkeyPatch, answer: Any, fate: Fate) -> None:
    monkeypatch.setattr(sending, "SECONDS", 0.5)
    address = service.browser("nadia").address()
    service.answers["nadia"] = [answer]
    assert [o.fate for o in carried(address, WAKE)] == [fate]


def test_it_waits_as_long_as_the_service_asks_within_reason(service: Service) -> None:
    address = service.browser("nadia").address()
    service.answers["nadia"], service.retry_after = [429], "17"
    assert carried(address, WAKE)[0].wait_s == 17
    assert sending.wait_of("999999") == sending.LONGEST_WAIT_S and sending.wait_of("") == sending.wait_of("soon") == 0
    assert 50 < sending.wait_of(format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)) <= 60
    assert sending.wait_of(format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)) == 0


def test_a_service_that_is_not_allowed_any_more_is_not_called(service: Service, settings: Any) -> None:
    address = service.browser("nadia").address()
    settings.PUSH_HOSTS = ["push.example.org"]
    assert [o.fate for o in carried(address, WAKE)] == [Fate.GONE] and service.asked == []


@pytest.mark.parametrize(
    "inside",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_a_name_that_points_into_our_own_network_is_not_called(settings: Any, monkeypatch: pytest.MonkeyPatch, service: Service, inside: str) -> None:
    """`localhost.push.example.net` may be allowed as a name and still resolve to 127.0.0.1. Names may be poisoned for a while: the device stays."""
    settings.PUSH_HOSTS = ["*.push.example.net"]
    connected = []

    async def resolve(self: Any, host: str, port: int, **more: Any) -> Any:
        return [(2, 1, 6, "", (ip, 443)) for ip in ("93.184.215.14", inside)]

    async def connect(self: Any, host: str, *more: Any) -> Any:
        connected.append(host)

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    assert carried({**service.browser("x").address(), "endpoint": "https://a.push.example.net/x"}, WAKE) == [Outcome(Fate.LATER, "ConnectError")] and not connected


def test_a_name_that_cannot_be_asked_for_raises_nothing(service: Service, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python encodes a name before it resolves it, and fails with no OSError where a label is too long."""
    monkeypatch.setattr(addresses, "endpoint_of", str)
    address = {**service.browser("x").address(), "endpoint": "https://" + "a" * 64 + ".push.example.net/x"}
    assert carried(address, WAKE) == [Outcome(Fate.LATER, "ConnectError")]


def test_what_was_checked_is_what_is_connected_to(settings: Any, monkeypatch: pytest.MonkeyPatch, service: Service) -> None:
    """A name that resolves anew between check and use finds no gap; and the next address is tried where one does not answer."""
    settings.PUSH_HOSTS = ["*.push.example.net"]
    connected = []

    async def resolve(self: Any, host: str, port: int, **more: Any) -> Any:
        return [(2, 1, 6, "", ("93.184.215.14", 443)), (2, 1, 6, "", ("93.184.215.15", 443))]

    async def connect(self: Any, host: str, *more: Any) -> Any:
        connected.append(host)
        raise httpcore.ConnectTimeout

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    assert carried({**service.browser("x").address(), "endpoint": "https://a.push.example.net/x"}, WAKE)[0].fate is Fate.LATER
    assert connected == ["93.184.215.14", "93.184.215.15"]


def test_a_token_names_the_origin_without_the_usual_port(service: Service) -> None:
    courier = web.WebCourier()
    said = {
        jwt.decode(courier._authorization(f"https://{host}/x").split("t=")[1].split(",")[0], options={"verify_signature": False})["aud"]
        for host in ("push.example.org", "push.example.org:443", "PUSH.example.org")
    }
    assert said == {"https://push.example.org"}
    asyncio.run(courier.close())


def test_no_log_line_holds_an_address(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """httpx tells the URL of each request at INFO, where its logger is left alone."""
    caplog.set_level("DEBUG")
    assert carried(service.browser("secretive").address(), WAKE)[0].fate is Fate.TAKEN
    assert "secretive" not in caplog.text


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.org/x",
        "https://push.example.org:8443/x",
        "https://push.example.org.evil.example/x",
        "https://evilpush.example.net/x",
        "https://push.example.net/x",
        "https://user@push.example.org/x",
        "https://push.example.org@evil.example/x",
        "https://push.example.org/x#y",
        "https://127.0.0.2/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest",
        "file:///etc/passwd",
        "ftp://push.example.org/",
        "gopher://127.0.0.1/",
        "//push.example.org/x",
        "https://push.example.org\\@evil.example/",
        "https://push.example.org/" + "x" * 3000,
        "https://push.example.org/\n",
        "https://púsh.example.org/",
        "https://push.example.org:port/",
        "https://push.example.org/x#",
        "https://push.example.org./x",
        "https://.push.example.net/x",
        "https://a..push.example.net/x",
        "https://-a.push.example.net/x",
        "https://a_b.push.example.net/x",
        "https://" + "a" * 64 + ".push.example.net/x",
        "https://" + "a." * 130 + "push.example.net/x",
        "https://a%2Fb.push.example.net/x",
        "",
    ],
)
def test_endpoints_that_are_refused(settings: Any, endpoint: str) -> None:
    settings.PUSH_HOSTS = ["push.example.org", "*.push.example.net", "127.0.0.1"]
    with pytest.raises(Refusal) as refused:
        addresses.endpoint_of(endpoint)
    assert refused.value.code == "device.endpoint"


def test_endpoints_that_are_taken(settings: Any) -> None:
    settings.PUSH_HOSTS = ["push.example.org", "*.push.example.net"]
    for good in ("https://push.example.org/a?b=c", "https://push.example.org:443/a", "https://fr.push.example.net/a"):
        assert addresses.endpoint_of(good) == good
    with pytest.raises(Refusal):  # not named, so not even on a development machine
        addresses.endpoint_of("http://127.0.0.1:9/x")


def test_keys_that_are_refused(service: Service) -> None:
    good = service.browser("nadia").address()
    for wrong in (
        {"auth": b64(b"x" * 15)},
        {"auth": b64(b"x" * 17)},
        {"auth": "é"},
        {"p256dh": b64(b"\x04" + b"\x01" * 64)},
        {"p256dh": b64(b"\x02" + b"\x01" * 32)},
        {"p256dh": "A" * 100_000},
        {"p256dh": "!" * 87},
    ):
        with pytest.raises(Refusal) as refused:
            addresses.checked("web", {**good, **wrong})
        assert refused.value.code == "device.keys", wrong
    assert addresses.checked("web", good) == good


def test_tokens() -> None:
    assert addresses.checked("apns", {"token": "ab" * 32, "sandbox": True}) == {"token": "ab" * 32, "sandbox": "1"}
    for courier, token in (("apns", "xy" * 32), ("apns", "ab" * 5), ("fcm", "short"), ("fcm", "x" * 5000), ("fcm", "a b" * 20)):
        with pytest.raises(Refusal) as refused:
            addresses.checked(courier, {"token": token})
        assert refused.value.code == "device.token"
