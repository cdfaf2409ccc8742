"""Judges a run from its journal alone: `python -m bench.chaos.checker JOURNAL...` prints each verdict and fails on any fault.

The journal is read twice: first the final logs, which stand at its end, then all the rest, line by line against them. What is
kept grows with the ids in it, not with the words.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from bench.chaos.checks.logs import Logs
from bench.chaos.checks.promises import Promises
from bench.chaos.checks.rights import Rights
from bench.chaos.checks.runs import Deliveries
from bench.chaos.checks.sockets import Sockets
from bench.chaos.checks.verdict import Terms, Verdict


def judge(path: Path, terms: Terms | None = None) -> Verdict:
    """The verdict on one journal."""
    verdict = Verdict()
    try:
        _Judge(verdict, terms or Terms()).read(path)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, OSError) as error:
        verdict.fault("unreadable", f"{type(error).__name__}: {error}")
    if not verdict.counts["logs"]:
        verdict.fault("unreadable", "it holds no final log, so nothing can be judged")
    return verdict


class _Judge:
    def __init__(self, verdict: Verdict, terms: Terms) -> None:
        self.verdict = verdict
        for name in ("connections", "commands", "acknowledged", "refused", "delivered", "logs"):
            verdict.counts[name] = 0
        self.logs = Logs(verdict)
        self.promises, self.rights = Promises(verdict, self.logs), Rights(verdict, terms)
        self.deliveries = Deliveries(verdict, self.logs, terms)
        self.sockets = Sockets(verdict, terms, self.promises, self.deliveries, self.rights)
        self.over, self.at = False, 0.0

    def read(self, path: Path) -> None:
        for line in self._lines(path, only=b'"log"'):
            if line["what"] == "log":
                self.logs.read(line)
        self.logs.whole()
        for line in self._lines(path):
            self.at = line["at"]
            self._take(line)
        self.sockets.finish(self.at)
        self.promises.settle()
        self.logs.beginnings(self.sockets.first_seqs)

    def _lines(self, path: Path, only: bytes = b"") -> Iterator[dict[str, Any]]:
        with path.open("rb") as file:
            for self.verdict.line, text in enumerate(file, 1):
                if only in text:
                    yield orjson.loads(text)

    def _take(self, line: dict[str, Any]) -> None:
        match line["what"]:
            case "open":
                self.sockets.opened(line)
            case "sent":
                self.sockets.sent(line)
            case "got":
                self.sockets.got(line)
                self._joined(line["frame"])
            case "closed":
                self.sockets.closed(line, over=self.over)
            case "posted":
                self._posted(line)
            case "lost":
                self.rights.lose(line["person"], line["room"], line["at"], self.deliveries.newest.get(line["room"], 0))
            case "gone":
                self.rights.lose(line["person"], None, line["at"])
            case "given":
                self.rights.give(line["person"], line.get("room"))
            case "calm":
                self.deliveries.calm = line["at"]
            case "renewed":
                self.deliveries.renewals += 1
            case "log":
                self.over = True
                self.deliveries.epoch(line["room"], line["epoch"])
            case what:
                self.verdict.fault("unreadable", f"a line that says {what!r}")

    def _joined(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "event" and frame["kind"] == "member.joined":
            self.rights.joined(frame["data"]["person"], frame["room"], frame["seq"])

    def _posted(self, line: dict[str, Any]) -> None:
        """HTTP. Only an answer that the application gave is a promise: a proxy's 502 or 504, and `outcome.unknown`, are none."""
        person, room, request, answer = line["person"], line["room"], line["request"], line["answer"]
        self.promises.sent(person, room, request)
        if line["status"] in (200, 201):
            if (line["status"] == 200) != (answer.get("duplicate") is True):
                self.verdict.fault("lied", f"HTTP {line['status']} with {answer}")
            self.promises.accepted(person, room, request, answer, line["at"], float("-inf"))
            self.deliveries.seen(room, answer["seq"], line["at"])
        elif isinstance(answer, dict) and "code" in answer and answer["code"] != "outcome.unknown":
            self.promises.refused(person, room, request, answer["code"], float("-inf"))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.chaos.checker", description=__doc__)
    parser.add_argument("journals", nargs="+", type=Path, metavar="JOURNAL")
    parser.add_argument("--revoked", type=float, default=Terms.revoked_s, help="seconds after which nothing of a lost room may come")
    parser.add_argument("--heal", type=float, default=Terms.heal_s, help="seconds in which what others have seen must come, once all is calm")
    asked = parser.parse_args(argv)
    clean = True
    for path in asked.journals:
        verdict = judge(path, Terms(asked.revoked, asked.heal))
        clean = clean and verdict.clean
        print(f"{path}: {'no fault' if verdict.clean else 'FAULTS'}\n{verdict.table()}\n")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
