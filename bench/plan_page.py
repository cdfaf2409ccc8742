"""docs/scale.md's tables and its picture, made from the plan: what `python -m bench.plan` prints, and what `--write` writes."""

from __future__ import annotations

import json
import math
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from .plan import COSTS, Assumptions, Costs, Plan, plan

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "scale.md"
PICTURE = ROOT / "docs" / "scale.svg"
SIZES = (14_000, 100_000, 10_000_000)


def number(value: float) -> str:
    if value >= 1_000_000:
        return f"{value / 1e6:,.1f} M"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


ROWS: list[tuple[str, Any]] = [
    ("sockets", lambda p: number(p.sockets)),
    ("posts a second", lambda p: number(p.posts)),
    ("events written a second", lambda p: number(p.writes)),
    ("readers of a post in a specialty group", lambda p: number(p.readers_of_group)),
    ("deliveries a second", lambda p: number(p.deliveries)),
    ("hellos a second while everyone comes back", lambda p: number(p.hellos)),
    ("**web processes** (a core each)", lambda p: f"**{p.processes:,}**"),
    ("**web nodes**, one of them to spare", lambda p: f"**{p.nodes:,}**"),
    ("memory of a node, GB", lambda p: number(p.node_gb)),
    ("bells heard a second, over all processes", lambda p: number(p.bells)),
    ("rooms in all processes' sweeps", lambda p: number(p.rooms)),
    ("cores of the web in use, without a storm", lambda p: number(p.web_cores)),
    ("**Redis shards**", lambda p: f"**{p.shards:,}**"),
    ("cores of Redis in use, over all shards", lambda p: number(p.redis_cores)),
    ("**cores of the primary**", lambda p: f"**{p.database_cores:,}**"),
    ("cores of it in use, without a storm", lambda p: number(p.database_steady)),
    ("and of these for pages of history, which a replica can take", lambda p: number(p.replica_cores)),
    ("connections to the primary", lambda p: number(p.connections)),
    ("log written (WAL), MB/s", lambda p: number(p.wal)),
    ("events a second in the busiest room", lambda p: number(p.hot_room)),
    ("the log grows in a year by, GB", lambda p: number(p.year_gb)),
    ("nearest to its limit", lambda p: f"{p.first}: {p.used[p.first]:.0%}"),
]


def table(plans: dict[float, Plan]) -> str:
    lines = [f"| members | {' | '.join(f'{members:,.0f}' for members in plans)} |", f"| --- |{' ---: |' * len(plans)}"]
    return "\n".join(lines + [f"| {name} | {' | '.join(show(p) for p in plans.values())} |" for name, show in ROWS])


def limits(plans: dict[float, Plan], a: Assumptions, c: Costs) -> str:
    lines = [f"| in use at | {' | '.join(f'{members:,.0f}' for members in plans)} | full with, members |", f"| --- |{' ---: |' * (len(plans) + 1)}"]
    names = next(iter(plans.values())).used
    return "\n".join(lines + [f"| {name} | {' | '.join(f'{p.used[name]:.1%}' for p in plans.values())} | {full(name, a, c)} |" for name in names])


def full(name: str, a: Assumptions, c: Costs) -> str:
    """With how many members this limit is reached, to two figures."""
    for power in range(60, 181):
        members = 10 ** (power / 20)
        if plan(replace(a, members=members), c).used[name] >= 1:
            return f"{round(members, 1 - math.floor(math.log10(members))):,.0f}"
    return "over a thousand million"


def assumptions() -> str:
    shown = [f for f in fields(Assumptions) if f.name != "members"]
    return "\n".join(["| `--…` | default | meaning |", "| --- | ---: | --- |", *(f"| `{f.name}` | {f.default:g} | {f.metadata['meaning']} |" for f in shown)])


def costs() -> str:
    rows = json.loads(COSTS.read_text())
    return "\n".join(
        ["| cost | | what, and from where |", "| --- | ---: | --- |", *(f"| `{n}` | {r['value']:,g} {r['unit']} | {r['what']} ({r['source']}) |" for n, r in rows.items())]
    )


def document(text: str) -> str:
    """The text with its tables made anew, between their marks."""
    c = Costs.read()
    plans = {float(n): plan(Assumptions(members=n), c) for n in SIZES}
    for name, made in (("plan", table(plans)), ("limits", limits(plans, Assumptions(), c)), ("assumptions", assumptions()), ("costs", costs())):
        text, found = re.subn(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", lambda m, made=made: f"{m[1]}{made}\n{m[2]}", text, flags=re.DOTALL)  # type: ignore[misc]
        if found != 1:
            raise ValueError(f"docs/scale.md has no place for {name}")
    return text


# --- the picture ----------------------------------------------------------------

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 400, 60, 190, 20, 50
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f; } .faint { stroke: #d0d7de; } .mark { stroke: #57606a; stroke-dasharray: 3 4; }
  .line { fill: none; stroke-width: 2.5; } .a { stroke: #0969da; } .b { stroke: #bc4c00; } .c { stroke: #1a7f37; } .d { stroke: #8250df; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .faint { stroke: #30363d; } .mark { stroke: #8b949e; }
    .a { stroke: #58a6ff; } .b { stroke: #f0883e; } .c { stroke: #3fb950; } .d { stroke: #bc8cff; }
  }"""
LINES = [
    ("a", "web processes", lambda p: p.processes),
    ("b", "cores of the primary", lambda p: max(p.database_cores, 1)),
    ("c", "Redis shards", lambda p: p.shards),
    ("d", "connections ÷ 100", lambda p: max(p.connections / 100, 0.5)),
]


def picture() -> str:
    """What grows how fast: both axes are powers of ten."""
    c = Costs.read()
    low, high = 3.5, 7.2
    members = [10 ** (low + (high - low) * n / 60) for n in range(61)]
    plans = [plan(Assumptions(members=m), c) for m in members]
    top = math.ceil(math.log10(max(show(p) for _, _, show in LINES for p in plans)))

    def x(m: float) -> float:
        return LEFT + (math.log10(m) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (math.log10(value) + 0.3) / (top + 0.3) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Web processes, database cores, Redis shards and connections against members, both in powers of ten">',
        f"<style>{STYLE}\n</style>",
    ]
    for power in range(top + 1):
        parts.append(f'<line class="faint" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(10**power):.1f}" y2="{y(10**power):.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(10**power) + 4:.1f}" text-anchor="end">{10**power:,}</text>')
    for size in SIZES:
        parts.append(f'<line class="mark" x1="{x(size):.1f}" x2="{x(size):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{x(size):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{size:,}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">members</text>')
    ends = sorted(((y(show(plans[-1])), style, name) for style, name, show in LINES), reverse=True)
    for style, _, show in LINES:
        points = " ".join(f"{x(m):.1f},{y(show(p)):.1f}" for m, p in zip(members, plans, strict=True))
        parts.append(f'<polyline class="line {style}" points="{points}"/>')
    free = float("inf")
    for at, style, name in ends:  # from below, each a line's height above the one before
        free = min(at, free - 18)
        parts.append(f'<line class="line {style}" x1="{WIDTH - RIGHT + 8}" x2="{WIDTH - RIGHT + 24}" y1="{free:.1f}" y2="{free:.1f}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 30}" y="{free + 4:.1f}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def write() -> None:
    DOCUMENT.write_text(document(DOCUMENT.read_text()))
    PICTURE.write_text(picture())
