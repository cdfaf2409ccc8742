"""The service's own figures beside published ones, for anyone: shares of people's questions, never a person, and nothing of a small number.

Counted are the cases opened within the last DAYS, at least SETTLED ago so that an answer had its time, whose question still stands.
A specialty with fewer than LEAST of them is not shown; and where those left out are few together, neither is the smallest that would be, or a difference would tell.
"""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from consult.rooms import wire

DAYS = 365
SETTLED = "24 hours"
LEAST = 10  # cases
KEPT_S = 600  # seconds for which the figures are not counted anew

PUBLISHED: list[dict[str, Any]] = [
    {"name": "#doctoctoc, 2013", "cases": 63, "answered": 0.92, "first_answer_s": None, "consensus": 0.556},
    {"name": "#doctoctoc, 2018", "cases": 494, "answered": 0.89, "first_answer_s": None, "consensus": None},
    {"name": "#doctoctoc, 2024", "cases": 252, "answered": 0.905, "first_answer_s": None, "consensus": None},
    {"name": "Medscape Consult", "cases": 7834, "answered": 0.90, "first_answer_s": 5400, "consensus": None},
    {"name": "WhatsApp, groupe de spécialistes", "cases": None, "answered": None, "first_answer_s": 3120, "consensus": None},
]
TARGETS = {"answered": 0.92, "first_answer_s": 2700, "consensus": 0.60}

_FIGURES = f"""
SELECT GROUPING(r.code) = 1, r.code, count(*), count(c.first_answer_at),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM c.first_answer_at - c.opened_at)), count(c.consensus_at)
FROM cases_case c JOIN rooms_room r ON r.id = c.room_id JOIN rooms_message q ON q.id = c.question_id AND q.withheld IS NULL
WHERE c.opened_at > now() - interval '{DAYS} days' AND c.opened_at <= now() - interval '{SETTLED}' GROUP BY GROUPING SETS ((), (r.code))"""
_NAMES = "SELECT code, name_fr, name_en FROM clinicians_specialtygroup"


def read(locale: str = "fr") -> dict[str, Any]:
    """{"as_of","days","least","all","specialties","published","targets"}: shares from 0 to 1, seconds; null where there is nothing to say."""
    figures: dict[str, Any] = cache.get("cases.stats") or _count()
    cache.add("cases.stats", figures, KEPT_S)
    specialties = [{**row, "name": row["names"][1 if locale == "en" else 0]} for row in figures["specialties"]]
    shown = [{name: value for name, value in row.items() if name != "names"} for row in specialties]
    return {**figures, "specialties": sorted(shown, key=lambda row: str(row["name"])), "published": PUBLISHED, "targets": TARGETS}


def _count() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES)
        rows = cursor.fetchall()
        cursor.execute(_NAMES)
        names = {code: (fr, en) for code, fr, en in cursor.fetchall()}
    whole = next(row for row in rows if row[0])
    by_specialty = _shown([row for row in rows if not row[0] and row[1] in names], whole[2])
    return {
        "as_of": wire.time(timezone.now()),
        "days": DAYS,
        "least": LEAST,
        "all": _figures(*whole[2:]),
        "specialties": [{"code": code, "names": names[code], **_figures(*rest)} for _, code, *rest in by_specialty],
    }


def _shown(rows: list[Any], everything: int) -> list[Any]:
    """The specialties that may be shown. What all others are together is the difference, so that must not be a small number either."""
    kept = sorted((row for row in rows if row[2] >= LEAST), key=lambda row: row[2])
    while kept and 0 < everything - sum(row[2] for row in kept) < LEAST:
        kept = kept[1:]
    return kept


def _figures(cases: int, answered: int, first_answer_s: float | None, consensus: int) -> dict[str, Any]:
    """Shares of these cases; none where they are few."""
    few = cases < LEAST
    return {
        "cases": None if few else cases,
        "answered": None if few else round(answered / cases, 3),
        "first_answer_s": None if few or first_answer_s is None or answered < LEAST else round(first_answer_s),
        "consensus": None if few else round(consensus / cases, 3),
    }
