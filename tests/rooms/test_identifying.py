"""Identifiers in posts, edits and questions: what is refused, to whom, in which order, and what is recorded."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from consult.cases.models import Case
from consult.errors import Refusal
from consult.rooms import identifying
from consult.rooms.actions import changes, messages
from consult.rooms.actions.posts import Post
from consult.rooms.models import IdentifierDecision, Message
from tests import people
from tests.cases.helpers import QUESTION
from tests.rooms.helpers import Phone, events, group, joined, post

pytestmark = pytest.mark.django_db(transaction=True)

BORN, CALL, SAID = "Patiente née le 12/03/1978.", "Joindre le 06 12 34 56 78.", "Plaque du mollet depuis J+3, 34 ans."


def of(room: uuid.UUID, person: Any, body: str, **more: Any) -> Post:
    return Post(room, person.pk, more.pop("client_id", None) or uuid.uuid4(), body, charged=True, **more)


def decisions() -> list[tuple[str, str]]:
    return [(d.category, d.decision) for d in IdentifierDecision.objects.order_by("id")]


def codes(answers: list[Any]) -> list[str]:
    return [a.code if isinstance(a, Refusal) else "ok" for a in answers]


def test_what_is_blocked_is_refused_to_every_client_and_only_that_post() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    answers = messages.post_many([of(room, camille, SAID), of(room, camille, BORN), of(room, camille, f"sécu 1 84 12 76 451 089 46. {BORN}", confirmed=["name"])])
    assert codes(answers) == ["ok", "content.identifier", "content.identifier"]
    assert answers[1].extra == {"fields": ["body"], "identifiers": [{"field": "body", "category": "birth_date", "start": 16, "length": 10}]}
    assert [m.body for m in Message.objects.all()] == [SAID]
    assert decisions() == [("birth_date", "blocked"), ("nir", "blocked"), ("birth_date", "blocked")]


def test_a_client_of_plain_version_1_is_let_through_with_what_others_must_confirm() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    assert codes(messages.post_many([of(room, camille, CALL)])) == ["ok"]
    assert decisions() == [("phone", "unconfirmed")]


def test_a_client_of_the_feature_is_asked_and_may_confirm() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    text = f"{CALL} Mme Kervella."
    item = of(room, camille, text, confirmed=["phone"])
    [answer] = messages.post_many([item])
    assert answer.code == "content.confirm" and [i["category"] for i in answer.extra["identifiers"]] == ["name"]
    assert messages.post_many([of(room, camille, text, confirmed=["phone", "name"], client_id=item.client_id)])[0]["seq"] == 2  # a refused id was never used
    assert decisions() == [("phone", "confirmed"), ("name", "asked"), ("phone", "confirmed"), ("name", "confirmed")]
    row = IdentifierDecision.objects.order_by("id").last()
    assert row is not None and (row.person_id, row.room_id) == (camille.pk, room)
    assert {f.name for f in IdentifierDecision._meta.fields} == {"id", "person_id", "room_id", "category", "decision", "at"}


def test_the_rooms_own_doctors_are_no_patients() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = joined(group(), camille)
    text = f"Merci Dr {nadia.family_name}, et bonjour."
    assert codes(messages.post_many([of(room, camille, text, confirmed=[])])) == ["content.confirm"]
    joined(room, nadia)
    assert codes(messages.post_many([of(room, camille, text, confirmed=[])])) == ["ok"]
    assert codes(messages.post_many([of(room, camille, f"{text} Mme {nadia.family_name} va mieux.", confirmed=[])])) == ["content.confirm"]


def test_duplicates_and_rights_come_first_and_ordinary_words_ask_nothing(django_assert_num_queries: Any) -> None:
    camille, nadia = people.camille(), people.nadia()
    room = joined(group(), camille)
    item = of(room, camille, CALL)
    messages.post_many([item])
    again = messages.post_many([of(room, camille, CALL, client_id=item.client_id, confirmed=[])])[0]
    assert again["duplicate"]
    assert codes(messages.post_many([of(room, nadia, BORN)])) == ["room.not_member"]
    assert decisions() == [("phone", "unconfirmed")]
    with django_assert_num_queries(0):
        assert identifying.look([("body", SAID)], confirmed=[]) is None
        assert identifying.look([("body", CALL)], confirmed=None, rooms=[room]) is not None


def test_edits_are_looked_at_alike() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    message = post(room, camille, SAID)["message"]

    def edit(body: str, **more: Any) -> Any:
        return changes.edit_many([changes.Edit(room, camille.pk, message, 2, body, charged=True, **more)])[0]

    assert edit(BORN).code == "content.identifier"
    assert edit(CALL, confirmed=[]).code == "content.confirm"
    assert Message.objects.get().body == SAID
    assert edit(CALL, confirmed=["phone"])["seq"] == 3
    assert edit(CALL, confirmed=[]) == {"seq": 3, "unchanged": True}
    assert decisions() == [("birth_date", "blocked"), ("phone", "asked"), ("phone", "confirmed")]


def test_a_question_and_its_title_are_looked_at() -> None:
    der, camille = group(), people.camille()
    joined(der, camille)
    phone = Phone(camille)

    def ask(**more: Any) -> Any:
        return phone.post("/cases", {"id": people.some_id(), "title": "Plaque", "question": QUESTION, "specialty": "SM15", "urgency": "week", "group": str(der), **more})

    blocked = ask(title="Née le 12/03/1978")
    assert blocked.status_code == 400 and blocked.json()["code"] == "content.identifier" and blocked.json()["fields"] == ["title"]
    asked = ask(question=f"{QUESTION} {CALL}", confirmed=[])
    assert asked.json()["code"] == "content.confirm" and asked.json()["identifiers"][0]["field"] == "question"
    assert not Case.objects.exists() and decisions() == [("birth_date", "blocked"), ("phone", "asked")]
    assert ask(question=f"{QUESTION} {CALL}", confirmed=["phone"]).status_code == 201
    assert decisions()[2:] == [("phone", "confirmed")]
    assert ask(confirmed=["nir"]).status_code == 400  # what is blocked cannot be confirmed


def test_a_title_for_an_old_message_is_looked_at() -> None:
    der, camille = group(), people.camille()
    joined(der, camille)
    message = post(der, camille, QUESTION)["message"]
    body = {"title": "Mme Kervella", "specialty": "SM15", "urgency": "week"}
    phone = Phone(camille)
    assert phone.post(f"/messages/{message}/case", {"id": people.some_id(), **body, "confirmed": []}).json()["code"] == "content.confirm"
    assert phone.post(f"/messages/{message}/case", {"id": people.some_id(), **body, "confirmed": ["name"]}).status_code == 201
    assert decisions() == [("name", "asked"), ("name", "confirmed")]


def test_over_http_a_post_is_refused_with_the_places() -> None:
    camille = people.camille()
    room = joined(group(), camille)
    answer = Phone(camille).post(f"/rooms/{room}/messages", {"id": people.some_id(), "body": CALL, "confirmed": []})
    assert answer.status_code == 400 and answer.json()["identifiers"] == [{"field": "body", "category": "phone", "start": 11, "length": 14}]
    assert [e["kind"] for e in events(room)] == ["member.joined"]


def test_old_decisions_are_forgotten(settings: Any) -> None:
    camille = people.camille()
    room = joined(group(), camille)
    post(room, camille, CALL)
    settings.IDENTIFIER_DAYS = 1
    assert identifying.purge() == 0
    IdentifierDecision.objects.update(at="2020-01-01T00:00:00Z")
    assert identifying.purge() == 1 and decisions() == []
