"""Who may read what, as a table: kind of room × membership × audience × standing; and that what is refused tells nothing."""

from __future__ import annotations

import itertools
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms import access
from consult.rooms.access import Grant
from consult.rooms.models import Audience, Membership, Room
from consult.standing.models import Standing
from tests import people

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = ("listed group", "unlisted group", "case", "private")
MEMBERSHIPS = (None, "live", "left", "removed")
AUDIENCES = (None, "group", "person", "everyone", "former group")
STANDINGS = ("verified", "verified until later", "lapsed", "pending", "suspended", "suspended before", "closed", "suspended unverified")
GOOD = ("verified", "verified until later", "suspended before")


def person(standing: str) -> Person:
    made = people.person(standing.replace(" ", "-"), verified=standing not in ("pending", "suspended unverified"))
    now = timezone.now()
    row = Standing.objects.filter(person_id=made.pk)
    if standing in ("verified until later", "lapsed"):
        row.update(verified_until=now + timedelta(hours=1 if standing != "lapsed" else -1))
    if "suspended" in standing:
        row.update(suspended_until=now + timedelta(hours=-1 if "before" in standing else 1))
    if standing == "closed":
        Person.objects.filter(pk=made.pk).update(is_active=False)
    return made


def expected(kind: str, membership: str | None, audience: str | None, standing: str) -> str:
    if standing in GOOD:
        if membership == "live":
            return "grant"
        if kind == "case" and membership != "removed" and audience in ("group", "person", "everyone"):
            return "grant"
        if kind == "listed group" and membership != "removed":
            return "room.not_member"
        return "room.not_found"
    return "account.suspended" if standing.startswith("suspended") else "room.not_found"


def test_the_table_of_rights() -> None:
    cast = {standing: person(standing) for standing in STANDINGS}
    group, former = (Room.objects.create(kind="group", listed=True) for _ in range(2))
    Membership.objects.bulk_create([Membership(room=group, person=p) for p in cast.values()] + [Membership(room=former, person=p, ended="left") for p in cast.values()])
    asked: dict[access.Pair, tuple[str, str | None, str | None, str]] = {}
    for kind, membership, audience in itertools.product(KINDS, MEMBERSHIPS, AUDIENCES):
        room = Room.objects.create(kind=kind.split()[-1], listed=kind == "listed group")
        rules = {"group": [{"group": group}], "former group": [{"group": former}], "everyone": [{}], "person": [{"person": p} for p in cast.values()]}.get(audience or "", [])
        Audience.objects.bulk_create([Audience(room=room, **rule) for rule in rules])
        if membership:
            Membership.objects.bulk_create([Membership(room=room, person=p, first_seq=7, ended=None if membership == "live" else membership) for p in cast.values()])
        asked |= {(room.pk, p.pk): (kind, membership, audience, standing) for standing, p in cast.items()}
    found = access.grants(asked)
    told = {case: "grant" if isinstance(found[pair], Grant) else found[pair].code for pair, case in asked.items()}  # type: ignore[union-attr]
    assert {case: code for case, code in told.items() if code != expected(*case)} == {}
    for pair, (kind, membership, _audience, _) in asked.items():
        grant = found[pair]
        if isinstance(grant, Grant):
            assert grant.first_seq == (7 if kind == "private" else 0), "only a private conversation is read from joining on"
            assert grant.role == ("member" if membership == "live" else None)


def test_a_room_one_may_not_know_of_and_none_at_all_are_told_alike() -> None:
    camille, yann = people.camille(), people.unverified()
    removed = Room.objects.create(kind="group", listed=True)
    Membership.objects.create(room=removed, person=camille, ended="removed")
    hidden = [
        Room.objects.create(kind="private").pk,
        Room.objects.create(kind="case").pk,
        Room.objects.create(kind="group").pk,
        removed.pk,
        Room.objects.create(kind="personal", owner=yann).pk,
    ]
    for someone in (camille, yann):
        answers = access.grants([(room, someone.pk) for room in [*hidden, uuid.uuid4()]])
        told: list[dict[str, Any]] = [a.as_dict("en") for a in answers.values() if isinstance(a, Refusal)]
        own = [r for (r, _), a in answers.items() if isinstance(a, Grant)]
        assert own == ([hidden[-1]] if someone == yann else [])
        assert all(t == told[0] for t in told) and told[0]["code"] == "room.not_found"


@pytest.mark.parametrize(
    "text", ["", "x", "R", " ", "\x00", "é" * 36, "0" * 36, "00000000000040008000000000000000", "{00000000-0000-4000-8000-000000000000}", "00000000-0000-4000-8000-00000000000A"]
)
def test_what_cannot_be_an_id_of_ours_is_not_found(text: str) -> None:
    for ask, code in ((access.room_id, "room.not_found"), (access.message_id, "message.not_found")):
        with pytest.raises(Refusal) as refused:
            ask(text)
        assert refused.value.code == code


def test_a_person_who_does_not_exist_is_not_signed_in() -> None:
    room = Room.objects.create(kind="group", listed=True).pk
    with pytest.raises(Refusal, match=r"session\.none"):
        access.may_read(person=uuid.uuid4(), room=room)


def test_the_grant_names_the_person_and_who_asked() -> None:
    camille, nadia = people.camille(), people.nadia()
    case = Room.objects.create(kind="case", created_by=camille.pk)
    Audience.objects.create(room=case)
    mine, theirs = access.may_read(person=camille.pk, room=case.pk), access.may_read(person=nadia.pk, room=case.pk)
    assert mine.asker and not theirs.asker
    assert theirs.card == {"id": str(nadia.pk), "name": "Dr Nadia Ferrand", "profession": "10", "specialty": "SM15", "level": None, "as": None}


def test_why_a_room_was_lost() -> None:
    camille = people.camille()
    left, removed, here = (Room.objects.create(kind="group", listed=True).pk for _ in range(3))
    Membership.objects.create(room_id=left, person=camille, ended="left")
    Membership.objects.create(room_id=removed, person=camille, ended="removed")
    Membership.objects.create(room_id=here, person=camille)
    gone = uuid.uuid4()
    assert access.ended([(r, camille.pk) for r in (left, removed, here, gone)]) == {
        (left, camille.pk): "room.left",
        (removed, camille.pk): "room.removed",
        (gone, camille.pk): "room.deleted",
    }


def test_many_rights_are_one_query(queries: list[str]) -> None:
    camille, nadia = people.camille(), people.nadia()
    rooms = [Room.objects.create(kind="group", listed=True).pk for _ in range(5)]
    queries.clear()
    assert len(access.grants([(r, p.pk) for r in rooms for p in (camille, nadia)] * 2)) == 10
    assert len(queries) == 1
