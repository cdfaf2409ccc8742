"""The feed: what asks for me on top and why, filters, pages, the price of a page; follows and collections."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consult.cases.models import Case, Collection
from consult.rooms.actions import changes, membership
from consult.rooms.models import Audience
from tests import people
from tests.cases.helpers import ask, settle
from tests.rooms.helpers import Phone, group, joined, post

pytestmark = pytest.mark.django_db(transaction=True)


def feed(person: Any, **query: Any) -> list[tuple[str, list[str]]]:
    answer = Phone(person).get("/feed", **query)
    assert answer.status_code == 200, answer.content
    return [(item["room"]["title"], item["reasons"]) for item in answer.json()["cases"]]


def put(person: Any, path: str) -> Any:
    phone = Phone(person)
    return phone.client.put(f"/api/v1{path}", headers=phone.headers)


def delete(person: Any, path: str) -> Any:
    phone = Phone(person)
    return phone.client.delete(f"/api/v1{path}", headers=phone.headers)


def test_what_asks_for_me_stands_on_top_and_says_why() -> None:
    camille, nadia, idris = people.camille(), people.nadia(), people.idris()
    ask(camille, title="Cardio", specialty="SM04")
    answered = ask(camille, title="Répondu", specialty="SM15")["room"]
    ask(camille, title="Dermato", specialty="SM15")
    ask(camille, title="Urgent", specialty="SM04", urgency="hour")
    ask(camille, title="Pour vous", specialty="SM04", people=[nadia.pk])
    ask(nadia, title="De moi")
    post(answered, idris, "Mycose.")
    settle()
    assert feed(nadia) == [
        ("Urgent", ["urgent", "unanswered"]),
        ("Dermato", ["unanswered", "my_specialty"]),
        ("Répondu", ["my_specialty"]),
        ("Pour vous", ["unanswered", "addressed"]),
        ("Cardio", ["unanswered"]),
    ]
    assert put(nadia, "/follows/specialties/CAR").status_code == 200
    assert feed(nadia)[0] == ("Urgent", ["urgent", "unanswered", "followed_specialty"])
    assert [title for title, _ in feed(nadia, only="my_specialties")] == ["Urgent", "Pour vous", "Dermato", "Cardio", "Répondu"]
    assert put(nadia, f"/follows/people/{camille.pk}").status_code == 200 and all("followed_person" in why for _, why in feed(nadia))
    membership.join(person_id=nadia.pk, room_id=answered)
    assert [title for title, _ in feed(nadia, only="following")] == ["Répondu"]
    assert [title for title, _ in feed(nadia, only="mine")] == ["De moi"]
    assert [title for title, _ in feed(nadia, status="answered")] == ["Répondu"]
    assert [title for title, _ in feed(nadia, specialty="DER")] == ["Dermato", "Répondu"]
    assert [title for title, _ in feed(nadia, only="urgent")] == ["Urgent"]
    assert [title for title, _ in feed(idris)] == ["Urgent", "De moi", "Dermato", "Répondu", "Cardio"], "what is addressed to Nadia alone is hers"
    for wrong in ({"only": "x"}, {"status": "x"}, {"specialty": "\x00"}):
        assert Phone(nadia).get("/feed", **wrong).json()["code"] == "frame.invalid"


def test_only_what_one_may_read_and_what_is_there() -> None:
    camille, nadia = people.camille(), people.nadia()
    der = joined(group(), camille, nadia)
    room = ask(camille, title="Au groupe", group=der)["room"]
    assert feed(nadia) and feed(people.soizic()) == [] == feed(people.unverified())
    changes.retract(changes.Retraction(room, camille.pk, str(Case.objects.get().question_id)))
    assert feed(nadia) == []
    other = ask(camille, title="Ancien", group=der)["room"]
    Audience.objects.filter(room=other).update(moved_at="2020-01-01T00:00Z")
    assert feed(nadia) == []


def test_pages_follow_one_another_whatever_is_asked_meanwhile() -> None:
    camille, nadia = people.camille(), people.nadia()
    for n in range(7):
        ask(camille, title=f"Cas {n}", urgency="hour" if n % 3 == 0 else "week")
    phone, seen, url = Phone(nadia), [], "/feed?limit=3"
    while url:
        page = phone.client.get(f"/api/v1{url}" if url.startswith("/feed") else url, headers=phone.headers).json()
        seen += [item["room"]["title"] for item in page["cases"]]
        url = page["next"]
        ask(camille, title="Entre-temps", urgency="hour")
    assert seen == ["Cas 6", "Cas 3", "Cas 0", "Cas 5", "Cas 4", "Cas 2", "Cas 1"]
    assert phone.get("/feed", cursor="x").json()["code"] == "cursor.invalid"


def test_a_page_costs_the_same_however_long_it_is() -> None:
    camille, phone = people.camille(), Phone(people.nadia())

    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert phone.get("/feed").status_code == 200
        return len(seen)

    ask(camille)
    one = cost()
    for n in range(6):
        ask(people.person(f"quelqu{n}", profession="10"))
    assert cost() == one


def test_follows() -> None:
    nadia, camille = people.nadia(), people.camille()
    assert put(nadia, "/follows/specialties/CAR").json() == {"following": True} == put(nadia, "/follows/specialties/CAR").json()
    put(nadia, f"/follows/people/{camille.pk}")
    mine = Phone(nadia).get("/follows").json()
    assert mine["specialties"] == ["CAR"] and [p["id"] for p in mine["people"]] == [str(camille.pk)]
    assert delete(nadia, "/follows/specialties/CAR").json() == {"following": False}
    delete(nadia, f"/follows/people/{camille.pk}")
    assert Phone(nadia).get("/follows").json() == {"specialties": [], "people": []}
    for path, code in (
        ("specialties/XXX", "frame.invalid"),
        (f"people/{nadia.pk}", "person.not_found"),
        (f"people/{people.unverified().pk}", "person.not_found"),
        ("people/x", "person.not_found"),
    ):
        assert put(nadia, f"/follows/{path}").json()["code"] == code
    assert put(people.unverified(), "/follows/specialties/CAR").json()["code"] == "account.unverified"


def test_collections_are_ones_own_and_give_no_right() -> None:
    camille, nadia = people.camille(), people.nadia()
    der = joined(group(), camille, nadia)
    room, other = ask(camille, title="Au groupe", group=der)["room"], ask(camille, title="À tous")["room"]
    phone, id = Phone(nadia), people.some_id()
    assert phone.post("/collections", {"id": id, "name": " Livedo "}).status_code == 201 and phone.post("/collections", {"id": id, "name": "Livedos"}).status_code == 200
    for each in (room, other, room):
        assert put(nadia, f"/collections/{id}/cases/{each}").status_code == 200
    assert [r["title"] for r in phone.get(f"/collections/{id}").json()["cases"]] == ["À tous", "Au groupe"]
    first = phone.get(f"/collections/{id}", limit=1).json()
    assert [r["title"] for r in phone.client.get(first["next"], headers=phone.headers).json()["cases"]] == ["Au groupe"]
    [mine] = phone.get("/collections", case=str(room)).json()["collections"]
    assert (mine["name"], mine["cases"], mine["holds"]) == ("Livedos", 2, True)
    membership.leave(person_id=nadia.pk, room_id=der)
    assert [r["title"] for r in phone.get(f"/collections/{id}").json()["cases"]] == ["À tous"]
    assert put(nadia, f"/collections/{id}/cases/{room}").json()["code"] == "room.not_found"
    assert put(nadia, f"/collections/{id}/cases/{der}").json()["code"] == "room.not_member"
    for answer in (Phone(camille).get(f"/collections/{id}"), delete(camille, f"/collections/{id}"), put(camille, f"/collections/{id}/cases/{room}"), phone.get("/collections/x")):
        assert answer.json()["code"] == "collection.not_found"
    assert Phone(camille).post("/collections", {"id": id, "name": "À moi"}).json()["code"] == "request.id_reused"
    assert phone.post("/collections", {"id": people.some_id(), "name": " "}).json()["fields"] == ["name"]
    delete(nadia, f"/collections/{id}/cases/{other}")
    assert phone.get(f"/collections/{id}").json()["cases"] == [] and delete(nadia, f"/collections/{id}").status_code == 200
    assert not Collection.objects.exists() and Case.objects.filter(pk__in=[room, uuid.UUID(str(other))]).count() == 2
