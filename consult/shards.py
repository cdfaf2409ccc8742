"""Reads REDIS_URL: one Redis, or several that share the rooms between them, each a server or a master that sentinels name.

    redis://[user:password@]host:port[/db]                                          (rediss:// over TLS)
    unix:///path/to/redis.sock
    redis+sentinel://[user:password@]host:port,host:port,host:port/name[/db][?sentinel_password=…]

A comma between two URLs separates shards; a comma between hosts, sentinels. All processes must be given the same list in the same order.
"""

from __future__ import annotations

import re
import socket
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from zlib import crc32

Host = str | dict[str, Any]  # an entry of channels-redis' `hosts`
SENTINEL = "redis+sentinel"
# A master whose machine vanished is noticed by the kernel within seconds, where the system knows these options.
KEEPALIVE = {getattr(socket, name): value for name, value in (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 2)) if hasattr(socket, name)}
ASKING = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}  # a sentinel that does not answer must not keep the others from being asked


def hosts(text: str) -> list[Host]:
    """What channels-redis connects to. Raises ValueError that says which entry is wrong, without quoting it: it may hold a password."""
    found: list[Host] = []
    for n, entry in enumerate(re.split(r",(?=[^,/]*://)", text.strip()), 1):
        try:
            found.append(_host(entry.strip()))
        except ValueError as error:
            raise ValueError(f"entry {n}: {error}") from None
    return found


def _host(entry: str) -> Host:
    url = urlsplit(entry)
    if url.scheme == "unix":
        if url.netloc or len(url.path) < 2:
            raise ValueError("a unix socket is written unix:///path/to/redis.sock")
    elif url.scheme == SENTINEL:
        return _sentinels(url)
    elif url.scheme in ("redis", "rediss"):
        if "," in url.netloc or not url.hostname or url.port == 0:
            raise ValueError("a server is written redis://host:port/0")
        _database(url.path.strip("/"))
    else:
        raise ValueError(f"begins with redis://, rediss://, unix:// or {SENTINEL}://")
    return entry


def _sentinels(url: SplitResult) -> dict[str, Any]:
    who, _, where = url.netloc.rpartition("@")
    user, _, password = who.partition(":")
    name, _, database = url.path.strip("/").partition("/")
    more = parse_qs(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
    if not name or unquote(name) != name:
        raise ValueError(f"the master's name comes after the sentinels, {SENTINEL}://host:26379,host:26379/name")
    if set(more) - {"sentinel_password"}:
        raise ValueError("only sentinel_password may follow the question mark")
    asking: dict[str, Any] = dict(ASKING)
    if more:
        asking["password"] = more["sentinel_password"][0]
    made: dict[str, Any] = {
        "sentinels": [_address(one) for one in where.split(",")],
        "master_name": name,
        "sentinel_kwargs": asking,
        "db": _database(database),
        "socket_connect_timeout": 1,
        "socket_keepalive": True,
        "socket_keepalive_options": KEEPALIVE,
    }
    return made | ({"username": unquote(user)} if user else {}) | ({"password": unquote(password)} if password else {})


def _address(text: str) -> tuple[str, int]:
    one = urlsplit(f"//{text}")
    if not one.hostname or not one.port:
        raise ValueError("every sentinel is written host:port")
    return one.hostname, one.port


def _database(text: str) -> int:
    if text and not text.isdecimal():
        raise ValueError("the part after the last slash is the number of a database")
    return int(text or 0)


def shard_of(group: str, shards: int) -> int:
    """Which shard carries a group: as channels-redis' pub/sub layer has it (a test compares)."""
    return int((crc32(f"asgi__group__{group}".encode()) & 0xFFF) / (4096 / shards))


def answers(host: Host) -> bool:
    """Whether this server, or the master that its sentinels name, answers now."""
    import redis
    from redis.sentinel import Sentinel

    wait: dict[str, Any] = {"socket_timeout": 1, "socket_connect_timeout": 1}
    try:
        if isinstance(host, str):
            with redis.Redis.from_url(host, **wait) as client:
                return bool(client.ping())
        sentinel = Sentinel(host["sentinels"], sentinel_kwargs=host["sentinel_kwargs"])  # type: ignore[no-untyped-call]
        who = {key: host[key] for key in ("username", "password", "db") if key in host}
        with sentinel.master_for(host["master_name"], **who, **wait) as client:  # type: ignore[no-untyped-call]
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
