"""What was measured, as tables: medians, ranges, ratios, targets; printed, and written to docs/benchmarks.md."""

from __future__ import annotations

import math
import os
import platform
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Claim:
    """One ratio (or figure) that is asked for. It is met when the median is."""

    row: str
    what: str
    values: list[float]
    at_least: float | None = None
    at_most: float | None = None
    unit: str = "×"
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values) if self.values else math.nan

    @property
    def met(self) -> bool | None:
        if self.at_least is not None:
            return self.median >= self.at_least
        if self.at_most is not None:
            return self.median <= self.at_most
        return None

    def cells(self) -> list[str]:
        asked = f"≥ {self.at_least:g} {self.unit}" if self.at_least is not None else f"≤ {self.at_most:g} {self.unit}" if self.at_most is not None else "printed"
        verdict = {True: "met", False: "**not met**", None: ""}[self.met]
        return [
            self.row,
            self.what + (f" ({self.note})" if self.note else ""),
            asked,
            f"{short(self.median)} {self.unit}",
            f"{short(min(self.values))} to {short(max(self.values))}",
            verdict,
        ]


@dataclass
class Report:
    claims: list[Claim] = field(default_factory=list)
    tables: list[tuple[str, list[str], list[list[str]], str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def table(self, title: str, head: list[str], rows: list[list[str]], note: str = "") -> None:
        self.tables.append((title, head, rows, note))
        print("\n" + text_table(title, head, rows), flush=True)
        if note:
            print(note, flush=True)

    def claim(self, row: str, what: str, values: Sequence[float], **asked: Any) -> None:
        made = Claim(row, what, list(values), **asked)
        self.claims.append(made)
        print("  " + " | ".join(made.cells()), flush=True)

    def markdown(self, *, machine: list[str], command: str, seconds: float) -> str:
        out = [
            "# Benchmarks",
            "",
            f"Written by `{command}`; do not edit. Only ratios are compared: absolute figures are this machine's.",
            "",
            *[f"- {line}" for line in machine],
            f"- {seconds / 60:.1f} minutes in all.",
            "",
            "## Targets",
            "",
            markdown_table(["row", "compared", "asked", "median", "range", ""], [c.cells() for c in self.claims]),
            "",
        ]
        for title, head, rows, note in self.tables:
            out += [f"## {title}", "", markdown_table(head, rows), ""]
            if note:
                out += [note, ""]
        if self.notes:
            out += ["## How it is measured", "", *[f"- {n}" for n in self.notes], ""]
        if self.faults:
            out += ["## Faults seen", "", *[f"- {n}" for n in self.faults], ""]
        return "\n".join(out)


def short(x: float) -> str:
    if math.isnan(x):
        return "–"
    if abs(x) >= 10_000:
        return f"{x / 1e6:.2f} M" if abs(x) >= 1e6 else f"{x / 1000:.0f} k"
    return f"{x:.0f}" if abs(x) >= 100 else f"{x:.1f}" if abs(x) >= 10 else f"{x:.2f}" if abs(x) >= 0.1 else f"{x:.3f}"


def markdown_table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |", *["| " + " | ".join(r) + " |" for r in rows]])


def text_table(title: str, head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    line = lambda r: "  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip()  # noqa: E731
    return "\n".join([title, line(head), *map(line, rows)])


def machine(versions: dict[str, str]) -> list[str]:
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())
    memory = next(int(line.split()[1]) for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal")) / 1024 / 1024
    return [
        f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB, {platform.system()} {platform.release().split('-')[0]}; load when it began {os.getloadavg()[0]:.2f}.",
        "; ".join(f"{k} {v}" for k, v in versions.items()) + ".",
    ]


def version(argv: list[str]) -> str:
    return subprocess.run(argv, check=False, capture_output=True, text=True).stdout.strip()
