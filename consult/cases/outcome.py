"""The outcome: the asker tells how it ended, in a message of the room that reaches those who answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consult.cases.models import Outcome
from consult.errors import Refusal
from consult.rooms.actions import accepting, storing
from consult.rooms.actions.facts import facts_of
from consult.rooms.actions.posts import Post

if TYPE_CHECKING:
    from consult.cases.acting import Act


def tell(act: Act) -> dict[str, Any]:
    """Posts the words and says in the log that they are the outcome. Answers {"seq","message"} of the message. Raises Refusal message.*, content.identifier."""
    act.look("body", act.command.body)
    post = Post(act.room, act.person, act.client_id, act.command.body, form="outcome", charged=True)
    facts = facts_of([post], act.made)
    if post.key in facts.before:  # this id already posted something here
        raise Refusal("request.id_reused")
    stored = accepting.accept(post, facts, act.made)
    storing.insert([stored], act.made, facts)
    act.made.settle()
    Outcome.objects.create(message_id=stored.id, case=act.case, verdict=act.command.verdict, at=stored.at)
    act.made.append(act.room, "outcome.told", actor=act.person, message=stored.id, data={"verdict": act.command.verdict})
    return {"seq": stored.seq, "message": str(stored.id)}
