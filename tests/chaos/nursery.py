"""Servers with planted faults, forked from one process that has imported Consult already: the imports cost more than a whole scenario.

As a command it reads `start NAME PORT` and `end PID` lines, answers each with a line, and ends its children when its input ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]


class Nursery:
    def __init__(self, env: dict[str, str], log: Path) -> None:
        words, self.log = [sys.executable, "-m", "tests.chaos.nursery"], log
        with log.open("ab") as errors:
            self.process: subprocess.Popen[str] = subprocess.Popen(words, cwd=CHECKOUT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)

    def _ask(self, line: str) -> str:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer, self.log.read_text()[-3000:]
        return answer

    def start(self, fault: str, port: int) -> int:
        return int(self._ask(f"start {fault} {port}"))

    def end(self, pid: int) -> None:
        self._ask(f"end {pid}")

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(20)


@contextlib.contextmanager
def nursery(env: dict[str, str], log: Path) -> Iterator[Nursery]:
    made = Nursery(env, log)
    try:
        yield made
    finally:
        made.close()


def main() -> None:
    import django

    django.setup()
    import consult.asgi
    import consult.urls  # noqa: F401
    from bench.chaos import planted

    children: set[int] = set()
    for line in sys.stdin:
        match line.split():
            case ["start", fault, port]:
                pid = os.fork()
                if pid == 0:
                    _serve(planted, fault, port)
                children.add(pid)
                _say(pid)
            case ["end", pid_]:
                _end(int(pid_))
                children.discard(int(pid_))
                _say("ended")
            case _:
                raise ValueError(line)
    for pid in children:
        _end(pid)


def _say(what: Any) -> None:
    print(what, flush=True)


def _serve(planted: Any, fault: str, port: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # the parent's input and output are not the child's
    os.dup2(2, 1)
    try:
        planted.serve(fault, ["--port", port])
    finally:
        os._exit(1)


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
