"""What can go wrong here, each told in one line that says what to do, and the line a step prints."""

import sys


class LocalError(Exception):
    """Something a person can mend; the message says how."""


class Stopped(Exception):
    """A signal asked us to stop."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by signal {signum}")
        self.signum = signum


def say(text: str) -> None:
    """One line for a step that a person may wait for. On stderr: a command's own output stays clean."""
    print(f"consult: {text}", file=sys.stderr, flush=True)
