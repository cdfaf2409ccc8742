"""Pages of messages equal what a client makes of the log up to `as_of`; `first_seq` holds; history asks for rights and is written down."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consult.audit.models import Record
from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms import access, log, pages
from consult.rooms.actions import changes, conversations, membership
from consult.rooms.models import Membership, Message, Room
from tests import people
from tests.rooms.helpers import events, group, joined, post

pytestmark = pytest.mark.django_db(transaction=True)


def page(person: Person, room: uuid.UUID, **asked: Any) -> dict[str, Any]:
    found = pages.messages(access.may_read(person=person.pk, room=room), **{"after": None, "before": None, "around": None, "limit": 3, **asked})
    return orjson.loads(orjson.dumps(found))  # type: ignore[no-any-return]


def seqs(found: dict[str, Any]) -> list[int]:
    return [m["seq"] for m in found["messages"]]


def replayed(log_: list[dict[str, Any]], me: Person) -> list[dict[str, Any]]:
    """What a client that applies events in order holds: the model of the browser's roomLog."""
    held: dict[str, dict[str, Any]] = {}
    put: dict[str, set[tuple[str, str]]] = {}
    for event in log_:
        data, kind = event["data"], event["kind"]
        message = data.get("message")
        if kind == "message.posted":
            held[message] = {
                "message": message,
                "seq": event["seq"],
                "post_no": data["post_no"],
                "at": event["at"],
                "actor": event["actor"],
                "client_id": data["client_id"],
                "body": data["body"],
                "mentions": data["mentions"],
                "reply_to": data["reply_to"],
                "images": data["images"],
                "form": data["form"],
                "edited_seq": None,
                "withheld": None if data["withheld"] == "superseded" else data["withheld"],
                "case": None,
                "doubt": None,
            }
        elif kind == "message.edited":
            held[message].update(edited_seq=event["seq"], **({"body": data["body"], "mentions": data["mentions"]} if data["withheld"] != "superseded" else {}))
        elif kind == "message.retracted":
            held[message].update(body=None, mentions=None, withheld="retracted")
        elif kind == "reaction.added":
            put.setdefault(message, set()).add((event["actor"]["id"], data["reaction"]))
        elif kind == "reaction.removed":
            put[message].discard((event["actor"]["id"], data["reaction"]))
    for message, item in held.items():
        reactions = put.get(message, set())
        item["reactions"] = {r: sum(1 for _, x in reactions if x == r) for r in pages.REACTIONS}
        item["mine"] = sorted(r for who, r in reactions if who == str(me.pk))
    return list(held.values())


STEP = st.one_of(
    st.tuples(st.just("post"), st.integers(0, 2), st.integers(0, 9)),
    st.tuples(st.just("edit"), st.integers(0, 2), st.integers(0, 9), st.sampled_from("abc")),
    st.tuples(st.just("retract"), st.integers(0, 2), st.integers(0, 9)),
    st.tuples(st.just("react"), st.integers(0, 2), st.integers(0, 9), st.sampled_from(pages.REACTIONS), st.booleans()),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=25), cut=st.floats(0, 1))
def test_pages_equal_the_log_and_old_pages_with_later_events_equal_new_ones(steps: list[Any], cut: float) -> None:
    cast = [people.camille(), people.nadia(), people.idris()]
    room = joined(Room.objects.create(kind="group", listed=True).pk, *cast)
    posted: list[tuple[str, int]] = []  # (message, author)
    early: dict[str, Any] = {}
    for n, (kind, who, which, *rest) in enumerate(steps):
        if n == int(cut * len(steps)):
            early = page(cast[0], room, limit=100)
        person, (message, author) = cast[who], posted[which % len(posted)] if posted else ("", -1)
        try:
            if kind == "post":
                posted.append((post(room, person, f"p{n}", **({"reply_to": message} if posted and which % 2 else {}))["message"], who))
            elif kind == "edit" and author == who:
                row = Message.objects.get(pk=message)
                changes.edit(changes.Edit(room, person.pk, message, row.edited_seq or row.seq, rest[0], charged=True))
            elif kind == "retract" and author == who:
                changes.retract(changes.Retraction(room, person.pk, message))
            elif kind == "react" and posted:
                changes.react(changes.React(room, person.pk, message, rest[0], rest[1], charged=True))
        except Refusal as refusal:
            assert refusal.code == "message.retracted"
    whole = events(room)
    for person in cast:
        found = page(person, room, limit=100)
        assert found["as_of"] == {"epoch": whole[0]["epoch"], "seq": len(whole)}
        assert found["messages"] == replayed(whole, person)
        assert [e["seq"] for e in found["notices"]] == ([e["seq"] for e in whole if e["kind"].startswith("member.")] if posted else [])
    if early:
        # An old page and only the later events: what a browser does after a while away.
        held = {m["message"]: m for m in early["messages"]}
        for event in whole[early["as_of"]["seq"] :]:
            if (message := event["data"].get("message")) in held and event["kind"] == "message.edited" and event["data"]["withheld"] is None:
                held[message]["body"] = event["data"]["body"]
            elif message in held and event["kind"] == "message.retracted":
                held[message]["body"] = None
        now = {m["message"]: m["body"] for m in page(cast[0], room, limit=100)["messages"]}
        assert {m: item["body"] for m, item in held.items()} == {m: now[m] for m in held}


@pytest.fixture
def camille(transactional_db: None) -> Person:
    return people.camille()


@pytest.fixture
def nadia(transactional_db: None) -> Person:
    return people.nadia()


@pytest.fixture
def room(camille: Person, nadia: Person) -> uuid.UUID:
    return joined(group(), camille, nadia)


def test_pages_before_after_and_around(room: uuid.UUID, camille: Person) -> None:
    for n in range(10):
        post(room, camille, f"{n}")  # seqs 3 … 12
    newest = page(camille, room)
    assert seqs(newest) == [10, 11, 12] and newest["more"] == {"before": True, "after": False}
    assert seqs(page(camille, room, before=10)) == [7, 8, 9] and page(camille, room, before=10)["more"] == {"before": True, "after": True}
    assert seqs(page(camille, room, before=4)) == [3] and page(camille, room, before=4)["more"]["before"] is False
    assert seqs(page(camille, room, after=3)) == [4, 5, 6] and page(camille, room, after=3)["more"]["after"] is True
    assert seqs(page(camille, room, after=12)) == seqs(page(camille, room, before=1)) == []
    assert seqs(page(camille, room, around=7, limit=4)) == [6, 7, 8, 9] and seqs(page(camille, room, around=3, limit=4)) == [3, 4, 5]
    assert seqs(page(camille, room, around=12, limit=4)) == [11, 12] and 7 in seqs(page(camille, room, around=7, limit=1))


def test_walking_back_page_by_page_finds_every_message_and_notice_once(room: uuid.UUID, camille: Person) -> None:
    for n in range(8):
        post(room, camille, f"{n}")
        joined(room, people.person(f"p{n}"))
    found, notices, before, more = [], [], None, True
    while more:
        got = page(camille, room, before=before)
        found, notices, more, before = seqs(got) + found, [e["seq"] for e in got["notices"]] + notices, got["more"]["before"], seqs(got)[0]
    assert sorted(found + notices) == list(range(1, 19)) and notices == sorted(notices)


def test_a_private_conversation_shows_nothing_from_before_joining(camille: Person, nadia: Person) -> None:
    helene = people.helene()
    room = uuid.UUID(conversations.open(person_id=camille.pk, client_id=uuid.uuid4(), people=[nadia.pk, people.idris().pk])["room"])
    old = post(room, camille, "secret")
    membership.invite(person_id=camille.pk, client_id=uuid.uuid4(), room_id=room, invitee=helene.pk)
    new = post(room, camille, "ouvert")
    first = Membership.objects.get(room_id=room, person=helene).first_seq
    for asked in ({}, {"after": 0}, {"before": 99}, {"around": old["seq"]}, {"around": new["seq"]}, {"before": first}):
        text = orjson.dumps(page(helene, room, **asked)).decode()
        assert "secret" not in text
        assert all(e["seq"] >= first for e in page(helene, room, **asked)["notices"])
    assert seqs(page(helene, room)) == [new["seq"]]
    for call in (pages.one, pages.history):
        with pytest.raises(Refusal, match=r"message\.not_found"):
            call(helene.pk, uuid.UUID(old["message"]))
    assert pages.one(helene.pk, uuid.UUID(new["message"]))["body"] == "ouvert"


def test_one_message_forbidden_and_none_at_all_answer_alike(room: uuid.UUID, camille: Person) -> None:
    message = uuid.UUID(post(room, camille, "x")["message"])
    for person, asked in ((people.idris(), message), (people.unverified(), message), (camille, uuid.uuid4())):
        with pytest.raises(Refusal) as refused:
            pages.one(person.pk, asked)
        assert refused.value.code == "message.not_found"
    assert pages.one(camille.pk, message)["room"] == str(room)


def test_history_is_for_the_author_and_the_rooms_moderators_and_the_audit_knows(room: uuid.UUID, camille: Person, nadia: Person) -> None:
    first = post(room, camille, "un")
    message = uuid.UUID(first["message"])
    changes.edit(changes.Edit(room, camille.pk, first["message"], first["seq"], "deux", charged=True))
    changes.retract(changes.Retraction(room, camille.pk, first["message"]))
    with pytest.raises(Refusal, match=r"message\.not_author"):
        pages.history(nadia.pk, message)
    assert not Record.objects.filter(act="message.history_read").exists(), "what was refused was not read"
    found = pages.history(camille.pk, message)
    assert [(v["seq"], v["body"]) for v in found["versions"]] == [(3, "un"), (4, "deux")] and found["withheld"] == "retracted"
    assert [v["at"] for v in found["versions"]] == [e["at"] for e in events(room)[2:4]], "each version has the time of its event"
    Membership.objects.filter(person=nadia).update(role="moderator")
    assert pages.history(nadia.pk, message) == found
    assert [(r.person_id, r.room_id, r.object) for r in Record.objects.filter(act="message.history_read").order_by("id")] == [(p.pk, room, str(message)) for p in (camille, nadia)]
    membership.leave(person_id=camille.pk, room_id=room)
    with pytest.raises(Refusal, match=r"message\.not_found"):
        pages.history(camille.pk, message)


def test_erased_words_have_no_history(room: uuid.UUID, camille: Person) -> None:
    message = uuid.UUID(post(room, camille, "un")["message"])
    Message.objects.update(withheld="erased")
    assert pages.history(camille.pk, message) == {"versions": [], "withheld": "erased"}


def test_a_page_is_one_snapshot(room: uuid.UUID, camille: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.rooms.helpers import at_once

    post(room, camille, "un")
    heads = log.heads_of
    monkeypatch.setattr(log, "heads_of", lambda rooms: (heads(rooms), at_once(lambda: post(room, camille, "entre-temps")))[0])
    found = page(camille, room)
    assert found["as_of"]["seq"] == 3 and seqs(found) == [3]
