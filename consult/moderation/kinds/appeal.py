"""An appeal against an act. Granted: the act is undone. Upheld: it stands. Never decided by who did it."""

from __future__ import annotations

from typing import Any

from consult.cases import hiding
from consult.moderation.kinds import Decision, Kind, undo
from consult.moderation.models import Appeal, Item
from consult.rooms.models import Act
from consult.rooms.wire import time


def context(item: Item, locale: str) -> dict[str, Any]:
    appeal = Appeal.objects.get(item=item)
    act = Act.objects.filter(pk=item.act_id).first() if item.act_id else None
    # A message is shown in its context; what stands beside the messages of a case is said here.
    about = hiding.words_of(act) if act else None
    return {"appeal": {"appeal": str(appeal.pk), "at": time(appeal.at), "text": appeal.text, "about": about}}


def decide(item: Item, decision: Decision) -> None:
    if decision.decision == "grant":
        undo(item.act_id, decision, "appeal")


KIND = Kind(
    title_fr="Recours",
    title_en="Appeal",
    decisions={"grant": ("Accorder : annuler l’acte", "Grant: undo the act"), "uphold": ("Maintenir l’acte", "Uphold the act")},
    decide=decide,
    context=context,
)
