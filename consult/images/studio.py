"""The process that opens pictures: one child a picture, under limits of memory, processor and time, with nothing to steal.

`python -m consult.images.studio` reads one JSON order a line and answers one a line; `darkroom.py` writes to it. It has loaded what it needs
once, so that a child starts in milliseconds; it holds no setting, no secret and no database connection. A child writes clean sizes into the
folder it was given, and a few codes into a pipe; it may be killed at any moment.
"""

from __future__ import annotations

import json
import math
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from consult.errors import Refusal
from consult.images import nets, pixels

_LARGEST_FILE = 64 * 2**20  # bytes that a child may write into one file
_PATIENCE = 4  # times its seconds of the processor: a busy machine is not the picture's fault
Answer = dict[str, Any]


def work(order: Answer) -> Answer:
    """In the child: one picture to its sizes. Raises Refusal."""
    began = time.perf_counter()
    clean = pixels.clean(Path(order["source"]).read_bytes())
    image = pixels.mask(clean.image, order["masks"])
    sizes = pixels.write_sizes(image, Path(order["into"]))
    spent = round(time.perf_counter() - began, 3)
    answer = {"width": clean.width, "height": clean.height, "found": sorted(clean.found), "sizes": sizes, "seconds": spent}
    seen = nets.copies(image, order["nets"])
    del clean, image  # tens of megabytes that the nets need for themselves
    faces, words = nets.look(seen)
    return {**answer, "faces": faces, "words": words}


def serve() -> None:
    """Until standard input ends, which it does when who gave the orders is gone."""
    for line in iter(sys.stdin.buffer.readline, b""):
        order = json.loads(line)
        nets.load(order["nets"])
        answer = _one(order)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _one(order: Answer) -> Answer:
    """Forks, waits within the time given, and says what became of it: the work's answer, or {"refused": code, "why"}."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        _child(order, theirs)
    os.close(theirs)
    said, late = _hear(ours, order["seconds"] * _PATIENCE)
    os.close(ours)
    if late:
        os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    spent = {"cpu": round(usage.ru_utime + usage.ru_stime, 3), "memory": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)}
    if late or (os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGXCPU)):
        return {"refused": "image.too_heavy", "why": "time" if late else "limit", **spent}
    if os.WIFSIGNALED(status):
        return {"refused": "image.damaged", "why": f"signal {os.WTERMSIG(status)}", **spent}
    try:
        return {**json.loads(said), **spent}
    except ValueError:
        return {"refused": "image.damaged", "why": f"exit {os.waitstatus_to_exitcode(status)}", **spent}


def _hear(pipe: int, seconds: float) -> tuple[bytes, bool]:
    """All that the child says until it ends, and whether it was too late, or who gave the order went away."""
    said, until = b"", time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([pipe, sys.stdin.fileno()], [], [], left)
        if pipe in ready:
            part = os.read(pipe, 65536)
            if not part:
                return said, False
            said += part
        elif ready:  # one order at a time: standard input speaks now only to say that it ended
            return said, True
    return said, True


def _child(order: Answer, pipe: int) -> NoReturn:
    """Never returns: whatever happens in here ends here."""
    code = 1
    with suppress(BaseException):
        _confine(order)
        try:
            answer = work(order)
        except Refusal as refusal:
            answer = {"refused": refusal.code, "why": "content"}
        except MemoryError:
            answer = {"refused": "image.too_heavy", "why": "memory"}
        except Exception as error:  # its words may quote the file: the type is enough to look for it
            answer = {"refused": "image.damaged", "why": type(error).__name__}
        os.write(pipe, json.dumps(answer).encode())
        code = 0
    os._exit(code)


def _confine(order: Answer) -> None:
    """Limits that hold for this picture alone. The room's processes come first, on the processor and when memory runs out."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):  # what a library prints is neither an answer nor for a log
        os.dup2(null, stream)
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(order["seconds"]), math.ceil(order["seconds"]) + 1))
    with suppress(OSError):  # Linux alone has it
        Path("/proc/self/oom_score_adj").write_text("1000")
    with suppress(OSError, ValueError):  # not every system can limit it; the time limit holds everywhere
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + order["memory"], held + order["memory"]))


if __name__ == "__main__":
    serve()
