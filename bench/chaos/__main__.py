"""`python -m bench.chaos [--seed N | --runs N --first-seed N]`: seeded runs on one stack; a line for each, totals, and a failure on any fault."""

from __future__ import annotations

import argparse
import resource
import shutil
import signal
import sys
from pathlib import Path

from consult.local.errors import LocalError, say

from ..stack import BenchError
from . import report
from .run import Outcome, run
from .schedule import CROWD, FAULTS, plan
from .stack import house

FOLDER = Path(__file__).resolve().parents[2] / ".chaos"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="this one run")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=sorted(FAULTS), help="these faults in place of those that the seed chooses")
    parser.add_argument("--crowd", type=int, default=CROWD, help="how many come back at once")
    parser.add_argument("--keep", action="store_true", help="keep the journals of runs without a fault too")
    parser.add_argument("--untimed", action="store_true", help="print how long acknowledgements took under a frozen Redis, and do not judge it: for a machine that does other work")
    asked = parser.parse_args()
    seeds = [asked.seed] if asked.seed is not None else list(range(asked.first_seed, asked.first_seed + asked.runs))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    outcomes: list[Outcome] = []
    try:
        with house() as whole:
            print(report.heading(), flush=True)
            for seed in seeds:
                outcome = run(whole, plan(seed, only=asked.only, crowd=asked.crowd), FOLDER / f"seed-{seed}")
                outcomes.append(outcome)
                print(report.line(outcome), flush=True)
                if outcome.well and not asked.keep:
                    shutil.rmtree(outcome.folder)
    except (LocalError, BenchError) as error:
        say(str(error))
        return 1
    print(report.totals(outcomes))
    return 0 if report.well(outcomes, timed=not asked.untimed) else 1


if __name__ == "__main__":
    sys.exit(main())
