"""How well identifiers are found in the held-out part of the corpus, and what a look costs."""

from __future__ import annotations

from ..contest import Bench
from ..identifiers import held_out, score


def identifiers(bench: Bench) -> None:
    """Precision and recall by category; nothing of the stack is used."""
    texts = list(held_out.PART.texts(held_out.COUNT))
    found = score.score(texts)
    rows = [[c, str(found.labels[c]), f"{found.recall(c):.3f}", f"{found.precision(c):.3f}"] for c in sorted(found.labels | found.findings)]
    for name, hints in (("all but hints", False), ("all", True)):
        precision, recall = found.overall(hints=hints)
        rows.append([name, str(sum(n for c, n in found.labels.items() if hints or c not in score.HINTS)), f"{recall:.3f}", f"{precision:.3f}"])
    alarms = ", ".join(f"{level} {found.alarms[level] / found.clean * 100:.1f}" for level in ("block", "confirm", "hint"))
    bench.report.table(
        "Identifiers in text",
        ["category", "in the texts", "recall", "precision"],
        rows,
        f"{found.texts:,} synthetic texts frozen before the rules (bench/identifiers/held_out.py), {found.clean / found.texts:.0%} with nothing to find. "
        f"False alarms per 100 of those: {alarms}. {found.us:.0f} µs a text for all levels, {score.post_us(texts):.0f} µs as a post is looked at (without hints).",
    )
    for category, least in (("nir", 0.98), ("phone", 0.98), ("email", 0.98), ("name", 0.9)):
        bench.report.claim("identifiers", f"recall of {category}", [found.recall(category)], at_least=least, unit="")
    bench.report.claim("identifiers", "precision over all", [found.overall(hints=True)[0]], at_least=0.9, unit="")
