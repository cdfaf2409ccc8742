"""The arithmetic of growth: by hand for one small case, in the right direction for the others, and printed as docs/scale.md has it."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from itertools import pairwise

import pytest

from bench.plan import COSTS, Assumptions, Costs, Plan, main, plan, smallest, spread
from bench.plan_page import DOCUMENT, PICTURE, SIZES, document, full, picture

ROUND = Costs(
    delivery_us=10,
    post_us=1000,
    post_database_us=500,
    hello_us=5000,
    hello_database_us=2000,
    page_us=4000,
    page_database_us=1000,
    beat_us=100,
    bell_us=200,
    sweep_us=5,
    sweep_database_us=1,
    process_database_us=1000,
    publish_us=20,
    subscriber_us=5,
    socket_kb=40,
    process_mb=100,
    wal_bytes=2000,
    stored_bytes=1000,
    commits=4000,
    hot_room_commits=1000,
)
SMALL = Assumptions(
    members=36_000,
    online=0.1,
    sockets=1,
    rooms=4,
    posts=10,
    writes=2,
    pages=10,
    readers=10,
    groups=36,
    groups_each=1,
    group_posts=0.5,
    hot=9,
    reconnects=0,
    storm_s=36,
    heartbeat_s=25,
    sweep_s=1,
    headroom=0.5,
    storm_headroom=0.9,
    cores=1,
    pool=10,
    busy_hours=1,
)


def test_by_hand() -> None:
    p = plan(SMALL, ROUND)
    # 3,600 are online, each with a socket; ten posts an hour of each are ten a second, and with what they bring twenty events.
    assert (p.sockets, p.posts, p.writes, p.pages) == (3600, 10, 20, 10)
    # A group has 1,000 members, 100 of them online: ten events a second to them, ten to the ten of a case.
    assert p.readers_of_group == 100 and p.deliveries == pytest.approx(10 * 100 + 10 * 10)
    # 20 posts of 1 ms, 1,100 deliveries of 10 µs, 10 pages of 4 ms, 144 beats of 100 µs.
    work = 0.020 + 0.011 + 0.040 + 0.0144
    # All 3,600 back in 36 s are 100 hellos of 5 ms. One process would carry the rest, but not 0.5 of a core more beside it.
    assert p.hellos == 100
    rooms = {n: 3600 * 3 / 10 * spread(10, n) + 36 * spread(100, n) for n in (1, 2)}
    bells = {n: 10 * spread(100, n) + 10 * spread(10, n) for n in (1, 2)}
    assert rooms[1] == 1080 + 36 and bells[1] == 20
    assert work + bells[1] * 200e-6 + rooms[1] * 5e-6 + 0.5 <= 0.9
    assert p.processes == 1 and p.nodes == 2
    assert p.web_cores == pytest.approx(work + 0.004 + 0.00558)
    # The primary: 20 posts of 0.5 ms, one process, the sweep, 10 pages of 1 ms; and in the storm 100 hellos of 2 ms.
    assert p.database_steady == pytest.approx(0.010 + 0.001 + 0.001116 + 0.010)
    assert plan(replace(SMALL, replica=1), ROUND).database_steady == pytest.approx(0.012116)
    assert p.database_cores == 2 and p.used["cores of the primary"] == pytest.approx((p.database_steady + 0.2) / 0.9 / 64)
    assert p.replica_cores == pytest.approx(0.01)
    assert p.redis_cores == pytest.approx(20 * 20e-6 + bells[1] * 5e-6)
    assert p.shards == 1 and p.connections == 10 and p.wal == pytest.approx(0.04)
    assert p.hot_room == pytest.approx(20 * 0.5 * 9 / 36)
    assert p.year_gb == pytest.approx(20 * 3600 * 365 * 1000 / 1e9)
    assert p.node_gb == pytest.approx(0.1 + 3600 * 40e3 / 1e9)
    # Everyone back in 18 s are 200 hellos a second: a core of them, which two processes carry (of 1.8).
    assert plan(replace(SMALL, storm_s=18), ROUND).processes == 2


def test_where_readers_are_spread() -> None:
    assert spread(10, 1) == 1 and spread(0.5, 1) == 0.5
    assert spread(1, 7) == pytest.approx(1)
    assert spread(2, 2) == pytest.approx(1.5)
    assert spread(10_000, 5) == pytest.approx(5)


def test_the_smallest_that_carries() -> None:
    assert [smallest(lambda n, least=least: n >= least) for least in (1, 2, 3, 17, 1000)] == [1, 2, 3, 17, 1000]
    with pytest.raises(ValueError, match="no number"):
        smallest(lambda n: False)


@pytest.mark.parametrize("costs", [ROUND, Costs.read()], ids=["round", "measured"])
def test_more_members_never_need_less(costs: Costs) -> None:
    plans = [plan(Assumptions(members=10 ** (3 + n / 10)), costs) for n in range(43)]
    for f in fields(Plan):
        if f.name not in ("used", "node_gb"):  # a node's share of the sockets goes down when a process is added
            values = [getattr(p, f.name) for p in plans]
            assert all(after >= before * (1 - 1e-9) for before, after in pairwise(values)), f.name


@pytest.mark.parametrize("name", [f.name for f in fields(Costs) if f.name not in ("commits", "hot_room_commits")])
def test_what_costs_more_needs_no_less(name: str) -> None:
    a, costs = Assumptions(members=300_000), Costs.read()
    cheap, dear = plan(a, costs), plan(a, replace(costs, **{name: getattr(costs, name) * 10}))
    needed = ("web_cores", "node_gb", "redis_cores", "database_steady", "replica_cores", "wal", "year_gb")
    assert any(getattr(dear, n) > getattr(cheap, n) for n in needed) or dear.used["cores of the primary"] > cheap.used["cores of the primary"]
    assert dear.processes >= cheap.processes and dear.shards >= cheap.shards and dear.database_cores >= cheap.database_cores


def test_every_cost_says_where_it_was_measured() -> None:
    rows = json.loads(COSTS.read_text())
    assert set(rows) == {f.name for f in fields(Costs)}
    for name, row in rows.items():
        assert set(row) == {"value", "unit", "what", "source"} and row["value"] > 0 and row["source"], name


def test_the_document_is_as_the_costs_are() -> None:
    assert document(DOCUMENT.read_text()) == DOCUMENT.read_text(), "run python -m bench.plan --write"
    assert picture() == PICTURE.read_text(), "run python -m bench.plan --write"


def test_where_a_limit_is_reached() -> None:
    """Twenty events a second are 36,000 members' in the small case, so 4,000 commits a second are 200 times as many."""
    members = float(full("commits a second, one a post", SMALL, ROUND).replace(",", ""))
    assert 7_200_000 <= members <= 7_200_000 * 10 ** (1 / 20) * 1.05
    assert full("commits a second, one a post", SMALL, replace(ROUND, commits=1e12)) == "over a thousand million"


def test_as_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--members", "100000", "--online", "0.4"]) == 0
    out = capsys.readouterr().out
    assert "| members | 100,000 |" in out and "| sockets | 60,000 |" in out
    assert len(SIZES) == 3
