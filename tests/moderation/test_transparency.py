"""The public account: counts by kind, no name, and few acts against people are not told apart."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from consult.moderation import transparency
from consult.moderation.models import Item
from consult.rooms import log
from consult.rooms.actions import suspension, tools
from consult.rooms.models import Act
from tests.moderation.helpers import decide, flag, moderator, queue
from tests.people import camille, idris, nadia
from tests.rooms.helpers import group, joined, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def room() -> uuid.UUID:
    return joined(group(), camille(), nadia(), idris())


def acts(kind: str, number: int, **more: Any) -> None:
    Act.objects.bulk_create([Act(kind=kind, at=log.utc_now(), person_id=camille().pk, moderator_id=nadia().pk, **more) for _ in range(number)])


def account(**query: str) -> Any:
    return Client().get("/api/v1/transparency", query)


def of(rows: Any, name: str, value: str) -> Any:
    return next(row for row in rows if row[name] == value)


def test_everything_is_counted_by_kind(room: uuid.UUID) -> None:
    sacha = moderator()
    hidden, kept = (str(post(room, camille(), body)["message"]) for body in ("Mme Dupont", "Rien"))
    flag(nadia(), hidden, "identifies_patient")
    flag(nadia(), kept, "disrespect")
    for item in queue(sacha):
        decide(sacha, item["item"], "uphold" if item["urgency"] == 3 else "dismiss")
    acts("member.silence", 4, reversed_at=log.utc_now())
    acts("member.remove", 1)
    now = log.utc_now()
    acts("room.lock", 2, until=now - timedelta(minutes=1), reversed_at=now)  # its time was over
    acts("room.lock", 1, until=now + timedelta(minutes=1), reversed_at=now, reversed_by=sacha.pk)
    found = account().json()
    assert of(found["acts"], "kind", "message.hide") == {"kind": "message.hide", "count": 1, "automatic": 1, "reversed": 0}
    assert of(found["acts"], "kind", "member.silence") == {"kind": "member.silence", "count": 4, "automatic": 0, "reversed": 4}
    assert of(found["acts"], "kind", "room.lock") == {"kind": "room.lock", "count": 3, "automatic": 0, "reversed": 1}
    assert of(found["acts"], "kind", "member.remove")["count"] is None
    assert of(found["acts"], "kind", "person.suspend")["count"] == 0
    assert of(found["reports"], "category", "identifies_patient") == {"category": "identifies_patient", "count": 1, "upheld": 1, "dismissed": 0}
    assert of(found["reports"], "category", "disrespect")["dismissed"] == 1
    assert 0 <= found["median_decision_s"] < 600 and found["appeals"] == {"count": 0, "granted": 0}
    for name in (camille().family_name, nadia().family_name, str(camille().pk), str(room), hidden):
        assert name not in account().content.decode()


def test_a_month_has_its_own_and_is_read_once(room: uuid.UUID, django_assert_num_queries: Any) -> None:
    Item.objects.create(kind="hold", object="x", at=log.utc_now() - timedelta(days=40))
    last = (log.utc_now() - timedelta(days=40)).strftime("%Y-%m")
    assert account(month=last).json()["held"]["count"] == 1 and account().json()["held"]["count"] == 0
    with django_assert_num_queries(0):
        account(month=last)
    cache.clear()
    with django_assert_num_queries(3):
        account(month=last)


@pytest.mark.parametrize("month", ["2026-13", "2026", "x", "2999-01", "2026-1", "٢٠٢٦-01"])
def test_months_that_are_none_are_refused(month: str) -> None:
    assert account(month=month).json()["code"] == "frame.invalid"
    page = Client().get("/transparency", {"month": month})
    assert page.status_code == 400


@pytest.mark.parametrize(("language", "words"), [("fr", "Transparence de la modération"), ("en", "Moderation transparency")])
def test_the_page_is_for_everyone_in_both_languages(room: uuid.UUID, language: str, words: str) -> None:
    acts("member.remove", 2)
    page = Client(headers={"accept-language": language}).get("/transparency")
    text = page.content.decode()
    assert page.status_code == 200 and words in text and f'lang="{language}"' in text
    assert ("moins de 3" if language == "fr" else "fewer than 3") in text
    assert "style-src 'self'" in page["Content-Security-Policy"] and "<style" not in text and "<script" not in text
    assert Client().get("/static/moderation/transparency.css").status_code == 200
    assert text.count("<th") > 20 and camille().family_name not in text


def test_every_tool_that_is_counted_has_its_words() -> None:
    untold = {"moderator.call", "pin.add"}  # nothing is withheld from anyone
    assert transparency.ACTS.keys() == tools.TOOLS.keys() - untold | {suspension.KIND}
