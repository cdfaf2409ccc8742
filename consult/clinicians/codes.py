"""The code lists as they are delivered: professions (TRE_G15), specialties (TRE_R38), and the groups people know.

A migration calls `load()`; the mapping is then edited in the admin, and a later load adds what is new without undoing that.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent / "data"


def rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def load(*, group: Any, specialty: Any, profession: Any) -> None:
    """Adds the missing rows of the three models (as a migration sees them); leaves the ones that are there as they are."""
    groups, of_specialty, of_profession = [], {}, {}
    for row in rows("groups"):
        groups.append(group(code=row["code"], name_fr=row["name_fr"], name_en=row["name_en"], order=int(row["order"])))
        of_specialty.update(dict.fromkeys(row["specialties"].split(), row["code"]))
        of_profession.update(dict.fromkeys(row["professions"].split(), row["code"]))
    group.objects.bulk_create(groups, ignore_conflicts=True)
    specialty.objects.bulk_create([specialty(code=r["code"], label=r["libelle"], group_id=of_specialty.get(r["code"])) for r in rows("specialites")], ignore_conflicts=True)
    profession.objects.bulk_create([profession(code=r["code"], label=r["libelle"], group_id=of_profession.get(r["code"])) for r in rows("professions")], ignore_conflicts=True)
