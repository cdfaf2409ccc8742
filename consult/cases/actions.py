"""Asking: the only writer of cases. A case, its room, its first post, its audience and its card are one transaction.

The words go through the same checks and the same insert as any post; what is added here is the room around them.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from consult.audit.models import record
from consult.cases.models import Case, Status, Urgency
from consult.clinicians.models import Specialty
from consult.errors import Refusal
from consult.rooms import access, content, doorbell, limits, log, receipts
from consult.rooms import people as standing
from consult.rooms.access import Grant
from consult.rooms.actions import membership, messages, personal
from consult.rooms.models import Audience, Kind, Message, Role, Room

TITLE = 200
MOST = 50  # groups, and people, that one question may be addressed to
NEXT = {  # what the asker may turn a status into; answered and consensus need an answer
    Status.OPEN: {Status.ANSWERED, Status.CONSENSUS, Status.CLOSED},
    Status.ANSWERED: {Status.OPEN, Status.CONSENSUS, Status.CLOSED},
    Status.CONSENSUS: {Status.OPEN, Status.ANSWERED, Status.CLOSED},
    Status.CLOSED: {Status.OPEN, Status.ANSWERED},
}
ANSWERS = "(SELECT count(*) FROM rooms_message a WHERE a.room_id = c.room_id AND a.form = 'answer' AND a.withheld IS NULL)"


@dataclass(slots=True)
class _Question:
    """What is asked, checked; `words` are the card's."""

    title: str
    question: str
    specialty: str
    urgency: str
    code: str

    @property
    def words(self) -> str:
        return self.question if self.question.startswith(self.title) else f"{self.title}\n\n{self.question}"


def _question(title: str, question: str, specialty: str, urgency: str, group: Room | None) -> _Question:
    """Raises Refusal case.vital, frame.invalid (urgency, specialty, title), message.blank, message.too_long, message.characters."""
    if urgency == "vital":
        raise Refusal("case.vital")
    title = title.strip()
    wrong = [] if urgency in Urgency.values else ["urgency"]
    found = Specialty.objects.filter(code=specialty).first() if specialty and specialty.isprintable() else None
    if specialty and found is None:
        wrong.append("specialty")
    if len(title) > TITLE or not title.isprintable():
        wrong.append("title")
    if wrong:
        raise Refusal("frame.invalid", fields=sorted(wrong))
    content.check_body(title)
    content.check_body(question)
    made = _Question(title, question, specialty, urgency, (found.group_id if found else None) or (group.code if group else "") or "")
    content.check_body(made.words)
    return made


def ask(
    *,
    person_id: uuid.UUID,
    client_id: uuid.UUID,
    title: str,
    question: str,
    specialty: str,
    urgency: str,
    group: uuid.UUID | None = None,
    groups: Sequence[uuid.UUID] = (),
    people: Sequence[uuid.UUID] = (),
    everyone: bool = False,
) -> dict[str, Any]:
    """Opens a case, and with `group` leaves its card in that group's log. Answers {"room","seq","created"}, seq of the question.

    Raises Refusal request.id_reused, account.*, room.* (of the groups), person.not_found, case.audience, rate.posts, and those of `_question`.
    """
    rooms_of = {person_id: personal.room_of(person_id)}
    with log.writing([*rooms_of.values(), *([group] if group else [])]) as made:
        request = receipts.before(
            sender=person_id,
            client_id=client_id,
            act="case",
            title=title,
            question=question,
            specialty=specialty,
            urgency=urgency,
            group=str(group or ""),
            groups=sorted(map(str, groups)),
            people=sorted(map(str, people)),
            everyone=everyone,
        )
        if request.answer is not None:
            return request.answer
        standing.require_verified(person_id)
        where = _card_group(person_id, group, made) if group else None
        audience = _audience(person_id, {*groups, *([group] if group else [])}, set(people) - {person_id}, everyone)
        wait, _ = limits.posts.take(person_id)
        if wait:
            raise Refusal("rate.posts", retry_after_ms=wait)
        it = _question(title, question, specialty, urgency, where)
        accepted, facts = [], None
        if group:
            card = messages.Post(group, person_id, client_id, it.words, form="question", charged=True)
            facts = messages.facts_of([card], made)
            if card.key in facts.before:  # this id already posted something there
                raise Refusal("request.id_reused")
            accepted = [messages.accept(card, facts, made)]
        room, stored = _open(made, rooms_of, it, asker=person_id, client_id=client_id, audience=audience, with_card=accepted)
        card_id = accepted[0].id if accepted else None
        _case(made, room, it, asker=person_id, question=stored.id, group=group, card=card_id, by=person_id)
        answer = request.keep({"room": str(room.id), "seq": stored.seq})
    doorbell.ring_access()
    return answer


def turn(*, person_id: uuid.UUID, client_id: uuid.UUID, message_id: uuid.UUID, title: str, specialty: str, urgency: str) -> dict[str, Any]:
    """Makes a case of a group's message: it becomes the card, and its author the asker. Answers {"room","seq","created"}.

    Raises Refusal request.id_reused, message.not_found, message.not_author, message.retracted, message.no_case, case.group_only,
    room.locked, room.silenced, person.not_found (an author who may enter no room), and those of `_question`.
    """
    before = Message.objects.filter(pk=message_id).values_list("room_id", "author_id").first()
    own = personal.room_of(person_id)
    rooms_of = personal.rooms_of({person_id, *([before[1]] if before and before[1] else [])})
    with log.writing([own, *rooms_of.values(), *([before[0]] if before else [])]) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="turn", message=str(message_id), title=title, specialty=specialty, urgency=urgency)
        if request.answer is not None:
            return request.answer
        message, grant = _turnable(person_id, message_id, made)
        it = _question(title, message.body, specialty, urgency, Room.objects.get(pk=grant.room))
        asker = message.author_id
        assert asker is not None  # `_turnable` refuses a message without an author
        room, stored = _open(made, rooms_of, it, asker=asker, client_id=client_id, audience=[(grant.room, None)], with_card=[])
        acting = None if asker == person_id else "moderator"
        if acting:
            record(act="case.turned", person=person_id, room=grant.room, object=str(message_id), reason=str(room.id))
        _case(made, room, it, asker=asker, question=stored.id, group=grant.room, card=message_id, by=person_id, acting=acting, turned=True)
        answer = request.keep({"room": str(room.id), "seq": stored.seq})
    doorbell.ring_access()
    return answer


def _turnable(person: uuid.UUID, message_id: uuid.UUID, made: log.Writing) -> tuple[Message, Grant]:
    """The message under its room's lock. What one may not read and what does not exist are refused alike."""
    message = Message.objects.filter(pk=message_id).first()
    if message is None:
        raise Refusal("message.not_found")
    grant = access.grants([(message.room_id, person)])[message.room_id, person]
    if isinstance(grant, Refusal) or message.seq < grant.first_seq:
        raise Refusal("message.not_found")
    messages.may_write_now(grant, made.heads[grant.room], made.now)
    if grant.kind != Kind.GROUP:
        raise Refusal("case.group_only")
    author = message.author_id
    if author != person and not grant.moderates:
        raise Refusal("message.not_author")
    if message.withheld or author is None:
        raise Refusal("message.retracted")
    if message.case_room:
        raise Refusal("message.no_case")
    if not standing.verified([author]):
        raise Refusal("person.not_found")
    return message, grant


def _card_group(person: uuid.UUID, group: uuid.UUID, made: log.Writing) -> Room:
    grant = access.may_read(person=person, room=group)
    if grant.kind != Kind.GROUP:
        raise Refusal("room.not_found")
    messages.may_write_now(grant, made.heads[group], made.now)
    return Room.objects.get(pk=group)


def _audience(person: uuid.UUID, groups: set[uuid.UUID], people: set[uuid.UUID], everyone: bool) -> list[tuple[uuid.UUID | None, uuid.UUID | None]]:
    """The rules (group, person), both null for every verified clinician. Raises Refusal case.audience, frame.invalid, room.not_found, person.not_found."""
    too_many = [name for name, those in (("groups", groups), ("people", people)) if len(those) > MOST]
    if too_many:
        raise Refusal("frame.invalid", fields=too_many)
    if not (groups or people or everyone):
        raise Refusal("case.audience")
    for answer in access.grants([(g, person) for g in groups]).values():
        if isinstance(answer, Grant) and answer.kind != Kind.GROUP:
            raise Refusal("room.not_found")
        if isinstance(answer, Refusal) and answer.code != "room.not_member":  # a listed group may be asked without joining it
            raise answer
    if people and standing.verified(people) != people:
        raise Refusal("person.not_found")
    return [*((g, None) for g in sorted(groups)), *((None, p) for p in sorted(people)), *([(None, None)] if everyone else [])]


def _open(
    made: log.Writing,
    rooms_of: dict[uuid.UUID, uuid.UUID],
    it: _Question,
    *,
    asker: uuid.UUID,
    client_id: uuid.UUID,
    audience: Sequence[tuple[uuid.UUID | None, uuid.UUID | None]],
    with_card: Sequence[messages.Accepted],
) -> tuple[Room, messages.Accepted]:
    """The room with its asker, its audience and the question as its first post; cards of other rooms go in with it."""
    room = membership.make_room(made, kind=Kind.CASE, by=asker, title=it.title, code=it.code)
    Audience.objects.bulk_create([Audience(room=room, group_id=g, person_id=p) for g, p in audience])
    membership.admit(made, rooms_of, room=room.id, roles={asker: Role.OWNER}, by=asker, from_start=True)
    first = messages.Post(room.id, asker, client_id, it.question, form="question", charged=True)
    facts = messages.facts_of([first], made)
    stored = messages.accept(first, facts, made)
    messages.insert([*with_card, stored], made, facts)
    made.settle()
    return room, stored


def _case(
    made: log.Writing,
    room: Room,
    it: _Question,
    *,
    asker: uuid.UUID,
    question: uuid.UUID,
    group: uuid.UUID | None,
    card: uuid.UUID | None,
    by: uuid.UUID,
    acting: str | None = None,
    turned: bool = False,
) -> None:
    """The case's row, and `case.opened` beside its card."""
    Case.objects.create(room=room, asker_id=asker, question_id=question, specialty=it.specialty, urgency=it.urgency, group_id=group, card_id=card)
    if group is None or card is None:
        return
    data = {"case": str(room.id), "specialty": it.specialty, "urgency": it.urgency, "status": str(Status.OPEN), "answers": 0}
    seq = made.append(group, "case.opened", actor=by, acting=acting, message=card, data=data)
    Message.objects.filter(pk=card).update(case_room=room.id, last_event_seq=seq)
    if turned:  # a card that was posted as a question has woken the group already
        made.later.append(messages.wake(group, seq, made.now))


def set_status(*, person_id: uuid.UUID, client_id: uuid.UUID, room_id: uuid.UUID, status: str) -> dict[str, Any]:
    """The asker, or a moderator of the room, says how far the case has got. Answers {"seq","created"} of `case.updated`.

    The same status again is answered without an event. Raises Refusal request.id_reused, room.*, case.not_asker, case.status, frame.invalid.
    """
    group = Case.objects.filter(room_id=room_id).values_list("group_id", flat=True).first()
    with log.writing([personal.room_of(person_id), room_id, *([group] if group else [])]) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="status", room=str(room_id), status=status)
        if request.answer is not None:
            return request.answer
        grant = access.may_read(person=person_id, room=room_id)
        access.may_write(grant)
        if grant.kind != Kind.CASE:
            raise Refusal("room.not_found")
        if not grant.asker and not grant.moderates:
            raise Refusal("case.not_asker")
        if status not in Status.values:
            raise Refusal("frame.invalid", fields=["status"])
        case = Case.objects.get(room_id=room_id)
        if case.status == status:
            return {**request.keep({"seq": made.heads[room_id].seq}), "created": False}
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {ANSWERS} FROM cases_case c WHERE c.room_id = %s", (room_id,))
            answers = cursor.fetchone()[0]
        if status not in NEXT[Status(case.status)] or (status in (Status.ANSWERED, Status.CONSENSUS) and not answers):
            raise Refusal("case.status")
        Case.objects.filter(room_id=room_id).update(status=status, answers=answers)
        Room.objects.filter(pk=room_id).update(closed=status == Status.CLOSED)
        acting = None if grant.asker else "moderator"
        if acting:
            record(act="case.status", person=person_id, room=room_id, object=str(room_id), reason=status)
        seq = updated(made, case, status=status, answers=answers, by=person_id, acting=acting)
        return request.keep({"seq": seq})


def updated(made: log.Writing, case: Case, *, status: str, answers: int, by: uuid.UUID | None, acting: str | None = None) -> int:
    """Appends `case.updated` to the case's log, where it is a line of its own, and to the group's, where it belongs to the card."""
    room, group, card = case.room_id, case.group_id, case.card_id
    data = {"case": str(room), "status": str(status), "answers": answers}
    if group in made.heads and card:
        seq = made.append(group, "case.updated", actor=by, acting=acting, message=card, data=data)
        Message.objects.filter(pk=card).update(last_event_seq=seq)
    return made.append(room, "case.updated", actor=by, acting=acting, data={**data, "message": str(case.question_id)})
