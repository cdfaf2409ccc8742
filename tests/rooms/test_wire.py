"""How an event looks: every field always there, content withheld by the protocol's precedence, times to the millisecond."""

from __future__ import annotations

import tracemalloc
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest

from consult.rooms import wire

ROOM, MESSAGE, PERSON, CLIENT = (uuid.UUID(int=n) for n in range(1, 5))
AT = datetime(2026, 11, 23, 16, 0, 0, 123_999, UTC)


def row(kind: str, **more: Any) -> wire.Row:
    fields: dict[str, Any] = {
        "room": ROOM,
        "epoch": "E",
        "seq": 5,
        "kind": kind,
        "at": AT,
        "actor": PERSON,
        "title": "Dr",
        "given_name": "Anne",
        "family_name": "Petit",
        "profession": "10",
        "specialty": "SM15",
        "level": "",
        "actor_as": None,
        "message": None,
        "person": None,
        "data": None,
    }
    return wire.Row(**{**fields, **more})


def posted(**more: Any) -> wire.Row:
    return row(
        "message.posted",
        **{"message": MESSAGE, "client_id": CLIENT, "post_no": 2, "body": "mots", "mentions": [{"person": str(PERSON), "start": 0, "length": 1}], "form": "text", **more},
    )


def read(of: wire.Row) -> dict[str, Any]:
    return orjson.loads(wire.event(of).text)  # type: ignore[no-any-return]


def test_a_post_has_all_its_fields() -> None:
    assert read(posted()) == {
        "type": "event",
        "room": str(ROOM),
        "epoch": "E",
        "seq": 5,
        "kind": "message.posted",
        "at": "2026-11-23T16:00:00.123Z",
        "actor": {"id": str(PERSON), "name": "Dr Anne Petit", "profession": "10", "specialty": "SM15", "level": None, "as": None},
        "data": {
            "message": str(MESSAGE),
            "client_id": str(CLIENT),
            "post_no": 2,
            "body": "mots",
            "mentions": [{"person": str(PERSON), "start": 0, "length": 1}],
            "reply_to": None,
            "images": [],
            "form": "text",
            "withheld": None,
        },
    }


def test_where_the_system_acts_there_is_no_actor() -> None:
    assert read(row("room.unlocked", actor=None))["actor"] is None


def test_an_actor_without_words_has_nulls() -> None:
    assert read(row("room.locked", title=None, given_name=None, family_name=None, profession=None, specialty=None, level=None, actor_as="moderator"))["actor"] == {
        "id": str(PERSON),
        "name": None,
        "profession": None,
        "specialty": None,
        "level": None,
        "as": "moderator",
    }


@pytest.mark.parametrize("why", ["retracted", "hidden", "withdrawn", "erased", None])
@pytest.mark.parametrize("edited", [None, 9])
def test_content_is_withheld_alike_and_its_ids_stay(why: str | None, edited: int | None) -> None:
    data = read(posted(withheld=why, edited_seq=edited, reply_to=PERSON, images=[CLIENT]))["data"]
    expected = why or ("superseded" if edited else None)
    assert data["withheld"] == expected
    assert (data["body"] is None, data["mentions"] is None) == (bool(expected), bool(expected))
    assert (data["reply_to"], data["images"], data["client_id"], data["post_no"]) == (str(PERSON), [str(CLIENT)], str(CLIENT), 2)


@pytest.mark.parametrize(("latest", "withheld"), [(5, None), (9, "superseded")])
def test_only_the_latest_edit_shows_its_words(latest: int, withheld: str | None) -> None:
    data = read(row("message.edited", message=MESSAGE, body="mots", mentions=[], edited_seq=latest, data={"base": 3}))["data"]
    assert data == {"message": str(MESSAGE), "base": 3, "body": None if withheld else "mots", "mentions": None if withheld else [], "withheld": withheld}


def test_what_the_driver_hands_over_as_text_is_the_same() -> None:
    assert read(posted(mentions='[{"person":"p","start":0,"length":1}]'))["data"]["mentions"] == [{"person": "p", "start": 0, "length": 1}]
    assert read(row("reaction.added", message=MESSAGE, data='{"reaction":"agree"}'))["data"] == {"message": str(MESSAGE), "reaction": "agree"}


def test_members_and_personal_events_hold_their_ids() -> None:
    assert read(row("member.joined", person=MESSAGE))["data"] == {"person": str(MESSAGE)}
    assert read(row("read.marked", data={"room": "R", "seq": 3}))["data"] == {"room": "R", "seq": 3}


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00.000Z"),
        (datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), "2026-01-01T00:00:00.000Z"),
        (AT, "2026-11-23T16:00:00.123Z"),
    ],
)
def test_times_are_utc_to_the_millisecond(at: datetime, text: str) -> None:
    assert wire.time(at) == text


def test_one_frame_is_an_object_and_several_an_array() -> None:
    assert wire.join([b'{"a":1}']) == b'{"a":1}' and orjson.loads(wire.join([b'{"a":1}', b'{"b":2}'])) == [{"a": 1}, {"b": 2}]


def test_words_of_any_script_are_utf8() -> None:
    assert read(posted(body='🩺 é \u2028 " \\'))["data"]["body"] == '🩺 é \u2028 " \\'


def test_what_is_kept_takes_no_more_memory_than_is_counted() -> None:
    """Readers' queues and rings are bounded by the bytes of their frames: a frame must not hold a larger buffer behind them."""
    wire.frame(type="warm")
    tracemalloc.start()
    try:
        for make in (lambda n: wire.frame(type="ok", re=n), lambda n: wire.event(posted(body=f"{n} " + "€" * 2000)).text):
            before = tracemalloc.get_traced_memory()[0]
            kept = [make(n) for n in range(200)]
            grown = tracemalloc.get_traced_memory()[0] - before
            assert grown < 1.2 * sum(map(len, kept)) + 200 * 64, (grown, sum(map(len, kept)))  # 64: a bytes object's head, and its place in the list
    finally:
        tracemalloc.stop()
