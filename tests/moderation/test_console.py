"""The console's room over sockets: entered by who has a remit, left by who loses it, and it tells of items by their ids alone."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import pytest

from consult.clinicians.models import Person
from consult.moderation import console, holding
from consult.moderation.models import Rule
from consult.rooms import frames, log
from consult.rooms.actions import remits
from consult.rooms.hub import Hub
from tests.moderation import helpers
from tests.people import camille, idris, nadia
from tests.rooms.helpers import group, joined, post
from tests.rooms.sockets import Socket, db

pytestmark = pytest.mark.django_db(transaction=True)


def scene() -> tuple[Person, Person, uuid.UUID, str]:
    luce, maude = helpers.moderator("luce"), helpers.moderator("maude")
    room = joined(group(), camille(), nadia(), idris())
    return luce, maude, room, str(console.room())


async def heard(socket: Socket, kind: str) -> dict[str, Any]:
    return await socket.until(lambda f: f["type"] == "event" and f["kind"] == kind)


async def test_two_consoles_hear_of_every_item(live: Hub) -> None:
    luce, maude, room, desk = await db(scene)
    one, two = await Socket.of(luce), await Socket.of(maude)
    for socket in (one, two):
        entered = await socket.enter(desk)
        assert entered["mode"] == "reset" and entered["state"]["role"] is None
    message = (await db(post, room, await db(camille), "Doublez la dose"))["message"]
    await db(helpers.flag, await db(nadia), message)
    opened = await heard(two, "item.opened")
    item = opened["data"]["item"]
    assert opened["actor"] is None and opened["data"] == {"item": item} and opened["room"] == desk
    assert (await db(helpers.claim, luce, item)).status_code == 201
    claimed = await heard(two, "item.claimed")
    assert (claimed["actor"]["id"], claimed["actor"]["as"]) == (str(luce.pk), "moderator")
    assert (await db(helpers.claim, maude, item)).json()["code"] == "item.claimed"
    assert (await db(helpers.decide, luce, item, "uphold")).status_code == 201
    for socket in (one, two):
        assert (await heard(socket, "item.decided"))["data"] == {"item": item}
        assert "dose" not in str(socket.heard)
        await socket.leave()


async def test_the_console_takes_nothing_from_outside(live: Hub) -> None:
    luce, _, _, desk = await db(scene)
    one = await Socket.of(luce)
    await one.enter(desk)
    assert (await one.post(desk, "Bonjour"))["code"] == "room.read_only"
    await one.leave()


async def test_who_moderates_nothing_does_not_find_it_and_who_no_longer_does_loses_it(live: Hub) -> None:
    luce, _, _, desk = await db(scene)
    other = await Socket.of(await db(nadia))
    assert (await other.enter(desk))["code"] == "room.not_found"
    one = await Socket.of(luce)
    await one.enter(desk)
    await db(remits.remove, person_id=luce.pk, group_id=None, by=None)
    left = await one.until(lambda f: f["type"] == "left")
    assert (left["room"], left["code"]) == (desk, "room.not_found")
    for socket in (one, other):
        await socket.leave()


async def test_what_a_rule_holds_is_not_heard_and_its_author_is_told(live: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "POLL_S", 0.0)
    monkeypatch.setattr(holding, "current", holding.Live())
    _, _, room, _ = await db(scene)
    words = {"name_fr": "Gaz", "name_en": "Gas", "kind": "words", "data": {"words": ["protoxyde"]}, "action": "hold"}
    await db(Rule.objects.create, **words, live=True)
    author, reader = await Socket.of(await db(camille)), await Socket.of(await db(nadia))
    for socket in (author, reader):
        await socket.enter(room)
    answer = await author.post(room, "Du protoxyde planted-words")
    assert answer["held"] is True
    frames.check(orjson.dumps(answer), answers="message.post")
    for socket in (author, reader):
        event = await socket.event(room, answer["seq"])
        assert (event["kind"], event["data"]["withheld"], event["data"]["body"]) == ("message.posted", "hidden", None)
        frames.check(orjson.dumps(event))
        await socket.quiet(0.2)
        assert "planted-words" not in str(socket.heard)
        await socket.leave()
    replayed = (await db(log.frames_of, [(room, answer["seq"] - 1, answer["seq"])]))[room]
    assert orjson.loads(replayed[0].text) == event
