"""What moderation did in a month, counted by kind, without a name: the public account, as JSON and as a page.

Acts against a person are few, and who knows the service could tell whom "one exclusion" means: of those, one and two are both "fewer than
three". What concerns messages and rooms is counted exactly.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from ninja import Router

from consult.errors import Refusal
from consult.locale import locale_of

from .models import Category

router = Router(tags=["moderation"])
FEW = 3
PERSONAL = ("member.silence", "member.remove", "person.suspend")
KEPT_S = 600  # a page that anyone may ask for costs the database little

# kind: French, English; in the order of the page
ACTS = {
    "message.hide": ("Messages masqués", "Messages hidden"),
    "image.hide": ("Images masquées", "Pictures hidden"),
    "image.ask_mask": ("Masquages d’image demandés", "Picture masks asked for"),
    "differential.hide": ("Hypothèses diagnostiques masquées", "Proposed diagnoses hidden"),
    "reference.hide": ("Références masquées", "References hidden"),
    "member.silence": ("Mises en silence", "Members silenced"),
    "member.remove": ("Exclusions d’une salle", "Members removed from a room"),
    "person.suspend": ("Suspensions du service", "Suspensions from the service"),
    "room.slow": ("Passages en mode lent", "Slow mode set"),
    "room.lock": ("Salles verrouillées", "Rooms locked"),
    "thread.move": ("Fils déplacés", "Threads moved"),
    "case.move": ("Cas déplacés", "Cases moved"),
    "case.merge": ("Cas fusionnés", "Cases merged"),
    "expert.ask": ("Avis d’expert demandés", "Experts asked for"),
    "moderator.join": ("Venues d’un modérateur", "Visits of a moderator"),
}
REPORTS = {
    Category.IDENTIFIES_PATIENT: ("Identifie un patient", "Identifies a patient"),
    Category.DANGEROUS_ADVICE: ("Conseil dangereux", "Dangerous advice"),
    Category.DISRESPECT: ("Manque de respect", "Disrespect"),
    Category.ADVERTISING: ("Publicité", "Advertising"),
    Category.NOT_CLINICIAN: ("N’est pas soignant", "Not a clinician"),
    Category.OTHER: ("Autre", "Other"),
}

# What ended when its time was over was not reversed by anybody.
_ACTS = """
SELECT kind, count(*), count(*) FILTER (WHERE moderator_id IS NULL), count(reversed_at) FILTER (WHERE NOT coalesce(reversed_by IS NULL AND reversed_at >= until, false))
FROM rooms_act WHERE at >= %s AND at < %s GROUP BY 1"""
_REPORTS = """
SELECT x.category, count(*), count(*) FILTER (WHERE i.decision = 'uphold'), count(*) FILTER (WHERE i.decision = 'dismiss')
FROM moderation_report x JOIN moderation_item i ON i.id = x.item_id WHERE x.at >= %s AND x.at < %s GROUP BY 1"""
_ITEMS = """
SELECT count(*) FILTER (WHERE kind = 'appeal'), count(*) FILTER (WHERE kind = 'appeal' AND decision = 'grant'), count(*) FILTER (WHERE kind = 'hold'),
       count(*) FILTER (WHERE kind = 'hold' AND decision = 'release'), count(*) FILTER (WHERE kind = 'reading' AND decision = 'agree'),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - at)) FILTER (WHERE kind = 'report')
FROM moderation_item WHERE at >= %s AND at < %s"""


def month_of(text: str | None) -> tuple[datetime, datetime]:
    """The first moment of a month "YYYY-MM" (none: this one), and of the next. Raises Refusal frame.invalid; what is to come is refused, too."""
    now = datetime.now(UTC)
    text = text or f"{now:%Y-%m}"
    if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", text, re.ASCII):
        raise Refusal("frame.invalid", fields=["month"])
    first = datetime(int(text[:4]), int(text[5:]), 1, tzinfo=UTC)
    if first > now:
        raise Refusal("frame.invalid", fields=["month"])
    return first, datetime(first.year + first.month // 12, first.month % 12 + 1, 1, tzinfo=UTC)


def account(month: str | None) -> dict[str, Any]:
    """{"month","acts","reports","appeals","held","readings","median_decision_s"}. A count is null where it is one or two and may not be told."""
    first, end = month_of(month)
    key = f"transparency.{first:%Y-%m}"
    found: dict[str, Any] | None = cache.get(key)
    if found is None:
        found = _count(first, end)
        cache.set(key, found, KEPT_S)
    return found


def _count(first: datetime, end: datetime) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(_ACTS, (first, end))
        acts = {kind: numbers for kind, *numbers in cursor.fetchall()}
        cursor.execute(_REPORTS, (first, end))
        reports = {category: numbers for category, *numbers in cursor.fetchall()}
        cursor.execute(_ITEMS, (first, end))
        appeals, granted, held, released, readings, median = cursor.fetchone()
    return {
        "month": f"{first:%Y-%m}",
        "acts": [{"kind": kind, **_told(kind, *acts.get(kind, [0, 0, 0]))} for kind in ACTS],
        "reports": [dict(zip(("category", "count", "upheld", "dismissed"), (c.value, *reports.get(c, [0, 0, 0])), strict=True)) for c in REPORTS],
        "appeals": {"count": _few(appeals), "granted": _few(granted)},
        "held": {"count": held, "released": released},
        "readings": _few(readings),
        "median_decision_s": round(median) if median is not None else None,
    }


def _told(kind: str, count: int, automatic: int, reversed_: int) -> dict[str, int | None]:
    if kind in PERSONAL:
        return {"count": _few(count), "automatic": _few(automatic), "reversed": _few(reversed_)}
    return {"count": count, "automatic": automatic, "reversed": reversed_}


def _few(count: int) -> int | None:
    return None if 0 < count < FEW else count


@router.get("/transparency", auth=None, summary="What moderation did in a month, counted by kind")
def get_account(request: HttpRequest, month: str | None = None) -> dict[str, Any]:
    """Counts alone; null stands for one or two where the acts are against people. `month` is YYYY-MM, by default this one (UTC)."""
    return account(month)


WORDS = {
    "fr": {
        "title": "Transparence de la modération",
        "intro": "Ce que la modération a fait ce mois-ci, compté par nature, sans aucun nom. Les actes visant une personne ne sont pas détaillés en dessous de trois.",
        "acts": "Actes", "kind": "Nature", "count": "Nombre", "automatic": "dont automatiques", "reversed": "dont annulés",
        "reports": "Signalements", "category": "Motif", "upheld": "retenus", "dismissed": "classés sans suite",
        "more": "Recours et vérifications", "appeals": "Recours déposés", "granted": "Recours accordés", "held": "Messages retenus par une règle",
        "released": "Messages retenus puis publiés", "readings": "Lectures de conversations privées, décidées à deux", "median": "Délai médian de décision d’un signalement",
        "few": "moins de 3", "none": "sans objet", "minutes": "min", "hours": "h", "earlier": "Mois précédent", "later": "Mois suivant", "home": "Consult",
    },
    "en": {
        "title": "Moderation transparency",
        "intro": "What moderation did this month, counted by kind, without a name. Acts against a person are not told in detail below three.",
        "acts": "Acts", "kind": "Kind", "count": "Count", "automatic": "automatic", "reversed": "reversed",
        "reports": "Reports", "category": "Category", "upheld": "upheld", "dismissed": "dismissed",
        "more": "Appeals and reviews", "appeals": "Appeals made", "granted": "Appeals granted", "held": "Messages held by a rule",
        "released": "Held messages that were released", "readings": "Readings of private conversations, agreed by two", "median": "Median time to decide a report",
        "few": "fewer than 3", "none": "not applicable", "minutes": "min", "hours": "h", "earlier": "Month before", "later": "Month after", "home": "Consult",
    },
}  # fmt: skip


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The same account as a page, in the reader's language; another month by `?month=`."""
    locale = locale_of(request)
    words, said = WORDS[locale], 1 if locale == "en" else 0
    try:
        found = account(request.GET.get("month"))
    except Refusal as refusal:
        return HttpResponse(refusal.say(locale), status=refusal.status, content_type="text/plain; charset=utf-8")
    first, end = month_of(found["month"])
    before = datetime(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
    context = {
        "lang": locale,
        "words": words,
        "month": found["month"],
        "earlier": f"{before:%Y-%m}",
        "later": f"{end:%Y-%m}" if end <= datetime.now(UTC) else None,
        "acts": [(ACTS[a["kind"]][said], *(_shown(a[n], words) for n in ("count", "automatic", "reversed"))) for a in found["acts"]],
        "reports": [(REPORTS[Category(r["category"])][said], r["count"], r["upheld"], r["dismissed"]) for r in found["reports"]],
        "more": [
            (words["appeals"], _shown(found["appeals"]["count"], words)),
            (words["granted"], _shown(found["appeals"]["granted"], words)),
            (words["held"], found["held"]["count"]),
            (words["released"], found["held"]["released"]),
            (words["readings"], _shown(found["readings"], words)),
            (words["median"], _duration(found["median_decision_s"], words)),
        ],
    }
    response = render(request, "moderation/transparency.html", context)
    response["Cache-Control"] = f"public, max-age={KEPT_S}"
    response["Vary"] = "Accept-Language, Cookie"
    return response


def _shown(count: int | None, words: dict[str, str]) -> str:
    return words["few"] if count is None else str(count)


def _duration(seconds: int | None, words: dict[str, str]) -> str:
    if seconds is None:
        return words["none"]
    minutes = round(seconds / 60)
    return f"{minutes} {words['minutes']}" if minutes < 120 else f"{round(minutes / 60)} {words['hours']}"
