"""Hidden words are withheld from all alike and leave search, tags and mentions; what is shown again comes back whole."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.db.utils import ProgrammingError

from consult.audit.models import Record
from consult.cases.models import Case
from consult.rooms import record
from consult.rooms.actions import changes, hiding, tools
from consult.rooms.commands.messages import MentionAt
from consult.rooms.models import Act, Mention, Message, Pin, Tag
from tests import people
from tests.cases.helpers import ask, settle
from tests.rooms.actions.test_visits import arrive, order, refused
from tests.rooms.helpers import Phone, at_once, events, group, joined, kinds, post

pytestmark = pytest.mark.django_db(transaction=True)


def test_hidden_from_all_alike_and_shown_again() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    room = joined(group(), camille, nadia)
    said = post(room, camille, "Nadia, M. Untel a une lésion #melanome", mentions=[MentionAt(person=str(nadia.pk), start=0, length=5)])
    message = said["message"]
    Pin.objects.create(room_id=room, message_id=message)
    answer = tools.use(order("message.hide", room, sacha, "Un nom de patient", message=message))
    assert events(room)[-1]["kind"] == "message.hidden" and events(room)[-1]["actor"]["as"] == "moderator" and answer["seq"] == len(events(room))
    arrive(room, sacha)
    for who in (camille, nadia, sacha):
        [item] = Phone(who).get(f"/rooms/{room}/messages").json()["messages"]
        assert (item["body"], item["withheld"]) == (None, "hidden")
        assert Phone(who).get("/search", q="lésion").json()["hits"] == []
    assert not Tag.objects.exists() and not Mention.objects.exists() and not Pin.objects.exists()
    for who, status in ((camille, 200), (sacha, 200), (nadia, 403)):
        assert Phone(who).get(f"/messages/{message}/history").status_code == status
    assert Phone(camille).get(f"/messages/{message}/history").json()["versions"][0]["body"].endswith("#melanome")

    back = tools.use(order("message.restore", room, sacha, "Nom fictif", message=message))
    assert back["act"] == answer["act"] and kinds(room)[-1] == "message.restored"
    [item] = Phone(nadia).get(f"/rooms/{room}/messages").json()["messages"]
    assert item["body"].endswith("#melanome") and item["withheld"] is None
    assert len(Phone(nadia).get("/search", q="lésion").json()["hits"]) == 1
    assert Tag.objects.get().tag == "melanome" and Mention.objects.get().person_id == nadia.pk and Mention.objects.get().seq == said["seq"]
    assert str(Pin.objects.get().message_id) == message
    assert tools.use(order("message.restore", room, sacha, message=message))["unchanged"]
    assert kinds(room)[-1] == "message.restored"


def test_the_record_says_who_why_and_how_it_was_reversed_and_the_audit_trail_only_grows() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    room = joined(group(), camille, nadia)
    message = post(room, camille, "mots")["message"]
    act = tools.use(order("message.hide", room, sacha, "Un nom", message=message))["act"]
    answer = Phone(nadia).get(f"/rooms/{room}/moderation").json()
    assert answer["more"] is False
    [row] = answer["acts"]
    assert row["moderator"]["id"] == str(sacha.pk) and row["moderator"]["as"] == "moderator"
    assert {k: row[k] for k in ("act", "kind", "message", "image", "person", "reason", "until", "reversed")} == {
        "act": act, "kind": "message.hide", "message": message, "image": None, "person": None, "reason": "Un nom", "until": None, "reversed": None,
    }  # fmt: skip
    tools.undo(act_id=uuid.UUID(act), person_id=sacha.pk, client_id=uuid.uuid4(), reason="Erreur")
    [row] = Phone(nadia).get(f"/rooms/{room}/moderation").json()["acts"]
    assert (row["reversed"]["by"]["id"], row["reversed"]["reason"]) == (str(sacha.pk), "Erreur")
    assert Phone(people.soizic()).get(f"/rooms/{room}/moderation").json()["code"] == "room.not_member"
    rows = Record.objects.filter(room_id=room, object=message).order_by("id").values_list("act", "person_id", "reason")
    assert list(rows) == [("message.hide", sacha.pk, "Un nom"), ("message.restore", sacha.pk, "Erreur")]
    for statement in ("UPDATE audit_record SET reason = ''", "DELETE FROM audit_record"):
        with pytest.raises(ProgrammingError, match="append-only"), connection.cursor() as cursor:
            cursor.execute(statement)


def test_pages_of_the_record() -> None:
    camille, sacha = people.camille(), people.moderator()
    room = joined(group(), camille)
    acts = [tools.use(order("message.hide", room, sacha, message=post(room, camille, f"n° {n}")["message"]))["act"] for n in range(5)][::-1]
    first = record.of_room(person=camille.pk, room=room, before=None, limit=3)
    rest = record.of_room(person=camille.pk, room=room, before=first["acts"][-1]["act"], limit=3)
    assert [a["act"] for a in first["acts"] + rest["acts"]] == acts and (first["more"], rest["more"]) == (True, False)
    for nothing in ("x", str(uuid.uuid4())):
        assert record.of_room(person=camille.pk, room=room, before=nothing, limit=3) == {"acts": [], "more": False}


def test_refusals_write_nothing() -> None:
    camille, nadia, sacha, room = people.camille(), people.nadia(), people.moderator(), group()
    joined(room, camille, nadia)
    message, own = post(room, camille, "mots")["message"], None
    arrive(room, sacha)
    own = post(room, sacha, "les miens")["message"]
    gone = post(room, camille, "retirés")["message"]
    changes.retract(changes.Retraction(room, camille.pk, gone))
    before = len(events(room)), Act.objects.count()
    for who, about, code in (
        (nadia, message, "moderation.remit"),
        (camille, message, "moderation.remit"),
        (people.soizic(), message, "moderation.remit"),
        (people.unverified(), message, "room.not_found"),
        (sacha, own, "moderation.party"),
        (sacha, gone, "message.retracted"),
        (sacha, str(uuid.uuid4()), "message.not_found"),
        (sacha, "nonsense", "message.not_found"),
        (sacha, post(group("CAR", "Cardiologie"), _member("CAR"), "ailleurs")["message"], "message.not_found"),
    ):
        assert refused(tools.use, order("message.hide", room, who, message=about)) == code, (who, code)
    assert (len(events(room)), Act.objects.count()) == before


def _member(code: str) -> people.Person:
    idris = people.idris()
    joined(group(code, "Cardiologie"), idris)
    return idris


def test_what_its_author_took_back_meanwhile_is_not_shown_again() -> None:
    camille, sacha = people.camille(), people.moderator()
    room = joined(group(), camille)
    message = post(room, camille, "mots")["message"]
    act = tools.use(order("message.hide", room, sacha, message=message))["act"]
    changes.retract(changes.Retraction(room, camille.pk, message))
    assert refused(tools.use, order("message.restore", room, sacha, message=message)) == "moderation.gone"
    assert refused(tools.undo, act_id=uuid.UUID(act), person_id=sacha.pk, client_id=uuid.uuid4()) == "moderation.gone"
    assert refused(tools.undo, act_id=uuid.uuid4(), person_id=sacha.pk, client_id=uuid.uuid4()) == "moderation.gone"
    assert Message.objects.get(pk=message).withheld == "retracted"


def test_of_two_moderators_at_once_one_acts_and_an_undo_is_done_once() -> None:
    camille, sacha, idris = people.camille(), people.moderator(), people.person("second", moderator=True)
    room = joined(group(), camille)
    message = post(room, camille, "mots")["message"]
    answers = at_once(*[lambda who=who: tools.use(order("message.hide", room, who, message=message)) for who in (sacha, idris, sacha, idris)])
    assert len({a["act"] for a in answers}) == 1 and sum("unchanged" not in a for a in answers) == 1
    assert kinds(room).count("message.hidden") == 1 and Act.objects.count() == 1
    undone = at_once(*[lambda who=who: tools.undo(act_id=uuid.UUID(answers[0]["act"]), person_id=who.pk, client_id=uuid.uuid4()) for who in (sacha, idris)])
    assert sum("unchanged" not in a for a in undone) == 1 and kinds(room).count("message.restored") == 1


def test_the_system_hides_and_a_decision_shows_again_where_no_remit_reaches() -> None:
    """A report hides in a private conversation too; a moderator who decides it need not enter."""
    from consult.rooms.actions import conversations

    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    room = uuid.UUID(str(conversations.open(person_id=camille.pk, client_id=uuid.uuid4(), people=[nadia.pk])["room"]))
    message = uuid.UUID(post(room, camille, "M. Untel")["message"])
    hidden = hiding.hide(room_id=room, message_id=message, reason="identifies_patient")
    assert hidden["created"] and events(room)[-1]["kind"] == "message.hidden" and events(room)[-1]["actor"] is None
    again = hiding.hide(room_id=room, message_id=message, reason="identifies_patient")
    assert again["unchanged"] and not again["created"] and again["act"] == hidden["act"]
    act = uuid.UUID(hidden["act"])
    assert refused(tools.undo, act_id=act, person_id=sacha.pk, client_id=uuid.uuid4()) == "room.not_found"
    shown = tools.undo(act_id=act, person_id=sacha.pk, client_id=uuid.uuid4(), checked=True)
    assert "unchanged" not in shown and events(room)[-1]["actor"]["id"] == str(sacha.pk)
    assert tools.undo(act_id=act, person_id=sacha.pk, client_id=uuid.uuid4(), checked=True)["unchanged"]


def test_a_question_and_its_card_are_hidden_and_shown_together() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    room = joined(group(), camille, nadia)
    case = ask(camille, group=room)["room"]
    row = Case.objects.get(room_id=case)
    post(case, nadia, "Une réponse")
    settle()
    pinned = {(room, row.card_id), (case, row.question_id)}
    Pin.objects.bulk_create([Pin(room_id=where, message_id=message) for where, message in pinned])
    for about, where, other in ((row.card_id, room, case), (row.question_id, case, room)):
        answer = tools.use(order("message.hide", where, sacha, message=str(about)))
        assert set(Message.objects.filter(pk__in=[row.card_id, row.question_id]).values_list("withheld", flat=True)) == {"hidden"}
        assert kinds(where)[-1] == kinds(other)[-1] == "message.hidden" and not Pin.objects.exists()
        assert [a["act"] for a in record.of_room(person=camille.pk, room=other, before=None, limit=1)["acts"]] == [answer["act"]]
        assert Phone(nadia).get(f"/rooms/{case}").json()["title"] == ""
        twin = row.question_id if about == row.card_id else row.card_id
        assert tools.use(order("message.hide", other, sacha, message=str(twin)))["unchanged"]
        settle()
        tools.use(order("message.restore", other, sacha, message=str(twin)))  # by the other of the two
        assert set(Pin.objects.values_list("room_id", "message_id")) == pinned
        assert set(Message.objects.filter(pk__in=[row.card_id, row.question_id]).values_list("withheld", flat=True)) == {None}
    tools.use(order("message.hide", room, sacha, message=str(row.card_id)))
    changes.retract(changes.Retraction(case, camille.pk, str(row.question_id)))
    settle()
    assert set(Message.objects.filter(pk__in=[row.card_id, row.question_id]).values_list("withheld", flat=True)) == {"retracted"}


def test_an_answer_that_is_hidden_counts_no_more() -> None:
    camille, nadia, sacha = people.camille(), people.nadia(), people.moderator()
    room = joined(group(), camille, nadia)
    case = ask(camille, group=room)["room"]
    answer = post(case, nadia, "Une réponse")["message"]
    for kind, answers in (("message.hide", 0), ("message.restore", 1)):
        tools.use(order(kind, case, sacha, message=answer))
        settle()
        assert Case.objects.get(room_id=case).answers == answers


def test_an_edit_of_what_is_hidden_stays_hidden() -> None:
    camille, sacha = people.camille(), people.moderator()
    room = joined(group(), camille)
    said = post(room, camille, "M. Untel")
    tools.use(order("message.hide", room, sacha, message=said["message"]))
    changes.edit(changes.Edit(room, camille.pk, said["message"], said["seq"], "Mon patient #anonyme", charged=True))
    assert not Tag.objects.exists() and events(room)[-1]["data"]["body"] is None
    tools.use(order("message.restore", room, sacha, message=said["message"]))
    assert Tag.objects.get().tag == "anonyme"


def test_over_http() -> None:
    camille, sacha = people.camille(), people.moderator()
    room = joined(group(), camille)
    message = post(room, camille, "mots")["message"]
    phone, id = Phone(sacha), str(uuid.uuid4())
    body = {"type": "message.hide", "id": id, "reason": "Un nom", "message": message}
    first = phone.post(f"/rooms/{room}/moderation", body)
    assert first.status_code == 201 and first.json().keys() == {"seq", "act"}
    again = phone.post(f"/rooms/{room}/moderation", body)
    assert (again.status_code, again.json()) == (200, first.json())
    assert phone.post(f"/rooms/{room}/moderation", {**body, "reason": "Autre"}).json()["code"] == "request.id_reused"
    unchanged = phone.post(f"/rooms/{room}/moderation", {**body, "id": str(uuid.uuid4())})
    assert unchanged.status_code == 200 and unchanged.json()["unchanged"]
    for wrong, fields in (
        ({**body, "reason": "  "}, ["reason"]), ({**body, "reason": "a\nb"}, ["reason"]), ({**body, "reason": "x" * 201}, ["reason"]), ({**body, "ref": 1}, ["ref"]),
        ({**body, "room": str(room)}, ["room"]), ({k: v for k, v in body.items() if k != "reason"}, ["reason"]), ({**body, "type": "message.post"}, ["body"]), ({"type": "ping"}, ["room"]),
    ):  # fmt: skip
        answer = phone.post(f"/rooms/{room}/moderation", wrong)
        assert answer.status_code == 400 and answer.json()["code"] == "frame.invalid" and set(fields) <= set(answer.json()["fields"]), (wrong, answer.json())
    undone = phone.post(f"/moderation/acts/{first.json()['act']}/undo", {"id": str(uuid.uuid4())})
    assert undone.status_code == 201 and phone.post(f"/moderation/acts/{first.json()['act']}/undo", {"id": str(uuid.uuid4())}).json()["unchanged"]
    assert phone.post("/moderation/acts/nonsense/undo", {"id": str(uuid.uuid4())}).json()["code"] == "moderation.gone"
