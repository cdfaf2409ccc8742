"""How far a case has got: what the asker says, what the worker counts, and that both logs hear of it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from consult.cases import followups
from consult.cases.models import Case
from consult.rooms.actions import changes
from consult.rooms.models import Followup, Membership, Message
from tests import people
from tests.cases.helpers import ask, settle
from tests.rooms.helpers import Phone, at_once, events, group, joined, kinds, post

pytestmark = pytest.mark.django_db(transaction=True)


def say(person: Any, room: uuid.UUID, status: str, **more: Any) -> Any:
    return Phone(person).post(f"/cases/{room}/status", {"id": people.some_id(), "status": status, **more})


def test_answers_are_counted_and_told_once_to_both_logs() -> None:
    camille, nadia = people.camille(), people.nadia()
    der = joined(group(), camille, nadia)
    room = ask(camille, group=der)["room"]
    assert settle() == 1 and kinds(der)[-1] == "case.opened"  # the question itself changes nothing
    card = str(Case.objects.get().card_id)
    for words in ("Mycose ?", "Ou eczéma", "Prélever"):
        post(room, nadia, words)
    post(room, camille, "Merci")
    assert settle() == 4 and settle() == 0
    case = Case.objects.get()
    assert (case.status, case.answers) == ("answered", 3)
    assert case.first_answer_at == Message.objects.get(room=room, post_no=2).at
    mine, theirs = next(e for e in events(room) if e["kind"] == "case.updated"), events(der)[-1]
    assert theirs["kind"] == "case.updated" and mine["actor"]["id"] == theirs["actor"]["id"] == str(nadia.pk), "the one who answered last"
    assert theirs["data"] == {"message": card, "case": str(room), "status": "answered", "answers": 3}
    assert mine["data"] == {**theirs["data"], "message": str(case.question_id)}
    assert kinds(der).count("case.updated") == kinds(room).count("case.updated") == 1
    assert mine["kind"] in [n["kind"] for n in Phone(nadia).get(f"/rooms/{room}/messages").json()["notices"]]


def test_who_answers_by_the_audience_rule_follows_the_case_from_then_on() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = ask(camille, group=joined(group(), camille, nadia))["room"]
    assert not Membership.objects.filter(room=room, person=nadia).exists()
    post(room, nadia, "Mycose ?")
    assert settle() and settle() == 0
    post(room, nadia, "Prélever")
    assert settle()
    assert Membership.objects.get(room=room, person=nadia).first_seq == 0
    assert [e["data"]["person"] for e in events(room) if e["kind"] == "member.joined"] == [str(camille.pk), str(nadia.pk)]


def test_what_is_taken_back_no_longer_counts() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = ask(camille)["room"]
    told = post(room, nadia, "Erreur")
    settle()
    changes.retract(changes.Retraction(room, nadia.pk, told["message"]))
    assert settle() == 1
    case = Case.objects.get()
    assert (case.status, case.answers, case.first_answer_at) == ("open", 0, None)
    assert [e["data"]["status"] for e in events(room) if e["kind"] == "case.updated"] == ["answered", "open"]


@pytest.mark.parametrize("which", ["question", "card"])
def test_a_question_and_its_card_are_taken_back_together(which: str) -> None:
    camille, nadia = people.camille(), people.nadia()
    der = joined(group(), camille, nadia)
    room = ask(camille, group=der, title="Motsecret", question="Motsecret du patient")["room"]
    case = Case.objects.get()
    where, message = (room, case.question_id) if which == "question" else (der, case.card_id)
    changes.retract(changes.Retraction(where, camille.pk, str(message)))
    settle()
    assert set(Message.objects.values_list("withheld", flat=True)) == {"retracted"}
    phone = Phone(nadia)
    for path in ("/rooms", f"/rooms/{room}", f"/rooms/{der}/messages", f"/rooms/{room}/messages", f"/rooms/{der}/events", f"/rooms/{room}/events", "/search?q=motsecret"):
        answer = phone.client.get(f"/api/v1{path}", headers=phone.headers)
        assert answer.status_code == 200 and b"otsecret" not in answer.content, path
    assert kinds(room).count("message.retracted") == kinds(der).count("message.retracted") == 1 and Followup.objects.filter(tally=True).count() == 0


def test_several_workers_do_each_thing_once() -> None:
    camille, nadia = people.camille(), people.nadia()
    der = joined(group(), camille, nadia)
    rooms = [ask(camille, group=der)["room"] for _ in range(5)]
    settle()
    for room in rooms:
        post(room, nadia, "Réponse")
    assert sum(at_once(*[settle] * 4)) == 5
    assert kinds(der).count("case.updated") == 5
    assert set(Case.objects.values_list("status", "answers")) == {("answered", 1)}


def test_a_batch_costs_the_same_for_many_posts(django_assert_max_num_queries: Any) -> None:
    camille, nadia = people.camille(), people.nadia()
    room = ask(camille)["room"]
    for n in range(30):
        post(room, nadia, f"Réponse {n}")
    with django_assert_max_num_queries(20):
        assert followups.run_once() == 31


def test_the_asker_says_how_far_it_has_got() -> None:
    camille, nadia = people.camille(), people.nadia()
    der = joined(group(), camille, nadia)
    room = ask(camille, group=der)["room"]
    assert say(camille, room, "consensus").json()["code"] == "case.status"  # nobody has answered
    post(room, nadia, "Mycose")
    settle()
    asked = {"id": people.some_id(), "status": "consensus"}
    first, again = (Phone(camille).post(f"/cases/{room}/status", asked) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    same = say(camille, room, "consensus")
    assert same.status_code == 200
    assert events(der)[-1]["data"]["status"] == events(room)[-1]["data"]["status"] == "consensus" and kinds(der).count("case.updated") == 2
    assert [say(camille, room, s).status_code for s in ("closed", "open", "closed", "answered")] == [201] * 4
    assert say(camille, room, "closed").status_code == 201 and say(camille, room, "consensus").json()["code"] == "case.status"
    assert say(camille, room, "x").json()["code"] == "frame.invalid"


def test_an_answer_to_a_case_that_was_opened_again() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = ask(camille)["room"]
    post(room, nadia, "Mycose")
    settle()
    say(camille, room, "open")
    assert settle() == 0 and Case.objects.get().status == "open"
    post(room, nadia, "Ou eczéma")
    settle()
    assert (Case.objects.get().status, Case.objects.get().answers) == ("answered", 2)


def test_who_may_not_say() -> None:
    camille, nadia = people.camille(), people.nadia()
    der = joined(group(), camille, nadia)
    room = ask(camille, group=der)["room"]
    assert say(nadia, room, "closed").json()["code"] == "case.not_asker"
    assert say(nadia, der, "closed").json()["code"] == "room.not_found"
    assert say(people.idris(), room, "closed").content == say(people.idris(), uuid.uuid4(), "closed").content
    Membership.objects.create(room_id=room, person=nadia, role="moderator")
    assert say(nadia, room, "closed").status_code == 201
    assert events(room)[-1]["actor"]["as"] == "moderator"


def test_a_closed_case_is_open_to_its_asker_alone() -> None:
    from consult.errors import Refusal
    from consult.rooms.actions import messages
    from consult.rooms.actions.posts import Post

    camille, nadia = people.camille(), people.nadia()
    room = ask(camille)["room"]
    told = post(room, nadia, "Mycose")
    say(camille, room, "closed")
    batch = [Post(room, p.pk, uuid.uuid4(), "Guérie à six semaines", charged=True) for p in (nadia, camille)]
    refused, answer = messages.post_many(batch)
    assert isinstance(refused, Refusal) and refused.code == "room.closed" and answer["seq"]
    changes.react(changes.React(room, nadia.pk, told["message"], "thanks", add=True))
    changes.retract(changes.Retraction(room, nadia.pk, told["message"]))
    say(camille, room, "open")
    assert post(room, nadia, "Merci")["seq"]


def test_one_case_that_fails_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    camille, nadia = people.camille(), people.nadia()
    ill, well = (ask(camille)["room"] for _ in range(2))
    updated = followups.updated

    def failing(made: Any, case: Case, **more: Any) -> int:
        if case.room_id == ill:
            raise RuntimeError("a fault of ours")
        return updated(made, case, **more)

    monkeypatch.setattr(followups, "updated", failing)
    for room in (ill, well):
        post(room, nadia, "Mycose")
    settle()
    assert {c.room_id: c.answers for c in Case.objects.all()} == {ill: 0, well: 1} and Followup.objects.filter(tally=True).count() == 0
    monkeypatch.undo()
    post(ill, nadia, "Ou eczéma")
    settle()
    assert Case.objects.get(room_id=ill).answers == 2
