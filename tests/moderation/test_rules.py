"""Rules: written by administrators, tried before they go live; what is held was never read by anyone, and is released to all."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from consult.audit.models import Record
from consult.cases import actions as cases
from consult.clinicians.models import Person
from consult.moderation import holding, tending, trials
from consult.moderation.models import Item, Rule, Trial
from consult.rooms import log
from consult.rooms.actions import changes, conversations
from consult.rooms.models import Followup, Mention, Message, Tag
from consult.standing.models import Standing
from tests.cases.helpers import ask
from tests.moderation.helpers import decide, detail, moderator, queue, told, withheld
from tests.people import camille, idris, nadia, person, some_id
from tests.rooms.helpers import Phone, events, group, joined, kinds, post

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = {"words": ["protoxyde"]}


@pytest.fixture(autouse=True)
def looks_every_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(holding, "POLL_S", 0.0)
    monkeypatch.setattr(holding, "current", holding.Live())
    monkeypatch.setattr(holding, "_known", {})
    yield


@pytest.fixture
def room() -> uuid.UUID:
    return joined(group(), camille(), nadia(), idris())


def administrator() -> Person:
    admin = person("ada", profession="10", family_name="Admin")
    Person.objects.filter(pk=admin.pk).update(is_staff=True)
    return admin


def put(phone: Phone, rule: str, **fields: Any) -> Any:
    import orjson

    return phone.client.put(f"/api/v1/moderation/rules/{rule}", orjson.dumps(fields), content_type="application/json", headers=phone.headers)


def written(kind: str = "words", data: dict[str, Any] | None = None, action: str = "hold") -> dict[str, Any]:
    return {"name_fr": "Protoxyde", "name_en": "Nitrous oxide", "kind": kind, "data": data or WORDS, "action": action}


def live(kind: str = "words", data: dict[str, Any] | None = None, action: str = "hold") -> Rule:
    return Rule.objects.create(**written(kind, data, action), live=True)


def run_jobs() -> None:
    for trial in Trial.objects.filter(finished_at=None):
        trials.run(trial)


def test_a_rule_is_written_tried_and_only_then_live(room: uuid.UUID) -> None:
    for n in range(3):
        post(room, camille(), f"Du protoxyde {n}")
    post(room, nadia(), "Rien")
    phone = Phone(administrator())
    rule = phone.post("/moderation/rules", {"id": some_id(), **written()}).json()["rule"]
    assert put(phone, rule, **written(), live=True).json()["code"] == "rule.untried"
    assert phone.post(f"/moderation/rules/{rule}/try", {}).status_code == 201
    assert phone.post(f"/moderation/rules/{rule}/try", {}).status_code == 200  # one at a time
    assert put(phone, rule, **written(), live=True).json()["code"] == "rule.untried"  # begun is not done
    run_jobs()
    (shown,) = phone.get("/moderation/rules").json()["rules"]
    trial = shown["trial"]
    assert (trial["seen"], trial["found"], trial["rooms"], trial["rooms_done"], trial["failed"], len(trial["sample"])) == (4, 3, 1, 1, False, 3)
    assert put(phone, rule, **written(), live=True).json()["live"] is True
    assert put(phone, rule, **written(data={"words": ["autre"]}), live=True).json()["code"] == "rule.untried"
    changed = put(phone, rule, **written(data={"words": ["autre"]}), live=False).json()
    assert (changed["version"], changed["live"]) == (2, False)
    assert phone.client.delete(f"/api/v1/moderation/rules/{rule}", headers=phone.headers).status_code == 204
    assert phone.get(f"/moderation/rules/{rule}").json()["code"] == "rule.not_found"
    acts = list(Record.objects.filter(act__startswith="rule.").order_by("id").values_list("act", flat=True))
    assert acts == ["rule.made", "rule.tried", "rule.live", "rule.changed", "rule.rested", "rule.changed", "rule.removed"]


def test_a_slow_rule_does_not_go_live(room: uuid.UUID) -> None:
    phone = Phone(administrator())
    rule = phone.post("/moderation/rules", {"id": some_id(), **written()}).json()["rule"]
    Trial.objects.create(rule_id=rule, version=1, finished_at=log.utc_now(), slowest_ms=51)
    assert put(phone, rule, **written(), live=True).json()["code"] == "rule.slow"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "magic"}, "frame.invalid"),
        ({"action": "delete"}, "frame.invalid"),
        ({"kind": "rate", "data": {"messages": 2, "seconds": 60}, "action": "hint"}, "frame.invalid"),
        ({"kind": "pattern", "data": {"pattern": r"(a)\1"}}, "rule.pattern"),
        ({"kind": "pattern", "data": {"pattern": "(?=a)"}}, "rule.pattern"),
        ({"name_fr": " "}, "frame.invalid"),
        ({"data": {}}, "frame.invalid"),
    ],
)
def test_rules_that_are_none(fields: dict[str, Any], code: str) -> None:
    phone = Phone(administrator())
    assert phone.post("/moderation/rules", {"id": some_id(), **written(), **fields}).json()["code"] == code
    rule = phone.post("/moderation/rules", {"id": some_id(), **written()}).json()["rule"]
    assert put(phone, rule, **{**written(), **fields, "live": False}).json()["code"] == code
    assert Rule.objects.get().data == WORDS


def test_rules_are_the_administrators(room: uuid.UUID) -> None:
    rule = live()
    for who in (moderator(), nadia()):
        phone = Phone(who)
        for answer in (
            phone.get("/moderation/rules"),
            phone.get(f"/moderation/rules/{rule.pk}"),
            phone.post("/moderation/rules", {"id": some_id(), **written()}),
            phone.post(f"/moderation/rules/{rule.pk}/try", {}),
            put(phone, str(rule.pk), **written(), live=False),
            phone.client.delete(f"/api/v1/moderation/rules/{rule.pk}", headers=phone.headers),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "moderation.administrator")
    assert Rule.objects.get().live


def test_a_rule_is_made_once(room: uuid.UUID) -> None:
    phone, body = Phone(administrator()), {"id": some_id(), **written()}
    assert [phone.post("/moderation/rules", body).status_code for _ in range(2)] == [201, 200]
    assert Rule.objects.count() == 1


# --- held ---------------------------------------------------------------------------


def test_what_is_held_was_never_read_and_is_released_to_all(room: uuid.UUID) -> None:
    live()
    answer = Phone(camille()).post(
        f"/rooms/{room}/messages", {"id": some_id(), "body": "Du protoxyde pour @Nadia #gaz", "mentions": [{"person": str(nadia().pk), "start": 18, "length": 6}]}
    )
    assert answer.status_code == 201 and answer.json()["held"] is True
    message = answer.json()["message"]
    assert withheld(message) == "hidden"
    posted = events(room)[-1]
    assert (posted["kind"], posted["data"]["withheld"], posted["data"]["body"], posted["data"]["mentions"]) == ("message.posted", "hidden", None, None)
    for reader in (camille(), nadia()):
        (item,) = Phone(reader).get(f"/rooms/{room}/messages").json()["messages"]
        assert item["body"] is None and item["withheld"] == "hidden"
    assert not Followup.objects.filter(wake=True).exists() and not Mention.objects.exists() and not Tag.objects.exists()
    assert Phone(nadia()).get("/search", q="protoxyde").json()["hits"] == []

    sacha = moderator()
    assert tending.announce() == 1 and told() == ["item.opened"]
    (item,) = queue(sacha)
    assert (item["kind"], item["categories"], item["message"], item["urgency"]) == ("hold", ["rule"], message, 2)
    found = detail(sacha, item["item"]).json()
    assert found["message"]["body"].startswith("Du protoxyde") and found["rule"]["fr"] == "Protoxyde" and found["act"]["moderator"] is None
    assert decide(sacha, item["item"], "release").status_code == 201
    assert withheld(message) is None and kinds(room)[-1] == "message.restored"
    (item,) = Phone(nadia()).get(f"/rooms/{room}/messages").json()["messages"]
    assert item["body"].startswith("Du protoxyde")
    assert Mention.objects.count() == 1 and Tag.objects.count() == 1 and Followup.objects.filter(wake=True, seq=posted["seq"]).count() == 1
    assert Record.objects.filter(act="message.hide", object=message, reason="rule", person_id=None).exists()


def test_upheld_it_stays_hidden_and_its_author_may_appeal(room: uuid.UUID) -> None:
    live()
    message = str(post(room, camille(), "Du protoxyde")["message"])
    sacha = moderator()
    item = queue(sacha)[0]
    act = detail(sacha, item["item"]).json()["act"]["act"]
    decide(sacha, item["item"], "uphold")
    assert withheld(message) == "hidden"
    assert Phone(camille()).post("/appeals", {"id": some_id(), "act": act, "text": "Non"}).status_code == 201
    assert queue(sacha) == []  # who upheld it is no judge of the appeal
    luce = moderator("luce")
    decide(luce, queue(luce)[0]["item"], "grant")
    assert withheld(message) is None


def test_a_repeated_send_is_held_once(room: uuid.UUID) -> None:
    live()
    body = {"id": some_id(), "body": "Du protoxyde"}
    phone = Phone(camille())
    assert [phone.post(f"/rooms/{room}/messages", body).status_code for _ in range(2)] == [201, 200]
    assert Item.objects.count() == 1 and Message.objects.count() == 1


def test_a_batch_is_judged_one_by_one(room: uuid.UUID) -> None:
    from consult.rooms.actions import messages
    from consult.rooms.actions.posts import Post

    live()
    posts = [Post(room, camille().pk, uuid.uuid4(), body, charged=True) for body in ("Oui", "Du protoxyde", "Non")]
    answers: list[Any] = messages.post_many(posts)
    assert ["held" in a for a in answers] == [False, True, False]
    assert [withheld(a["message"]) for a in answers] == [None, "hidden", None]
    shown = [(e["data"]["body"], e["data"]["withheld"]) for e in events(room) if e["kind"] == "message.posted"]
    assert shown == [("Oui", None), (None, "hidden"), ("Non", None)]


def test_an_edit_is_held_too(room: uuid.UUID) -> None:
    live()
    said = post(room, camille(), "Innocent")
    changes.edit(changes.Edit(room, camille().pk, str(said["message"]), said["seq"], "Du protoxyde", charged=True))
    assert withheld(said["message"]) == "hidden" and kinds(room)[-2:] == ["message.edited", "message.hidden"]
    assert "protoxyde" not in str(events(room))
    sacha = moderator()
    assert decide(sacha, queue(sacha)[0]["item"], "release").status_code == 201
    assert withheld(said["message"]) is None


def edit(room: uuid.UUID, message: Any, body: str) -> None:
    stored = Message.objects.get(pk=message)
    changes.edit(changes.Edit(room, camille().pk, str(message), stored.edited_seq or stored.seq, body, charged=True))


def decided(who: Person, item: str, decision: str, base: int | None) -> Any:
    return Phone(who).post(f"/moderation/queue/{item}/decide", {"id": some_id(), "decision": decision, "base": base})


def test_nobody_releases_words_that_they_have_not_read(room: uuid.UUID) -> None:
    live()
    message = str(post(room, camille(), "Du protoxyde")["message"])
    sacha = moderator()
    item = queue(sacha)[0]["item"]
    read = detail(sacha, item).json()
    assert read["message"]["body"] == "Du protoxyde" and read["twin"] is None
    edit(room, message, "Du protoxyde pour Mme Dupont")
    for base in (read["base"], None):  # who sends none has read what was held
        refused = decided(sacha, item, "release", base)
        assert (refused.status_code, refused.json()["code"]) == (409, "item.changed")
    assert decided(sacha, item, "uphold", read["base"]).json()["code"] == "item.changed", "nor are they judged unread"
    assert withheld(message) == "hidden" and Item.objects.get(pk=item).decision is None and "message.restored" not in kinds(room)
    again = detail(sacha, item).json()
    assert again["message"]["body"] == "Du protoxyde pour Mme Dupont" and again["base"] > read["base"]
    edit(room, message, "Du protoxyde pour elle")
    newest = detail(sacha, item).json()["base"]
    assert decided(sacha, item, "release", newest).status_code == 201 and withheld(message) is None


def test_an_edit_that_comes_while_it_is_decided_is_not_shown(room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at the base and the showing, which hold different locks."""
    from consult.moderation import claims

    live()
    message = str(post(room, camille(), "Du protoxyde")["message"])
    sacha = moderator()
    item = queue(sacha)[0]["item"]
    base = detail(sacha, item).json()["base"]
    kind = claims.kinds.of("hold")

    def of(name: str) -> Any:
        from dataclasses import replace

        def first_an_edit(found: Item, decision: Any) -> None:
            edit(room, message, "Mme Dupont")
            kind.decide(found, decision)

        return replace(kind, decide=first_an_edit)

    monkeypatch.setattr(claims.kinds, "of", of)
    assert decided(sacha, item, "release", base).json()["code"] == "item.changed"
    assert withheld(message) == "hidden"
    monkeypatch.undo()
    assert decided(sacha, item, "uphold", detail(sacha, item).json()["base"]).status_code == 201, "and another decision may follow"


def test_flags_and_appeals_show_what_was_read_too(room: uuid.UUID) -> None:
    from tests.moderation.helpers import flag

    message = str(post(room, camille(), "Le patient du 12")["message"])
    flag(nadia(), message, "identifies_patient")
    sacha, luce = moderator(), moderator("luce")
    item = queue(sacha)[0]["item"]
    base = detail(sacha, item).json()["base"]
    edit(room, message, "Mme Dupont du 12")
    assert decided(sacha, item, "dismiss", base).json()["code"] == decide(sacha, item, "dismiss").json()["code"] == "item.changed"
    assert decided(sacha, item, "uphold", detail(sacha, item).json()["base"]).status_code == 201
    act = detail(luce, item).json()["act"]["act"]
    assert Phone(camille()).post("/appeals", {"id": some_id(), "act": act, "text": "Le nom est ôté"}).status_code == 201
    (item,) = [i["item"] for i in queue(luce)]
    base = detail(luce, item).json()["base"]
    edit(room, message, "Le patient")
    assert decided(luce, item, "grant", base).json()["code"] == "item.changed"
    assert decided(luce, item, "grant", detail(luce, item).json()["base"]).status_code == 201 and withheld(message) is None


def test_the_card_of_a_held_question_is_read_as_well(room: uuid.UUID) -> None:
    live()
    case = ask(camille(), group=room, title="Protoxyde et maternité")
    question, card = Message.objects.get(room_id=case["room"]), Message.objects.get(room_id=room)
    sacha = moderator()
    item = queue(sacha)[0]["item"]
    read = detail(sacha, item).json()
    shown, twin = (card, question) if read["message"]["message"] == str(card.pk) else (question, card)
    assert read["twin"] == {"message": str(twin.pk), "room": str(twin.room_id), "body": twin.body}
    edit(twin.room_id, twin.pk, "Mme Dupont")
    for base in (read["base"], None):
        assert decided(sacha, item, "release", base).json()["code"] == "item.changed"
    again = detail(sacha, item).json()
    assert again["twin"]["body"] == "Mme Dupont" and withheld(shown.pk) == "hidden"
    assert decided(sacha, item, "release", again["base"]).status_code == 201 and withheld(shown.pk) is withheld(twin.pk) is None


def test_a_flag_hides_nothing(room: uuid.UUID) -> None:
    live(action="flag")
    said = post(room, camille(), "Du protoxyde")
    assert "held" not in said and withheld(said["message"]) is None
    (item,) = queue(moderator())
    assert (item["kind"], item["categories"], item["count"]) == ("report", ["rule"], 0)
    assert decide(moderator(), item["item"], "uphold").status_code == 201 and withheld(said["message"]) == "hidden"


def test_a_question_is_held_with_its_card_and_its_title(room: uuid.UUID) -> None:
    live()
    case = ask(camille(), group=room, title="Protoxyde et maternité")
    question = Message.objects.get(room_id=case["room"])
    card = Message.objects.get(room_id=room)
    assert (question.withheld, card.withheld) == ("hidden", "hidden") and Item.objects.count() == 1
    item = Phone(nadia()).get(f"/rooms/{case['room']}").json()
    assert item["title"] == "" and item["case"]["question"] is None
    sacha = moderator()
    assert decide(sacha, queue(sacha)[0]["item"], "release").status_code == 201
    question.refresh_from_db()
    card.refresh_from_db()
    assert (question.withheld, card.withheld) == (None, None)


def test_a_message_that_becomes_a_case_is_not_judged_twice(room: uuid.UUID) -> None:
    said = post(room, camille(), "Du protoxyde ?")
    live()
    case = cases.turn(person_id=camille().pk, client_id=uuid.uuid4(), message_id=uuid.UUID(said["message"]), title="Une question", specialty="SM15", urgency="week")
    assert Message.objects.get(room_id=case["room"]).withheld is None


def test_private_conversations_and_moderators_are_left_alone(room: uuid.UUID) -> None:
    live()
    private = uuid.UUID(conversations.open(person_id=camille().pk, client_id=uuid.uuid4(), people=[nadia().pk])["room"])
    assert withheld(post(private, camille(), "Du protoxyde")["message"]) is None
    sacha = moderator()
    assert Phone(sacha).post(f"/rooms/{room}/moderation", {"type": "moderator.join", "id": some_id(), "reason": "voir"}).status_code == 201
    assert withheld(post(room, sacha, "Pas de protoxyde ici")["message"]) is None


def test_a_rate_is_held_from_the_first_message_too_many(room: uuid.UUID) -> None:
    live("rate", {"messages": 2, "seconds": 60})
    held = ["held" in post(room, camille(), f"Message {n}") for n in range(4)]
    assert held == [False, False, True, True]
    assert "held" not in post(room, nadia(), "Moi aussi")


def test_a_batch_tried_again_counts_a_message_once(room: uuid.UUID) -> None:
    from consult.rooms.actions import messages
    from consult.rooms.actions.posts import Post

    live("rate", {"messages": 1, "seconds": 60})
    one = Post(room, camille().pk, uuid.uuid4(), "Une fois", charged=True)
    with pytest.raises(RuntimeError), pytest.MonkeyPatch.context() as broken:
        broken.setattr(messages, "insert", lambda *_: (_ for _ in ()).throw(RuntimeError("lost")))
        messages.post_many([one])
    assert "held" not in messages.post_many([one])[0]  # type: ignore[operator]


def test_newcomers_are_counted_by_when_they_were_verified(room: uuid.UUID) -> None:
    live("newcomer", {"messages": 0, "seconds": 86_400, "days": 7})
    Standing.objects.filter(person_id=camille().pk).update(verified_at=log.utc_now() - timedelta(days=1))
    Standing.objects.filter(person_id=nadia().pk).update(verified_at=log.utc_now() - timedelta(days=8))
    assert post(room, camille(), "Bonjour")["held"] and "held" not in post(room, nadia(), "Bonjour")


def test_a_rule_takes_effect_on_the_next_message_and_stops_as_soon(room: uuid.UUID) -> None:
    assert "held" not in post(room, camille(), "Du protoxyde")
    rule = live()
    assert post(room, camille(), "Du protoxyde 2")["held"]
    Rule.objects.filter(pk=rule.pk).update(live=False)
    assert "held" not in post(room, camille(), "Du protoxyde 3")


def test_without_live_rules_a_post_costs_no_query_of_its_own(room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most one look a second, however many posts."""
    from consult.moderation import rules

    looks = []
    monkeypatch.setattr(holding, "POLL_S", 1000.0)
    monkeypatch.setattr(rules, "stamp", lambda stamp=rules.stamp: looks.append(1) or stamp())
    for n in range(5):
        post(room, camille(), f"Message {n}")
    assert len(looks) == 1


def test_hints_are_for_who_writes_and_leave_nothing(room: uuid.UUID) -> None:
    live(action="hint")
    before = Record.objects.count()
    assert Phone(camille()).post("/rules/check", {"body": "Du protoxyde"}).json() == {"hints": [{"rule": str(Rule.objects.get().pk), "fr": "Protoxyde", "en": "Nitrous oxide"}]}
    assert Phone(camille()).post("/rules/check", {"body": "Rien"}).json() == {"hints": []}
    assert Phone(camille()).get("/rules/check").json() == {"hints": True}
    assert "held" not in post(room, camille(), "Du protoxyde")
    assert not Item.objects.exists() and Record.objects.count() == before
    zoe = Phone(person("zoe", verified=False))
    assert [answer.json()["code"] for answer in (zoe.post("/rules/check", {"body": "x"}), zoe.get("/rules/check"))] == ["account.unverified"] * 2


@pytest.mark.parametrize("action", [None, "hold", "flag"])
def test_without_a_hint_no_text_need_be_sent(room: uuid.UUID, action: str | None) -> None:
    if action:
        live(action=action)
    assert Phone(camille()).get("/rules/check").json() == {"hints": False}


# --- dry runs -----------------------------------------------------------------------


def test_a_dry_run_reads_thirty_days_in_chunks_and_not_private_rooms(room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "CHUNK", 3)
    private = uuid.UUID(conversations.open(person_id=camille().pk, client_id=uuid.uuid4(), people=[nadia().pk])["room"])
    post(private, camille(), "Du protoxyde entre nous")
    for n in range(10):
        post(room, camille(), f"Du protoxyde {n}")
    with connection.cursor() as cursor:  # the first four are of long ago
        for table in ("rooms_event", "rooms_message"):
            cursor.execute(
                f"UPDATE {table} SET at = at - interval '31 days' WHERE room_id = %s AND seq <= (SELECT min(seq) + 3 FROM rooms_message WHERE room_id = %s)", (room, room)
            )
    trial = Trial.objects.create(rule=live(), version=1)
    before = Item.objects.count()
    trials.run(trial)
    assert (trial.seen, trial.found, trial.rooms_done, trial.failed) == (6, 6, 1, False)
    assert Item.objects.count() == before  # it only counts


def test_a_dry_run_goes_on_where_it_was_stopped(room: uuid.UUID) -> None:
    other = joined(group("CAR", "Cardiologie"), camille())
    for where in (room, other):
        post(where, camille(), "Du protoxyde")

    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    rule = Rule.objects.create(**written())
    trial = Trial.objects.create(rule=rule, version=1)
    with pytest.raises(Stopped):
        trials.run(trial, after_each=stop)
    again = Trial.objects.get(pk=trial.pk)
    assert (again.rooms_done, again.found, again.finished_at) == (1, 1, None)
    trials.run(again)
    assert (again.seen, again.found, again.failed) == (2, 2, False)


def test_a_dry_run_of_a_rule_that_changed_has_failed(room: uuid.UUID) -> None:
    rule = Rule.objects.create(**written())
    trial = Trial.objects.create(rule=rule, version=1)
    Rule.objects.filter(pk=rule.pk).update(version=2)
    trials.run(Trial.objects.get(pk=trial.pk))
    assert Trial.objects.get(pk=trial.pk).failed
    phone = Phone(administrator())
    assert put(phone, str(rule.pk), **written(), live=True).json()["code"] == "rule.untried"


def test_a_dry_run_of_a_rate_counts_as_it_would_have(room: uuid.UUID) -> None:
    for n in range(5):
        post(room, camille(), f"Message {n}")
    rule = Rule.objects.create(**written("rate", {"messages": 3, "seconds": 3600}))
    trial = Trial.objects.create(rule=rule, version=1)
    trials.run(trial)
    assert (trial.seen, trial.found) == (5, 2)
