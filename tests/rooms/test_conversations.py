"""Private conversations: two people share one, whatever happens at once; more people may share several."""

from __future__ import annotations

import uuid

import pytest

from consult.errors import Refusal
from consult.rooms import access
from consult.rooms.actions import conversations, membership
from consult.rooms.models import Room
from tests import people
from tests.rooms.helpers import Phone, at_once, kinds, personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_people_share_one() -> None:
    camille, nadia = people.camille(), people.nadia()
    first = Phone(camille).post("/conversations", {"id": people.some_id(), "people": [str(nadia.pk)]})
    again = Phone(nadia).post("/conversations", {"id": people.some_id(), "people": [str(camille.pk), str(nadia.pk)]})
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    room = uuid.UUID(first.json()["room"])
    assert kinds(room) == ["member.joined"] * 2
    assert personal_events(nadia) == personal_events(camille) == [("room.joined", {"room": str(room)})]
    assert Phone(camille).get(f"/rooms/{room}").json()["title"] == "Dr Nadia Ferrand"
    assert Phone(nadia).get(f"/rooms/{room}").json()["title"] == "Dr Camille Aubrac"


def test_opening_the_same_pair_at_once_from_both_sides() -> None:
    camille, nadia = people.camille(), people.nadia()
    sides = [(camille, nadia), (nadia, camille)] * 3
    results = at_once(*[lambda a=a, b=b: conversations.open(person_id=a.pk, client_id=uuid.uuid4(), people=[b.pk]) for a, b in sides])
    assert not [r for r in results if isinstance(r, Exception)]
    assert len({r["room"] for r in results}) == 1 and sum(r["created"] for r in results) == 1
    assert Room.objects.filter(kind="private").count() == 1 and len(kinds(uuid.UUID(results[0]["room"]))) == 2


def test_repeats_with_three_make_one_room() -> None:
    camille, phone = people.camille(), Phone(people.camille())
    body = {"id": people.some_id(), "people": [str(people.nadia().pk), str(people.idris().pk)], "title": "Garde du 14"}
    first, again = phone.post("/conversations", body), phone.post("/conversations", body)
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    assert phone.post("/conversations", {**body, "title": "Autre"}).json()["code"] == "request.id_reused"
    another = phone.post("/conversations", {**body, "id": people.some_id()})
    assert another.status_code == 201 and another.json() != first.json()
    assert access.may_read(person=camille.pk, room=uuid.UUID(first.json()["room"])).role == "owner"


def test_who_left_is_back_when_it_is_opened_again() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = uuid.UUID(conversations.open(person_id=camille.pk, client_id=uuid.uuid4(), people=[nadia.pk])["room"])
    post(room, camille, "Avant")
    membership.leave(person_id=nadia.pk, room_id=room)
    with pytest.raises(Refusal, match=r"room\.not_found"):
        access.may_read(person=nadia.pk, room=room)
    answer = conversations.open(person_id=camille.pk, client_id=uuid.uuid4(), people=[nadia.pk])
    assert answer == {"room": str(room), "created": False}
    assert access.may_read(person=nadia.pk, room=room).first_seq == 5 and access.may_read(person=camille.pk, room=room).first_seq == 0


def test_refusals() -> None:
    camille, phone, newcomer = people.camille(), Phone(people.camille()), people.unverified()

    def code(**body: object) -> str:
        return phone.post("/conversations", {"id": people.some_id(), **body}).json()["code"]

    assert code(people=[]) == code() == code(people="x") == code(people=[str(camille.pk)]) == "frame.invalid"
    assert code(people=[str(newcomer.pk)]) == code(people=[people.some_id()]) == code(people=["x\x00"]) == "person.not_found"
    assert code(people=[str(people.nadia().pk)], title="\x07") == code(people=[str(people.nadia().pk)], title="x" * 201) == "frame.invalid"
    assert phone.post("/conversations", {"id": "A", "people": [str(people.nadia().pk)]}).json()["fields"] == ["id"]
    answer = Phone(newcomer).post("/conversations", {"id": people.some_id(), "people": [str(camille.pk)]})
    assert (answer.status_code, answer.json()["code"]) == (403, "account.unverified")
    assert not Room.objects.filter(kind="private").exists() and personal_events(camille) == []
