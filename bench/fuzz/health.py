"""The server's health while it is attacked: the same process, ready, no error in its log, memory flat, descriptors given back."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.fuzz.judge import Judge
from tests.live import Node, wait_for

RSS_GROWTH = 32 * 2**20  # from the end of the warm-up to the end, whatever the number of frames: 35 bytes a frame of a million
POOL = 20  # DATABASE_POOL: connections that a process may keep for a while
BAD = ("ERROR", "CRITICAL")


@dataclass
class Descriptors:
    tcp: int  # clients, and the listener
    others: int

    @classmethod
    def of(cls, pid: int) -> Descriptors:
        inodes = {line.split()[9] for name in ("tcp", "tcp6") for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]}
        tcp = others = 0
        for entry in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{entry}")
            except FileNotFoundError:
                continue  # closed meanwhile
            if target.startswith("socket:[") and target[8:-1] in inodes:
                tcp += 1
            else:
                others += 1
        return cls(tcp, others)


def bad_lines(text: str) -> list[str]:
    """The lines of a server's log that no attack may cause: errors, and what is not a line of the log at all (a traceback)."""
    found = []
    for line in text.splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            found.append(line)
            continue
        if not isinstance(said, dict) or said.get("level") in BAD:
            found.append(line)
    return found


def grown(before: int, after: int) -> str | None:
    """What is wrong with the memory, or None."""
    return f"memory grew by {(after - before) / 2**20:.1f} MiB, over {RSS_GROWTH / 2**20:.0f}" if after - before > RSS_GROWTH else None


def kept(before: Descriptors, after: Descriptors) -> str | None:
    """What is wrong with the descriptors, or None."""
    if after.tcp > before.tcp:
        return f"{after.tcp - before.tcp} connections of clients are still open"
    if after.others > before.others + POOL:
        return f"descriptors grew from {before.others} to {after.others}"
    return None


@dataclass
class Health:
    node: Node
    judge: Judge
    offset: int = 0
    ready_ms: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pid = self.node.child.pid
        self.start = self.warm = self.end = self.node.rss()
        self.before = Descriptors.of(self.pid)
        self.after = self.before
        self.client = httpx.Client(trust_env=False, timeout=20)

    def look(self) -> bool:
        """Looks once; whether there is still a server to attack."""
        if not self.node.child.alive():
            self.judge.find("the server ended", self.node.child.how_it_ended())
            return False
        self._log()
        began = time.monotonic()
        try:
            answer = self.client.get(f"{self.node.base}/readyz")
        except httpx.HTTPError as error:
            self.judge.find("/readyz did not answer", repr(error))
            return self.node.child.alive()
        self.ready_ms.append((time.monotonic() - began) * 1000)
        if answer.status_code != 200:
            self.judge.find(f"/readyz said {answer.status_code}", answer.text)
        return True

    def _log(self) -> None:
        with self.node.log.open("rb") as log:
            log.seek(self.offset)
            text = log.read()
        whole = text.rfind(b"\n") + 1
        self.offset += whole
        for line in bad_lines(text[:whole].decode(errors="replace")):
            self.judge.find("a line in the server's log", line)

    def warmed(self) -> None:
        self.warm = self.node.rss()

    def finish(self) -> None:
        """Once every client is gone."""
        if not self.look():
            return
        self.client.close()
        wait_for(lambda: kept(self.before, Descriptors.of(self.pid)) is None, 15)
        self.after, self.end = Descriptors.of(self.pid), self.node.rss()
        for wrong in (kept(self.before, self.after), grown(self.warm, self.end)):
            if wrong:
                self.judge.find(wrong.split(" by ")[0].split(" from ")[0], wrong)
