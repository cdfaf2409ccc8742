"""Joining, leaving, inviting, removing, roles: what the logs say, who may, and that repeating does nothing."""

from __future__ import annotations

import uuid

import pytest

from consult.audit.models import Record
from consult.clinicians.models import Person, SpecialtyGroup
from consult.errors import Refusal
from consult.rooms import access
from consult.rooms.actions import conversations, groups, membership
from consult.rooms.models import Membership, Room
from consult.standing.models import AccessChange, Standing
from tests import people
from tests.rooms.helpers import Phone, at_once, enters, events, group, joined, kinds, personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)


def refused(code: str):
    return pytest.raises(Refusal, match=f"^{code.replace('.', '[.]')}$")


def conversation(*who: Person) -> uuid.UUID:
    answer = conversations.open(person_id=who[0].pk, client_id=uuid.uuid4(), people=[p.pk for p in who[1:]])
    return uuid.UUID(answer["room"])


def test_one_room_a_specialty_group_made_once() -> None:
    made = groups.ensure_all()
    assert len(made) == SpecialtyGroup.objects.count() == Room.objects.filter(kind="group", listed=True).count()
    assert groups.ensure_all() == made
    assert len(set(at_once(*[lambda: groups.ensure_group(code="ZZZ", title="Neuf")] * 4))) == 1


def test_joining_is_told_in_the_room_and_to_the_person() -> None:
    room, nadia = group(), people.nadia()
    assert membership.join(person_id=nadia.pk, room_id=room) == {"seq": 1}
    [event] = events(room)
    assert (event["kind"], event["data"], event["actor"]["id"]) == ("member.joined", {"person": str(nadia.pk)}, str(nadia.pk))
    assert personal_events(nadia) == [("room.joined", {"room": str(room)})]
    assert AccessChange.objects.filter(kind="membership", person_id=nadia.pk, room_id=room).exists()
    assert membership.join(person_id=nadia.pk, room_id=room) == {"seq": 1, "unchanged": True}
    assert len(events(room)) == 1


def test_joining_at_once_joins_once() -> None:
    room, nadia = group(), people.nadia()
    results = at_once(*[lambda: membership.join(person_id=nadia.pk, room_id=room)] * 6)
    assert sorted(r.get("unchanged", False) for r in results) == [False] + [True] * 5
    assert kinds(room) == ["member.joined"] and len(personal_events(nadia)) == 1


def test_leaving_and_coming_back() -> None:
    room, nadia = group(), people.nadia()
    joined(room, nadia, people.idris())
    membership.leave(person_id=nadia.pk, room_id=room)
    assert kinds(room) == ["member.joined", "member.joined", "member.left"]
    assert personal_events(nadia)[-1] == ("room.left", {"room": str(room), "code": "room.left"})
    assert access.ended([(room, nadia.pk)]) == {(room, nadia.pk): "room.left"}
    with refused("room.not_member"):
        access.may_read(person=nadia.pk, room=room)
    assert membership.leave(person_id=nadia.pk, room_id=room) == {"unchanged": True}
    membership.join(person_id=nadia.pk, room_id=room)
    assert access.may_read(person=nadia.pk, room=room).role == "member"
    assert len(events(room)) == 4 and Membership.objects.filter(room=room).count() == 2


def test_a_group_keeps_an_owner_while_others_are_in_it() -> None:
    room, nadia, idris = group(), people.nadia(), people.idris()
    joined(room, nadia, idris)
    Membership.objects.filter(person=nadia).update(role="owner")
    with refused("room.last_owner"):
        membership.leave(person_id=nadia.pk, room_id=room)
    with refused("room.last_owner"):
        membership.set_role(person_id=nadia.pk, room_id=room, member=nadia.pk, role="member")
    membership.set_role(person_id=nadia.pk, room_id=room, member=idris.pk, role="owner")
    membership.leave(person_id=nadia.pk, room_id=room)
    membership.leave(person_id=idris.pk, room_id=room)  # alone: nobody is left without an owner


def test_two_owners_leaving_at_once_leave_one_behind() -> None:
    room, nadia, idris = group(), people.nadia(), people.idris()
    joined(room, nadia, idris, people.camille())
    Membership.objects.filter(person__in=[nadia, idris]).update(role="owner")
    results = at_once(*[lambda p=p: membership.leave(person_id=p.pk, room_id=room) for p in (nadia, idris)])
    assert [r.code for r in results if isinstance(r, Refusal)] == ["room.last_owner"]


def test_the_personal_room_takes_nobody() -> None:
    nadia, idris = people.nadia(), people.idris()
    from consult.rooms.actions import personal

    room = personal.room_of(nadia.pk)
    for act in (membership.join, membership.leave):
        with refused("room.read_only"):
            act(person_id=nadia.pk, room_id=room)
        with refused("room.not_found"):
            act(person_id=idris.pk, room_id=room)
    with refused("room.read_only"):
        membership.invite(person_id=nadia.pk, client_id=uuid.uuid4(), room_id=room, invitee=idris.pk)


def test_a_private_room_and_none_at_all_answer_alike() -> None:
    room, stranger = conversation(people.camille(), people.nadia()), Phone(people.idris())
    nowhere = uuid.uuid4()
    for method, path, body in (
        ("post", "join", {}),
        ("post", "leave", {}),
        ("post", "mute", {"muted": True}),
        ("get", "", None),
        ("get", "members", None),
        ("post", "members", {"id": people.some_id(), "person": str(people.helene().pk)}),
    ):
        answers = []
        for target in (room, nowhere, "x"):
            path_ = f"/rooms/{target}/{path}".rstrip("/")
            response = stranger.get(path_) if method == "get" else stranger.post(path_, body)
            answers.append((response.status_code, response.content))
        assert answers[0] == answers[1] == answers[2], path
        assert answers[0][0] == 404 and b"room.not_found" in answers[0][1]
    assert len(events(room)) == 2


def test_the_unverified_and_the_suspended_join_nothing() -> None:
    from datetime import timedelta

    from django.utils import timezone

    room, newcomer, nadia = group(), people.unverified(), people.nadia()
    with refused("room.not_found"):
        membership.join(person_id=newcomer.pk, room_id=room)
    Standing.objects.filter(person_id=nadia.pk).update(suspended_until=timezone.now() + timedelta(hours=1))
    with refused("account.suspended"):
        membership.join(person_id=nadia.pk, room_id=room)
    assert kinds(room) == []


def test_inviting_once_whatever_is_repeated() -> None:
    room, nadia, idris = group(), people.nadia(), people.idris()
    joined(room, nadia)
    phone, body = Phone(nadia), {"id": people.some_id(), "person": str(idris.pk)}
    first, again = (phone.post(f"/rooms/{room}/members", body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json() == {"room": str(room), "seq": 2}
    assert kinds(room) == ["member.joined"] * 2
    assert personal_events(idris) == [("room.joined", {"room": str(room)})]
    other = phone.post(f"/rooms/{room}/members", {**body, "person": str(people.helene().pk)})
    assert (other.status_code, other.json()["code"]) == (409, "request.id_reused")
    already = phone.post(f"/rooms/{room}/members", {**body, "id": people.some_id()})
    assert already.status_code == 200 and len(events(room)) == 2
    assert Record.objects.filter(act="member.invited", person_id=nadia.pk, object=str(idris.pk), room_id=room).count() == 1


def test_one_invitation_sent_twice_at_once_counts_once() -> None:
    room, nadia, idris = group(), people.nadia(), people.idris()
    joined(room, nadia)
    client_id = uuid.uuid4()
    results = at_once(*[lambda: membership.invite(person_id=nadia.pk, client_id=client_id, room_id=room, invitee=idris.pk)] * 4)
    assert sorted(r["created"] for r in results) == [False, False, False, True]
    assert {r["seq"] for r in results} == {2} and len(events(room)) == 2


def test_who_cannot_invite_or_be_invited() -> None:
    room, nadia = group(), people.nadia()
    joined(room, nadia)
    for nobody in (people.unverified().pk, uuid.uuid4()):
        with refused("person.not_found"):
            membership.invite(person_id=nadia.pk, client_id=uuid.uuid4(), room_id=room, invitee=nobody)
    with refused("room.not_member"):
        membership.invite(person_id=people.idris().pk, client_id=uuid.uuid4(), room_id=room, invitee=people.helene().pk)
    assert Phone(nadia).post(f"/rooms/{room}/members", {"id": people.some_id(), "person": "x"}).json()["code"] == "person.not_found"
    assert len(events(room)) == 1


def test_a_newcomer_to_a_private_conversation_reads_from_joining_on() -> None:
    camille, nadia, idris = people.camille(), people.nadia(), people.idris()
    room = conversation(camille, nadia)
    post(room, camille, "Avant")
    membership.invite(person_id=camille.pk, client_id=uuid.uuid4(), room_id=room, invitee=idris.pk)
    post(room, nadia, "Après")
    grant = access.may_read(person=idris.pk, room=room)
    row = Membership.objects.get(room=room, person=idris)
    assert grant.first_seq == 4 and events(room)[3]["kind"] == "member.joined" and row.first_post_no == 2
    assert Phone(idris).get(f"/rooms/{room}").json()["unread"] == 1
    assert Room.objects.get(pk=room).pair is None
    assert conversation(camille, nadia) != room  # with a third it is no longer the one that two share


def test_coming_back_counts_nothing_said_meanwhile() -> None:
    camille, nadia, idris = people.camille(), people.nadia(), people.idris()
    room = conversation(camille, nadia, idris)
    from consult.rooms.actions import reading

    post(room, camille, "Un")
    reading.mark(reading.Mark(room, idris.pk, 4))
    membership.leave(person_id=idris.pk, room_id=room)
    post(room, camille, "Deux")
    membership.invite(person_id=nadia.pk, client_id=uuid.uuid4(), room_id=room, invitee=idris.pk)
    post(room, camille, "Trois")
    item = Phone(idris).get(f"/rooms/{room}").json()
    assert item["unread"] == 1 and item["last"]["excerpt"] == "Trois"
    from consult.rooms import entering

    [entry] = enters(idris, entering.Ask(room, None, 0))
    assert entry.state["unread"] == 1 and entry.state["first_seq"] == 7


def test_removing() -> None:
    room, nadia, idris, helene = group(), people.nadia(), people.idris(), people.helene()
    joined(room, nadia, idris, helene)
    with refused("member.not_allowed"):
        membership.remove(person_id=idris.pk, room_id=room, member=helene.pk)
    Membership.objects.filter(person=nadia).update(role="moderator")
    membership.remove(person_id=nadia.pk, room_id=room, member=idris.pk, reason="publicité")
    last = events(room)[-1]
    assert (last["kind"], last["data"], last["actor"]["as"]) == ("member.removed", {"person": str(idris.pk)}, "moderator")
    assert personal_events(idris)[-1] == ("room.left", {"room": str(room), "code": "room.removed"})
    assert Record.objects.get(act="member.removed").reason == "publicité"
    assert membership.remove(person_id=nadia.pk, room_id=room, member=idris.pk)["unchanged"] and len(events(room)) == 4
    # Out for good: the group is no longer listed to them, and no plain member can bring them back.
    with refused("room.not_found"):
        membership.join(person_id=idris.pk, room_id=room)
    assert str(room) not in [g["id"] for g in Phone(idris).get("/groups").json()["groups"]]
    with refused("member.not_allowed"):
        membership.invite(person_id=helene.pk, client_id=uuid.uuid4(), room_id=room, invitee=idris.pk)
    membership.invite(person_id=nadia.pk, client_id=uuid.uuid4(), room_id=room, invitee=idris.pk)
    assert access.may_read(person=idris.pk, room=room).role == "member"
    with refused("person.not_found"):
        membership.remove(person_id=nadia.pk, room_id=room, member=uuid.uuid4())


def test_roles() -> None:
    room, nadia, idris = group(), people.nadia(), people.idris()
    joined(room, nadia, idris)
    Membership.objects.filter(person=nadia).update(role="moderator")
    membership.set_role(person_id=nadia.pk, room_id=room, member=idris.pk, role="moderator")
    assert events(room)[-1]["data"] == {"person": str(idris.pk), "role": "moderator"}
    assert membership.set_role(person_id=nadia.pk, room_id=room, member=idris.pk, role="moderator")["unchanged"]
    with refused("member.not_allowed"):
        membership.set_role(person_id=nadia.pk, room_id=room, member=idris.pk, role="owner")


def test_mute_is_mine_alone() -> None:
    room, nadia = group(), people.nadia()
    joined(room, nadia, people.idris())
    assert Phone(nadia).post(f"/rooms/{room}/mute", {"muted": True}).json() == {"muted": True}
    assert Phone(nadia).get(f"/rooms/{room}").json()["muted"] and not Phone(people.idris()).get(f"/rooms/{room}").json()["muted"]
    assert len(events(room)) == 2
    assert Phone(nadia).get(f"/rooms/{room}").json()["notices"] == "none"
    assert Phone(people.helene()).post(f"/rooms/{room}/mute", {"muted": True}).json()["code"] == "room.not_member"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"muted":1}', b'{"muted":true,"x":1}', b'{"muted":true,"muted":true}', b"\xff", b'{"muted":"\\ud800"}'])
def test_bodies_are_read_strictly(body: bytes) -> None:
    room, phone = joined(group(), people.nadia()), Phone(people.nadia())
    answer = phone.client.post(f"/api/v1/rooms/{room}/mute", body, content_type="application/json", headers=phone.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "frame.invalid")
