"""The patient's consent, and that its withdrawal leaves no word of theirs anywhere."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection

from consult.audit.models import Record
from consult.cases.models import Case
from consult.rooms.actions import changes
from consult.rooms.models import Membership, Message
from tests import people
from tests.cases.helpers import act, ask, done, settle, sheet
from tests.rooms.helpers import Phone, events, group, joined, kinds, post

pytestmark = pytest.mark.django_db(transaction=True)
PLANTED = "xanthochromie"


def record(person: Any, room: uuid.UUID, **more: Any) -> Any:
    return Phone(person).post(f"/cases/{room}/consent", {"id": people.some_id(), "told": ["advice", "readers"], "recorded": "written", **more})


def withdraw(person: Any, room: uuid.UUID, id: str | None = None) -> Any:
    return Phone(person).post(f"/cases/{room}/consent/withdrawal", {"id": id or people.some_id()})


def everything() -> str:
    """Every text and JSON column of every table, as one string."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND (data_type IN ('text', 'character varying', 'jsonb', 'json', 'tsvector', 'ARRAY'))"
        )
        for table, column in cursor.fetchall():
            cursor.execute(f'SELECT string_agg("{column}"::text, \' \') FROM "{table}"')
            found.append(cursor.fetchone()[0] or "")
    return " ".join(found)


def test_it_is_stated_by_the_asker() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = ask(camille)["room"]
    assert record(nadia, room).json()["code"] == "case.not_asker" and record(people.unverified(), room).json()["code"] == "room.not_found"
    assert record(camille, room, recorded="x").json()["fields"] == ["recorded"] and "consent.recorded" not in kinds(room)
    once = people.some_id()
    assert [record(camille, room, id=once).status_code for _ in range(2)] == [201, 200] and kinds(room).count("consent.recorded") == 1
    assert sheet(nadia, room)["consent"]["recorded"] == "written" and events(room)[-1]["data"] == {}
    assert Record.objects.filter(act="consent.recorded", person_id=camille.pk, room_id=room).count() == 1


def test_withdrawn_words_are_nowhere() -> None:
    camille, nadia = people.camille(), people.nadia()
    der = joined(group(), camille, nadia)
    asked = {
        "id": people.some_id(), "title": f"Cas {PLANTED}", "question": f"{PLANTED} du mollet #{PLANTED}", "specialty": "SM15", "urgency": "week", "group": str(der),
        "template": {"history": f"Antécédent de {PLANTED}"}, "consent": {"told": ["advice"], "recorded": "oral"},
    }  # fmt: skip
    room = uuid.UUID(Phone(camille).post("/cases", asked).json()["room"])
    more = post(room, camille, f"Encore {PLANTED}")
    changes.edit(changes.Edit(room, camille.pk, more["message"], more["seq"], f"Toujours {PLANTED}", charged=True))
    taken_back = post(room, camille, f"Et {PLANTED}")["message"]
    changes.retract(changes.Retraction(room, camille.pk, taken_back))
    answer = post(room, nadia, "Prélever avant de traiter.")
    settle()
    done(nadia, room, "differential.propose", label="Mycose")
    phone = Phone(nadia)
    assert PLANTED in everything() and phone.get("/search", q=PLANTED).json()["hits"]
    once = people.some_id()
    assert withdraw(nadia, room).json()["code"] == "case.not_asker"
    answers = [withdraw(camille, room, once) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 200] and answers[0].json() == answers[1].json()
    assert withdraw(camille, room).status_code == 200, "there is nothing more to take"
    assert PLANTED not in everything()
    settle()
    for path in (
        f"/cases/{room}",
        f"/rooms/{room}/messages",
        f"/rooms/{room}/events",
        f"/rooms/{der}/messages",
        f"/rooms/{der}/events",
        "/rooms",
        f"/rooms/{room}",
        f"/messages/{more['message']}",
    ):
        assert PLANTED not in phone.get(path).content.decode(), path
    assert PLANTED not in Phone(camille).get(f"/messages/{more['message']}/history").content.decode()
    assert phone.get("/search", q=PLANTED).json()["hits"] == []
    # The gap is marked, in the case and on its card; what colleagues said stays.
    log = events(room)
    assert log[-1]["kind"] == "case.updated" and log[-1]["data"]["status"] == "closed"
    gone = {e["data"]["message"] for e in log if e["kind"] == "message.withdrawn"}
    assert gone == {str(Case.objects.get().question_id), more["message"], taken_back}
    assert [e["data"]["withheld"] for e in log if e["kind"] == "message.posted"] == ["withdrawn", "withdrawn", "withdrawn", None]
    card = next(m for m in phone.get(f"/rooms/{der}/messages").json()["messages"] if m["case"])
    assert (card["withheld"], card["body"], card["case"]["status"]) == ("withdrawn", None, "closed")
    shown = sheet(nadia, room)
    assert (shown["withheld"], shown["title"], shown["template"]) == ("withdrawn", "", None) and shown["consent"]["withdrawn_at"]
    assert Message.objects.get(pk=answer["message"]).body == "Prélever avant de traiter." and shown["differentials"][0]["label"] == "Mycose"
    assert Record.objects.filter(act="consent.withdrawn", person_id=camille.pk, room_id=room).count() == 1
    # Nothing brings it back: neither the same question sent again, nor a status, nor new words of the asker's.
    assert Phone(camille).post("/cases", asked).json()["room"] == str(room)
    assert Phone(camille).post(f"/cases/{room}/status", {"id": people.some_id(), "status": "open"}).json()["code"] == "case.no_words"
    assert record(camille, room).json()["code"] == "case.no_words"
    assert act(nadia, room, "vote.give", message=answer["message"], base=answer["seq"], vote="agree").json()["code"] in ("room.closed", "case.no_words")


def test_a_moderator_may_do_it_on_the_record() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = ask(camille)["room"]
    Membership.objects.create(room_id=room, person=nadia, role="moderator")
    assert withdraw(nadia, room).status_code == 201
    withdrawn = next(e for e in events(room) if e["kind"] == "consent.withdrawn")
    assert (withdrawn["actor"]["id"], withdrawn["actor"]["as"]) == (str(nadia.pk), "moderator")
