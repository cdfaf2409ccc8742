"""The page /stats: the service's figures for anyone, in French or English, drawn by the server and readable without a script."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from consult.cases import stats
from consult.locale import locale_of

WORDS = {
    "title": ("Chiffres du service", "Figures of the service"),
    "intro": (
        "Questions posées ces {days} derniers jours, il y a plus de 24 heures. Aucune donnée personnelle ; rien n’est affiché pour moins de {least} questions.",
        "Questions asked within the last {days} days, over 24 hours ago. No personal data; nothing is shown of fewer than {least} questions.",
    ),
    "here": ("Ce service", "This service"),
    "target": ("Objectif", "Target"),
    "published": ("Chiffres publiés ailleurs", "Figures published elsewhere"),
    "specialties": ("Par spécialité", "By specialty"),
    "who": ("Service", "Service"),
    "specialty": ("Spécialité", "Specialty"),
    "cases": ("Questions", "Questions"),
    "answered": ("Avec réponse", "Answered"),
    "first": ("Première réponse (médiane)", "First answer (median)"),
    "consensus": ("Avec consensus", "With consensus"),
    "none": ("Pas encore assez de questions.", "Not enough questions yet."),
    "home": ("Retour à Consult", "Back to Consult"),
}


def share(value: float | None, locale: str) -> str:
    """0.556 as 55,6 % or 55.6%; a dash where there is none. The one place with percentages: it tells of questions, not of votes."""
    if value is None:
        return "–"
    text = f"{100 * value:.1f}".removesuffix(".0")
    return f"{text}%" if locale == "en" else f"{text.replace('.', ',')}\u202f%"


def lasting(seconds: int | None, locale: str) -> str:
    """Minutes up to two hours, then hours, then days."""
    if seconds is None:
        return "–"
    if seconds < 7200:
        return f"{max(1, round(seconds / 60))}\u00a0min"
    if seconds < 172800:
        return f"{seconds / 3600:.1f}\u00a0h".replace(".", "." if locale == "en" else ",")
    return f"{round(seconds / 86400)}\u00a0" + ("days" if locale == "en" else "jours")


def _row(name: str, figures: dict[str, Any], locale: str) -> dict[str, str]:
    count = figures.get("cases")
    return {
        "name": name,
        "cases": "–" if count is None else f"{count:,}".replace(",", "," if locale == "en" else "\u202f"),
        "answered": share(figures["answered"], locale),
        "first": lasting(figures["first_answer_s"], locale),
        "consensus": share(figures["consensus"], locale),
    }


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Readable by anyone, kept by caches for as long as the figures are not counted anew. `?locale=fr` or `en` overrules the browser's."""
    asked = request.GET.get("locale")
    locale = asked if asked in ("fr", "en") else locale_of(request)
    figures = stats.read(locale)
    words = {name: pair[locale == "en"].format(days=figures["days"], least=figures["least"]) for name, pair in WORDS.items()}
    own = [_row(words["here"], figures["all"], locale), _row(words["target"], {"cases": None, **figures["targets"]}, locale)]
    response = render(
        request,
        "cases/stats.html",
        {
            "locale": locale,
            "words": words,
            "own": own,
            "published": [_row(p["name"], p, locale) for p in figures["published"]],
            "specialties": [_row(s["name"], s, locale) for s in figures["specialties"]],
            "enough": figures["all"]["cases"] is not None,
        },
    )
    response["Cache-Control"] = f"public, max-age={stats.KEPT_S}"
    response["Vary"] = "Accept-Language"
    return response
