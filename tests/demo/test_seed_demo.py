"""The demo plays once, in the past, and holds together."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from consult.cases.models import AnswerVote, Case, Outcome
from consult.clinicians.models import Person
from consult.demo.cast import CAST
from consult.demo.threads import CASES, PRIVATE, TALKS, Do, Mark, Say
from consult.moderation import queue
from consult.moderation.models import Item
from consult.rooms.models import Event, Membership, Message, Room


@pytest.fixture
def seeded(transactional_db: None, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.LOCAL = True
    call_command("seed_demo")


def counts() -> tuple[int, ...]:
    return Room.objects.count(), Event.objects.count(), Message.objects.count(), Person.objects.count(), Membership.objects.count()


def test_a_second_run_adds_nothing_and_no_log_goes_back(seeded: None) -> None:
    before = counts()
    call_command("seed_demo")
    assert counts() == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM (SELECT at < lag(at) OVER (PARTITION BY room_id ORDER BY seq) AS back, at > now() AS late FROM rooms_event) x WHERE back OR late")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM rooms_room r WHERE last_seq <> (SELECT count(*) FROM rooms_event e WHERE e.room_id = r.id)")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT max(now() - at) > interval '4 days', min(now() - at) < interval '10 minutes' FROM rooms_event")
        assert cursor.fetchone() == (True, True)


def test_an_interrupted_seeding_is_completed(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from consult.demo import play

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.LOCAL = True
    real, left = play.changes.react, [20]

    def break_off(item: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return real(item)

    monkeypatch.setattr(play.changes, "react", break_off)
    with pytest.raises(KeyboardInterrupt):
        call_command("seed_demo")
    assert not play.already()
    monkeypatch.undo()
    call_command("seed_demo")
    assert play.already()
    said = sum(isinstance(line, Say) or (isinstance(line, Do) and line.speaks) for thread in (*CASES, *TALKS, *PRIVATE) for line in thread.thread)
    cards = sum(bool(ask.group) for ask in CASES)
    assert Message.objects.count() == said + len(CASES) + cards
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM (SELECT at < lag(at) OVER (PARTITION BY room_id ORDER BY seq) AS back FROM rooms_event) x WHERE back")
        assert cursor.fetchone() == (0,)


def test_the_console_has_something_to_decide(seeded: None) -> None:
    assert set(Item.objects.filter(decision=None).values_list("kind", flat=True)) == {"report", "appeal", "verification"}
    assert Message.objects.filter(withheld="hidden").count() == 3  # by two flags, by a name, by a moderator
    sacha = Person.objects.get(email="sacha@example.org")
    assert len(queue.page(person=sacha.pk)["items"]) == 4


def test_the_story_shows_every_trait(seeded: None) -> None:
    assert set(Case.objects.values_list("status", flat=True)) == {"open", "answered", "consensus", "closed"}
    assert Message.objects.filter(edited_seq__isnull=False).exists()
    assert Message.objects.filter(withheld="retracted").count() == 1
    assert Message.objects.filter(reply_to__isnull=False).exists()
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert {"message.posted", "message.edited", "message.retracted", "reaction.added", "member.joined", "case.opened", "case.updated", "mention.received", "read.marked"} <= kinds
    assert {"vote.cast", "differential.proposed", "differential.backed", "answer.accepted", "reference.added", "outcome.told"} <= kinds
    assert AnswerVote.objects.count() >= 5 and Outcome.objects.count() == 1 and Case.objects.exclude(accepted=None).count() == 3
    assert Case.objects.filter(consensus_at__isnull=False, status="consensus").count() == 3
    assert not AnswerVote.objects.exclude(at__lt=timezone.now() - timedelta(minutes=1)).exists(), "they voted in the past as well"
    assert set(Room.objects.filter(kind="private").values_list("pair", flat=True)) - {None}
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(DISTINCT tag) FROM rooms_tag")
        assert {"doctoctoc", "dermoscopie"} <= set(cursor.fetchone()[0])


def test_the_accounts_of_the_conformance_suite_fit_the_rooms(seeded: None) -> None:
    """Four members share exactly two groups, and the outsider shares no room with any of them."""
    users = json.loads((Path(__file__).parents[1] / "conformance" / "users.json").read_text())
    rooms = {u["email"]: set(Membership.objects.filter(person__email=u["email"], ended=None).values_list("room_id", flat=True)) for u in users}
    members = [rooms[u["email"]] for u in users if u["role"] == "member"]
    shared = set.intersection(*members)
    assert sorted(Room.objects.filter(pk__in=shared, kind="group").values_list("code", flat=True)) == ["DER", "MG"]
    outsider = next(rooms[u["email"]] for u in users if u["role"] == "outsider")
    assert not outsider & set.union(*members)
    assert not Room.objects.filter(pk__in=set.union(*members), audience__group=None, audience__person=None, audience__isnull=False).exists(), "a case for everyone is no secret"
    known = {m.email: m.password for m in CAST}
    assert all(known[u["email"]] == u["password"] for u in users)


def test_accounts_are_printed_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seed_demo", "--accounts")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "camille@example.org / demo-camille   Dr Camille Aubrac, médecine générale"
    assert len(lines) == len(CAST)


def test_it_does_not_open_a_public_service_with_known_passwords(settings: Any) -> None:
    settings.LOCAL = False
    with pytest.raises(CommandError):
        call_command("seed_demo")


def test_the_script_is_in_the_past_and_names_no_patient() -> None:
    for thread in (*CASES, *TALKS, *PRIVATE):
        assert sum(line.after for line in thread.thread) < thread.ago
        texts = [getattr(thread, "question", ""), *(line.body for line in thread.thread if isinstance(line, Say)), *(line.says for line in thread.thread if isinstance(line, Do))]
        for text in texts:
            assert not re.search(r"\b(Mme|Monsieur|Madame|M\.|née?) [A-ZÉ][a-zé]{2,}|\d{2}/\d{2}/\d{4}|\b0[1-9]( \d\d){4}", text), text
    assert not any(isinstance(thread.thread[0], Mark) for thread in CASES if thread.thread)
