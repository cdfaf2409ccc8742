"""Spoils good files at random, from a seed: the same seed makes the same files."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

_INTERESTING = (b"\0", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x80\0\0\0")


def flip(data: bytearray, dice: random.Random) -> None:
    """Some single bits, anywhere."""
    for _ in range(dice.choice((1, 4, 40))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def head(data: bytearray, dice: random.Random) -> None:
    """Telling values in the first half kilobyte: sizes, offsets and counts stand there."""
    for _ in range(dice.randint(1, 4)):
        value = dice.choice(_INTERESTING)
        at = dice.randrange(min(512, len(data)))
        data[at : at + len(value)] = value


def cut(data: bytearray, dice: random.Random) -> None:
    del data[dice.randrange(1, len(data)) :]


def leave_out(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    del data[at : at + dice.randint(1, 2000)]


def repeat(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    data[at:at] = data[at : at + dice.randint(1, 2000)] * dice.randint(1, 20)


def noise(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    data[at : at + 64] = dice.randbytes(64)


WAYS: tuple[Callable[[bytearray, random.Random], None], ...] = (flip, head, head, cut, leave_out, repeat, noise)


def mutations(originals: Sequence[bytes], *, seed: int, count: int) -> Iterator[bytes]:
    """`count` files, each made from one of the originals by one to three of WAYS."""
    dice = random.Random(seed)
    for _ in range(count):
        data = bytearray(dice.choice(originals))
        for _ in range(dice.randint(1, 3)):
            dice.choice(WAYS)(data, dice)
            if len(data) < 2:
                break
        yield bytes(data)
