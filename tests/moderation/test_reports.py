"""Flags: who may, what they weigh, what they hide at once; a storm is one item; false flags weigh less and less."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from consult.audit.models import Record
from consult.moderation import reports, tending
from consult.moderation.models import Item, Report
from consult.rooms.limits import Buckets
from consult.rooms.models import Membership
from tests.moderation import helpers
from tests.moderation.helpers import decide, detail, flag, moderator, queue, told, withheld
from tests.people import camille, helene, idris, nadia, person, soizic, some_id, unverified
from tests.rooms.helpers import Phone, at_once, events, group, joined, kinds, personal_events, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "rate", Buckets(1000, 1000))


@pytest.fixture
def room() -> uuid.UUID:
    return joined(group(), camille(), nadia(), idris(), helene())


def said(room: uuid.UUID, body: str = "Doublez la dose de méthotrexate.") -> str:
    return str(post(room, camille(), body)["message"])


def test_identifies_patient_hides_at_once(room: uuid.UUID) -> None:
    sacha, message = moderator(), said(room, "C’est Mme Dupont, du 12 rue du Port.")
    answer = flag(nadia(), message, "identifies_patient", note="le nom")
    assert answer.status_code == 201
    assert withheld(message) == "hidden"
    hidden = events(room)[-1]
    assert (hidden["kind"], hidden["actor"], hidden["data"]["message"]) == ("message.hidden", None, message)
    (item,) = queue(sacha)
    assert (item["kind"], item["urgency"], item["categories"], item["count"], item["withheld"]) == ("report", 3, ["identifies_patient"], 1, "hidden")
    assert item["excerpt"] == "C’est ███ ██████, du ██ ███ ██ ████."
    assert item["person"]["id"] == str(camille().pk) and item["room"] == str(room)
    assert told() == ["item.opened"]


def test_other_categories_hide_at_two_verified_members(room: uuid.UUID) -> None:
    message = said(room)
    assert flag(nadia(), message).status_code == 201
    assert flag(nadia(), message, "other").status_code == 201  # the same person's second category adds no weight
    assert withheld(message) is None
    flag(idris(), message, "disrespect")
    assert withheld(message) == "hidden" and kinds(room)[-1] == "message.hidden"
    item = Item.objects.get()
    assert (item.count, item.weight, item.urgency, item.categories) == (3, 2, 2, ["dangerous_advice", "disrespect", "other"])


def test_one_moderator_weighs_two_but_only_in_their_remit(room: uuid.UUID) -> None:
    message = said(room)
    elsewhere = moderator("maude", group("CAR", "Cardiologie"))
    joined(room, elsewhere)
    flag(elsewhere, message)
    assert withheld(message) is None
    other = said(room, "Un autre.")
    joined(room, inside := moderator("luce", room))
    flag(inside, other)
    assert withheld(other) == "hidden"


def test_the_same_again_is_the_same_report(room: uuid.UUID) -> None:
    message, phone, id = said(room), Phone(nadia()), some_id()
    body = {"id": id, "category": "other", "message": message}
    first, again = phone.post("/reports", body), phone.post("/reports", body)
    assert (first.status_code, again.status_code) == (201, 200) and first.json()["report"] == again.json()["report"]
    assert flag(nadia(), message, "other").status_code == 200
    assert Report.objects.count() == 1 and Item.objects.get().count == 1
    assert phone.post("/reports", {**body, "category": "disrespect"}).json()["code"] == "request.id_reused"


def test_a_storm_of_fifty_is_one_item_one_hiding_one_event(room: uuid.UUID, django_assert_max_num_queries: Any) -> None:
    message = said(room)
    crowd = [person(f"storm{n}", profession="10") for n in range(50)]
    Membership.objects.bulk_create([Membership(room_id=room, person=p) for p in crowd])
    answers = [a for start in range(0, 50, 10) for a in at_once(*((lambda p=p: flag(p, message)) for p in crowd[start : start + 10]))]
    assert {a.status_code for a in answers} == {201}
    item = Item.objects.get()
    assert (item.count, Report.objects.count(), withheld(message)) == (50, 50, "hidden")
    assert kinds(room).count("message.hidden") == 1 and told() == ["item.opened"] * 6
    late = person("storm50", profession="10")
    joined(room, late)
    phone = Phone(late)
    with django_assert_max_num_queries(40):  # however many came before
        phone.post("/reports", {"id": some_id(), "category": "other", "message": message})
    assert len(detail(moderator(), str(item.pk)).json()["reports"]) == 50


def test_what_one_may_not_read_is_not_found(room: uuid.UUID) -> None:
    message = said(room)
    for who in (soizic(), unverified()):
        refused = flag(who, message)
        assert (refused.status_code, refused.json()["code"]) == (404, "message.not_found")
    assert flag(nadia(), some_id()).json()["code"] == "message.not_found"
    assert flag(nadia(), "x").json()["code"] == "message.not_found"
    assert not Report.objects.exists() and not Item.objects.exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "frame.invalid"),
        ({"message": "m", "person": "p"}, "frame.invalid"),
        ({"image": "i"}, "frame.invalid"),
        ({"message": "m", "category": "ugly"}, "frame.invalid"),
        ({"message": "m", "note": "x" * 501}, "frame.invalid"),
        ({"person": "p"}, "person.not_found"),
        ({"person": str(uuid.uuid4())}, "person.not_found"),
    ],
)
def test_bad_flags(room: uuid.UUID, body: dict[str, Any], code: str) -> None:
    answer = Phone(nadia()).post("/reports", {"id": some_id(), "category": "other", **body})
    assert answer.json()["code"] == code


def test_nobody_flags_themselves_or_what_was_retracted(room: uuid.UUID) -> None:
    from consult.rooms.actions import changes

    message = said(room)
    assert flag(camille(), message).json()["code"] == "report.own"
    assert Phone(camille()).post("/reports", {"id": some_id(), "category": "other", "person": str(camille().pk)}).json()["code"] == "report.own"
    assert flag(nadia(), message, image=some_id()).json()["code"] == "image.not_found"
    changes.retract(changes.Retraction(room, camille().pk, message))
    assert flag(nadia(), message).json()["code"] == "message.retracted"


def test_a_person_is_flagged_and_nothing_is_hidden(room: uuid.UUID) -> None:
    sacha = moderator()
    assert flag(nadia(), category="not_clinician", person=str(idris().pk)).status_code == 201
    (item,) = queue(sacha)
    assert (item["person"]["id"], item["room"], item["message"], item["excerpt"]) == (str(idris().pk), None, None, None)
    assert queue(moderator("luce", room)) == []  # about no room of theirs
    assert flag(unverified(), category="other", person=str(idris().pk)).json()["code"] == "account.unverified"


def test_reports_are_limited(room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "rate", Buckets(2, 0.01))
    messages = [said(room, f"Message {n}") for n in range(3)]
    assert [flag(nadia(), m).status_code for m in messages] == [201, 201, 429]
    refused = flag(nadia(), messages[2]).json()
    assert refused["code"] == "rate.reports" and refused["temporary"] and refused["retry_after_ms"] > 0


def test_false_flags_weigh_nothing_until_a_moderator_pardons(room: uuid.UUID) -> None:
    sacha = moderator()
    for n in range(reports.FALSE_FLAGS):
        message = said(room, f"Rien à redire {n}")
        flag(nadia(), message, "identifies_patient")
        assert withheld(message) == "hidden"
        (item,) = queue(sacha)
        assert decide(sacha, item["item"], "dismiss").status_code == 201
        assert withheld(message) is None
    message = said(room, "Encore")
    assert flag(nadia(), message, "identifies_patient").status_code == 201
    assert withheld(message) is None  # but the item is there
    (item,) = queue(sacha)
    (shown,) = detail(sacha, item["item"]).json()["reports"]
    assert shown["record"] == {"upheld": 0, "dismissed": 3, "weighs": False} and shown["reporter"]["id"] == str(nadia().pk)
    assert Phone(nadia()).post(f"/moderation/reporters/{idris().pk}/pardon", {"id": some_id()}).json()["code"] == "moderation.remit"
    assert Phone(sacha).post(f"/moderation/reporters/{sacha.pk}/pardon", {"id": some_id()}).json()["code"] == "moderation.party"
    assert Phone(sacha).post(f"/moderation/reporters/{nadia().pk}/pardon", {"id": some_id()}).json() == {"pardoned": 3}
    flag(nadia(), message := said(room, "Cette fois"), "identifies_patient")
    assert withheld(message) == "hidden"


def test_the_flagged_person_answers_once_and_nobody_else(room: uuid.UUID) -> None:
    sacha = moderator()
    report = flag(nadia(), said(room)).json()["report"]
    about = Phone(camille()).get("/reports/mine").json()["about_me"]
    assert [(a["report"], a["outcome"], a["answered"]) for a in about] == [(report, "open", False)]
    assert "reporter" not in str(about)
    path, body = f"/reports/{report}/answer", {"id": some_id(), "text": "C’était la dose de charge."}
    assert Phone(nadia()).post(path, body).json()["code"] == "report.not_found"
    assert Phone(camille()).post(f"/reports/{some_id()}/answer", body).json()["code"] == "report.not_found"
    first, again = Phone(camille()).post(path, body), Phone(camille()).post(path, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert Phone(camille()).post(path, {"id": some_id(), "text": "Et aussi"}).json()["code"] == "report.answered"
    assert Phone(camille()).post(path, {"id": some_id(), "text": "  "}).json()["code"] == "frame.invalid"
    (item,) = queue(sacha)
    assert [a["text"] for a in detail(sacha, item["item"]).json()["answers"]] == ["C’était la dose de charge."]
    decide(sacha, item["item"], "uphold")
    other = flag(idris(), said(room, "Bis")).json()["report"]
    decide(sacha, queue(sacha)[0]["item"], "dismiss")
    assert Phone(camille()).post(f"/reports/{other}/answer", {"id": some_id(), "text": "Trop tard"}).json()["code"] == "item.decided"


def test_reporters_hear_the_decision_in_their_personal_room(room: uuid.UUID) -> None:
    sacha, message = moderator(), said(room)
    made = [flag(who, message).json()["report"] for who in (nadia(), idris())]
    assert tending.tell_reporters() == 0
    (item,) = queue(sacha)
    decide(sacha, item["item"], "uphold")
    assert tending.run_once() > 0 and tending.run_once() == 0
    for who, report in zip((nadia(), idris()), made, strict=True):
        assert personal_events(who)[-1] == ("report.decided", {"report": report})
        assert Phone(who).get("/reports/mine").json()["made"][0]["outcome"] == "upheld"


def test_no_word_of_a_note_reaches_events_or_the_audit(room: uuid.UUID) -> None:
    message = said(room)
    flag(nadia(), message, "identifies_patient", note="planted-note-words")
    assert "planted-note-words" not in str(events(room)) + str(events(helpers.console.room())) + str(list(Record.objects.values_list("reason", "object")))


def test_others_flags_lend_no_weight_to_whom_nobody_believes(room: uuid.UUID) -> None:
    sacha = moderator()
    for n in range(reports.FALSE_FLAGS):
        flag(nadia(), said(room, f"Rien à redire {n}"))
        decide(sacha, queue(sacha)[0]["item"], "dismiss")
    message = said(room, "Encore")
    flag(idris(), message, "disrespect")
    assert flag(nadia(), message, "identifies_patient").status_code == 201
    assert withheld(message) is None and Item.objects.get(message_id=message).urgency == 3  # a moderator looks at it first
    flag(idris(), message, "identifies_patient")  # who is believed
    assert withheld(message) == "hidden"


def test_what_was_dismissed_is_flagged_anew_once_it_was_edited(room: uuid.UUID) -> None:
    from consult.rooms.actions import changes

    sacha = moderator()
    posted = post(room, camille(), "Le patient du 12.")
    message = str(posted["message"])
    first = flag(nadia(), message, "identifies_patient")
    assert decide(sacha, queue(sacha)[0]["item"], "dismiss").status_code == 201
    again = flag(nadia(), message, "identifies_patient")
    assert (again.status_code, again.json()["report"]) == (200, first.json()["report"]) and queue(sacha) == [], "about the same words"
    changes.edit(changes.Edit(room, camille().pk, message, posted["seq"], "Madame Dupont du 12.", charged=True))
    anew = flag(nadia(), message, "identifies_patient")
    assert anew.status_code == 201 and anew.json()["report"] != first.json()["report"]
    assert withheld(message) == "hidden" and len(queue(sacha)) == 1 and told().count("item.opened") == 2
    assert flag(nadia(), message, "identifies_patient").status_code == 200 and Report.objects.count() == 2


def test_a_person_is_flagged_anew_once_it_was_decided(room: uuid.UUID) -> None:
    sacha, about = moderator(), str(idris().pk)
    assert [flag(nadia(), category="not_clinician", person=about).status_code for _ in range(2)] == [201, 200]
    decide(sacha, queue(sacha)[0]["item"], "dismiss")
    assert flag(nadia(), category="not_clinician", person=about).status_code == 201 and len(queue(sacha)) == 1


@pytest.mark.parametrize("first", ["card", "question"])
def test_flags_on_a_question_and_on_its_card_add_up(room: uuid.UUID, first: str) -> None:
    from consult.cases.models import Case
    from tests.cases.helpers import ask

    case = Case.objects.get(room_id=ask(camille(), group=room)["room"])
    one, two = (case.card_id, case.question_id) if first == "card" else (case.question_id, case.card_id)
    assert flag(nadia(), one).status_code == 201 and withheld(one) is None
    assert flag(nadia(), two).status_code == 200, "the same person says the same of the same words"
    assert flag(idris(), two).status_code == 201
    assert withheld(case.card_id) == withheld(case.question_id) == "hidden"
    item = Item.objects.get()
    assert (item.count, item.weight, item.message_id, item.room_id) == (2, 2, case.question_id, case.room_id)
    (listed,) = queue(moderator("luce", room))
    assert decide(moderator("luce", room), listed["item"], "dismiss").status_code == 201
    assert withheld(case.card_id) is withheld(case.question_id) is None


def test_a_card_is_flagged_by_who_reads_it_and_nobody_else(room: uuid.UUID) -> None:
    from consult.cases.models import Case
    from tests.cases.helpers import ask

    case = Case.objects.get(room_id=ask(camille(), group=room)["room"])
    assert flag(soizic(), case.card_id).json()["code"] == flag(soizic(), case.question_id).json()["code"] == "message.not_found"
    assert flag(camille(), case.card_id).json()["code"] == "report.own"


def test_no_words_hold_what_a_column_does_not_take(room: uuid.UUID) -> None:
    """U+0000 and its kin are refused by name at each door of moderation; line ends and tabs are not."""
    sacha, admin, message = moderator(), person("admin", is_staff=True), said(room)
    assert flag(nadia(), message, note="deux\nlignes\t.").status_code == 201
    (item,) = queue(sacha)
    [mine] = Phone(camille()).get("/reports/mine").json()["about_me"]
    rule = {"name_fr": "Mots", "name_en": "Words", "kind": "words", "data": {"words": ["dose"]}, "action": "hint"}
    for who, path, body, field in (
        (idris(), "/reports", {"message": message, "category": "other", "note": "x"}, "note"),
        (camille(), f"/reports/{mine['report']}/answer", {"text": "x"}, "text"),
        (camille(), "/appeals", {"act": some_id(), "text": "x"}, "text"),
        (sacha, f"/moderation/queue/{item['item']}/decide", {"decision": "dismiss", "note": "x"}, "note"),
        (sacha, "/moderation/readings", {"report": some_id(), "reason": "x"}, "reason"),
        (admin, "/moderation/rules", rule, "name_fr"),
        (admin, "/moderation/rules", rule, "name_en"),
        (admin, "/moderation/rules", {**rule, "data": {"words": ["x\x00"]}}, "data"),
        (admin, "/moderation/rules", {**rule, "kind": "pattern", "data": {"pattern": "x\x00"}}, "data"),
        (admin, "/moderation/rules", {**rule, "kind": "links", "data": {"hosts": ["x\x00.fr"]}}, "data"),
        (admin, "/moderation/rules", {**rule, "data": {"words": ["x"], "y\x00": 1}}, "data"),
    ):
        blank = () if field in ("data", "note") else ("\u2003 ",)
        for odd in ("a\x00", "a\x1b[0m", "a\x85", *blank):
            answer = Phone(who).post(path, {"id": some_id(), **body, **({} if field == "data" else {field: odd})})
            assert (answer.status_code, answer.json().get("fields")) == (400, [field]), (path, field, odd, answer.content[:300])
