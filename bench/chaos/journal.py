"""The journal: what clients sent and received, one JSON line each. Whoever drives writes it; the checker reads nothing else.

Every line has `at` (seconds of CLOCK_MONOTONIC, one clock for all processes of a machine) and `what`:

open    {socket, person}             a socket is open; `socket` is unique in the run, `person` is an account's id
sent    {socket, person, frame}      a command, just before it is written
got     {socket, person, frame}      one frame of the server; the frames of a batch one line each, in their order
closed  {socket, person, code}       by whichever side; code 1006 without a close frame
posted  {person, room, status, request, answer}   the HTTP twin of message.post, once answered; status 0: no answer
lost    {person, room}               rights: `person` lost `room`; `at` is when the act that took it was answered
gone    {person}                     the same for every room: suspended, or the sessions ended
given   {person, room}               rights again: `at` is just before the act that gave them; `room` null: every room
renewed {}                           the epochs of all rooms were replaced (new_epoch); the logs stayed
calm    {}                           faults are over and the stack is whole; what follows tells whether it recovered
log     {person, room, epoch, head, events}       at the end: a room's whole log over HTTP, as this member reads it
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Journal:
    """Appends lines; several threads may write."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def write(self, what: str, **fields: Any) -> None:
        line = json.dumps({"at": time.monotonic(), "what": what, **fields}, ensure_ascii=False)
        with self._lock:
            self._file.write(line + "\n")

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
