"""The random fuzzer: bytes that are no frame, frames that are no message, and handshakes that are none."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass

TEXT, BINARY, CONTINUE, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
PROTOCOL, NOT_UTF8, TOO_BIG = 1002, 1007, 1009
ECHOED = {1000, 1001, 3000, 4999}
GARBAGE_CODES = {PROTOCOL, NOT_UTF8, TOO_BIG, 1005, 4400, 4413} | ECHOED


def raw(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = b"\x11\x22\x33\x44", length: int | None = None, wide: int = 0) -> bytes:
    """A frame with anything about it wrong: `length` may lie, `wide` writes it in more bytes than it needs."""
    n = len(payload) if length is None else length
    masked = 0x80 if mask is not None else 0
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    if n < 126 and not wide:
        head = struct.pack("!BB", first, masked | n)
    elif n < 65536 and wide < 2:
        head = struct.pack("!BBH", first, masked | 126, n)
    else:
        head = struct.pack("!BBQ", first, masked | 127, n)
    if mask is None:
        return head + payload
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


@dataclass
class Item:
    """What is written, in these pieces; `must_close` where no server may go on; `answers` where it is a message after all."""

    name: str
    pieces: list[bytes]
    must_close: bool = False
    answers: int = 0


class Garbage:
    def __init__(self, seed: random.Random) -> None:
        self.random = seed

    def some(self) -> Item:
        name = self.random.choice(NAMES)
        made = getattr(self, name)()
        item = made if isinstance(made, Item) else Item(name, [made], must_close=True)
        item.name = name
        return item

    def bytes(self, most: int = 200) -> bytes:
        return self.random.randbytes(self.random.randrange(1, most))

    def ping_text(self) -> bytes:
        return b'{"type":"ping","ref":%d}' % self.random.randrange(1, 2**53)

    def noise(self) -> Item:
        return Item("", [self.bytes(2000)])

    def reserved_opcode(self) -> bytes:
        return raw(self.random.choice([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), self.bytes(50))

    def reserved_bits(self) -> bytes:
        return raw(self.random.choice([TEXT, BINARY, PING]), self.bytes(50), rsv=self.random.randrange(1, 8))

    def unmasked(self) -> bytes:
        return raw(TEXT, self.ping_text(), mask=None)

    def control_too_long(self) -> bytes:
        return raw(self.random.choice([PING, PONG, CLOSE]), bytes(self.random.choice([126, 200, 70_000])))

    def control_in_fragments(self) -> bytes:
        return raw(self.random.choice([PING, PONG, CLOSE]), b"ab", fin=False)

    def continues_nothing(self) -> bytes:
        return raw(CONTINUE, self.bytes())

    def message_within_message(self) -> bytes:
        return raw(TEXT, b'{"type":', fin=False) + raw(TEXT, self.ping_text())

    def not_utf8(self) -> bytes:
        return raw(TEXT, self.random.choice([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b'{"type":"ping","ref":1,"x":"\xe9"}', b"\x80" * 300]))

    def not_utf8_across_fragments(self) -> bytes:
        return raw(TEXT, b"\xc3", fin=False) + raw(CONTINUE, b"\x28")

    def impossible_length(self) -> bytes:
        return raw(TEXT, b"abc", length=self.random.choice([2**31, 2**40, 2**62, 2**63, 2**64 - 1]))

    def more_than_a_message_may_have(self) -> Item:
        return Item("", [raw(TEXT, b"x", fin=False), *[raw(CONTINUE, b"y" * 60_000, fin=False)] * 40], must_close=True)

    def bad_close(self) -> bytes:
        codes = [struct.pack("!H", c) for c in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535)]
        return raw(CLOSE, self.random.choice([b"\x03", *codes, b"\x03\xe8\xff\xfe", b"\x03\xe8" + b"\xc3"]))

    def close_and_more(self) -> bytes:
        return raw(CLOSE, struct.pack("!H", self.random.choice(sorted(ECHOED)))) + raw(TEXT, self.ping_text()) * 3

    def binary(self) -> Item:
        return Item("", [raw(BINARY, self.random.choice([self.ping_text(), self.bytes(), b"", bytes(100_000)]))], answers=1)

    def random_text(self) -> Item:
        text = "".join(chr(self.random.choice([self.random.randrange(32, 127), self.random.randrange(0xD7FF)])) for _ in range(self.random.randrange(200)))
        return Item("", [raw(TEXT, text.encode())], answers=1)

    def fragments(self) -> Item:
        """A sound message in fragments, with pings between them."""
        text, cut = self.ping_text(), self.random.randrange(1, 10)
        parts = [text[i : i + cut] for i in range(0, len(text), cut)]
        pieces = [raw(TEXT, parts[0], fin=False)]
        for part in parts[1:]:
            pieces += [raw(PING, b"in between"), raw(CONTINUE, part, fin=False)]
        return Item("", [*pieces, raw(CONTINUE, b"")], answers=1)

    def in_small_pieces(self) -> Item:
        whole, cut = raw(TEXT, self.ping_text()), self.random.randrange(1, 9)
        return Item("", [whole[i : i + cut] for i in range(0, len(whole), cut)], answers=1)

    def wide_length(self) -> Item:
        return Item("", [raw(TEXT, self.ping_text(), wide=self.random.choice([1, 2]))])

    def pings_and_pongs(self) -> Item:
        return Item("", [raw(self.random.choice([PING, PONG]), self.bytes(125)) for _ in range(50)])

    def half(self) -> Item:
        """A frame that never ends; then the line is cut."""
        whole = raw(TEXT, self.ping_text())
        return Item("", [whole[: self.random.randrange(1, len(whole))]])

    def empty_fragments(self) -> Item:
        return Item("", [raw(TEXT, b"", fin=False), *[raw(CONTINUE, b"", fin=False)] * self.random.randrange(500), raw(CONTINUE, self.ping_text())], answers=1)


NAMES = [name for name in vars(Garbage) if not name.startswith("_") and name not in ("some", "bytes", "ping_text", "random")]


def handshakes(seed: random.Random, port: int) -> Iterator[bytes]:
    """Upgrades that are nearly one, requests that are none, and noise."""
    good = [f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]
    odd = [
        "Sec-WebSocket-Version: 99", "Sec-WebSocket-Key: x", "Sec-WebSocket-Protocol: a, b", "Sec-WebSocket-Extensions: permessage-deflate; x=1", "Host: evil.example", "Host:", "Origin: https://evil.example", "Origin: null", "Origin: http://[", "Cookie: sessionid=x", "Cookie: sessionid=\"",
        "Cookie: a=b; sessionid=%00; c", "Origin: \xe9\xff", "Content-Length: 5", "Transfer-Encoding: chunked", "X-Forwarded-For: " + "1," * 500, "X-Forwarded-For: é", "Accept-Language: \xff", "X: " + "y" * 9000, "Connection: close", "Upgrade: h2c", "Expect: 100-continue",
    ]  # fmt: skip
    while True:
        lines = [line for line in good if seed.random() < 0.9] + [seed.choice(odd) for _ in range(seed.choice([0, 1, 1, 2]))]
        seed.shuffle(lines)
        target = seed.choice(["/ws/v1/"] * 8 + ["/ws/v1", "/ws/", "/ws/v1/?x=%ff", "/ws/v1/%00", "*", "http://evil/ws/v1/", "/ws/v1/../..", "/" + "a" * 3000, "/api/v1/me"])
        start = f"{seed.choice(['GET'] * 8 + ['POST', 'HEAD', 'CONNECT', 'get', 'X'])} {target} {seed.choice(['HTTP/1.1'] * 8 + ['HTTP/1.0', 'HTTP/2.0', 'HTTP/9', ''])}"
        text = "\r\n".join([start, *lines, "", ""]).encode("latin-1", "replace")
        yield seed.choice([text] * 8 + [text[: seed.randrange(len(text))], seed.randbytes(300), b"\x16\x03\x01" + seed.randbytes(200), text.replace(b"\r\n", b"\n")])
