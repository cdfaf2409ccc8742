"""The queue: whose items, in which order, in how many queries; claims of one at a time; decisions and what they bring about."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from consult.audit.models import Record
from consult.moderation import claims, console, tending
from consult.moderation import kinds as every
from consult.moderation.models import Item
from consult.rooms.actions import conversations, personal, tools, visits
from consult.rooms.models import Membership, Room
from consult.standing import actions as standing
from tests.cases.helpers import ask
from tests.moderation.helpers import claim, decide, detail, flag, moderator, queue, told, withheld
from tests.people import camille, helene, idris, nadia, some_id, unverified
from tests.rooms.helpers import Phone, at_once, group, joined, kinds, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def room() -> uuid.UUID:
    return joined(group(), camille(), nadia(), idris(), helene())


def flagged(room: uuid.UUID, category: str = "dangerous_advice", body: str = "Doublez la dose.") -> tuple[str, str]:
    """(item, message)"""
    message = str(post(room, camille(), body)["message"])
    assert flag(nadia(), message, category).status_code == 201
    return str(Item.objects.get(message_id=message).pk), message


def test_the_most_urgent_comes_first_then_the_oldest(room: uuid.UUID) -> None:
    order = [flagged(room, c)[0] for c in ("other", "dangerous_advice", "identifies_patient", "disrespect")]
    assert [i["item"] for i in queue(moderator())] == [order[2], order[1], order[0], order[3]]


def test_pages_follow_each_other_without_gap(room: uuid.UUID) -> None:
    sacha = moderator()
    Item.objects.bulk_create([Item(kind="report", object=str(n), urgency=n % 4, room_id=room, person_id=camille().pk) for n in range(23)])
    seen, before = [], None
    while True:
        answer = Phone(sacha).get("/moderation/queue", limit=5, **({"before": before} if before else {})).json()
        seen += answer["items"]
        before = answer["next"]
        if before is None:
            break
    assert len({i["item"] for i in seen}) == len(seen) == 23
    assert [i["urgency"] for i in seen] == sorted((i["urgency"] for i in seen), reverse=True)
    assert Phone(sacha).get("/moderation/queue", before="x").json()["code"] == "cursor.invalid"


def test_five_hundred_items_cost_as_many_queries_as_one(room: uuid.UUID, django_assert_max_num_queries: Any) -> None:
    sacha = moderator()
    messages = [uuid.UUID(post(room, camille(), f"Message {n}")["message"]) for n in range(20)]
    Item.objects.bulk_create([Item(kind="report", object=str(n), urgency=n % 4, room_id=room, message_id=messages[n % 20], person_id=camille().pk) for n in range(500)])
    phone = Phone(sacha)
    phone.get("/moderation/queue")
    with django_assert_max_num_queries(12):
        assert len(phone.get("/moderation/queue", limit=500).json()["items"]) == 500


def test_only_ones_remit_and_nothing_one_is_party_to(room: uuid.UUID) -> None:
    cardio = group("CAR", "Cardiologie")
    item, _ = flagged(room)
    case = ask(camille(), group=room)
    question = post(case["room"], nadia(), "Réponse du cas")["message"]
    assert flag(idris(), question).status_code == 201
    assert len(queue(moderator("luce", room))) == 2  # the group's, and the case's that is addressed to it
    assert queue(moderator("maude", cardio)) == []
    assert detail(moderator("maude", cardio), item).json()["code"] == "item.not_found"
    joined(room, party := moderator("luce", room))
    flag(party, Item.objects.get(pk=item).message_id)
    assert item not in [i["item"] for i in queue(party)]
    for answer in (detail(party, item), claim(party, item), decide(party, item, "dismiss")):
        assert (answer.status_code, answer.json()["code"]) == (403, "moderation.party")
    mine = moderator("camille")  # the author moderates everywhere, and is no judge of it
    assert item not in [i["item"] for i in queue(mine)]
    assert claim(mine, item).json()["code"] == "moderation.party"


def test_the_console_is_closed_to_others(room: uuid.UUID) -> None:
    item, _ = flagged(room)
    for answer in (Phone(idris()).get("/moderation/queue"), detail(idris(), item), claim(idris(), item), decide(idris(), item, "dismiss")):
        assert (answer.status_code, answer.json()["code"]) == (403, "moderation.remit")
    sacha = moderator()
    standing.suspend(person_id=sacha.pk, until=timezone.now() + timedelta(days=1), by=None, reason="")
    assert Phone(sacha).get("/moderation/queue").json()["code"] == "account.suspended"
    assert Phone(moderator("luce")).get("/moderation/queue", kind="nothing").json()["code"] == "frame.invalid"
    assert detail(moderator("luce"), some_id()).json()["code"] == detail(moderator("luce"), "x").json()["code"] == "item.not_found"


def test_all_that_waits_is_counted_whatever_the_page(room: uuid.UUID) -> None:
    flagged(room), flagged(room), flagged(room)
    page = Phone(moderator()).get("/moderation/queue", limit=1).json()
    assert (len(page["items"]), page["open"]) == (1, 3)
    assert Phone(moderator("maude", group("CAR", "Cardiologie"))).get("/moderation/queue").json()["open"] == 0


def test_some_items_are_asked_for_by_name(room: uuid.UUID) -> None:
    items = [flagged(room)[0] for _ in range(3)]
    sacha = moderator()
    assert {i["item"] for i in queue(sacha, items=",".join(items[:2]))} == set(items[:2])
    assert Phone(sacha).get("/moderation/queue", items="x").json()["code"] == "frame.invalid"
    assert Phone(sacha).get("/moderation/queue", items=",".join(some_id() for _ in range(51))).json()["code"] == "frame.invalid"


def test_a_detail_has_what_is_needed_and_is_on_record(room: uuid.UUID) -> None:
    for n in range(7):
        post(room, idris(), f"Avant {n}")
    item, message = flagged(room, "identifies_patient", "Mme Dupont va mieux")
    for n in range(7):
        post(room, idris(), f"Après {n}")
    sacha = moderator()
    found = detail(sacha, item).json()
    assert [m["body"] for m in found["around"]] == [*(f"Avant {n}" for n in range(2, 7)), "Mme Dupont va mieux", *(f"Après {n}" for n in range(5))]
    assert found["message"]["message"] == message and found["message"]["withheld"] == "hidden"
    assert found["author"]["actor"]["id"] == str(camille().pk) and found["author"]["messages"] == 1
    assert found["act"]["kind"] == "message.hide" and found["act"]["moderator"] is None
    assert [d["code"] for d in found["decisions"]] == ["dismiss", "uphold"]
    assert Record.objects.filter(act="item.read", person_id=sacha.pk, object=item, room_id=room).count() == 1


def test_of_a_private_conversation_the_flagged_message_alone_is_shown() -> None:
    room = uuid.UUID(conversations.open(person_id=camille().pk, client_id=uuid.uuid4(), people=[nadia().pk])["room"])
    post(room, camille(), "Un secret d’avant")
    item, _ = flagged(room)
    post(room, camille(), "Un secret d’après")
    sacha = moderator()
    found = detail(sacha, item).json()
    assert [m["body"] for m in found["around"]] == ["Doublez la dose."] and found["item"]["room_title"] is None
    assert queue(moderator("luce", group())) == []


def test_one_moderator_at_a_time(room: uuid.UUID, settings: Any) -> None:
    item, _ = flagged(room)
    one, two = moderator("luce"), moderator("maude")
    answers = at_once(lambda: claim(one, item), lambda: claim(two, item))
    assert sorted(a.status_code for a in answers) == [201, 409]
    holder, other = (one, two) if answers[0].status_code == 201 else (two, one)
    for late in (claim(other, item), decide(other, item, "dismiss")):
        assert (late.status_code, late.json()["code"]) == (409, "item.claimed")
    assert queue(other)[0]["claimed_by"]["id"] == str(holder.pk) and queue(holder, mine=True)[0]["item"] == item and queue(other, mine=True) == []
    assert claim(holder, item).status_code == 201 and told() == ["item.opened", "item.claimed"]  # held as long already
    assert Phone(other).post(f"/moderation/queue/{item}/release", {"id": some_id()}).status_code == 201
    assert told() == ["item.opened", "item.claimed"]  # who does not hold it lets nothing go
    assert Phone(holder).post(f"/moderation/queue/{item}/release", {"id": some_id()}).status_code == 201
    assert told()[-1] == "item.released" and claim(other, item).status_code == 201


def test_a_claim_lapses(room: uuid.UUID) -> None:
    item, _ = flagged(room)
    one, two = moderator("luce"), moderator("maude")
    claim(one, item)
    Item.objects.filter(pk=item).update(claimed_until=timezone.now() - timedelta(seconds=1))  # a console left open
    assert queue(two)[0]["claimed_by"] is None
    assert tending.lapse() == 1 and tending.lapse() == 0
    assert told()[-1] == "item.released"
    assert claim(two, item).status_code == 201 and decide(one, item, "dismiss").json()["code"] == "item.claimed"


def test_a_claim_that_is_prolonged_is_told(room: uuid.UUID, settings: Any) -> None:
    item, _ = flagged(room)
    one, two = moderator("luce"), moderator("maude")
    claim(one, item)
    for prolong in (lambda: claim(one, item), lambda: detail(one, item)):
        late = timezone.now() + timedelta(seconds=settings.CLAIM_S / 2)
        Item.objects.filter(pk=item).update(claimed_until=late)
        before = told().count("item.claimed")
        assert prolong().status_code in (200, 201) and told().count("item.claimed") == before + 1
        assert Item.objects.get(pk=item).claimed_until > late  # type: ignore[operator]
        assert queue(two)[0]["claimed_by"]["id"] == str(one.pk)
        prolong()
        assert told().count("item.claimed") == before + 1, "not at each look"
    Item.objects.filter(pk=item).update(claimed_until=timezone.now() + timedelta(seconds=1))
    before = told()
    detail(two, item)
    assert told() == before, "nor by who only looks on"


def test_claiming_and_letting_go_are_on_record(room: uuid.UUID) -> None:
    item, _ = flagged(room)
    sacha = moderator()
    claim(sacha, item)
    for _ in range(2):
        Phone(sacha).post(f"/moderation/queue/{item}/release", {"id": some_id()})
    rows = Record.objects.filter(object=item, person_id=sacha.pk).order_by("id")
    assert list(rows.values_list("act", "room_id")) == [("item.claimed", room), ("item.released", room)]


def meanwhile(monkeypatch: pytest.MonkeyPatch, kind: str, act: Any, *, after: bool = False) -> None:
    """Does this once, before a kind's effect comes about, or after it and before the item is closed."""
    found, once = every.of(kind), [act]

    def effect(item: Item, decision: every.Decision) -> None:
        if not after and once:
            once.pop()()
        found.decide(item, decision)
        if after and once:
            once.pop()()

    monkeypatch.setattr(every, "of", lambda name: replace(found, decide=effect) if name == kind else every.every()[name])


@pytest.mark.parametrize("after", [False, True])
def test_one_moderator_in_two_tabs_decides_once(room: uuid.UUID, monkeypatch: pytest.MonkeyPatch, after: bool) -> None:
    item, message = flagged(room, "identifies_patient")
    sacha = moderator()
    other: list[Any] = []
    meanwhile(monkeypatch, "report", lambda: other.extend([decide(sacha, item, "uphold"), Phone(sacha).post(f"/moderation/queue/{item}/release", {"id": some_id()})]), after=after)
    first = decide(sacha, item, "dismiss")
    assert (first.status_code, first.json()["decision"]) == (201, "dismiss")
    assert (other[0].status_code, other[0].json()["code"]) == (409, "item.decided"), "it is being decided"
    assert Item.objects.get(pk=item).decision == "dismiss" and withheld(message) is None
    assert kinds(room).count("message.restored") == 1 and told().count("item.decided") == 1 and "item.released" not in told()


def test_two_tabs_that_agree_are_answered_alike(room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    item, _ = flagged(room)
    sacha = moderator()
    other: list[Any] = []
    meanwhile(monkeypatch, "report", lambda: other.append(decide(sacha, item, "uphold")))
    assert decide(sacha, item, "uphold").status_code == other[0].status_code == 201
    assert kinds(room).count("message.hidden") == 1 and told().count("item.decided") == 1


def test_a_decision_that_broke_off_is_repeated_or_waits_for_the_claim_to_lapse(room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    item, message = flagged(room, "identifies_patient")
    sacha, luce = moderator(), moderator("luce")

    def broken() -> None:
        raise RuntimeError("the process dies")

    meanwhile(monkeypatch, "report", broken, after=True)
    with pytest.raises(RuntimeError):
        claims.decide(person_id=sacha.pk, client_id=uuid.uuid4(), item=item, decision="dismiss")
    assert withheld(message) is None and decide(sacha, item, "uphold").json()["code"] == "item.decided"
    Item.objects.filter(pk=item).update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert tending.lapse() == 1
    assert decide(luce, item, "uphold").status_code == 201 and withheld(message) == "hidden", "another decision, once the claim has lapsed"


def test_a_decision_overtaken_by_another_is_not_told_as_made(room: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    item, _ = flagged(room)
    sacha, luce = moderator(), moderator("luce")

    def lapses() -> None:
        Item.objects.filter(pk=item).update(claimed_until=timezone.now() - timedelta(seconds=1))
        assert decide(luce, item, "uphold").status_code == 201

    meanwhile(monkeypatch, "report", lapses)
    assert decide(sacha, item, "dismiss").json()["code"] == "item.decided" and Item.objects.get(pk=item).decided_by == luce.pk


def test_the_worker_leaves_alone_what_is_being_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    newcomer, sacha = unverified(), moderator()
    tending.run_once()
    (item,) = queue(sacha, kind="verification")
    meanwhile(monkeypatch, "verification", lambda: [tending.run_once() for _ in range(3)], after=True)
    assert decide(sacha, item["item"], "verify", "RPPS 10101234567").status_code == 201
    closed = Item.objects.get(pk=item["item"])
    assert (closed.decision, closed.decided_by, closed.note) == ("verify", sacha.pk, "RPPS 10101234567")
    assert Record.objects.filter(act="item.verify", object=item["item"], person_id=sacha.pk).exists() and newcomer


def test_a_claim_sent_twice_is_answered_alike(room: uuid.UUID) -> None:
    item, _ = flagged(room)
    sacha, id = moderator(), some_id()
    first, again = claim(sacha, item, id), claim(sacha, item, id)
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()


def test_dismissed_is_shown_again_and_upheld_stays_hidden(room: uuid.UUID) -> None:
    sacha = moderator()
    item, message = flagged(room, "identifies_patient")
    assert withheld(message) == "hidden"
    assert decide(sacha, item, "dismiss", "rien").status_code == 201
    assert withheld(message) is None and kinds(room)[-1] == "message.restored"
    item, message = flagged(room, "disrespect", "Autre")
    assert withheld(message) is None
    assert decide(sacha, item, "uphold").status_code == 201
    assert withheld(message) == "hidden" and queue(sacha) == []
    assert told() == ["item.opened", "item.claimed", "item.decided"] * 2
    assert decide(sacha, item, "dismiss").json()["code"] == claim(sacha, item).json()["code"] == "item.decided"
    assert Record.objects.filter(act="item.uphold", object=item, person_id=sacha.pk).exists()


def test_a_dismissal_does_not_show_what_a_moderator_had_hidden(room: uuid.UUID) -> None:
    from consult.rooms.actions import hiding

    message = str(post(room, camille(), "Caché avant")["message"])
    hiding.hide(room_id=room, message_id=uuid.UUID(message), reason="non", person_id=moderator("luce").pk)
    flag(nadia(), message, "identifies_patient")
    sacha = moderator()
    decide(sacha, queue(sacha)[0]["item"], "dismiss")
    assert withheld(message) == "hidden"


def test_two_who_decide_at_once_decide_once(room: uuid.UUID) -> None:
    item, message = flagged(room, "identifies_patient")
    one, two = moderator("luce"), moderator("maude")
    answers = at_once(lambda: decide(one, item, "dismiss"), lambda: decide(two, item, "uphold"))
    codes = sorted(a.status_code for a in answers)
    assert codes == [201, 409], [a.content for a in answers]
    assert Item.objects.get(pk=item).decision == ("dismiss" if answers[0].status_code == 201 else "uphold")
    assert withheld(message) == (None if answers[0].status_code == 201 else "hidden")
    assert told().count("item.decided") == 1


def test_a_decision_sent_twice_and_one_that_no_kind_knows(room: uuid.UUID) -> None:
    item, _ = flagged(room)
    sacha, body = moderator(), {"id": some_id(), "decision": "uphold"}
    path = f"/moderation/queue/{item}/decide"
    assert Phone(sacha).post(path, {**body, "decision": "delete"}).json()["fields"] == ["decision"]
    assert [Phone(sacha).post(path, body).status_code for _ in range(2)] == [201, 200]
    assert kinds(room).count("message.hidden") == 1


def test_a_dismissal_after_the_words_are_gone_is_still_a_decision(room: uuid.UUID) -> None:
    from consult.rooms.actions import changes

    item, message = flagged(room, "identifies_patient")
    changes.retract(changes.Retraction(room, camille().pk, message))
    sacha = moderator()
    answer = decide(sacha, item, "dismiss")
    assert answer.status_code == 201, answer.content
    assert withheld(message) == "retracted"


def test_verifications_come_and_go_with_the_persons_standing() -> None:
    newcomer, sacha = unverified(), moderator()
    tending.run_once()
    (item,) = queue(sacha, kind="verification")
    assert item["person"]["id"] == str(newcomer.pk) and item["urgency"] == 0
    assert detail(sacha, item["item"]).json()["standing"]["verification"] == "pending"
    assert decide(sacha, item["item"], "verify", "RPPS 10101234567").status_code == 201
    assert Phone(newcomer).get("/people").status_code == 200
    standing.submit(person_id=newcomer.pk, by=None)
    tending.run_once()
    (again,) = queue(sacha, kind="verification")
    standing.verify(person_id=newcomer.pk, by=None, register="admin")  # decided elsewhere
    while tending.run_once():
        pass
    assert queue(sacha) == [] and Item.objects.get(pk=again["item"]).decision == "verify"
    assert told().count("item.opened") == told().count("item.decided") == 2
    assert queue(moderator("luce", group()), kind="verification") == []


def test_watched_rooms_are_numbers_alone(room: uuid.UUID) -> None:
    cardio = group("CAR", "Cardiologie")
    flagged(room, body="planted-words")
    sacha = moderator("luce", room)
    answer = Phone(sacha).get("/moderation/watch", rooms=f"{room},{cardio},{some_id()}")
    (row,) = answer.json()["rooms"]  # the other is outside the remit
    assert (row["room"], row["posts"][-1], sum(row["posts"]), row["flags"], row["locked"], row["moderators"]) == (str(room), 1, 1, 1, False, [])
    assert "planted-words" not in answer.content.decode()
    assert Phone(sacha).get("/moderation/watch", rooms=",".join(some_id() for _ in range(13))).json()["code"] == "frame.invalid"


def test_no_private_conversation_is_watched() -> None:
    """Not with a remit everywhere, not while a reading of it is agreed: it is as if there were no such room."""
    asker, sacha, luce = camille(), moderator(), moderator("luce", group())
    private = Room.objects.create(kind="private").pk
    Membership.objects.create(room_id=private, person=asker)
    personal_room = personal.room_of(asker.pk)
    visits.agree_reading(room_id=private, person_id=sacha.pk, until=timezone.now() + timedelta(hours=1))
    for who in (sacha, luce):
        answer = Phone(who).get("/moderation/watch", rooms=f"{private},{personal_room},{console.room()},{some_id()}")
        assert (answer.status_code, answer.json()) == (200, {"rooms": []})
    assert [r["room"] for r in Phone(sacha).get("/moderation/watch", rooms=f"{private},{group()}").json()["rooms"]] == [str(group())]
    assert Phone(asker).get("/moderation/watch", rooms=str(private)).json()["code"] == "moderation.remit"


def test_a_kind_is_one_file() -> None:
    assert set(every.every()) == {"appeal", "call", "hold", "image", "reading", "report", "verification"}
    for kind in every.every().values():
        assert kind.title_fr and kind.title_en and all(fr and en for fr, en in kind.decisions.values())


@pytest.fixture
def drill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A kind that exists as one file alone; what it decides it writes into the file beside it."""
    done = tmp_path / "done"
    (tmp_path / "drill.py").write_text(
        "from pathlib import Path\n"
        "from consult.moderation.kinds import Kind\n"
        f"def decide(item, decision): Path({str(done)!r}).write_text(f'{{item.object}} {{decision.decision}} {{decision.note}}')\n"
        "KIND = Kind(title_fr='Exercice', title_en='Drill', decisions={'end': ('Terminer', 'End')}, decide=decide)\n"
    )
    monkeypatch.setattr(every, "__path__", [*every.__path__, str(tmp_path)])
    every.every.cache_clear()
    yield done
    every.every.cache_clear()
    sys.modules.pop(f"{every.__name__}.drill", None)


def test_a_kind_added_in_one_file_is_told_listed_and_decided(room: uuid.UUID, drill: Path) -> None:
    Item.objects.create(kind="drill", object="alarme", room_id=room, announced=False)
    assert tending.announce() == 1 and told() == ["item.opened"]
    sacha = moderator()
    (item,) = queue(sacha, kind="drill")
    assert (item["kind"], item["title"]) == ("drill", {"fr": "Exercice", "en": "Drill"})
    assert detail(sacha, item["item"]).json()["decisions"] == [{"code": "end", "fr": "Terminer", "en": "End"}]
    assert decide(sacha, item["item"], "uphold").json()["code"] == "frame.invalid" and not drill.exists()
    assert decide(sacha, item["item"], "end", "bien").status_code == 201
    assert drill.read_text() == "alarme end bien" and queue(sacha) == [] and told()[-1] == "item.decided"


def test_a_kind_of_a_newer_version_does_not_shut_the_console(room: uuid.UUID) -> None:
    Item.objects.create(kind="unheard", object="x", room_id=room)
    (item,) = queue(moderator())
    assert item["title"] == {"fr": "unheard", "en": "unheard"}


def test_a_call_that_is_taken_back_leaves_the_queue(room: uuid.UUID) -> None:
    sacha, luce = moderator(), moderator("luce")
    calls = [tools.use(tools.Order("moderator.call", room, sacha.pk, uuid.uuid4(), "seul", asked))["act"] for asked in ({}, {"person": str(luce.pk)})]
    tools.undo(act_id=uuid.UUID(calls[1]), person_id=sacha.pk)
    tending.run_once()
    (item,) = queue(luce)
    assert Item.objects.get(kind="call").act_id == uuid.UUID(calls[0]), "of the one taken back before there never was an item"
    tools.undo(act_id=uuid.UUID(calls[0]), person_id=sacha.pk)
    assert tending.close_calls() == 1 and tending.close_calls() == 0
    assert queue(luce) == [] and told()[-1] == "item.decided"
    assert decide(luce, item["item"], "done").json()["code"] == "item.decided"
    tending.run_once()
    assert Item.objects.filter(kind="call").count() == 1


def test_the_queue_says_how_long_a_claim_lasts_and_how_a_message_stands(room: uuid.UUID, settings: Any) -> None:
    settings.CLAIM_S = 90
    sacha = moderator()
    item, message = flagged(room)
    assert Phone(sacha).get("/moderation/queue").json()["claim_s"] == 90
    assert (detail(sacha, item).json()["message"]["pinned"], detail(sacha, item).json()["message"]["veiled"]) == (False, [])
    tools.use(tools.Order("pin.add", room, sacha.pk, uuid.uuid4(), "", {"message": message}))
    assert detail(sacha, item).json()["message"]["pinned"] is True
