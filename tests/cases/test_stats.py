"""The public figures: what they count, and that nothing small and nobody is in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from consult.cases import stats, stats_page
from consult.cases.models import Case
from consult.rooms.models import Room
from tests import people
from tests.cases.helpers import ask

pytestmark = pytest.mark.django_db(transaction=True)
AGO = datetime.now(UTC) - timedelta(days=3)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def cases(code: str, *, answered: int, consensus: int = 0, silent: int = 0, minutes: int = 30, at: datetime = AGO) -> None:
    camille = people.camille()
    for n in range(answered + silent):
        room = ask(camille)["room"]
        first = at + timedelta(minutes=minutes) if n < answered else None
        Case.objects.filter(pk=room).update(opened_at=at, first_answer_at=first, consensus_at=first if n < consensus else None)
        Room.objects.filter(pk=room).update(code=code)


def test_shares_and_the_median_by_specialty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "LEAST", 3)
    cases("DER", answered=4, consensus=2, silent=1)
    cases("CAR", answered=3, minutes=90)
    cases("DER", answered=1, at=datetime.now(UTC))  # too young to be judged
    cases("DER", answered=1, at=AGO - timedelta(days=400))  # too old
    answer = Client().get("/api/v1/stats", headers={"Accept-Language": "en"})
    figures = answer.json()
    assert answer.status_code == 200, "without signing in"
    assert figures["all"] == {"cases": 8, "answered": 0.875, "first_answer_s": 1800, "consensus": 0.25}
    by_code = {s["code"]: s for s in figures["specialties"]}
    assert by_code["DER"] == {"code": "DER", "name": by_code["DER"]["name"], "cases": 5, "answered": 0.8, "first_answer_s": 1800, "consensus": 0.4}
    assert by_code["CAR"]["first_answer_s"] == 5400
    assert figures["published"][0] == {"name": "#doctoctoc, 2013", "cases": 63, "answered": 0.92, "first_answer_s": None, "consensus": 0.556}


def test_what_is_small_is_not_told_not_even_by_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "LEAST", 3)
    cases("DER", answered=5)
    cases("CAR", answered=3)
    cases("NEU", answered=1)
    figures = stats.read()
    assert [s["code"] for s in figures["specialties"]] == ["DER"], "all less DER less CAR would be the one of NEU"
    assert figures["all"]["cases"] == 9


def test_nothing_at_all_of_few_cases() -> None:
    cases("DER", answered=2)
    assert stats.read()["all"] == {"cases": None, "answered": None, "first_answer_s": None, "consensus": None} and stats.read()["specialties"] == []
    page = Client().get("/stats").content.decode()
    assert "Pas encore assez de questions." in page


def test_the_page_in_both_languages_without_a_script_or_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "LEAST", 3)
    cases("DER", answered=4, consensus=2, silent=1)
    french, english = (Client().get("/stats", headers={"Accept-Language": lang}) for lang in ("fr", "en"))
    assert 'lang="fr"' in french.content.decode() and "Chiffres du service" in french.content.decode() and "55,6\u202f%" in french.content.decode()
    assert 'lang="en"' in english.content.decode() and "Figures of the service" in english.content.decode() and "55.6%" in english.content.decode()
    assert "English" in Client().get("/stats?locale=fr", headers={"Accept-Language": "en"}).content.decode()
    assert french["Cache-Control"] == "public, max-age=600" and "script" not in french.content.decode() and "Aubrac" not in french.content.decode()
    assert Client().post("/stats").status_code == 405


@pytest.mark.parametrize(
    ("seconds", "fr", "en"),
    [(None, "–", "–"), (20, "1\u00a0min", "1\u00a0min"), (2700, "45\u00a0min", "45\u00a0min"), (9000, "2,5\u00a0h", "2.5\u00a0h"), (864000, "10\u00a0jours", "10\u00a0days")],
)
def test_times_as_people_read_them(seconds: Any, fr: str, en: str) -> None:
    assert (stats_page.lasting(seconds, "fr"), stats_page.lasting(seconds, "en")) == (fr, en)


def test_the_figures_are_counted_once_for_many_readers() -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    stats.read()
    with CaptureQueriesContext(connection) as seen:
        stats.read()
    assert len(seen) == 0
