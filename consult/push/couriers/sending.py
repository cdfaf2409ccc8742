"""One request to a push service: bounded in time and size, never redirected, and to the outside alone where a client chose the address."""

from __future__ import annotations

import asyncio
import email.utils
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import certifi
import httpcore
import httpx
import orjson

from consult.push import addresses
from consult.push.couriers import Fate, Outcome

SECONDS = 10.0  # one request in all, from the name's resolution to the last byte: a service may also drip
CONNECT_S = 5.0
LONGEST_WAIT_S = 3600.0
ANSWER_BYTES = 16_384
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=60)


class Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """What it says, or nothing where that is no object: a gateway answers in words of its own."""
        try:
            said = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return said if isinstance(said, dict) else {}

    @property
    def wait_s(self) -> float:
        return wait_of(self.headers.get("Retry-After", ""))


class Outside(httpcore.AsyncNetworkBackend):
    """Connects to addresses of other networks alone. What is checked is what is connected to: a name that resolves anew finds no gap."""

    def __init__(self) -> None:
        self.inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        if addresses.loopback(host):
            return await self.inner.connect_tcp(host, port, timeout, local_address, socket_options)
        until = time.monotonic() + (timeout or CONNECT_S)
        found = await self._resolve(host, port, until)
        for number, ip in enumerate(found, 1):
            share = (until - time.monotonic()) / (len(found) - number + 1)  # one that swallows packets leaves time for the others
            try:
                return await self.inner.connect_tcp(ip, port, max(0.05, share), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(found):
                    raise
        raise httpcore.ConnectError("no address")

    async def _resolve(self, host: str, port: int, until: float) -> list[str]:
        try:
            async with asyncio.timeout(until - time.monotonic()):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise httpcore.ConnectTimeout("name") from None
        except (OSError, UnicodeError):  # the latter for a name that no resolver can be asked for
            raise httpcore.ConnectError("name") from None
        ips = list(dict.fromkeys(str(one[4][0]) for one in found))
        if not all(addresses.public(ip) for ip in ips):
            raise httpcore.ConnectError("inside")
        return ips[:4]

    async def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("inside")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class OutsideTransport(httpx.AsyncHTTPTransport):
    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context, max_connections=LIMITS.max_connections, max_keepalive_connections=LIMITS.max_keepalive_connections,
            keepalive_expiry=LIMITS.keepalive_expiry, network_backend=Outside(),
        )  # fmt: skip


def client(*, outside: bool = False, http2: bool = False, context: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    """What a courier keeps for as long as it lives. `outside`: clients chose whom it calls; `http2`: it speaks nothing else."""
    context = context or ssl.create_default_context(cafile=certifi.where())
    transport = OutsideTransport(context) if outside else httpx.AsyncHTTPTransport(verify=context, trust_env=False, http1=not http2, http2=http2, limits=LIMITS)
    return httpx.AsyncClient(
        transport=transport, timeout=httpx.Timeout(SECONDS, connect=CONNECT_S), follow_redirects=False, trust_env=False, headers={"Accept-Encoding": "identity"}
    )


async def post(client: httpx.AsyncClient, url: str, *, content: bytes, headers: Mapping[str, str]) -> Reply | Outcome:
    """The answer, or LATER where there is none: cut, refused, hanging, no such name."""
    try:
        async with asyncio.timeout(SECONDS), client.stream("POST", url, content=content, headers=dict(headers)) as response:
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > ANSWER_BYTES:
                    break
            return Reply(response.status_code, response.headers, bytes(body))
    except TimeoutError:
        return Outcome(Fate.LATER, "Timeout", silent=True)
    except (httpx.HTTPError, OSError) as error:
        return Outcome(Fate.LATER, type(error).__name__, silent=isinstance(error, httpx.TimeoutException))


def fate(status: int, wait_s: float = 0.0, why: str = "") -> Outcome:
    """What an HTTP status of a push service means (RFC 8030, sections 5 to 8), where its dialect says nothing more."""
    why = f"{status} {why}".strip()
    if 200 <= status < 300:
        return Outcome(Fate.TAKEN, why)
    if status in (404, 410):
        return Outcome(Fate.GONE, why)
    if status in (401, 403):
        return Outcome(Fate.FORBIDDEN, why)
    if status in (408, 429) or status >= 500:
        return Outcome(Fate.LATER, why, wait_s)
    return Outcome(Fate.REJECTED, why)


def wait_of(retry_after: str) -> float:
    """Seconds of a Retry-After header, which may be a date; bounded."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after), LONGEST_WAIT_S)
    try:
        when = email.utils.parsedate_to_datetime(retry_after).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(0.0, when - time.time()), LONGEST_WAIT_S)
