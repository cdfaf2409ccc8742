"""The patient's consent: what was told and how it is recorded; and its withdrawal, which takes pictures and words from everyone at once.

Withdrawn is what the case says of the patient: the question with its card, title and template, whatever the asker wrote in the case's room, and every picture there,
whoever posted it. The words of the colleagues who answered are theirs and stay, as do the diagnoses they proposed. What is taken is emptied, not only hidden: no version, no
history and no later export has it. The places in the logs stay, and say why they are empty.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection

from consult.audit.models import record as audit
from consult.cases import moving
from consult.cases.models import Case, Consent, Status, Template
from consult.cases.status import updated
from consult.errors import Refusal
from consult.images.actions import erase
from consult.rooms import access, log, receipts
from consult.rooms.access import Grant
from consult.rooms.actions import changes, personal
from consult.rooms.models import Kind, Room

TOLD = ("advice", "readers", "pictures", "teaching", "withdrawal")  # for what, who reads it, that pictures are shown, teaching, that it may be taken back
RECORDED = ("oral", "written", "representative")  # noted in the file, signed, given by who may decide for the patient

_OURS = """
SELECT m.id, m.room_id FROM rooms_message m JOIN cases_case c ON c.room_id = %(room)s
WHERE (m.id IN (c.question_id, c.card_id) OR m.id = ANY(%(cards)s) OR m.room_id = c.room_id AND m.author_id = c.asker_id)
  AND m.withheld IS DISTINCT FROM 'erased' ORDER BY m.room_id, m.seq"""
_PICTURED = "SELECT DISTINCT unnest(images) FROM rooms_message WHERE room_id = %(room)s OR id = (SELECT card_id FROM cases_case WHERE room_id = %(room)s)"
_EMPTY = "UPDATE rooms_message SET body = '', mentions = '[]' WHERE id = ANY(%s)"


def check(told: Sequence[str], recorded: str) -> None:
    """Raises Refusal frame.invalid naming the fields."""
    wrong = [name for name, bad in (("recorded", recorded not in RECORDED), ("told", not told or not set(told) <= set(TOLD))) if bad]
    if wrong:
        raise Refusal("frame.invalid", fields=wrong)


def keep(case: Case, person: uuid.UUID, told: Sequence[str], recorded: str, at: Any) -> None:
    Consent.objects.update_or_create(case=case, defaults={"told": [t for t in TOLD if t in told], "recorded": recorded, "by_id": person, "at": at})


def record(*, person_id: uuid.UUID, client_id: uuid.UUID, room_id: uuid.UUID, told: Sequence[str], recorded: str) -> dict[str, Any]:
    """The asker says what the patient was told and how their consent is recorded, or says so anew. Answers {"seq","created"} of `consent.recorded`.

    Raises Refusal request.id_reused, room.*, case.not_asker, case.no_words, frame.invalid.
    """
    with log.writing([personal.room_of(person_id), room_id]) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="consent", room=str(room_id), told=sorted(told), recorded=recorded)
        if request.answer is not None:
            return request.answer
        case, _ = _case(person_id, room_id, moderators=False)
        check(told, recorded)
        if case.question.withheld == "withdrawn":
            raise Refusal("case.no_words")
        keep(case, person_id, told, recorded, made.now)
        audit(act="consent.recorded", person=person_id, room=room_id, object=str(room_id), reason=recorded)
        return request.keep({"seq": made.append(room_id, "consent.recorded", actor=person_id)})


def withdraw(*, person_id: uuid.UUID, client_id: uuid.UUID, room_id: uuid.UUID) -> dict[str, Any]:
    """Takes the patient's words and pictures from everyone, by the asker or a moderator. Answers {"seq","created"} of `consent.withdrawn`.

    A second time changes nothing. Raises Refusal request.id_reused, room.*, case.not_asker.
    """
    group = Case.objects.filter(room_id=room_id).values_list("group_id", flat=True).first()
    cards = moving.cards(room_id)  # a moderator may have moved the case: its former cards say the same
    with log.writing([personal.room_of(person_id), room_id, *([group] if group else []), *cards.values()]) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="consent.withdraw", room=str(room_id))
        if request.answer is not None:
            return request.answer
        case, grant = _case(person_id, room_id, moderators=True)
        if case.question.withheld in ("withdrawn", "erased"):
            return {**request.keep({"seq": made.heads[room_id].seq}), "created": False}
        acting = None if grant.asker else "moderator"
        seq = made.append(room_id, "consent.withdrawn", actor=person_id, acting=acting)
        _empty(made, case, list(cards), person_id, acting)
        erase(pictures(room_id))
        Consent.objects.filter(case=case).update(withdrawn_at=made.now, withdrawn_by_id=person_id)
        Case.objects.filter(pk=room_id).update(status=Status.CLOSED, status_at=made.now, status_by_id=person_id, words=None, pictures=0)
        Room.objects.filter(pk=room_id).update(title="", closed=True)
        updated(made, case, status=Status.CLOSED, answers=case.answers, by=person_id, acting=acting)
        audit(act="consent.withdrawn", person=person_id, room=room_id, object=str(room_id))
        return request.keep({"seq": seq})


def _case(person: uuid.UUID, room: uuid.UUID, *, moderators: bool) -> tuple[Case, Grant]:
    grant = access.may_read(person=person, room=room)
    access.may_write(grant)
    if grant.kind != Kind.CASE:
        raise Refusal("room.not_found")
    if not grant.asker and not (moderators and grant.moderates):
        raise Refusal("case.not_asker")
    return Case.objects.select_related("question").get(room_id=room), grant


def _empty(made: log.Writing, case: Case, cards: list[uuid.UUID], by: uuid.UUID, acting: str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_OURS, {"room": case.room_id, "cards": cards})
        ours = [(id, room) for id, room in cursor.fetchall() if room in made.heads]
    gone = [(id, made.append(room, "message.withdrawn", actor=by, acting=acting, message=id)) for id, room in ours]
    changes.withhold_many(gone, "withdrawn")
    ids = [id for id, _ in gone]
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY, (ids,))
        cursor.execute("DELETE FROM rooms_messageversion WHERE message_id = ANY(%s)", (ids,))
    Template.objects.filter(case=case).delete()


def pictures(room: uuid.UUID) -> list[uuid.UUID]:
    """Every picture that was posted in a case's room or with its card."""
    with connection.cursor() as cursor:
        cursor.execute(_PICTURED, {"room": room})
        return [id for (id,) in cursor.fetchall()]
