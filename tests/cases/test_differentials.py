"""Proposed diagnoses and who backs them; when a consensus is proposed, and that only the asker declares it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from consult.cases.models import Case, Differential, Proposal
from consult.rooms.models import Membership
from tests import people
from tests.cases.helpers import act, ask, done, settle, sheet
from tests.rooms.helpers import Phone, events, kinds, personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)


def say(person: Any, room: uuid.UUID, status: str, **more: Any) -> Any:
    return Phone(person).post(f"/cases/{room}/status", {"id": people.some_id(), "status": status, **more})


def colleagues(n: int) -> list[Any]:
    return [people.person(f"confrere{i}", profession="10", specialty="SM15") for i in range(n)]


def test_propose_back_and_take_back() -> None:
    nadia, idris = people.nadia(), people.idris()
    room = ask(people.camille())["room"]
    made = done(nadia, room, "differential.propose", label="  Dermatophytie\tcutanée ")
    assert events(room)[-1]["data"] == {"differential": made["differential"]} and events(room)[-1]["kind"] == "differential.proposed"
    same = done(idris, room, "differential.propose", label="DERMATOPHYTIE CUTANEE")
    assert same["differential"] == made["differential"] and kinds(room)[-1] == "differential.backed"
    done(idris, room, "differential.propose", label="Eczéma nummulaire")
    first, second = sheet(idris, room)["differentials"]
    assert (first["label"], first["backers"]["count"], first["mine"], first["by"]["id"]) == ("Dermatophytie cutanée", 2, True, str(nadia.pk))
    assert second["backers"]["people"][0]["specialty"] == "SM15" and not sheet(nadia, room)["differentials"][1]["mine"]
    assert done(idris, room, "differential.back", differential=made["differential"])["unchanged"]
    done(idris, room, "differential.unback", differential=made["differential"])
    assert done(idris, room, "differential.unback", differential=made["differential"])["unchanged"]
    assert act(idris, room, "differential.withdraw", differential=made["differential"]).json()["code"] == "message.not_author"
    done(nadia, room, "differential.withdraw", differential=made["differential"])
    assert [d["label"] for d in sheet(idris, room)["differentials"]] == ["Eczéma nummulaire"]
    assert act(idris, room, "differential.back", differential=made["differential"]).json()["code"] == "differential.not_found"
    assert done(idris, room, "differential.propose", label="Dermatophytie cutanée")["differential"] != made["differential"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"label": " "}, "message.blank"),
        ({"label": "x" * 121}, "frame.invalid"),
        ({"label": "a\u200eb"}, "frame.invalid"),
        ({"label": "a\x07"}, "message.characters"),
        ({"label": "Né le 12/03/1978"}, "content.identifier"),
        ({"label": 3}, "frame.invalid"),
        ({}, "frame.invalid"),
    ],
)
def test_labels_that_are_refused(fields: dict[str, Any], code: str) -> None:
    room = ask(people.camille())["room"]
    assert act(people.nadia(), room, "differential.propose", **fields).json()["code"] == code
    assert not Differential.objects.exists()


def test_the_list_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from consult.cases import differentials

    monkeypatch.setattr(differentials, "MOST", 1)
    room = ask(people.camille())["room"]
    done(people.nadia(), room, "differential.propose", label="Un")
    assert act(people.nadia(), room, "differential.propose", label="Deux").json()["code"] == "case.full"


def test_a_consensus_is_proposed_once_and_declared_by_the_asker_alone() -> None:
    camille, nadia = people.camille(), people.nadia()
    room = ask(camille)["room"]
    answer = post(room, nadia, "Mycose.")
    settle()
    about = {"message": answer["message"], "base": answer["seq"], "vote": "agree"}
    done(camille, room, "vote.give", **about)  # the asker's own vote does not count for the rule
    voters = colleagues(4)
    for voter in voters[:2]:
        done(voter, room, "vote.give", **about)
    assert "consensus.proposed" not in kinds(room)
    done(voters[2], room, "vote.give", **about)
    proposed = events(room)[-1]
    assert (proposed["kind"], proposed["actor"], proposed["data"]) == ("consensus.proposed", None, {"message": answer["message"]})
    assert personal_events(camille)[-1] == ("case.attention", {"room": str(room), "seq": proposed["seq"], "why": "consensus"})
    done(voters[3], room, "vote.give", **about)
    assert kinds(room).count("consensus.proposed") == 1 == Proposal.objects.count()
    shown = sheet(nadia, room)
    assert shown["status"] == "answered" and shown["consensus"]["declared"] is None, "never by arithmetic alone"
    assert shown["consensus"]["rule"] == {"agree": 3, "disagree": 0} and shown["consensus"]["proposed"][0]["message"] == answer["message"]
    Membership.objects.update_or_create(room_id=room, person=nadia, defaults={"role": "moderator"})
    assert say(nadia, room, "consensus").json()["code"] == "case.not_asker", "not even by a moderator"
    assert say(camille, room, "consensus", message=answer["message"]).status_code == 201
    shown = sheet(nadia, room)
    assert shown["consensus"]["declared"]["message"] == answer["message"] and shown["status_by"]["id"] == str(camille.pk)
    assert shown["figures"]["consensus_s"] is not None and shown["figures"]["consensus_at"] == shown["status_at"]
    say(camille, room, "closed")
    assert sheet(nadia, room)["consensus"]["declared"]["message"] == answer["message"], "a closed case keeps its consensus"
    say(camille, room, "open")
    assert sheet(nadia, room)["consensus"]["declared"] is None


def test_disagreement_keeps_it_from_being_proposed() -> None:
    room = ask(people.camille())["room"]
    answer = post(room, people.nadia(), "Mycose.")
    about = {"message": answer["message"], "base": answer["seq"]}
    first, *others = colleagues(4)
    done(first, room, "vote.give", **about, vote="disagree")
    for voter in others:
        done(voter, room, "vote.give", **about, vote="agree")
    assert "consensus.proposed" not in kinds(room)


def test_a_diagnosis_that_enough_people_back_and_no_other() -> None:
    camille = people.camille()
    room = ask(camille)["room"]
    a, b, c, d = colleagues(4)
    one = done(a, room, "differential.propose", label="Mycose")["differential"]
    done(b, room, "differential.back", differential=one)
    two = done(d, room, "differential.propose", label="Eczéma")["differential"]
    done(c, room, "differential.back", differential=one)
    assert "consensus.proposed" not in kinds(room), "d thinks of the other alone"
    done(d, room, "differential.back", differential=one)
    assert events(room)[-1]["data"] == {"differential": one}
    post(room, a, "Je pense à une mycose.")
    assert say(camille, room, "consensus", differential=two, message=None).status_code == 201
    assert sheet(a, room)["consensus"]["declared"]["differential"] == two, "the asker says on what it rests"
    for fields, code in (({"differential": str(uuid.uuid4())}, "differential.not_found"), ({"message": str(Case.objects.get().question_id)}, "answer.not_found")):
        assert say(camille, room, "consensus", **fields).json()["code"] == code
    assert say(camille, room, "closed", differential=two).json()["code"] == "frame.invalid"
