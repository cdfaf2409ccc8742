"""What tests of the couriers of apps share: sending with one courier, one after the other or together, to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from consult.push.couriers import Courier, Outcome, Wake


def carry(make: Callable[[], Courier], *sends: tuple[str, Wake], together: bool = False) -> list[Outcome]:
    """Each of `sends` is (token, wake-up). `make` is called on the loop that sends."""

    async def go() -> list[Outcome]:
        courier = make()
        try:
            if together:
                return list(await asyncio.gather(*(courier.carry({"token": token}, wake) for token, wake in sends)))
            return [await courier.carry({"token": token}, wake) for token, wake in sends]
        finally:
            await courier.close()

    return asyncio.run(go())
