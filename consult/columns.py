"""Columns of a batch as PostgreSQL arrays: a list that says what it holds, and is written in one piece.

psycopg finds out anew at every statement what a plain list holds, and writes it element by element: that was two fifths of the time of a
single post. It also takes small numbers for `int2`, and so prepares one statement several times. Anywhere else a plain list does as well.
"""

from __future__ import annotations

import struct
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

NULL = struct.pack("!i", -1)
EPOCH, MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_head, _empty, _size, _long = (struct.Struct(f).pack for f in ("!iiIii", "!iiI", "!i", "!iq"))


class Uuids(list["uuid.UUID | None"]):
    """uuid[]"""


class Longs(list["int | None"]):
    """bigint[]"""


class Texts(list["str | None"]):
    """text[]; with a cast, whatever is written as text."""


class Times(list["datetime | None"]):
    """timestamptz[], of aware times."""


class Bools(list["bool | None"]):
    """boolean[]"""


class _Array(Dumper):
    """One dimension from 1, in PostgreSQL's binary form: each element's length before it, -1 for NULL."""

    format = Format.BINARY
    element: ClassVar[int]  # the oid of what it holds

    def dump(self, obj: list[Any]) -> bytes:
        if not obj:
            return _empty(0, 0, self.element)
        # The second number says that there may be NULLs: PostgreSQL looks for itself.
        return _head(1, 1, self.element, len(obj), 1) + b"".join(self.each(obj))

    def each(self, values: list[Any]) -> list[bytes]:
        raise NotImplementedError


class _Uuids(_Array):
    oid, element = 2951, 2950

    def each(self, values: list[uuid.UUID | None]) -> list[bytes]:
        return [NULL if v is None else b"\0\0\0\x10" + v.bytes for v in values]


class _Longs(_Array):
    oid, element = 1016, 20

    def each(self, values: list[int | None]) -> list[bytes]:
        return [NULL if v is None else _long(8, v) for v in values]


class _Texts(_Array):
    oid, element = 1009, 25

    def each(self, values: list[str | None]) -> list[bytes]:
        return [NULL if v is None else _size(len(b := v.encode())) + b for v in values]


class _Times(_Array):
    oid, element = 1185, 1184

    def each(self, values: list[datetime | None]) -> list[bytes]:
        return [NULL if v is None else _long(8, (v - EPOCH) // MICROSECOND) for v in values]


class _Bools(_Array):
    oid, element = 1000, 16

    def each(self, values: list[bool | None]) -> list[bytes]:
        return [NULL if v is None else b"\0\0\0\1\1" if v else b"\0\0\0\1\0" for v in values]


for column, dumper in ((Uuids, _Uuids), (Longs, _Longs), (Texts, _Texts), (Times, _Times), (Bools, _Bools)):
    psycopg.adapters.register_dumper(column, dumper)
