"""What the clock asks for of cases: who has no answer yet, and how it ended."""

from __future__ import annotations

from consult.cases import due
from consult.jobs import running
from consult.jobs.declared import every


@every("* * * * *", "cases.remind")
def remind() -> None:
    """Whatever is due by now, a few cases a transaction."""
    while due.run_once():
        running.heed()
