"""What became of notices, counted by courier in a table: the worker knows it, and web processes answer /metrics."""

from __future__ import annotations

from collections import Counter

from django.db import connection

from consult.push.couriers import Fate
from consult.push.models import FateCount

SENT, DEAD, REFUSED, TEMPORARY, EXPIRED, SKIPPED = FATES = ("sent", "dead", "refused", "temporary", "expired", "skipped")
OF = {Fate.TAKEN: SENT, Fate.GONE: DEAD, Fate.FORBIDDEN: DEAD, Fate.REJECTED: REFUSED, Fate.LATER: TEMPORARY}

# In one order, so that two workers that count the same wait for each other and no longer.
_COUNT = """
INSERT INTO push_fatecount AS f (courier, fate, count) SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS t(courier, fate, count) ORDER BY 1, 2
ON CONFLICT (courier, fate) DO UPDATE SET count = f.count + excluded.count"""


def count(met: Counter[tuple[str, str]]) -> None:
    """Adds what was met: how often, by (courier, fate)."""
    if met:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, ([c for c, _ in met], [f for _, f in met], list(met.values())))


def counted() -> dict[tuple[str, str], int]:
    """All that was met since the beginning, by (courier, fate)."""
    return {(c, f): n for c, f, n in FateCount.objects.values_list("courier", "fate", "count")}
