"""A clock that jumps: PostgreSQL runs under libfaketime, which adds what a file says to the time of day and leaves the monotonic clock alone.

Every time that Consult stores or compares (`at`, tickets, suspensions) is PostgreSQL's, so this is the clock that matters.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from consult.local.errors import LocalError

LIBRARIES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib/faketime/libfaketime.so.1", "/usr/lib64/faketime/libfaketime.so.1")


class Clock:
    def __init__(self) -> None:
        library = self.find()
        if library is None:
            raise LocalError("no libfaketime on this machine (Debian, Ubuntu: apt-get install libfaketime)")
        self.library = library
        self.folder = Path(tempfile.mkdtemp(prefix="clock-"))
        self.folder.chmod(0o755)  # PostgreSQL's account reads it
        self.file = self.folder / "offset"
        self.right()

    @staticmethod
    def find() -> str | None:
        return next((str(found) for pattern in LIBRARIES for found in Path("/").glob(pattern[1:])), None)

    @contextlib.contextmanager
    def preloaded(self) -> Iterator[None]:
        """Who is started inside this block has the clock that can jump."""
        ours = {
            "LD_PRELOAD": self.library,
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        os.environ.update(ours)
        try:
            yield
        finally:
            for name in ours:
                del os.environ[name]

    def jump(self, seconds: int) -> None:
        draft = self.file.with_suffix(".new")
        draft.write_text(f"{seconds:+d}\n")
        draft.chmod(0o644)
        draft.replace(self.file)

    def right(self) -> None:
        self.file.write_text("+0\n")
        self.file.chmod(0o644)

    def close(self) -> None:
        self.file.unlink()
        self.folder.rmdir()
