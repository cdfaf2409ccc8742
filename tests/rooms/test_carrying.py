"""What an app above the rooms carries out: the same over a socket and over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import pytest

from consult.rooms import frames
from tests import people
from tests.cases.helpers import ask, settle
from tests.rooms import helpers
from tests.rooms.sockets import Socket, db

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_case_is_answered_over_sockets(live: Any) -> None:
    def scene() -> tuple[Any, Any, uuid.UUID, dict[str, Any]]:
        camille, nadia = people.camille(), people.nadia()
        room = ask(camille)["room"]
        answer = helpers.post(room, nadia, "Mycose.")
        settle()
        return camille, people.idris(), room, {"room": str(room), "message": answer["message"], "base": answer["seq"]}

    camille, idris, room, about = await db(scene)
    theirs, mine = await Socket.of(camille), await Socket.of(idris)
    await theirs.enter(room)
    await mine.enter(room)
    asked: dict[int, str] = {1: "hello", 2: "room.enter"}

    async def act(kind: str, **fields: Any) -> dict[str, Any]:
        answer = await mine.ask(kind, id=str(uuid.uuid4()), room=str(room), **fields)
        asked[answer["ref"]] = kind
        return answer

    voted = await act("vote.give", **{k: about[k] for k in ("message", "base")}, vote="agree")
    heard = await theirs.until(lambda f: f["type"] == "event" and f["kind"] == "vote.cast")
    assert heard["seq"] == voted["seq"] and heard["data"] == {"message": about["message"], "vote": "agree", "doubt": None}
    made = await act("differential.propose", label="Mycose")
    await act("differential.back", differential=made["differential"])
    referred = await act("reference.add", message=about["message"], link="10.1000/182")
    await act("reference.remove", reference=referred["reference"])
    refused = await act("answer.accept", message=about["message"], base=about["base"])
    assert (refused["type"], refused["code"]) == ("refused", "case.not_asker")
    once = str(uuid.uuid4())
    told = [await theirs.ask("outcome.tell", room=str(room), id=once, body="Guérie en trois semaines.", verdict="confirmed") for _ in range(2)]
    assert told[0]["seq"] == told[1]["seq"] and told[0]["message"] == told[1]["message"]
    await mine.until(lambda f: f["type"] == "event" and f["kind"] == "outcome.told")
    for frame in mine.heard:
        frames.check(orjson.dumps(frame), answers=asked.get(frame["ref"]) if frame["type"] == "ok" else None)
    posted = next(f for f in mine.heard if f["type"] == "event" and f["data"].get("body") == "Guérie en trois semaines.")
    assert posted["data"]["form"] == "outcome"
    await mine.leave()
    await theirs.leave()
