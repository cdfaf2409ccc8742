"""Rights hold at once on open sockets: a lost room, a suspension, an ended session, also with Redis silent; and gained rights need no new socket."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from consult.clinicians.models import Person
from consult.rooms import doorbell
from consult.rooms.actions import membership, personal
from consult.rooms.hub import Hub
from consult.rooms.models import Audience, Membership, Room
from consult.standing import actions
from consult.standing.models import Standing
from tests import people
from tests.rooms.helpers import group, joined, post
from tests.rooms.sockets import Socket, db
from tests.rooms.test_consumer import sockets  # noqa: F401  hangs up whatever was opened

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def camille(transactional_db: None) -> Person:
    return people.camille()


@pytest.fixture
def nadia(transactional_db: None) -> Person:
    return people.nadia()


@pytest.fixture
def room(camille: Person, nadia: Person) -> uuid.UUID:
    return joined(group(), camille, nadia)


async def lost(socket: Socket, room: uuid.UUID) -> str:
    frame = await socket.until(lambda f: f["type"] == "left" and f["room"] == str(room), 3)
    return str(frame["code"])


@pytest.fixture(params=["bell", "poll"])
def told(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Once with the doorbell, once with the poll alone (Redis and the bell away)."""
    if request.param == "poll":
        monkeypatch.setattr(doorbell, "ring_access", lambda: None)
    return str(request.param)


async def test_who_is_removed_hears_nothing_more_and_left_is_last(told: str, camille: Person, nadia: Person, room: uuid.UUID) -> None:
    await db(lambda: Membership.objects.filter(room_id=room, person=camille).update(role="owner"))
    socket, phone = await Socket.of(nadia), await Socket.of(nadia)
    for s in (socket, phone):
        await s.enter(room)
    await db(membership.remove, person_id=camille.pk, room_id=room, member=nadia.pk)
    assert await lost(socket, room) == await lost(phone, room) == "room.removed"
    await db(post, room, camille, "entre nous")
    await socket.quiet(0.4)
    assert [f for f in socket.heard if f.get("room") == str(room)][-1]["type"] == "left" and "entre nous" not in str(socket.heard)
    assert (await socket.post(room, "et moi"))["code"] == (await socket.enter(room))["code"] == "room.not_found"
    assert (await socket.ask("ping"))["type"] == "ok"


async def test_who_leaves_loses_the_room_on_all_connections(nadia: Person, room: uuid.UUID) -> None:
    socket = await Socket.of(nadia)
    await socket.enter(room)
    await db(membership.leave, person_id=nadia.pk, room_id=room)
    assert await lost(socket, room) == "room.left"


async def test_a_room_that_is_deleted(nadia: Person, room: uuid.UUID) -> None:
    socket = await Socket.of(nadia)
    await socket.enter(room)
    await db(lambda: Room.objects.get(pk=room).delete())
    assert await lost(socket, room) == "room.deleted"


async def test_who_leaves_a_group_loses_the_cases_addressed_to_it(camille: Person, nadia: Person, room: uuid.UUID) -> None:
    def case(**rule: Any) -> uuid.UUID:
        made = Room.objects.create(kind="case", created_by=camille.pk)
        Audience.objects.create(room=made, **rule)
        return made.pk

    for_group, for_all = await db(case, group_id=room), await db(case)
    socket = await Socket.of(nadia)
    for r in (for_group, for_all):
        assert (await socket.enter(r))["type"] == "ok"
    await db(membership.leave, person_id=nadia.pk, room_id=room)
    assert await lost(socket, for_group) == "room.not_found"
    await socket.quiet(0.2)
    assert not [f for f in socket.heard if f["type"] == "left" and f["room"] == str(for_all)]


async def test_a_changed_audience_is_felt_by_who_is_in_the_room(camille: Person, nadia: Person) -> None:
    case = await db(lambda: Room.objects.create(kind="case", created_by=camille.pk).pk)
    await db(lambda: Audience.objects.create(room_id=case, person=nadia))
    socket = await Socket.of(nadia)
    assert (await socket.enter(case))["type"] == "ok"
    await db(lambda: Audience.objects.all().delete())
    assert await lost(socket, case) == "room.not_found"


async def test_a_verification_that_ends_takes_every_room_and_keeps_the_socket(told: str, nadia: Person, room: uuid.UUID) -> None:
    socket = await Socket.of(nadia)
    await socket.enter(room)
    await db(actions.expire, person_id=nadia.pk, by=None)
    assert await lost(socket, room) == "room.not_found"
    assert (await socket.ask("ping"))["type"] == "ok"
    await db(actions.verify, person_id=nadia.pk, by=None, register="test")
    assert (await socket.enter(room))["type"] == "ok", "and it shows on the open page when it is back"


async def test_a_suspension_closes_the_socket_with_its_reason(told: str, nadia: Person, camille: Person, room: uuid.UUID) -> None:
    socket, other = await Socket.of(nadia), await Socket.of(camille)
    await db(actions.suspend, person_id=nadia.pk, until=timezone.now() + timedelta(hours=1), by=None, reason="x")
    assert await socket.closed(3) == 4403 and socket.heard[-1]["code"] == "account.suspended"
    assert (await other.ask("ping"))["type"] == "ok"


async def test_a_socket_dies_with_its_session_and_only_with_its_own(told: str, nadia: Person) -> None:
    first = await Socket.of(nadia)
    keys = await db(lambda: set(Session.objects.values_list("pk", flat=True)))
    second = await Socket.of(nadia)
    await db(lambda: Session.objects.filter(pk__in=keys).delete())
    assert await first.closed(3) == 4401 and first.heard[-1]["code"] == "session.none"
    assert (await second.ask("ping"))["type"] == "ok"


async def test_a_new_password_and_a_closed_account_end_all_sessions(nadia: Person, camille: Person) -> None:
    one, two = await Socket.of(nadia), await Socket.of(camille)

    def change() -> None:
        nadia.set_password("another-horse-battery")
        nadia.save()
        Person.objects.filter(pk=camille.pk).update(is_active=False)

    await db(change)
    assert await one.closed(3) == await two.closed(3) == 4401


async def test_a_session_that_runs_out_ends_its_socket(nadia: Person, live: Hub) -> None:
    socket = await Socket.of(nadia)
    await db(lambda: Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1)))
    next(iter(live.connections.values())).session_ends = time.time() - 1
    assert await socket.closed(3) == 4401


async def test_a_verification_that_runs_out_ends_its_rooms_with_no_worker_to_say_so(nadia: Person, camille: Person, room: uuid.UUID) -> None:
    """No row is written when the time comes: `left` all the same, the personal room stays, and it comes back with a new verification."""
    await db(lambda: Standing.objects.filter(person_id=nadia.pk).update(verified_until=timezone.now() + timedelta(seconds=3)))
    socket, other = await Socket.of(nadia), await Socket.of(camille)
    for one in (socket, other):
        assert (await one.enter(room))["type"] == "ok"
    assert (await socket.until(lambda f: f["type"] == "left", 30))["code"] == "room.not_found"
    await db(post, room, camille, "after")
    await other.until(lambda f: f["type"] == "event" and f["room"] == str(room), 10)
    assert not [f for f in socket.heard if f["type"] == "event" and f["room"] == str(room)] and not [f for f in other.heard if f["type"] == "left"]
    assert (await socket.ask("ping"))["type"] == "ok"
    await db(actions.verify, person_id=nadia.pk, by=None, register="test")
    assert (await socket.enter(room))["type"] == "ok"


async def test_rights_that_change_while_entering_are_read_anew(nadia: Person, room: uuid.UUID, live: Hub) -> None:
    """An entry read before a change is not joined after it."""
    socket = await Socket.of(nadia)
    join = live.join

    async def late(*args: Any) -> bool:
        if not socket.heard[1:]:
            await db(membership.leave, person_id=nadia.pk, room_id=room)
            while live.rights.serial == args[-1]:
                live.rights.wake.set()
                await live.read(lambda: None)
        return await join(*args)

    live.join = late  # type: ignore[method-assign]
    assert (await socket.enter(room))["code"] == "room.not_member"
    assert room not in live.rooms


async def test_the_head_told_by_hello_is_read_anew_too(nadia: Person, live: Hub) -> None:
    """Rights changed, and an event came, between the reading of a hello and its answer: that event is counted in the head."""
    own = await db(personal.room_of, nadia.pk)
    join, held = live.join, False

    async def late(*args: Any) -> bool:
        nonlocal held
        if not held:
            held = True
            await db(personal.tell, person_id=nadia.pk, kind="verification.decided", data={"status": "verified"})
            await db(actions.suspend, person_id=(await db(people.camille)).pk, until=timezone.now() + timedelta(hours=1), by=None, reason="")
            while live.rights.serial == args[-1]:
                live.rights.wake.set()
                await live.read(lambda: None)
        return await join(*args)

    live.join = late  # type: ignore[method-assign]
    socket = await Socket.of(nadia)
    head = socket.ok["personal"]["head"]["seq"]
    await db(personal.tell, person_id=nadia.pk, kind="verification.decided", data={"status": "verified"})
    event = await socket.until(lambda f: f["type"] == "event" and f["room"] == str(own), 3)
    assert head == 1 and event["seq"] == head + 1
