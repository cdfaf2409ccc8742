"""Finding one case among a million against ten thousand: search by words and filters, similar cases, the feed, for a person in eight of forty groups."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import psycopg

from .. import seed, seed_cases, words
from ..contest import Bench
from ..report import short
from ..stack import HOST
from .history import History, percentile

SIZES = {"small": 10_000, "large": 1_000_000}
ASKED = 50  # requests of a kind in a round
MOST_MS = 100
TIMES = 2.0


def cases(bench: Bench) -> None:
    """p95 of each question, in rounds that alternate between the databases; the first round of each warms and is not counted."""
    with _both(bench) as pair:
        for round in range(-1, bench.runs):
            for h in pair if round % 2 == 0 else reversed(pair):
                for what, result in _round(bench, h, random.Random(round)):
                    if round >= 0:
                        h.runs.setdefault(what, []).append(result)
                    if result["short"]:
                        bench.report.faults.append(f"cases, {h.name}, {what}: {result['short']} answers with less than was asked for")
        _tell(bench, *pair)


@contextmanager
def _both(bench: Bench) -> Iterator[list[History]]:
    url = bench.stack.env["DATABASE_URL"]
    pair = [History(name, {"DATABASE_URL": url.replace("/consult?", f"/cases_{name}?")}) for name in SIZES]
    try:
        for h, many in zip(pair, SIZES.values(), strict=True):
            with psycopg.connect(url, autocommit=True) as line:
                line.execute("ALTER SYSTEM SET max_wal_size = '8GB'")  # else loading waits for checkpoints
                line.execute("SELECT pg_reload_conf()")
                if not line.execute("SELECT 1 FROM pg_database WHERE datname = %s", [f"cases_{h.name}"]).fetchone():
                    line.execute(f"CREATE DATABASE cases_{h.name}")
            bench.stack.manage("migrate", "--no-input", "--verbosity", "0", **h.env)
            bench.stack.module("bench.seed_cases", str(many), **h.env)
            h.server = bench.stack.start("consult", **h.env)
            h.token = bench.stack.generator("sign_in", host=HOST, port=h.server.port, people=[seed.email(0)], password=seed.PASSWORD)["tokens"][0]
        yield pair
    finally:
        for h in pair:
            if h.server:
                bench.stack.stop(h.server)
            if not bench.keep:
                with psycopg.connect(url, autocommit=True) as line:
                    line.execute(f"DROP DATABASE IF EXISTS cases_{h.name} WITH (FORCE)")


def _round(bench: Bench, h: History, chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    assert h.server
    where = {"host": HOST, "port": h.server.port, "token": h.token, "roots": bench.stack.roots(h.server)}

    def read(what: str, least: int, paths: list[str], bodies: list[dict[str, str]] | None = None) -> tuple[str, dict[str, Any]]:
        return what, bench.stack.generator("read", paths=paths, bodies=bodies, hits="cases", least=least, **where)

    def asked(some: list[str]) -> list[str]:
        return [quote(chance.choice(some)) for _ in range(ASKED)]

    ranked = words.vocabulary()
    yield read("a rare word", 8, [f"/api/v1/cases?q={w}" for w in asked(seed_cases.RARE)])
    yield read("a common word", 20, [f"/api/v1/cases?q={w}" for w in asked(ranked[:20])])
    yield read("a word of the middle", 5, [f"/api/v1/cases?q={w}" for w in asked(ranked[150:400])])
    yield read("two common words", 5, [f"/api/v1/cases?q={a}%20{b}" for a, b in zip(asked(ranked[:10]), asked(ranked[:10]), strict=True)])

    def filtered(first: int, last: int) -> list[str]:
        return [f"/api/v1/cases?specialty=SM{chance.randint(first, last):02}&status=answered&picture=true" for _ in range(ASKED)]

    # As seed_cases deals them out: of these some are answered and hers to read; no case of SM00 to SM02 is answered; of SM08 to SM17 none is hers.
    yield read("specialty, status, picture", 5, filtered(3, 7))
    yield read("the same where none has that status", 0, filtered(0, 2))
    yield read("the same where none may be read", 0, filtered(8, 17))
    yield read("a common word, specialty", 1, [f"/api/v1/cases?q={w}&specialty=SM{chance.randrange(8):02}" for w in asked(ranked[:10])])
    yield read("the same where none may be read, by word", 0, [f"/api/v1/cases?q={w}&specialty=SM{chance.randint(8, 17):02}" for w in asked(ranked[:10])])
    texts = list(words.texts(ASKED * 3))
    drafts = [{"title": chance.choice(texts)[:60], "question": chance.choice(texts)} for _ in range(ASKED)]
    yield read("similar cases while asking", 1, ["/api/v1/cases/similar"] * ASKED, drafts)
    yield read("the feed, first page", 10, ["/api/v1/feed"] * ASKED)


def _tell(bench: Bench, small: History, large: History) -> None:
    rows = []
    for what in large.runs:
        figures = [statistics.median(percentile(r["times"], share) for r in h.runs[what]) for h in (small, large) for share in (0.5, 0.95)]
        cpu = [1000 * sum(r["cpu"][k] for r in large.runs[what]) / sum(len(r["times"]) for r in large.runs[what]) for k in ("server", "postgres")]
        rows.append([what, *map(short, figures), *map(short, cpu)])
    bench.report.table(
        f"Cases: {SIZES['large']:,} against {SIZES['small']:,}",
        ["", "p50 ms, 10 thousand", "p95", "p50 ms, a million", "p95", "server CPU ms", "PostgreSQL CPU ms"],
        rows,
        f"{ASKED} requests of a kind a round, one after the other, over HTTP, after a round that warms; a person in eight of forty groups. CPU is that of one request at a million.",
    )
    for what in large.runs:
        late = [percentile(r["times"], 0.95) for r in large.runs[what]]
        bench.report.claim("cases, a million", what, late, at_most=MOST_MS, unit="ms", note="p95")
        ratios = [b / percentile(a["times"], 0.95) for a, b in zip(small.runs[what], late, strict=True)]
        bench.report.claim("cases, a million", what, ratios, at_most=TIMES, note="p95, against 10 thousand")
