"""Gives pictures to the studio, a process that opens them under limits, and brings back what became of them.

One order at a time; the studio is started with the first one, and anew when it has died. It gets no environment: what reads hostile bytes
has no secret to lose.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Developed:
    """A picture in its sizes: `sizes` holds (width, height, bytes) of each file in the folder; `memory` is the peak, in bytes.

    `seconds`: of the pixels alone; `cpu`: processor time of all. `faces` and `words`: where the nets saw some.
    """

    width: int
    height: int
    found: list[str]
    sizes: dict[str, tuple[int, int, int]]
    faces: list[Box]
    words: list[Box]
    seconds: float
    cpu: float
    memory: int


@dataclass(frozen=True, slots=True)
class Refused:
    """No picture: the code that its sender is told, and for the log a word on why."""

    code: str
    why: str
    memory: int


class Darkroom:
    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.studio: subprocess.Popen[bytes] | None = None

    def develop(self, source: Path, into: Path, masks: Sequence[Box] = ()) -> Developed | Refused:
        """Opens `source` and writes its sizes into the folder `into`. Raises BrokenPipeError where the studio died with the order."""
        limits = {"seconds": settings.IMAGE_SECONDS, "memory": settings.IMAGE_MEMORY_MB * 2**20}
        order = {"source": str(source), "into": str(into), "masks": list(masks), "nets": settings.IMAGE_NETS, **limits}
        with self.turn:
            studio = self._studio()
            assert studio.stdin is not None and studio.stdout is not None
            try:
                studio.stdin.write(json.dumps(order).encode() + b"\n")
                studio.stdin.flush()
                line = studio.stdout.readline()
            except BrokenPipeError:
                line = b""
            if not line:
                self._end(studio)
                raise BrokenPipeError("the studio died")
        answer = json.loads(line)
        if "refused" in answer:
            return Refused(answer["refused"], answer["why"], answer["memory"])
        return Developed(**{**answer, "sizes": {name: tuple(size) for name, size in answer["sizes"].items()}})

    def _studio(self) -> subprocess.Popen[bytes]:
        if self.studio is None or self.studio.poll() is not None:
            self.studio = subprocess.Popen(
                [sys.executable, "-m", "consult.images.studio"], cwd=settings.BASE_DIR, env=_ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
            )
        return self.studio

    def close(self) -> None:
        """Ends the studio, and with it the picture it works on."""
        if self.studio is not None:
            self._end(self.studio)

    def _end(self, studio: subprocess.Popen[bytes]) -> None:
        for pipe in (studio.stdin, studio.stdout):
            if pipe is not None:
                pipe.close()
        try:
            studio.wait(timeout=5)
        except subprocess.TimeoutExpired:
            studio.kill()
            studio.wait()
        self.studio = None
