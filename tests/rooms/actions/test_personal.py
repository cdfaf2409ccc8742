"""The personal room: one a person, made on first use, holding ids only."""

from __future__ import annotations

import uuid

import pytest

from consult.rooms import access, log
from consult.rooms.access import Grant
from consult.rooms.actions import personal
from consult.rooms.models import Room
from tests import people
from tests.rooms.helpers import at_once, events

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_person_has_one_even_when_asked_at_once() -> None:
    camille = people.camille()
    personal._known.clear()
    found = at_once(*[lambda: personal.room_of(camille.pk)] * 6)
    assert len(set(found)) == 1 == Room.objects.filter(owner_id=camille.pk).count()
    assert personal.rooms_of([camille.pk]) == {camille.pk: found[0]}


def test_only_its_owner_reads_it_also_before_verification() -> None:
    yann, nadia = people.unverified(), people.nadia()
    room = personal.room_of(yann.pk)
    grants = access.grants([(room, yann.pk), (room, nadia.pk)])
    mine, theirs = grants[room, yann.pk], grants[room, nadia.pk]
    assert isinstance(mine, Grant) and mine.kind == "personal"
    assert not isinstance(theirs, Grant) and theirs.code == "room.not_found"


def test_telling_appends_one_event_of_ids() -> None:
    camille, other = people.camille(), uuid.uuid4()
    room = personal.room_of(camille.pk)
    assert personal.tell(person_id=camille.pk, kind="room.joined", data={"room": str(other)}) == 1
    assert personal.tell(person_id=camille.pk, kind="image.ready", data={"image": str(other)}, by=people.nadia().pk) == 2
    first, second = events(room)
    assert (first["kind"], first["data"], first["actor"]["id"]) == ("room.joined", {"room": str(other)}, str(camille.pk))
    assert second["actor"]["name"] == "Dr Nadia Ferrand"
    assert log.heads_of([room])[room][1] == 2
