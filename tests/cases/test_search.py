"""Search across cases and cases alike: words in French, filters, rights, the two ways that lead to the same hits, bounded pages."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from consult.cases import audience, search
from consult.cases.models import Case
from consult.rooms.actions import changes
from consult.rooms.models import Audience, Membership
from tests import people
from tests.cases.helpers import ask, settle
from tests.rooms.helpers import Phone, group, joined, post

pytestmark = pytest.mark.django_db(transaction=True)


def find(person: Any, **query: Any) -> list[str]:
    answer = Phone(person).get("/cases", **query)
    assert answer.status_code == 200, answer.content
    return [room["title"] for room in answer.json()["cases"]]


@pytest.fixture(params=["time", "index"])
def way(request: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way by itself: the newest cases fill no page, or all of them are walked."""
    if request.param == "index":
        monkeypatch.setattr(search, "_by_time", lambda db, asked, params: [])
        monkeypatch.setattr(search, "_more", lambda db, asked, params: True)
    else:
        monkeypatch.setattr(search, "_by_index", search._by_time)
    return str(request.param)


def scene() -> tuple[Any, Any, list[uuid.UUID]]:
    camille, nadia = people.camille(), people.nadia()
    der = joined(group(), camille, nadia)
    rooms = [
        ask(camille, title="Livedo réticulaire", question="Que faire ?", group=der)["room"],
        ask(camille, title="Plaque", question="Érythème prurigineux du mollet", specialty="SM04", everyone=True)["room"],
        ask(camille, title="Secret", question="Érythème noueux", people=[people.idris().pk])["room"],
    ]
    return camille, nadia, rooms


def test_words_filters_and_rights(way: str) -> None:
    camille, nadia, rooms = scene()
    assert find(nadia, q="LIVEDO reticulaires") == ["Livedo réticulaire"], "as French has them, accents ignored"
    assert find(nadia, q="erythemes") == ["Plaque"] and find(camille, q="erytheme") == ["Secret", "Plaque"]
    assert find(people.idris(), q="érythème") == ["Secret", "Plaque"] and find(people.unverified(), q="érythème") == []
    assert find(nadia, specialty="SM04") == ["Plaque"] and find(nadia, q="mollet", specialty="SM15") == []
    post(rooms[1], nadia, "Eczéma.")
    settle()
    assert find(nadia, status="answered") == ["Plaque"] and find(nadia, status="open") == ["Livedo réticulaire"]
    opened = Case.objects.get(pk=rooms[1]).opened_at.isoformat()
    assert find(nadia, since=opened) == ["Plaque"] and find(nadia, until=opened) == ["Livedo réticulaire"]
    Case.objects.filter(pk=rooms[1]).update(pictures=2)
    assert find(nadia, picture="true") == ["Plaque"] and find(nadia, picture="false", q="livedo") == ["Livedo réticulaire"]
    assert find(nadia) == ["Plaque", "Livedo réticulaire"]


def test_what_is_withheld_is_not_found_from_that_commit_on(way: str) -> None:
    camille, nadia, rooms = scene()
    changes.retract(changes.Retraction(rooms[0], camille.pk, str(Case.objects.get(pk=rooms[0]).question_id)))
    assert find(nadia, q="livedo") == []
    settle()
    assert Case.objects.get(pk=rooms[0]).words is None
    question = Case.objects.get(pk=rooms[1]).question
    changes.edit(changes.Edit(rooms[1], camille.pk, str(question.pk), question.seq, "Vitiligo du mollet", charged=True))
    settle()
    assert find(nadia, q="vitiligo") == ["Plaque"] and find(nadia, q="erytheme") == []


def test_pages(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    camille, nadia = people.camille(), people.nadia()
    for n in range(7):
        ask(camille, title=f"Cas {n}")
    phone = Phone(nadia)

    def all_pages(url: str | None) -> list[str]:
        seen = []
        while url:
            page = phone.client.get(url, headers=phone.headers).json()
            seen += [room["title"] for room in page["cases"]]
            url = page["next"]
        return seen

    assert all_pages("/api/v1/cases?q=mollet&limit=3") == [f"Cas {n}" for n in reversed(range(7))]


def test_the_index_is_asked_only_where_the_walk_did_not_come_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    camille, _, _ = scene()
    asked: list[search.Asked] = []
    monkeypatch.setattr(search, "_by_index", lambda db, what, params: asked.append(what) or [])
    assert find(camille, q="introuvable") == [] and not asked
    monkeypatch.setattr(search, "WALKED", 1)
    assert find(camille, q="introuvable") == [] and [what.q for what in asked] == ["introuvable"]


def test_a_request_looks_at_a_bounded_number_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    camille, nadia = people.camille(), people.nadia()
    rooms = [ask(camille, title=f"Cas {n}", question="Vitiligo")["room"] for n in range(6)]
    Membership.objects.bulk_create([Membership(room_id=room, person=nadia, ended="removed", first_seq=0, first_post_no=0) for room in rooms[1:]])
    for name in ("_BY_TIME", "_BY_INDEX"):
        monkeypatch.setattr(search, name, getattr(search, name).replace(f"LIMIT {search.LOOKED_AT}", "LIMIT 2"))
    monkeypatch.setattr(search, "LOOKED_AT", 2)
    phone, pages, url = Phone(nadia), [], "/api/v1/cases?q=vitiligo"
    while url:
        page = phone.client.get(url, headers=phone.headers).json()
        pages.append([room["title"] for room in page["cases"]])
        url = page["next"]
    assert [p for p in pages if p] == [["Cas 0"]] and 3 <= len(pages) <= 4


def test_what_search_knows_of_readers_follows_the_audience() -> None:
    camille, nadia, idris = people.camille(), people.nadia(), people.idris()
    der, car = joined(group(), camille, nadia), joined(group(code="CAR"), idris)
    room = ask(camille, group=der, people=[nadia.pk])["room"]
    assert set(Case.objects.get(pk=room).readers) == {der, nadia.pk}
    assert Case.objects.get(pk=ask(camille, everyone=True)["room"]).readers == [audience.EVERYONE]
    Audience.objects.filter(room_id=room, group_id=der).update(group_id=car)
    audience.index(uuid.UUID(str(room)))
    assert set(Case.objects.get(pk=room).readers) == {car, nadia.pk}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"q": "x" * 201}, "frame.invalid"),
        ({"q": "a\x00"}, "frame.invalid"),
        ({"q": "de la"}, "search.query"),
        ({"status": "x"}, "frame.invalid"),
        ({"specialty": "x" * 9}, "frame.invalid"),
        ({"since": "2026-01-01T00:00:00"}, "frame.invalid"),
        ({"since": "x"}, "frame.invalid"),
        ({"cursor": "x"}, "cursor.invalid"),
    ],
)
def test_what_is_refused(query: dict[str, str], code: str) -> None:
    assert Phone(people.nadia()).get("/cases", **query).json()["code"] == code


def test_cases_like_the_one_being_asked() -> None:
    camille, nadia, rooms = scene()
    other = ask(camille, title="Livedo de la cuisse", question="Livedo réticulaire apparu sous minocycline, quel bilan ?")["room"]

    def similar(person: Any, question: str, title: str = "") -> list[str]:
        answer = Phone(person).post("/cases/similar", {"title": title, "question": question})
        assert answer.status_code == 200
        return [room["title"] for room in answer.json()["cases"]]

    assert similar(nadia, "Livédo réticulaire chez une femme sous minocycline") == ["Livedo de la cuisse", "Livedo réticulaire"]
    assert similar(nadia, "érythème noueux") == ["Plaque"] and similar(people.idris(), "érythème noueux")[0] == "Secret"
    assert similar(nadia, "") == [] == similar(nadia, "le de la") and similar(nadia, "l'œdème d’aujourd'hui \\ ' | & !") == []
    changes.retract(changes.Retraction(other, camille.pk, str(Case.objects.get(pk=other).question_id)))
    assert similar(nadia, "minocycline") == []
    assert Phone(nadia).post("/cases/similar", {"question": "x" * 10001}).json()["code"] == "frame.invalid" and len(rooms) == 3
