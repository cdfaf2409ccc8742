"""A message that a rule holds back until someone has read it. Released: it is shown. Upheld: it stays hidden."""

from __future__ import annotations

from django.db import connection

from consult.moderation.kinds import Decision, Kind, undo
from consult.moderation.models import Item


def decide(item: Item, decision: Decision) -> None:
    if decision.decision == "release":
        undo(item.act_id, decision, "release")
        _wake(item)


def _wake(item: Item) -> None:
    """Those whom the message, and the case it is the card of, would have woken when it was written hear of it now; where it stays hidden, or is read already, nobody does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rooms_followup (room_id, seq, at, tally, wake) SELECT room_id, seq, now(), false, true FROM rooms_message "
            "WHERE (id = %s OR id = (SELECT (data->>'twin')::uuid FROM rooms_act WHERE id = %s)) AND withheld IS NULL",
            (item.message_id, item.act_id),
        )


KIND = Kind(
    title_fr="Message retenu",
    title_en="Held message",
    decisions={"release": ("Publier", "Release"), "uphold": ("Laisser masqué", "Keep hidden")},
    decide=decide,
)
