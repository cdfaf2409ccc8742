"""The HTTP twins: same fields, same codes, same rights as the socket; pages of the log as frames."""

from __future__ import annotations

import gzip
import threading
import uuid
from typing import Any

import orjson
import pytest
from django.conf import settings as live_settings
from django.test import Client

from consult.clinicians.models import Person
from consult.errors import OutcomeUnknown
from consult.rooms import lanes, limits
from consult.rooms.actions import changes, conversations, membership
from consult.rooms.models import Room
from tests import people
from tests.rooms.helpers import Phone, events, group, joined, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def camille(transactional_db: None) -> Person:
    return people.camille()


@pytest.fixture
def room(camille: Person) -> uuid.UUID:
    return joined(group(), camille, people.nadia())


@pytest.fixture
def phone(camille: Person) -> Phone:
    return Phone(camille)


def path(room: Any, what: str = "messages") -> str:
    return f"/rooms/{room}/{what}"


def words(**more: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "body": "bonjour", **more}


def test_meta_answers_without_signing_in() -> None:
    answer = Client().get("/api/v1/meta")
    assert answer.status_code == 200 and answer.json() == {
        "protocols": [1],
        "server": answer.json()["server"],
        "features": ["cases", "identifiers", "image.pointer", "moderation"],
        "limits": live_settings.LIMITS,
    }


def test_a_post_is_created_once_and_its_repeat_is_a_duplicate(phone: Phone, room: uuid.UUID) -> None:
    body = words()
    first, again, other = phone.post(path(room), body), phone.post(path(room), body), phone.post(path(room), {**body, "body": "autre"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json() == {"seq": 3, "message": first.json()["message"]} and again.json() == {**first.json(), "duplicate": True}
    assert other.json()["code"] == "message.id_reused" and len(events(room)) == 3


def test_a_refusal_has_all_its_fields(phone: Phone, room: uuid.UUID) -> None:
    answer = phone.post(path(room), words(body="", more=1))
    assert answer.status_code == 400
    assert answer.json() == {"code": "frame.invalid", "message": answer.json()["message"], "temporary": False, "retry_after_ms": 0, "fields": ["more"]}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"body": ""}, "message.blank"),
        ({"body": "\x01"}, "message.characters"),
        ({"body": "x" * 8001}, "message.too_long"),
        ({"reply_to": "x"}, "message.not_found"),
        ({"images": ["x"]}, "image.not_found"),
        ({"id": "x"}, "frame.invalid"),
        ({"ref": 1}, "frame.invalid"),
        ({"room": "x"}, "frame.invalid"),
        ({"type": "message.post"}, "frame.invalid"),
    ],
)
def test_bad_posts_are_refused_as_on_the_socket(body: dict[str, Any], code: str, phone: Phone, room: uuid.UUID) -> None:
    answer = phone.post(path(room), words(**body))
    assert answer.json()["code"] == code and answer.status_code in (400, 404) and len(events(room)) == 2


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff", b"\xef\xbb\xbf{}", b'{"id":"x","id":"x"}', b'{"body":NaN}', b"[" * 5000, b'{"body":"\\ud800"}'])
def test_bodies_are_read_as_strictly_as_frames(raw: bytes, phone: Phone, room: uuid.UUID) -> None:
    answer = phone.client.post(f"/api/v1{path(room)}", raw, content_type="application/json", headers=phone.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "frame.invalid")


def test_a_body_over_the_limit_is_413(phone: Phone, room: uuid.UUID) -> None:
    answer = phone.post(path(room), words(body="x" * live_settings.LIMITS["frame_bytes"]))
    assert (answer.status_code, answer.json()["code"]) == (413, "frame.too_large")


def test_a_body_that_django_will_not_read_is_413_at_every_door(phone: Phone, room: uuid.UUID) -> None:
    for door in (path(room), "/conversations"):
        answer = phone.post(door, words(body="x" * (live_settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)))
        assert (answer.status_code, answer.json()["code"]) == (413, "frame.too_large")


def test_rooms_one_may_not_know_of_and_none_at_all_answer_alike(phone: Phone) -> None:
    hidden = str(Room.objects.create(kind="private").pk)
    told = set()
    for place in (hidden, str(uuid.uuid4()), "x", hidden.upper()):
        for answer in (phone.post(path(place), words()), phone.get(path(place)), phone.get(path(place, "events")), phone.get(path(place, "events"), epoch="x")):
            told.add((answer.status_code, answer.content))
    assert len(told) == 1 and next(iter(told))[0] == 404


def test_a_group_that_could_be_joined_says_so(phone: Phone) -> None:
    place = group("OPH", "Ophtalmologie")
    for answer in (phone.post(path(place), words()), phone.get(path(place)), phone.get(path(place, "events"))):
        assert (answer.status_code, answer.json()["code"]) == (403, "room.not_member")


def test_who_is_not_signed_in_is_401_and_a_cookie_needs_its_token_to_write(room: uuid.UUID, camille: Person) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.get(f"/api/v1{path(room)}").status_code == 401 == browser.post(f"/api/v1{path(room)}", "{}", content_type="application/json").status_code
    browser.cookies[live_settings.SESSION_COOKIE_NAME] = people.session_of(camille)
    assert browser.get(f"/api/v1{path(room)}").status_code == 200
    answer = browser.post(f"/api/v1{path(room)}", orjson.dumps(words()), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "session.csrf") and len(events(room)) == 2


def test_pages_of_events_are_the_frames_of_the_socket(phone: Phone, room: uuid.UUID, camille: Person) -> None:
    for n in range(5):
        post(room, camille, f"é 🩺 {n}")
    whole = events(room)
    got = phone.get(path(room, "events")).json()
    assert got == {"epoch": whole[0]["epoch"], "head": 7, "events": whole}
    seqs = lambda **asked: [e["seq"] for e in phone.get(path(room, "events"), **asked).json()["events"]]  # noqa: E731
    assert seqs(limit=2) == [6, 7] and seqs(after=0, limit=2) == [1, 2] and seqs(after=5) == [6, 7] and seqs(before=3) == [1, 2] and seqs(after=2**62) == seqs(before=0) == []
    assert seqs(limit=100_000) == list(range(1, 8)), "larger is clamped"
    assert phone.get(path(room, "events"), epoch=got["epoch"]).status_code == 200
    answer = phone.get(path(room, "events"), epoch="ancien")
    assert (answer.status_code, answer.json()["code"]) == (409, "room.epoch")


@pytest.mark.parametrize("asked", [{"after": 1, "before": 2}, {"limit": 0}, {"limit": -1}, {"after": -1}, {"after": "x"}, {"limit": "x"}, {"after": "1.5"}, {"before": ""}])
def test_wrong_pages_are_refused_by_field(asked: dict[str, Any], phone: Phone, room: uuid.UUID) -> None:
    for what in ("events", "messages"):
        answer = phone.get(path(room, what), **asked)
        assert (answer.status_code, answer.json()["code"]) == (400, "frame.invalid") and set(answer.json()["fields"]) <= set(asked)


@pytest.mark.parametrize("seq", [0, 1, 2**53, 2**63 - 1, 2**63, 10**30])
def test_any_position_is_answered(seq: int, phone: Phone, room: uuid.UUID) -> None:
    for what, sides in (("events", ("after", "before")), ("messages", ("after", "before", "around"))):
        for side in sides:
            assert phone.get(path(room, what), **{side: seq}).status_code == 200


def test_messages_one_message_and_its_history(phone: Phone, room: uuid.UUID, camille: Person) -> None:
    first = post(room, camille, "un")
    changes.edit(changes.Edit(room, camille.pk, first["message"], 3, "deux", charged=True))
    got = phone.get(path(room), around=3).json()
    assert got["as_of"]["seq"] == 4 and [m["body"] for m in got["messages"]] == ["deux"]
    assert phone.get(f"/messages/{first['message']}").json() == {**got["messages"][0], "room": str(room)}
    assert [v["body"] for v in phone.get(f"/messages/{first['message']}/history").json()["versions"]] == ["un", "deux"]
    answer = Phone(people.nadia()).get(f"/messages/{first['message']}/history")
    assert (answer.status_code, answer.json()["code"]) == (403, "message.not_author")
    stranger = Phone(people.idris())
    assert {stranger.get(f"/messages/{m}{end}").content for m in (first["message"], uuid.uuid4(), "x") for end in ("", "/history")} == {stranger.get("/messages/y").content}


def test_a_private_conversation_is_read_from_joining_on(camille: Person) -> None:
    helene = people.helene()
    place = uuid.UUID(conversations.open(person_id=camille.pk, client_id=uuid.uuid4(), people=[people.nadia().pk, people.idris().pk])["room"])
    post(place, camille, "secret")
    membership.invite(person_id=camille.pk, client_id=uuid.uuid4(), room_id=place, invitee=helene.pk)
    mine = Phone(helene)
    for what, asked in (("events", {}), ("events", {"after": 0}), ("events", {"before": 99}), ("messages", {}), ("messages", {"after": 0}), ("messages", {"around": 3})):
        assert b"secret" not in mine.get(path(place, what), **asked).content


def test_http_writes_count_like_commands(phone: Phone, room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "commands", limits.Buckets(1, 0.5))
    assert phone.post(path(room), words()).status_code == 201
    answer = phone.post(path(room), words())
    assert (answer.status_code, answer.json()["code"]) == (429, "frame.flood") and int(answer["Retry-After"]) >= 2
    assert phone.get(path(room)).status_code == 200, "reading is free"


def test_what_cannot_be_found_out_is_503(phone: Phone, room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise OutcomeUnknown

    monkeypatch.setattr(lanes, "wait", unknown)
    answer = phone.post(path(room), words())
    assert (answer.status_code, answer.json()["code"], answer.json()["temporary"]) == (503, "outcome.unknown", True)


def test_the_same_id_sent_at_once_is_written_once(room: uuid.UUID, camille: Person) -> None:
    from tests.rooms.helpers import at_once

    body, phones = words(), [Phone(camille) for _ in range(6)]
    answers = at_once(*[lambda p=p: p.post(path(room), body) for p in phones])
    assert sorted(a.status_code for a in answers) == [200] * 5 + [201] and len({a.json()["message"] for a in answers}) == 1
    assert len(events(room)) == 3 and threading.active_count() < 50


def test_a_long_answer_is_in_gzip_for_who_asks_and_a_short_one_never(room: uuid.UUID, phone: Phone, camille: Person) -> None:
    for n in range(8):
        post(room, camille, f"Deux semaines de bulles tendues, jour {n}")
    plain = phone.get(path(room, "events"))
    phone.headers = phone.headers | {"Accept-Encoding": "br, gzip"}
    packed = phone.get(path(room, "events"))
    assert "Content-Encoding" not in plain.headers and packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content and len(packed.content) < len(plain.content) / 3
    assert int(packed.headers["Content-Length"]) == len(packed.content) and "Accept-Encoding" in packed.headers["Vary"]
    assert packed.headers["Cache-Control"] == "no-store"
    assert "Content-Encoding" not in phone.get("/me").headers
