"""Asking: the only writer of cases. A case, its room, its first post, its audience and its card are one transaction.

The words go through the same checks and the same insert as any post; what is added here is the room around them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from consult.audit.models import record
from consult.cases import audience as audiences
from consult.cases import consent as consents
from consult.cases import due, words
from consult.cases import template as templates
from consult.cases.models import Case, Status, Urgency
from consult.clinicians.models import Specialty
from consult.errors import Refusal
from consult.rooms import access, content, doorbell, identifying, limits, log, receipts
from consult.rooms import people as standing
from consult.rooms.access import Grant
from consult.rooms.actions import accepting, membership, personal, storing
from consult.rooms.actions.facts import facts_of
from consult.rooms.actions.posts import Post
from consult.rooms.models import Audience, Kind, Message, Role, Room

TITLE = 200


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
    confirmed: Sequence[str] | None = None,
    template: templates.Fields = templates.NOTHING,
    told: Sequence[str] = (),
    recorded: str = "",
    images: Sequence[str] = (),
) -> dict[str, Any]:
    """Opens a case, and with `group` leaves its card in that group's log, whose member the asker need not be. Answers {"room","seq","created"}, seq of the question.

    `told` and `recorded` state the patient's consent, where there is a patient to ask (consent.py). `images` are ids of the asker's own pictures: they go
    with the question, and the card shows none.

    Raises Refusal request.id_reused, account.*, room.* (of the groups), person.not_found, case.audience, rate.posts, content.*, image.*, and those of `_question`.
    """
    seen = identifying.look([("title", title), ("question", question), *template.said()], confirmed=confirmed, rooms=[*groups, *([group] if group else [])])
    rooms_of = {person_id: personal.room_of(person_id)}
    with _recording(seen, person_id, group), log.writing([*rooms_of.values(), *([group] if group else [])]) as made:
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
            template=template.asked(),
            told=sorted(told),
            recorded=recorded,
            images=list(images),
        )
        if request.answer is not None:
            return request.answer
        standing.require_verified(person_id)
        may_ask = _may_ask(person_id, group, made) if group else None
        where = Room.objects.get(pk=group) if group else None
        audience = audiences.rules(person_id, [*groups, *([group] if group else [])], people, everyone)
        wait, _ = limits.posts.take(person_id)
        if wait:
            raise Refusal("rate.posts", retry_after_ms=wait)
        it = _question(title, question, specialty, urgency, where)
        template = templates.check(template)
        if told or recorded:
            consents.check(told, recorded)
        if seen and seen.refusal:
            raise seen.refusal
        accepted, facts = [], None
        if group and may_ask:
            card = Post(group, person_id, client_id, it.words, form="question", charged=True)
            facts = facts_of([card], made)
            facts.grants[group, person_id] = may_ask
            if card.key in facts.before:  # this id already posted something there
                raise Refusal("request.id_reused")
            accepted = [accepting.accept(card, facts, made)]
        room, stored = _open(made, rooms_of, it, asker=person_id, client_id=client_id, audience=audience, with_card=accepted, images=images)
        card_id = accepted[0].id if accepted else None
        case = _case(made, room, it, asker=person_id, question=stored.id, group=group, card=card_id, by=person_id)
        templates.keep(case, template)
        words.index([room.id])
        if recorded:
            consents.keep(case, person_id, told, recorded, made.now)
        if seen:
            made.later.append(identifying.recorded([(person_id, room.id, seen)]))
        answer = request.keep({"room": str(room.id), "seq": stored.seq})
    doorbell.ring_access()
    return answer


@contextmanager
def _recording(seen: identifying.Look | None, person: uuid.UUID, room: uuid.UUID | None) -> Iterator[None]:
    """Keeps that words were refused for what they hold: the refusal undoes the transaction that it came from."""
    try:
        yield
    except Refusal as refusal:
        if seen and refusal is seen.refusal:
            identifying.record(person, room, seen)
        raise


def turn(*, person_id: uuid.UUID, client_id: uuid.UUID, message_id: uuid.UUID, title: str, specialty: str, urgency: str, confirmed: Sequence[str] | None = None) -> dict[str, Any]:
    """Makes a case of a group's message: it becomes the card, and its author the asker. Answers {"room","seq","created"}.

    Raises Refusal request.id_reused, message.not_found, message.not_author, message.retracted, message.no_case, case.group_only,
    room.locked, room.silenced, person.not_found (an author who may enter no room), content.* (of the title), and those of `_question`.
    """
    before = Message.objects.filter(pk=message_id).values_list("room_id", "author_id").first()
    own = personal.room_of(person_id)
    rooms_of = personal.rooms_of({person_id, *([before[1]] if before and before[1] else [])})
    place = before[0] if before else None
    seen = identifying.look([("title", title)], confirmed=confirmed, rooms=[place] if place else [])
    with _recording(seen, person_id, place), log.writing([own, *rooms_of.values(), *([place] if place else [])]) as made:
        request = receipts.before(sender=person_id, client_id=client_id, act="turn", message=str(message_id), title=title, specialty=specialty, urgency=urgency)
        if request.answer is not None:
            return request.answer
        message, grant = _turnable(person_id, message_id, made)
        it = _question(title, message.body, specialty, urgency, Room.objects.get(pk=grant.room))
        if seen and seen.refusal:
            raise seen.refusal
        asker = message.author_id
        assert asker is not None  # `_turnable` refuses a message without an author
        room, stored = _open(made, rooms_of, it, asker=asker, client_id=client_id, audience=[(grant.room, None)], with_card=[], judged=True)
        acting = None if asker == person_id else "moderator"
        if acting:
            record(act="case.turned", person=person_id, room=grant.room, object=str(message_id), reason=str(room.id))
        _case(made, room, it, asker=asker, question=stored.id, group=grant.room, card=message_id, by=person_id, acting=acting, turned=True)
        if seen:
            made.later.append(identifying.recorded([(person_id, room.id, seen)]))
        words.index([room.id])
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
    accepting.may_write_now(grant, made.heads[grant.room], made.now)
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


def _may_ask(person: uuid.UUID, group: uuid.UUID, made: log.Writing) -> Grant:
    grant = access.may_ask(person=person, room=group)
    accepting.may_write_now(grant, made.heads[group], made.now)
    return grant


def _open(
    made: log.Writing,
    rooms_of: dict[uuid.UUID, uuid.UUID],
    it: _Question,
    *,
    asker: uuid.UUID,
    client_id: uuid.UUID,
    audience: Sequence[tuple[uuid.UUID | None, uuid.UUID | None]],
    with_card: Sequence[accepting.Accepted],
    judged: bool = False,
    images: Sequence[str] = (),
) -> tuple[Room, accepting.Accepted]:
    """The room with its asker, its audience and the question as its first post; cards of other rooms go in with it. With `judged` the rules
    have seen the words before."""
    room = membership.make_room(made, kind=Kind.CASE, by=asker, title=it.title, code=it.code)
    Audience.objects.bulk_create([Audience(room=room, group_id=g, person_id=p) for g, p in audience])
    membership.admit(made, rooms_of, room=room.id, roles={asker: Role.OWNER}, by=asker, from_start=True)
    first = Post(room.id, asker, client_id, it.question, images=images, form="question", beside=it.title, judged=judged, charged=True)
    facts = facts_of([first], made)
    stored = accepting.accept(first, facts, made)
    storing.insert([*with_card, stored], made, facts)
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
) -> Case:
    """The case's row, and `case.opened` beside its card."""
    case = Case.objects.create(room=room, asker_id=asker, question_id=question, specialty=it.specialty, urgency=it.urgency, group_id=group, card_id=card)
    audiences.index(room.id)
    due.plan(case, made.now)
    if group is None or card is None:
        return case
    data = {"case": str(room.id), "specialty": it.specialty, "urgency": it.urgency, "status": str(Status.OPEN), "answers": 0}
    seq = made.append(group, "case.opened", actor=by, acting=acting, message=card, data=data)
    Message.objects.filter(pk=card).update(case_room=room.id, last_event_seq=seq)
    if turned:  # a card that was posted as a question has woken the group already
        made.later.append(storing.wake(group, seq, made.now))
    return case
