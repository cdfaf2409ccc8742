"""The answer that helped, votes on answers, and what becomes of both when the words change."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consult.cases import acting
from consult.cases.models import AnswerVote, Case
from consult.rooms.actions import changes, membership
from consult.rooms.carrying import Asked
from consult.rooms.commands.cases import VoteGive
from consult.rooms.models import Event, Message, Receipt, Room
from tests import people
from tests.cases.helpers import act, ask, done, settle, sheet
from tests.rooms.helpers import Phone, at_once, events, kinds, personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)


def answered() -> tuple[Any, Any, uuid.UUID, dict[str, Any]]:
    """Camille's question to everyone, and Nadia's answer to it."""
    camille, nadia = people.camille(), people.nadia()
    room = ask(camille)["room"]
    answer = post(room, nadia, "Mycose : prélever avant de traiter.")
    settle()
    return camille, nadia, room, {"message": answer["message"], "base": answer["seq"]}


def edit(person: Any, room: uuid.UUID, about: dict[str, Any], body: str) -> int:
    seq: int = changes.edit(changes.Edit(room, person.pk, about["message"], about["base"], body, charged=True))["seq"]
    return seq


def test_the_asker_marks_the_answer_that_helped() -> None:
    camille, nadia, room, about = answered()
    told = done(camille, room, "answer.accept", **about)
    last = events(room)[-1]
    assert (last["kind"], last["seq"], last["actor"]["id"]) == ("answer.accepted", told["seq"], str(camille.pk))
    assert last["data"] == {"message": about["message"], "version": about["base"]}
    accepted = sheet(nadia, room)["accepted"]
    assert accepted["message"] == about["message"] and accepted["actor"]["specialty"] == "SM15" and accepted["excerpt"].startswith("Mycose")
    again = done(camille, room, "answer.accept", **about)
    assert again == {"seq": told["seq"], "unchanged": True}
    other = post(room, people.idris(), "Plutôt un eczéma.")
    done(camille, room, "answer.accept", message=other["message"], base=other["seq"])
    assert sheet(nadia, room)["accepted"]["message"] == other["message"]
    assert done(camille, room, "answer.unaccept", message=about["message"])["unchanged"]
    done(camille, room, "answer.unaccept", message=other["message"])
    assert sheet(nadia, room)["accepted"] is None and events(room)[-1]["data"] == {"message": other["message"], "why": "asker"}


def test_votes_are_people_with_profession_and_specialty() -> None:
    camille, _, room, about = answered()
    idris, soizic = people.idris(), people.soizic()
    done(idris, room, "vote.give", **about, vote="agree")
    done(soizic, room, "vote.give", **about, vote="disagree")
    votes = sheet(idris, room)["answers"][0]["votes"]
    assert [(p["specialty"], p["profession"]) for p in votes["agree"]["people"]] == [("SM15", "10")] and votes["mine"] == "agree"
    assert (votes["agree"]["count"], votes["disagree"]["count"], votes["disagree"]["people"][0]["profession"]) == (1, 1, "21")
    assert done(idris, room, "vote.give", **about, vote="agree")["unchanged"]
    done(idris, room, "vote.give", **about, vote="disagree")
    assert events(room)[-1]["data"] == {"message": about["message"], "vote": "disagree", "doubt": "disputed"}
    assert Message.objects.get(pk=about["message"]).doubt == "disputed"
    item = next(m for m in Phone(camille).get(f"/rooms/{room}/messages").json()["messages"] if m["message"] == about["message"])
    assert item["doubt"] == "disputed"
    [hit] = Phone(camille).get("/search", q="prélever").json()["hits"]
    assert hit["doubt"] == "disputed"
    done(idris, room, "vote.withdraw", message=about["message"])
    done(soizic, room, "vote.withdraw", message=about["message"])
    assert events(room)[-1]["data"] == {"message": about["message"], "doubt": None} and not AnswerVote.objects.exists()
    assert done(idris, room, "vote.withdraw", message=about["message"])["unchanged"]


def test_a_repeated_act_has_one_effect() -> None:
    _, _, room, about = answered()
    idris = people.idris()
    asked = {"id": people.some_id(), "type": "vote.give", **about, "vote": "agree"}
    phone = Phone(idris)
    first, again = phone.post(f"/cases/{room}/acts", asked), phone.post(f"/cases/{room}/acts", asked)
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    assert phone.post(f"/cases/{room}/acts", {**asked, "vote": "disagree"}).json()["code"] == "request.id_reused"
    soizic = people.soizic().pk
    results = at_once(*[lambda: acting.act(Asked(room, soizic, VoteGive(ref=1, room=str(room), **{**asked, "id": "0" * 8 + asked["id"][8:]})))] * 4)
    assert sum(r["created"] for r in results) == 1 and len({r["seq"] for r in results}) == 1
    assert kinds(room).count("vote.cast") == 2 == AnswerVote.objects.count()


@pytest.mark.parametrize(
    ("who", "type", "more", "code"),
    [
        ("nadia", "vote.give", {"vote": "agree"}, "vote.own"),
        ("idris", "vote.give", {"vote": "maybe"}, "frame.invalid"),
        ("idris", "vote.give", {"vote": "agree", "base": 1}, "message.changed"),
        ("idris", "vote.give", {"vote": "agree", "message": "x"}, "answer.not_found"),
        ("idris", "vote.give", {"vote": "agree", "message": "QUESTION"}, "answer.not_found"),
        ("idris", "answer.accept", {}, "case.not_asker"),
        ("camille", "answer.accept", {"base": 2}, "message.changed"),
        ("camille", "answer.accept", {"message": str(uuid.uuid4())}, "answer.not_found"),
        ("camille", "message.post", {}, "frame.invalid"),
        ("unverified", "vote.give", {"vote": "agree"}, "room.not_found"),
    ],
)
def test_what_is_refused_leaves_nothing(who: str, type: str, more: dict[str, Any], code: str) -> None:
    _, _, room, about = answered()
    fields = {**about, **more}
    if fields["message"] == "QUESTION":
        fields["message"] = str(Case.objects.get().question_id)
    before = Event.objects.count(), Receipt.objects.count()
    assert act(getattr(people, who)(), room, type, **fields).json()["code"] == code
    assert (Event.objects.count(), Receipt.objects.count(), AnswerVote.objects.count()) == (*before, 0)


def test_rights_and_rules_of_the_room() -> None:
    camille, nadia, room, about = answered()
    idris, soizic = people.idris(), people.soizic()
    addressed = ask(camille, people=[nadia.pk])["room"]
    theirs = post(addressed, nadia, "Oui")
    fields = {"message": theirs["message"], "base": theirs["seq"], "vote": "agree"}
    assert act(idris, addressed, "vote.give", **fields).json()["code"] == "room.not_found"
    assert Phone(idris).get(f"/cases/{addressed}").json()["code"] == "room.not_found"
    assert act(idris, room, "vote.give", **fields).json()["code"] == "answer.not_found", "of another room"
    done(soizic, room, "vote.give", **about, vote="agree")
    Room.objects.filter(pk=room).update(lock_reason="travaux")
    assert act(idris, room, "vote.give", **about, vote="agree").json()["code"] == "room.locked"
    done(soizic, room, "vote.withdraw", message=about["message"])  # what one takes back, a lock does not hold
    Room.objects.filter(pk=room).update(lock_reason=None, closed=True)
    assert act(idris, room, "vote.give", **about, vote="agree").json()["code"] == "room.closed"
    done(camille, room, "answer.accept", **about)
    changes.retract(changes.Retraction(room, camille.pk, str(Case.objects.get(pk=room).question_id)))
    assert act(camille, room, "vote.give", **about, vote="agree").json()["code"] == "case.no_words"
    assert sheet(nadia, room)["question"]["body"] is None and sheet(nadia, room)["title"] == ""
    membership.join(person_id=idris.pk, room_id=room)
    membership.remove(person_id=camille.pk, room_id=room, member=idris.pk)
    assert Phone(idris).get(f"/cases/{room}").json()["code"] == "room.not_found"


def test_an_edit_ends_mark_and_votes_at_once_and_tells_who_relied_on_them() -> None:
    camille, nadia, room, about = answered()
    idris, soizic = people.idris(), people.soizic()
    done(camille, room, "answer.accept", **about)
    done(idris, room, "vote.give", **about, vote="agree")
    seq = edit(nadia, room, about, "Eczéma : dermocorticoïde.")
    before_worker = sheet(soizic, room)
    assert before_worker["accepted"] is None, "nobody has marked these words"
    assert before_worker["answers"][0]["votes"] == {"agree": {"count": 0, "people": []}, "disagree": {"count": 0, "people": []}, "former": 1, "mine": None}
    settle()
    gone, amended = events(room)[-2:]
    assert (gone["kind"], gone["data"], gone["actor"]["id"]) == ("answer.unaccepted", {"message": about["message"], "why": "edited"}, str(nadia.pk))
    assert (amended["kind"], amended["data"]) == ("answer.amended", {"message": about["message"], "former": about["base"], "accepted": True, "doubt": "amended"})
    for person in (camille, idris):
        assert personal_events(person)[-1] == ("case.attention", {"room": str(room), "seq": amended["seq"], "why": "amended"})
    assert ("case.attention", {"room": str(room), "seq": amended["seq"], "why": "amended"}) not in personal_events(nadia) + personal_events(soizic)
    shown = sheet(soizic, room)["answers"][0]
    assert shown["doubt"] == "amended" and shown["amended"] == {"at": shown["amended"]["at"], "accepted": True, "former": "Mycose : prélever avant de traiter."}
    assert settle() == 0 and kinds(room).count("answer.amended") == 1
    # Votes and the mark are given anew to the new words; a mark says that the asker has seen them.
    again = {"message": about["message"], "base": seq}
    done(idris, room, "vote.give", **again, vote="agree")
    assert Message.objects.get(pk=about["message"]).doubt == "amended"
    done(camille, room, "answer.accept", **again)
    shown = sheet(soizic, room)
    assert shown["accepted"]["message"] == about["message"] and shown["answers"][0]["amended"] is None and Message.objects.get(pk=about["message"]).doubt is None


def test_a_retraction_does_so_too_and_shows_no_former_words() -> None:
    camille, nadia, room, about = answered()
    idris = people.idris()
    done(idris, room, "vote.give", **about, vote="disagree")
    changes.retract(changes.Retraction(room, nadia.pk, about["message"]))
    settle()
    amended = next(e for e in events(room) if e["kind"] == "answer.amended")
    assert amended["data"] == {"message": about["message"], "former": about["base"], "accepted": False, "doubt": "amended"}
    assert "answer.unaccepted" not in kinds(room)
    assert all(personal_events(p)[-1][0] == "case.attention" for p in (camille, idris))
    shown = sheet(idris, room)["answers"][0]
    assert (shown["withheld"], shown["amended"]["former"]) == ("retracted", None)
    assert act(idris, room, "vote.give", **about, vote="agree").json()["code"] == "message.retracted"


def test_an_edit_that_nobody_relied_on_tells_nobody() -> None:
    _, nadia, room, about = answered()
    edit(nadia, room, about, "Mycose ?")
    settle()
    assert "answer.amended" not in kinds(room) and Message.objects.get(pk=about["message"]).doubt is None


def test_a_hidden_answer_stays_marked_and_says_that_it_is_hidden() -> None:
    camille, nadia, room, about = answered()
    done(camille, room, "answer.accept", **about)
    Message.objects.filter(pk=about["message"]).update(withheld="hidden", search=None)
    accepted = sheet(nadia, room)["accepted"]
    assert (accepted["withheld"], accepted["excerpt"]) == ("hidden", None)
    assert Phone(camille).get("/search", q="prélever").json()["hits"] == []


def test_a_page_of_the_room_has_what_moved_the_case_as_lines_and_leaves_the_counting_to_the_sheet() -> None:
    camille, nadia, room, about = answered()
    idris = people.idris()
    done(camille, room, "answer.accept", **about)
    done(idris, room, "vote.give", **about, vote="agree")
    done(idris, room, "reference.add", message=about["message"], link="10.1000/1")
    proposed = done(idris, room, "differential.propose", label="Mycose")["differential"]
    done(nadia, room, "differential.back", differential=proposed)
    edit(nadia, room, about, "Autre chose.")
    settle()
    found = Phone(camille).get(f"/rooms/{room}/messages").json()["notices"]
    told = ["answer.accepted", "reference.added", "differential.proposed", "answer.unaccepted", "answer.amended"]
    assert [e["kind"] for e in found if not e["kind"].startswith(("member.", "case."))] == told
    assert found == [e for e in events(room) if e["seq"] in {f["seq"] for f in found}]


def test_the_sheet_costs_the_same_whoever_voted() -> None:
    camille, _, room, about = answered()

    def cost() -> int:
        phone = Phone(camille)
        with CaptureQueriesContext(connection) as seen:
            assert phone.get(f"/cases/{room}").status_code == 200
        return len(seen)

    done(people.idris(), room, "vote.give", **about, vote="agree")
    done(people.idris(), room, "differential.propose", label="Mycose")
    done(people.idris(), room, "reference.add", message=about["message"], link="10.1000/182")
    few = cost()
    for n in range(6):
        someone = people.person(f"quelqu{n}", profession="10")
        done(someone, room, "vote.give", **about, vote="agree")
        done(someone, room, "differential.propose", label=f"Mycose {n}")
        done(someone, room, "reference.add", message=about["message"], link=f"10.1000/{n}")
    assert cost() == few
