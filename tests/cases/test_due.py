"""What time brings, by a moved clock: no answer within the time stated, and the question how it ended."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consult.cases import due
from consult.cases.models import Due, Outcome
from consult.push.models import Device, Notice
from consult.rooms import waking
from consult.rooms.actions import changes
from consult.rooms.models import Message
from tests import people
from tests.cases.helpers import act, ask, done, settle, sheet
from tests.rooms.helpers import events, kinds, personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)


def later(**by: float) -> int:
    """Lets the worker's clock stand so much later; how much was due."""
    return due.run_once(datetime.now(UTC) + timedelta(**by))


def device(person: Any) -> None:
    Device.objects.create(person=person, session="x", courier="web", address_digest=uuid.uuid4().bytes * 2, address=b"x")


def woken() -> list[tuple[uuid.UUID, str]]:
    while waking.expand():
        pass
    return list(Notice.objects.order_by("pk").values_list("person_id", "reason"))


def test_nobody_answered_in_the_time_of_its_urgency() -> None:
    camille = people.camille()
    room = ask(camille, urgency="hour")["room"]
    assert later(minutes=59) == 0 and later(minutes=61) == 1
    last = events(room)[-1]
    assert (last["kind"], last["actor"], last["data"]) == ("case.unanswered", None, {"message": events(room)[1]["data"]["message"]})
    assert personal_events(camille)[-1] == ("case.attention", {"room": str(room), "seq": last["seq"], "why": "unanswered"})
    assert later(minutes=61) == 0, "once"
    answered = ask(camille, urgency="today")["room"]
    post(answered, people.nadia(), "Mycose.")
    settle()
    assert later(hours=5) == 1 and "case.unanswered" not in kinds(answered)
    ask(camille, urgency="teaching")
    assert not Due.objects.filter(case__urgency="teaching").exists()


def test_how_it_ended_is_asked_after_one_four_and_twelve_weeks_until_it_is_told() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = ask(camille)["room"]
    post(room, nadia, "Mycose.")
    settle()
    later(days=3)  # the reminder that nobody answered: somebody has
    assert later(days=6.9) == 0 and later(days=7.1) == 1 and later(weeks=4.1) == 1
    assert [e["data"]["weeks"] for e in events(room) if e["kind"] == "outcome.due"] == [1, 4]
    told = done(camille, room, "outcome.tell", body="Guérie en trois semaines.", verdict="confirmed")
    posted, said = events(room)[-2:]
    assert (posted["data"]["form"], posted["data"]["body"], posted["seq"]) == ("outcome", "Guérie en trois semaines.", told["seq"])
    assert (said["kind"], said["data"]) == ("outcome.told", {"message": told["message"], "verdict": "confirmed"})
    assert later(weeks=13) == 1 and kinds(room).count("outcome.due") == 2, "it is told"
    shown = sheet(nadia, room)["outcomes"]
    assert [(o["message"], o["verdict"], o["withheld"]) for o in shown] == [(told["message"], "confirmed", None)]
    assert act(nadia, room, "outcome.tell", body="x", verdict="other").json()["code"] == "case.not_asker"
    assert act(camille, room, "outcome.tell", body=" ", verdict="other").json()["code"] == "message.blank" and Outcome.objects.count() == 1


def test_the_outcome_reaches_those_who_answered() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = ask(camille)["room"]
    post(room, nadia, "Mycose.")
    settle()
    device(nadia)
    woken()
    Notice.objects.all().delete()
    done(camille, room, "outcome.tell", body="Guérie.", verdict="confirmed")
    assert woken() == [(nadia.pk, "followed_case")]


def test_reminders_wake_the_asker_alone_and_changes_those_who_relied_on_them() -> None:
    camille, nadia, idris = people.camille(), people.nadia(), people.idris()
    room = ask(camille, urgency="hour")["room"]
    for person in (camille, nadia, idris):
        device(person)
    woken()
    Notice.objects.all().delete()
    later(hours=2)
    assert woken() == [(camille.pk, "unanswered")]
    answer = post(room, nadia, "Mycose.")
    settle()
    done(idris, room, "vote.give", message=answer["message"], base=answer["seq"], vote="agree")
    woken()
    Notice.objects.all().delete()
    changes.retract(changes.Retraction(room, nadia.pk, answer["message"]))
    settle()
    assert sorted(woken()) == sorted([(camille.pk, "amended"), (idris.pk, "amended")])
    assert {n.pk for n in Notice.objects.all()} == waking.still_due(list(Notice.objects.all()))
    Notice.objects.all().delete()
    later(weeks=1.1)
    assert woken() == [(camille.pk, "outcome")]


def test_a_question_that_is_gone_is_not_asked_about() -> None:
    camille = people.camille()
    room = ask(camille)["room"]
    Message.objects.filter(room_id=room).update(withheld="retracted")
    assert later(weeks=13) == 4 and not {"case.unanswered", "outcome.due"} & set(kinds(room))


def test_none_where_none_is_set(settings: Any) -> None:
    settings.UNANSWERED_WEEK_MIN, settings.OUTCOME_WEEKS = 0, []
    ask(people.camille())
    assert not Due.objects.exists()


def test_two_workers_remind_once() -> None:
    from tests.rooms.helpers import at_once

    camille = people.camille()
    room = ask(camille, urgency="hour")["room"]
    assert sum(at_once(*[lambda: later(hours=2)] * 3)) >= 1
    assert kinds(room).count("case.unanswered") == 1
