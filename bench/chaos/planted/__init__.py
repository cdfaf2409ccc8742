"""Faults on purpose: `python -m bench.chaos.planted NAME -- --port 8000` serves Consult with one function replaced by a faulty one.

They show that the checker works. The product has no hook for them: each is a patch from outside, in the one process that is
started so. Without a name, the table is printed.
"""

from __future__ import annotations

import sys

from bench.chaos.planted import delivering, reading, writing  # noqa: F401  each puts its faults into the table
from bench.chaos.planted.table import FAULTS


def serve(name: str, words: list[str]) -> None:
    """Plants one fault, and serves as `consult.serve` with these words."""
    import django

    django.setup()
    FAULTS[name].plant()
    from consult import serve

    sys.argv = ["consult.serve", *words, "--workers", "1"]  # workers would be processes without the fault
    serve.main()
