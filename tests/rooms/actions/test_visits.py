"""A moderator arrives for all to see, reads and writes meanwhile, and is gone in every sense once the visit is over."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms import access, entering, lists, record
from consult.rooms.actions import remits, tools, visits
from consult.rooms.models import Audience, Remit, Room, Visit
from consult.standing.models import Standing
from tests import people
from tests.rooms.helpers import Phone, at_once, enters, events, group, joined, kinds, post

pytestmark = pytest.mark.django_db(transaction=True)


def order(kind: str, room: uuid.UUID, who: Person, reason: str = "signalement", id: uuid.UUID | None = None, **asked: Any) -> tools.Order:
    return tools.Order(kind, room, who.pk, id or uuid.uuid4(), reason, asked)


def arrive(room: uuid.UUID, who: Person, reason: str = "signalement") -> tools.Answer:
    return tools.use(order("moderator.join", room, who, reason))


def leave(room: uuid.UUID, who: Person) -> tools.Answer:
    return tools.use(order("moderator.leave", room, who, ""))


def refused(act: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(Refusal) as no:
        act(*args, **kwargs)
    return no.value.code


def test_arriving_is_an_event_with_the_reason_and_gives_the_right_to_read_until_one_leaves() -> None:
    sacha, room = people.moderator(), joined(group(), people.camille())
    assert refused(access.may_read, person=sacha.pk, room=room) == "room.not_member"
    answer = arrive(room, sacha, "Deux signalements")
    [event] = events(room)[answer["seq"] - 1 :]
    assert (event["kind"], event["data"]) == ("moderator.joined", {"person": str(sacha.pk), "reason": "Deux signalements"})
    assert event["actor"]["id"] == str(sacha.pk) and event["actor"]["as"] == "moderator"
    grant = access.may_read(person=sacha.pk, room=room)
    assert grant.visiting and grant.moderates and grant.role is None and grant.card["as"] == "moderator"
    assert Room.objects.get(pk=room).moderators_live == 1
    [entry] = enters(people.camille(), entering.Ask(room, None, 0))
    assert isinstance(entry, entering.Entry)
    assert [(m["id"], m["as"]) for m in entry.state["moderators"]] == [(str(sacha.pk), "moderator")]
    assert str(room) in [r["id"] for r in lists.mine(person=sacha.pk, cursor=None, limit=50)[0]]

    again = arrive(room, sacha)
    assert again["unchanged"] and again["act"] == answer["act"]
    said = post(room, sacha, "Bonjour à tous.")
    assert events(room)[said["seq"] - 1]["actor"]["as"] == "moderator"

    gone = leave(room, sacha)
    assert gone["act"] == answer["act"] and kinds(room)[-1] == "moderator.left"
    assert leave_twice(room, sacha) == "room.not_member"
    assert refused(access.may_read, person=sacha.pk, room=room) == "room.not_member"
    assert Room.objects.get(pk=room).moderators_live == 0
    [act] = record.of_room(person=people.camille().pk, room=room, before=None, limit=10)["acts"]
    assert act["kind"] == "moderator.join" and act["reason"] == "Deux signalements" and act["reversed"]["by"]["id"] == str(sacha.pk)


def leave_twice(room: uuid.UUID, who: Person) -> str:
    return refused(leave, room, who)


def test_where_one_moderates() -> None:
    """A remit over a group covers it and the cases addressed to it, and nothing else; no remit covers what is private."""
    nadia, camille = people.nadia(), people.camille()
    mine, other = group("DER", "Dermatologie"), group("CAR", "Cardiologie")
    Remit.objects.create(person=nadia, group_id=mine)
    cases = [Room.objects.create(kind="case", created_by=camille.pk) for _ in range(3)]
    Audience.objects.create(room=cases[0], group_id=mine)
    Audience.objects.create(room=cases[1], group_id=other)
    Audience.objects.create(room=cases[2])  # everyone: she reads it, and does not moderate it
    private = Room.objects.create(kind="private").pk
    own = Room.objects.get_or_create(owner=nadia, defaults={"kind": "personal"})[0].pk
    assert arrive(mine, nadia)["act"] and arrive(cases[0].pk, nadia)["act"]
    codes = [refused(arrive, room, nadia) for room in (other, cases[1].pk, cases[2].pk, private, own, uuid.uuid4())]
    assert codes == ["moderation.remit", "room.not_found", "moderation.remit", "room.not_found", "room.read_only", "room.not_found"]
    sacha = people.moderator()
    assert [refused(arrive, room, sacha) for room in (private, own)] == ["room.not_found"] * 2
    assert arrive(cases[1].pk, sacha)["act"]


def asked(who: Person, specialty: str | None, *groups: uuid.UUID) -> uuid.UUID:
    """A case of this specialty: for these groups, or for everyone."""
    more = {"group": str(groups[0])} if groups else {"everyone": True}
    body = {"id": str(uuid.uuid4()), "title": "Plaque", "question": "Plaque du mollet.", "specialty": specialty, "urgency": "week", **more}
    answer = Phone(who).post("/cases", body)
    assert answer.status_code == 201, answer.content
    return uuid.UUID(answer.json()["room"])


def test_where_one_moderates_a_specialty() -> None:
    """Its groups, the cases addressed to them, and those asked of it wherever they are addressed; nothing else, and nothing private."""
    nadia, camille = people.nadia(), people.camille()
    der, car = group("DER", "Dermatologie"), group("CAR", "Cardiologie")
    ours = [asked(camille, "SM15"), asked(camille, "SM15", car), asked(camille, "", der), asked(camille, "SM04", der)]
    others = [asked(camille, "SM04"), asked(camille, ""), asked(camille, "SM04", car), asked(camille, "", car)]
    private = Room.objects.create(kind="private", code="DER").pk
    remits.add(person_id=nadia.pk, group_id=None, specialty="DER", by=None)
    assert all(arrive(room, nadia)["act"] for room in (der, *ours))
    assert [access.authority(person=nadia.pk, room=room).remit for room in (car, *others, private)] == [False] * 6
    assert not access.authority(person=nadia.pk, room=der).everywhere and refused(arrive, others[0], nadia) == "moderation.remit"
    assert remits.remove(person_id=nadia.pk, group_id=None, specialty="DER", by=None)
    assert visits.visiting() == [] and refused(access.may_read, person=nadia.pk, room=ours[1]) == "room.not_found"


def test_a_remit_is_of_one_kind_and_of_what_exists() -> None:
    nadia, room = people.nadia(), group()
    assert refused(remits.add, person_id=nadia.pk, group_id=room, specialty="DER", by=None) == "frame.invalid"
    assert refused(remits.add, person_id=nadia.pk, group_id=None, specialty="ZZZ", by=None) == "frame.invalid"
    assert not Remit.objects.filter(person=nadia).exists()
    with pytest.raises(IntegrityError, match="remit_of_one_kind"):
        Remit.objects.create(person=nadia, group_id=room, specialty_id="DER")
    added = [
        remits.add(person_id=nadia.pk, **{"group_id": None, "specialty": None, **where}, by=None)
        for where in ({}, {"specialty": "DER"}, {"specialty": "CAR"}, {"group_id": room}) * 2
    ]
    assert added == [True] * 4 + [False] * 4


def test_no_table_is_read_through_to_find_a_remit() -> None:
    """With every other way open to it, the planner finds each row of the rule by an index."""
    nadia = people.nadia()
    remits.add(person_id=nadia.pk, group_id=None, specialty="DER", by=None)
    _, params = access.asking([(group(), nadia.pk)])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plans = []
        for statement in (access._QUERY, access._OF_MODERATORS):
            cursor.execute("EXPLAIN " + statement.replace("%b", "%s"), params)
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
    everyone, moderators = plans
    assert "Seq Scan" not in everyone + moderators, plans
    assert "cases_case" in moderators and "rooms_remit" in moderators
    assert "rooms_remit" not in everyone and "rooms_visit" not in everyone, "what only moderators need is not prepared for everyone's post"


def test_only_moderators_are_asked_about_twice(queries: list[str]) -> None:
    room, sacha, nadia, camille = group(), people.moderator(), people.nadia(), people.camille()
    joined(room, nadia)
    arrive(room, sacha)
    queries.clear()
    found = access.grants([(room, nadia.pk), (room, camille.pk)])
    assert len(queries) == 1 and not found[room, nadia.pk].moderates and isinstance(found[room, camille.pk], Refusal)
    queries.clear()
    found = access.grants([(room, nadia.pk), (room, sacha.pk), (room, camille.pk)])
    assert len(queries) == 2 and found[room, sacha.pk].moderates and not found[room, nadia.pk].moderates and isinstance(found[room, camille.pk], Refusal)


def test_nobody_moderates_their_own_case() -> None:
    sacha = people.moderator()
    case = Room.objects.create(kind="case", created_by=sacha.pk)
    Audience.objects.create(room=case)
    assert refused(arrive, case.pk, sacha) == "moderation.party"


def test_a_private_conversation_is_visited_only_while_its_reading_is_agreed() -> None:
    from datetime import timedelta

    from django.utils import timezone

    sacha, idris = people.moderator(), people.idris()
    room = Room.objects.create(kind="private").pk
    joined_seq = Room.objects.get(pk=room).last_seq
    assert joined_seq == 0
    visits.agree_reading(room_id=room, person_id=sacha.pk, until=timezone.now() + timedelta(minutes=5))
    Remit.objects.create(person=idris)
    arrive(room, sacha)
    assert access.may_read(person=sacha.pk, room=room).visiting
    assert refused(arrive, room, idris) == "room.not_found", "the agreement names one moderator"
    visits.agree_reading(room_id=room, person_id=sacha.pk, until=timezone.now() - timedelta(seconds=1))
    assert refused(access.may_read, person=sacha.pk, room=room) == "room.not_found"
    assert visits.end_over() == 1 and kinds(room) == ["moderator.joined", "moderator.left"]


def test_a_visit_ends_with_the_remit_with_the_standing_and_when_the_moderator_went_away() -> None:
    sacha, room = people.moderator(), joined(group(), people.camille())
    arrive(room, sacha)
    assert visits.end_over() == 0
    assert remits.remove(person_id=sacha.pk, group_id=None, by=None)
    assert kinds(room)[-1] == "moderator.left" and events(room)[-1]["actor"] is None
    assert not Standing.objects.get(person_id=sacha.pk).moderator and not remits.remove(person_id=sacha.pk, group_id=None, by=None)
    assert remits.add(person_id=sacha.pk, group_id=room, by=None) and not remits.add(person_id=sacha.pk, group_id=room, by=None)
    arrive(room, sacha)
    Visit.objects.filter(ended=None).update(seen_at="2020-01-01T00:00Z")
    visits.seen([(room, sacha.pk)])
    assert visits.end_over() == 0 and visits.visiting() == [(room, sacha.pk)]
    Visit.objects.filter(ended=None).update(seen_at="2020-01-01T00:00Z")
    assert visits.end_over() == 1 and visits.visiting() == []
    arrive(room, sacha)
    Standing.objects.filter(person_id=sacha.pk).update(verification="pending")
    assert visits.end_over() == 1 and Room.objects.get(pk=room).moderators_live == 0
    assert kinds(room)[-6:] == ["moderator.joined", "moderator.left"] * 3


def test_repeated_and_at_the_same_moment() -> None:
    sacha, room, id = people.moderator(), group(), uuid.uuid4()
    first = tools.use(order("moderator.join", room, sacha, id=id))
    again = tools.use(order("moderator.join", room, sacha, id=id))
    assert first["created"] and not again["created"] and again["act"] == first["act"]
    assert refused(tools.use, order("moderator.join", room, sacha, "autre raison", id=id)) == "request.id_reused"
    leave(room, sacha)
    answers = at_once(*[lambda: arrive(room, sacha)] * 4)
    assert len({a["act"] for a in answers}) == 1 and sum("unchanged" not in a for a in answers) == 1
    assert kinds(room).count("moderator.joined") == 2


def test_only_changes_of_rights_are_logged_as_such() -> None:
    sacha, room = people.moderator(), group()

    def told(act: Any) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(id), 0) FROM standing_accesschange")
            last = cursor.fetchone()[0]
            act()
            cursor.execute("SELECT kind FROM standing_accesschange WHERE id > %s AND person_id = %s ORDER BY id", (last, sacha.pk))
            return [kind for (kind,) in cursor.fetchall()]

    assert told(lambda: arrive(room, sacha)) == ["visit"]
    assert told(lambda: visits.seen([(room, sacha.pk)])) == []
    assert told(lambda: leave(room, sacha)) == ["visit"]
    assert told(lambda: remits.add(person_id=sacha.pk, group_id=room, by=None)) == ["standing", "remit"]
    assert told(lambda: remits.remove(person_id=sacha.pk, group_id=room, by=None)) == ["standing", "remit"]
