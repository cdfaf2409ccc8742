"""Whether this process is about to stop: it takes no new sockets, and /readyz says so."""

from __future__ import annotations

import threading

_flag = threading.Event()


def begin() -> None:
    _flag.set()


def draining() -> bool:
    return _flag.is_set()
