"""Ends the children of a supervisor that died, on systems whose kernel does not tell them.

Reads `+pid` and `-pid` lines; the supervisor alone holds the other end, so the end of the input means that it
is gone, and whoever is still on the list gets SIGINT.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    alive: set[int] = set()
    for line in sys.stdin.buffer:
        pid = int(line[1:])
        if line.startswith(b"+"):
            alive.add(pid)
        else:
            alive.discard(pid)
    for pid in alive:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGINT)


if __name__ == "__main__":
    main()
