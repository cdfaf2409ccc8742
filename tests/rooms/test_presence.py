"""Who is here, over several processes, each of which speaks of its own sockets."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest

from consult.rooms import presence
from consult.rooms.presence import SAMPLE, Presence

ROOM = uuid.uuid4()


def card(name: str, specialty: str | None = "SM15", id: str | None = None) -> dict[str, Any]:
    return {"id": id or name, "name": name, "profession": "10", "specialty": specialty, "level": None, "as": None}


def cards(*found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {c["id"]: c for c in found}


def test_nobody_is_nobody() -> None:
    assert Presence().of(ROOM, []) == {"count": 0, "by_specialty": {}, "sample": []}


def test_people_of_other_processes_are_added_and_each_counts_once() -> None:
    here = Presence()
    here.heard(ROOM, "n2", cards(card("Nadia"), card("Idris", "SM54")))
    here.heard(ROOM, "n3", cards(card("Nadia"), card("Aline", None)))
    found = here.of(ROOM, [card("Nadia"), card("Nadia"), card("Camille", "SM54")])
    assert found["count"] == 4 and found["by_specialty"] == {"SM15": 1, "SM54": 2}
    assert [c["name"] for c in found["sample"]] == ["Aline", "Camille", "Idris", "Nadia"]


def test_the_specialty_of_most_comes_first_and_of_equally_many_always_the_same() -> None:
    some = [card("Camille", "SM54"), card("Nadia"), card("Idris"), card("Anne", "SM04")]
    for told in (some, some[::-1]):
        assert list(Presence().of(ROOM, told)["by_specialty"]) == ["SM15", "SM04", "SM54"]


def test_what_a_process_says_replaces_what_it_said() -> None:
    here = Presence()
    here.heard(ROOM, "n2", cards(card("Nadia")))
    here.heard(ROOM, "n2", {})
    assert here.of(ROOM, [])["count"] == 0


def test_a_process_that_fell_silent_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    here, now = Presence(), time.monotonic()
    here.heard(ROOM, "n2", cards(card("Nadia")))
    monkeypatch.setattr(presence.time, "monotonic", lambda: now + presence.SILENCE_S + 1)
    assert here.of(ROOM, [])["count"] == 0


def test_rooms_are_kept_apart_and_forgotten() -> None:
    here = Presence()
    here.heard(ROOM, "n2", cards(card("Nadia")))
    assert here.of(uuid.uuid4(), [])["count"] == 0
    here.forget(ROOM)
    assert here.of(ROOM, [])["count"] == 0


def test_a_few_are_named_and_the_rest_counted() -> None:
    found = Presence().of(ROOM, [card(f"p{n:03}") for n in range(100)])
    assert found["count"] == 100 and len(found["sample"]) == SAMPLE and found["by_specialty"] == {"SM15": 100}


def test_people_without_a_name_are_sorted_too() -> None:
    assert Presence().of(ROOM, [{**card("x"), "name": None}, card("a")])["count"] == 2
