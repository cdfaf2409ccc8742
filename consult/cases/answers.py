"""Answers: the one that helped, marked by the asker; and what is to be said beside one that is in doubt.

A mark and a vote are for the words they were given to. Where the version differs, or the words are withheld, they do not hold, from the very
commit that changed them; the events that say so follow (amendments.py).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db import connection

from consult.cases.models import Amendment, Case
from consult.errors import Refusal
from consult.rooms import access
from consult.rooms.models import Message

if TYPE_CHECKING:
    from consult.cases.acting import Act

_DOUBT = """
UPDATE rooms_message m SET doubt = CASE
    WHEN EXISTS (SELECT FROM cases_amendment a WHERE a.message_id = m.id) THEN 'amended'
    WHEN (SELECT count(*) FILTER (WHERE v.vote = 'disagree') > count(*) FILTER (WHERE v.vote = 'agree') FROM cases_answervote v
          WHERE v.message_id = m.id AND v.live AND v.version = coalesce(m.edited_seq, m.seq)) THEN 'disputed' END
WHERE m.id = %s RETURNING m.doubt"""


def version(message: Message) -> int:
    """The seq of the event that brought its current words."""
    return message.edited_seq or message.seq


def find(act: Act, *, readable: bool = True) -> Message:
    """The answer that a command names, under its room's lock. Raises Refusal answer.not_found, message.retracted, message.changed."""
    message = Message.objects.filter(pk=_id(act.command.message), room_id=act.room, form="answer").first()
    if message is None:
        raise Refusal("answer.not_found")
    if readable and message.withheld:
        raise Refusal("message.retracted")
    if readable and getattr(act.command, "base", None) not in (None, version(message)):
        raise Refusal("message.changed")
    return message


def _id(text: str) -> uuid.UUID:
    try:
        return access.id_of(text)
    except ValueError:
        raise Refusal("answer.not_found") from None


def doubt(message: uuid.UUID) -> str | None:
    """What is to be said beside this answer: it changed after somebody relied on it, or more disagree than agree. Kept on its row."""
    with connection.cursor() as cursor:
        cursor.execute(_DOUBT, (message,))
        row = cursor.fetchone()
    return row[0] if row else None


def accept(act: Act) -> dict[str, Any]:
    """Marks the answer that helped. Raises Refusal answer.not_found, message.retracted, message.changed."""
    message = find(act)
    case = act.case
    if (case.accepted_id, case.accepted_version) == (message.id, version(message)):
        return {"seq": case.accepted_seq, "unchanged": True}
    seq = act.made.append(act.room, "answer.accepted", actor=act.person, message=message.id, data={"version": version(message)})
    Case.objects.filter(pk=act.room).update(accepted=message, accepted_version=version(message), accepted_seq=seq, accepted_at=act.made.now)
    Amendment.objects.filter(message=message).delete()  # the asker has seen what it says now
    doubt(message.id)
    return {"seq": seq}


def unaccept(act: Act) -> dict[str, Any]:
    """Takes the mark back. Raises Refusal answer.not_found."""
    message = find(act, readable=False)
    if act.case.accepted_id != message.id:
        return {"seq": act.made.heads[act.room].seq, "unchanged": True}
    seq = act.made.append(act.room, "answer.unaccepted", actor=act.person, message=message.id, data={"why": "asker"})
    clear(act.room)
    return {"seq": seq}


def clear(room: uuid.UUID) -> None:
    """No answer of this case is marked any more."""
    Case.objects.filter(pk=room).update(accepted=None, accepted_version=None, accepted_seq=None, accepted_at=None)
