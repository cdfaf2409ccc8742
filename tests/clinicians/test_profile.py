"""PATCH /me: what a person may write about themselves, and when that has to be checked again."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from consult.clinicians.models import Person
from consult.rooms.models import Event
from consult.standing.models import Standing
from tests.people import as_app, camille, person, unverified

pytestmark = pytest.mark.django_db(transaction=True)


def change(who: Person, **fields: Any) -> Any:
    return Client().patch("/api/v1/me", fields, content_type="application/json", headers=as_app(who))


def status(who: Person) -> str:
    return Standing.objects.get(person_id=who.pk).verification


def test_me_says_who_i_am_and_where_my_personal_room_is() -> None:
    answer = Client().get("/api/v1/me", headers=as_app(camille())).json()
    me = answer["me"]
    assert (me["name"], me["profession"], me["specialty"], me["level"], me["as"]) == ("Dr Camille Aubrac", "10", "SM54", None, None)
    assert (me["specialty_label"], me["group"], me["verified"], me["verification"], me["mod"], me["roles"]) == ("Médecine générale", "MG", True, "verified", False, ["clinician"])
    again = Client().get("/api/v1/me", headers=as_app(camille())).json()
    assert answer["personal"] == again["personal"]


def test_a_complete_profile_waits_for_its_check() -> None:
    who = person("loic", given_name="", verified=False)
    Standing.objects.filter(person_id=who.pk).update(verification="incomplete")
    assert change(who, given_name="Loïc").json()["me"]["verification"] == "incomplete"
    done = change(who, family_name="Le Gall", profession="10", specialty="SM40", title="Dr").json()["me"]
    assert (done["verification"], done["name"], done["group"]) == ("pending", "Dr Loïc Le Gall", "PED")
    assert Event.objects.get(room__owner=who, kind="verification.decided").data == {"status": "pending"}


@pytest.mark.parametrize("field", [{"family_name": "Autre"}, {"specialty": "SM15"}, {"profession": "21"}, {"title": "Pr"}, {"given_name": None}])
def test_what_was_checked_is_checked_again_when_it_changes(field: dict[str, Any]) -> None:
    assert change(camille(), **field).json()["me"]["verification"] == "pending"
    assert Client().get("/api/v1/people", headers=as_app(camille())).json()["code"] == "account.unverified"


def test_level_place_and_language_are_their_own_business() -> None:
    me = change(camille(), level=" Cheffe de  clinique ", place="Cabinet, Riantec", locale="en").json()["me"]
    assert (me["level"], me["place"], me["locale"], me["verification"]) == ("Cheffe de clinique", "Cabinet, Riantec", "en", "verified")


def test_the_same_again_changes_nothing() -> None:
    assert change(camille(), family_name="Aubrac", profession="10").json()["me"]["verification"] == "verified"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"profession": "99"}, ["profession"]),
        ({"specialty": "SM00"}, ["specialty"]),
        ({"title": "Roi"}, ["title"]),
        ({"locale": "de"}, ["locale"]),
        ({"given_name": "x" * 61}, ["given_name"]),
        ({"given_name": "Anne\u0000"}, ["given_name"]),
        ({"family_name": "http://x"}, ["family_name"]),
        ({"place": "a\u202eb" + "x" * 120}, ["place"]),
        ({"email": "other@example.org"}, ["email"]),
        ({"given_name": 7}, ["given_name"]),
        ({"is_staff": True}, ["is_staff"]),
        ({"title": "Roi", "locale": "de"}, ["locale", "title"]),
    ],
)
def test_wrong_fields_are_named_and_nothing_is_written(fields: dict[str, Any], named: list[str]) -> None:
    refused = change(camille(), place="Nouveau", **{k: v for k, v in fields.items() if k != "place"}) if "place" not in fields else change(camille(), **fields)
    assert (refused.status_code, refused.json()["code"], refused.json()["fields"]) == (400, "frame.invalid", named)
    assert camille().place == "Cabinet, Lorient" and status(camille()) == "verified"


@pytest.mark.parametrize("body", ["", "[]", "nonsense", "null", '"x"'])
def test_bodies_that_are_no_objects(body: str) -> None:
    refused = Client().generic("PATCH", "/api/v1/me", body, content_type="application/json", headers=as_app(camille()))
    assert (refused.status_code, refused.json()["code"]) == (400, "frame.invalid")


def test_an_unverified_person_may_write_their_profile() -> None:
    assert change(unverified(), place="Pont-Aven").json()["me"]["verification"] == "pending"
