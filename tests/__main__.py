"""All tests in two halves at once, each beside a PostgreSQL and a Redis of its own: `python -m tests`.

One half mostly computes (rooms, and Chromium), the other mostly waits (faults, drains, restarts); together they take little more than
the longer of the two. With arguments, everything named runs in one go, as pytest does it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

from consult.local import places, postgres
from tests.live import KEPT

HERE = Path(__file__).resolve().parent
# What waits. A new folder runs in the other half until it is named here; the times that are printed say when to move one.
WAITING = ("chaos", "examples", "images", "jobs", "local", "paths", "scale")
# Of a half that failed, so much is said again at the end: whoever reads a log from its end finds it there.
LAST_LINES = 120


def halves() -> dict[str, list[str]]:
    """The folders and files of each half, by its name."""
    places = [p for p in sorted(HERE.iterdir()) if (p.is_dir() and any(p.rglob("test_*.py"))) or p.name.startswith("test_")]
    waiting = [p for p in places if p.name in WAITING]
    return {"computing": [str(p) for p in places if p not in waiting], "waiting": [str(p) for p in waiting]}


def run(words: list[str]) -> list[str]:
    return [sys.executable, "-m", "consult.local", "run", "--throwaway", "--", sys.executable, "-m", "pytest", *words]


def half(name: str, words: list[str], codes: dict[str, int], failed: dict[str, str]) -> None:
    """Runs one half and passes on what it says, line by line, under its name. Keeps its last lines in `failed` if it failed."""
    began = time.monotonic()
    child = subprocess.Popen(run(["--color=no", *words]), cwd=HERE.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    assert child.stdout is not None
    last: deque[str] = deque(maxlen=LAST_LINES)
    for line in child.stdout:
        print(f"{name:>9} | {line}", end="", flush=True)
        last.append(line)
    codes[name] = child.wait()
    if codes[name]:
        failed[name] = "".join(last)
    print(f"{name:>9} | ended with {codes[name]} after {time.monotonic() - began:.0f} s", flush=True)


def main(words: list[str]) -> int:
    # A shell's background, or nohup, starts what it starts deaf to some signals, and that is inherited; tests send them.
    for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(signum) is signal.SIG_IGN:
            signal.signal(signum, signal.SIG_DFL)
    # One migrated and seeded cluster for all tests that start servers of their own (tests/live.py): each takes a copy.
    with places.run_folder(None, end=lambda old: postgres.end_leftover(old / "data")) as folder:
        os.environ[KEPT] = str(folder)
        return subprocess.call(run(words), cwd=HERE.parent) if words else both()


def both() -> int:
    codes: dict[str, int] = {}
    failed: dict[str, str] = {}
    threads = [threading.Thread(target=half, args=(name, places, codes, failed)) for name, places in halves().items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, last in failed.items():
        print(f"\nThe last lines of {name}, which failed:\n{last}", flush=True)
    return max(codes.values(), default=1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
