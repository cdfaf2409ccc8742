"""The room list: what each item says, to whom, at what price, page by page."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consult.clinicians.models import Person
from consult.rooms import lists
from consult.rooms.actions import changes, conversations, groups, membership, reading
from consult.rooms.models import Membership, Room
from tests import people
from tests.rooms.helpers import Phone, group, joined, post

pytestmark = pytest.mark.django_db(transaction=True)


def listed(person: Person, **query: Any) -> list[dict[str, Any]]:
    return Phone(person).get("/rooms", **query).json()["rooms"]


def cost(person: Person, limit: int = 200) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        lists.mine(person=person.pk, cursor=None, limit=limit)
    return len(queries)


def test_an_item_says_where_i_stand() -> None:
    room, nadia, idris = group(), people.nadia(), people.idris()
    joined(room, nadia, idris)
    post(room, idris, "Un")
    post(room, nadia, "À moi")
    seq = post(room, idris, "x" * 130)["seq"]
    [item] = listed(nadia)
    assert item["last"].pop("at").endswith("Z")
    actor = item["last"].pop("actor")
    assert actor["name"] == "Dr Idris Vallon" and actor["verified"] and actor["group"] == "DER"
    assert item == {
        "id": str(room),
        "kind": "group",
        "title": "Dermatologie",
        "code": "DER",
        "member": True,
        "role": "member",
        "notices": None,
        "muted": False,
        "head": {"epoch": Room.objects.get(pk=room).epoch, "seq": seq},
        "read_seq": 0,
        "unread": 2,
        "mentions": 0,
        "members": 2,
        "joinable": False,
        "expert": None,
        "lock": None,
        "moderator_live": False,
        "last": {"seq": seq, "excerpt": "x" * 120, "withheld": None},
        "case": None,
    }
    reading.mark(reading.Mark(room, nadia.pk, seq))
    [item] = listed(nadia)
    assert (item["read_seq"], item["unread"]) == (seq, 0)


def test_what_was_retracted_is_not_in_the_list() -> None:
    room, idris = group(), people.idris()
    joined(room, idris)
    told = post(room, idris, "Secret")
    changes.retract(changes.Retraction(room, idris.pk, told["message"]))
    [item] = listed(idris)
    assert item["last"]["excerpt"] is None and item["last"]["withheld"] == "retracted"


def test_the_latest_first_page_by_page() -> None:
    nadia = people.nadia()
    rooms = [joined(group(f"G{n}", f"Groupe {n}"), nadia) for n in range(7)]
    post(rooms[2], nadia, "En dernier")
    phone, url, seen = Phone(nadia), "/api/v1/rooms?limit=3", []
    while url:
        answer = phone.client.get(url, headers=phone.headers).json()
        assert len(answer["rooms"]) <= 3
        seen += [r["id"] for r in answer["rooms"]]
        url = answer["next"]
    assert seen == [str(r) for r in (rooms[2], *rooms[:2:-1], rooms[1], rooms[0])]
    assert phone.get("/rooms", cursor="x").json()["code"] == "cursor.invalid"
    assert phone.get("/rooms", limit=0).json()["code"] == "frame.invalid"


def test_a_hundred_rooms_cost_what_one_costs() -> None:
    nadia, idris = people.nadia(), people.idris()
    for n in range(3):
        post(joined(group(f"G{n}", f"Groupe {n}"), nadia, idris), idris, "Bonjour")
    few = cost(nadia)
    made = Room.objects.bulk_create([Room(kind="group", code="X", title=f"Salle {n}", listed=True) for n in range(100)])
    Membership.objects.bulk_create([Membership(room=r, person=p) for r in made for p in (nadia, idris)])
    for r in made[:20]:
        post(r.pk, idris, "Bonjour")
    assert len(lists.mine(person=nadia.pk, cursor=None, limit=200)[0]) == 103
    assert cost(nadia) == few <= 3


def test_whom_lists_are_empty_for() -> None:
    room, newcomer = group(), people.unverified()
    Membership.objects.create(room_id=room, person=newcomer)
    phone = Phone(newcomer)
    assert phone.get("/rooms").json() == {"rooms": [], "next": None} and phone.get("/groups").json() == {"groups": []}
    assert phone.get(f"/rooms/{room}").status_code == 404
    assert phone.client.get("/api/v1/rooms").json()["code"] == "session.none"


def test_the_personal_room_is_never_listed() -> None:
    nadia = people.nadia()
    joined(group(), nadia)
    assert [r["kind"] for r in listed(nadia)] == ["group"]
    from consult.rooms.actions import personal

    assert Phone(nadia).get(f"/rooms/{personal.room_of(nadia.pk)}").json()["code"] == "room.read_only"


def test_every_group_in_the_order_of_the_code_lists() -> None:
    groups.ensure_all()
    nadia, phone = people.nadia(), Phone(people.nadia())
    room = group()
    joined(room, people.idris())
    post(room, people.idris(), "Pas pour tous")
    found = phone.get("/groups").json()["groups"]
    assert [g["code"] for g in found[:3]] == ["MG", "URG", "PED"]
    theirs = next(g for g in found if g["id"] == str(room))
    assert (theirs["member"], theirs["joinable"], theirs["members"], theirs["last"], theirs["unread"]) == (False, True, 1, None, 0)
    assert phone.get(f"/rooms/{room}").json() == theirs
    membership.join(person_id=nadia.pk, room_id=room)
    mine = phone.get(f"/rooms/{room}").json()
    assert (mine["member"], mine["joinable"], mine["last"]["excerpt"]) == (True, False, "Pas pour tous")


def test_conversations_are_seen_by_their_people_alone() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = conversations.open(person_id=camille.pk, client_id=uuid.uuid4(), people=[nadia.pk])["room"]
    assert [r["id"] for r in listed(nadia)] == [r["id"] for r in listed(camille)] == [room]
    assert listed(people.idris()) == [] and Phone(people.idris()).get(f"/rooms/{room}").status_code == 404
    membership.leave(person_id=nadia.pk, room_id=uuid.UUID(room))
    assert listed(nadia) == []


def test_members_page_by_page() -> None:
    room, cast = group(), [people.nadia(), people.idris(), people.helene()]
    joined(room, *cast)
    phone = Phone(cast[0])
    first = phone.get(f"/rooms/{room}/members", limit=2).json()
    rest = phone.client.get(first["next"], headers=phone.headers).json()
    assert [m["person"]["id"] for m in first["members"] + rest["members"]] == [str(p.pk) for p in cast] and rest["next"] is None
    assert first["members"][0]["role"] == "member" and first["members"][0]["joined_at"].endswith("Z")
    assert Phone(people.soizic()).get(f"/rooms/{room}/members").json()["code"] == "room.not_member"


def test_a_case_nobody_writes_in_leaves_the_list_and_comes_back_with_the_next_word() -> None:
    from datetime import timedelta

    from django.utils import timezone

    from consult.rooms.models import Audience
    from consult.standing.models import AccessChange
    from tests.cases.helpers import ask, settle

    camille, nadia, der = people.camille(), people.nadia(), group()
    joined(der, nadia)
    asked = [ask(camille, groups=[der])["room"], ask(camille, people=[nadia.pk])["room"], ask(camille)["room"]]
    cases = [str(room) for room in asked]
    assert [r["id"] for r in listed(nadia) if r["kind"] == "case"] == cases[::-1]
    old = timezone.now() - timedelta(days=31)
    Room.objects.filter(pk__in=cases).update(last_at=old)
    Audience.objects.filter(room_id__in=cases).update(moved_at=old)
    assert [r["id"] for r in listed(nadia) if r["kind"] == "case"] == []
    assert {r["id"] for r in listed(camille)} == set(cases)  # she follows them
    settle()
    changes = AccessChange.objects.count()
    for room in asked:
        post(room, camille, "Du nouveau")
    settle()
    assert [r["id"] for r in listed(nadia) if r["kind"] == "case"] == cases[::-1]
    assert AccessChange.objects.count() == changes


def test_a_post_moves_its_room_without_a_word_to_the_indexes() -> None:
    """HOT: no index of rooms_room holds a column that each post writes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'rooms_room'::regclass")
        indexes = [text for (text,) in cursor.fetchall()]
    assert len(indexes) >= 4 and not [text for text in indexes if any(column in text for column in ("last_seq", "last_post_no", "last_at"))]
