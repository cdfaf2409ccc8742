"""The directory: verified people only, whatever the accents, page by page; and limited to a room's readers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from consult.clinicians import cards
from consult.rooms.models import Kind, Membership, Room
from consult.standing import actions
from tests.people import as_app, camille, helene, idris, nadia, person, soizic, tessard, unverified

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def everyone() -> None:
    for who in (camille, nadia, idris, helene, tessard, soizic, unverified):
        who()


def get(path: str, **query: Any) -> Any:
    return Client().get(path if path.startswith("/") else f"/api/v1/{path}", query, headers=as_app(camille()))


def names(**query: Any) -> list[str]:
    return [one["name"] for one in get("people", **query).json()["people"]]


def test_it_lists_verified_people_by_family_name() -> None:
    assert names() == ["Dr Camille Aubrac", "Dr Nadia Ferrand", "Soizic Le Bihan", "Hélène Morvan", "Dr Aline Tessard", "Dr Idris Vallon"]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("helene", ["Hélène Morvan"]),
        ("HÉLÈNE", ["Hélène Morvan"]),
        ("dermato lorient", ["Dr Idris Vallon"]),
        ("dermatologie", ["Dr Nadia Ferrand", "Dr Idris Vallon"]),
        ("dermatology", ["Dr Nadia Ferrand", "Dr Idris Vallon"]),
        ("pharmacien", ["Soizic Le Bihan"]),
        ("OPH", ["Dr Aline Tessard"]),
        ("interne", ["Hélène Morvan"]),
        ("le bihan", ["Soizic Le Bihan"]),
        ("kervella", []),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("'", []),
        ("camille@example.org", []),
    ],
)
def test_search(q: str, found: list[str]) -> None:
    assert names(q=q) == found


def test_pages_follow_each_other_without_holes() -> None:
    whole, page, seen = names(), get("people", limit=2).json(), []
    while True:
        seen += [one["name"] for one in page["people"]]
        if page["next"] is None:
            break
        page = get(page["next"]).json()
    assert seen == whole


@pytest.mark.parametrize("cursor", ["x", "é", "a:b:c", "x" * 3000, "\0"])
def test_a_forged_cursor_is_refused(cursor: str) -> None:
    refused = get("people", cursor=cursor)
    assert (refused.status_code, refused.json()["code"]) == (400, "cursor.invalid")


@pytest.mark.parametrize("q", ["\0", "x" * 61, " ".join("abcdefghi")])
def test_searches_without_sense_are_refused(q: str) -> None:
    assert get("people", q=q).json()["fields"] == ["q"]


def test_the_suspended_expired_and_closed_are_not_listed() -> None:
    actions.suspend(person_id=nadia().pk, until=timezone.now() + timedelta(hours=1), by=None, reason="x")
    actions.verify(person_id=idris().pk, by=None, register="x", until=timezone.now() - timedelta(seconds=1))
    closed = tessard()
    closed.is_active = False
    closed.save()
    assert names(q="dr") == []
    assert names() == ["Dr Camille Aubrac", "Soizic Le Bihan", "Hélène Morvan"]


def test_a_card_whole() -> None:
    assert get(f"people/{nadia().pk}").json() == {
        "id": str(nadia().pk),
        "name": "Dr Nadia Ferrand",
        "profession": "10",
        "specialty": "SM15",
        "level": None,
        "as": None,
        "verified": True,
        "specialty_label": "Dermatologie",
        "group": "DER",
        "place": "Centre hospitalier, Port-Louis",
    }
    pharmacist = get(f"people/{soizic().pk}").json()
    assert (pharmacist["specialty"], pharmacist["specialty_label"], pharmacist["group"]) == (None, "Pharmacien", "PHA")


@pytest.mark.parametrize("id", ["x", "00000000-0000-0000-0000-000000000000", "%00"])
def test_nobody(id: str) -> None:
    assert get(f"people/{id}").json()["code"] == "person.not_found"


def test_the_unverified_are_nobody_to_others() -> None:
    assert get(f"people/{unverified().pk}").json()["code"] == "person.not_found"


def test_an_actor_is_the_protocols() -> None:
    assert cards.card(nadia(), "moderator") == {"id": str(nadia().pk), "name": "Dr Nadia Ferrand", "profession": "10", "specialty": "SM15", "level": None, "as": "moderator"}
    assert cards.card(person("noname", given_name=""))["name"] is None


def test_many_cards_cost_one_query(django_assert_num_queries: Any) -> None:
    ids = [who().pk for who in (camille, nadia, idris, helene)]
    with django_assert_num_queries(1):
        assert len(cards.cards(ids)) == 4


def test_a_rooms_readers_only() -> None:
    room = Room.objects.create(kind=Kind.PRIVATE)
    for who in (camille(), nadia()):
        Membership.objects.create(room=room, person=who, first_seq=0)
    Membership.objects.create(room=room, person=idris(), ended="left")
    assert names(room=str(room.pk)) == ["Dr Camille Aubrac", "Dr Nadia Ferrand"]
    assert names(room=str(room.pk), q="ferrand") == ["Dr Nadia Ferrand"]
    foreign = Room.objects.create(kind=Kind.PRIVATE)
    for id in (str(foreign.pk), "00000000-0000-0000-0000-000000000000", "x"):
        assert get("people", room=id).json()["code"] == "room.not_found"
