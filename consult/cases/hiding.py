"""Moderators' tools for what stands beside a case's messages: withholding a proposed diagnosis or a reference, and showing it again.

Nothing is deleted: who backs a diagnosis still does when it is shown again. Who proposed or added it may appeal, as of a message.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from consult.cases import differentials, references
from consult.cases.models import Differential, Reference
from consult.errors import Refusal
from consult.rooms.actions import tools
from consult.rooms.actions.tools import Answer, Reversal, Tool, Use
from consult.rooms.models import Act, Kind

HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Beside:
    """One kind of what stands there; its name begins its commands, events and codes, and holds its id in their data."""

    name: str
    model: type[Differential | Reference]
    id_of: Callable[[str], uuid.UUID]
    same: tuple[str, str]  # two that agree in these fields cannot both stand

    def asked(self, use: Use) -> Any:
        """The one of this case that is meant; it stands or is hidden. Raises Refusal case.needed, differential.not_found, reference.not_found."""
        if use.head.kind != Kind.CASE:
            raise Refusal("case.needed")
        found = self.model.objects.filter(pk=self.id_of(str(use.order.asked[self.name])), case_id=use.room).first()
        if found is None or found.withheld not in (None, HIDDEN):
            raise Refusal(f"{self.name}.not_found")
        return found

    def hide(self, use: Use) -> Answer:
        found = self.asked(use)
        use.not_oneself(found.person_id)
        if found.withheld:
            return use.unchanged(self.hid(use))
        seq = self._set(use, found, HIDDEN, f"{self.name}.hidden")
        return use.keep(seq, person_id=found.person_id, message_id=_answer_of(found), data={self.name: str(found.pk)})

    def hid(self, use: Use) -> Act | None:
        return use.open_act(f"{self.name}.hide", **{f"data__{self.name}": str(self.asked(use).pk)})

    def show(self, use: Use, act: Act) -> int:
        """Raises Refusal moderation.gone where the same was proposed or added anew, or its words went with the patient's consent."""
        found = self.model.objects.filter(pk=act.data[self.name], withheld=HIDDEN).first()
        if found is None or self.model.objects.filter(withheld=None, **{field: getattr(found, field) for field in self.same}).exists():
            raise Refusal("moderation.gone")
        use.not_oneself(found.person_id)
        return self._set(use, found, None, f"{self.name}.restored")

    def _set(self, use: Use, found: Any, withheld: str | None, kind: str) -> int:
        self.model.objects.filter(pk=found.pk).update(withheld=withheld)
        return use.event(kind, message=_answer_of(found), data={self.name: str(found.pk)})


def _answer_of(found: Differential | Reference) -> uuid.UUID | None:
    """A reference hangs on an answer, a diagnosis on none."""
    return found.message_id if isinstance(found, Reference) else None


def words_of(act: Act) -> str | None:
    """What such an act hid: the diagnosis, or the link. For who decides an appeal; None where it is gone."""
    if id := act.data.get("differential"):
        return Differential.objects.filter(pk=id).exclude(label="").values_list("label", flat=True).first()
    return Reference.objects.filter(pk=act.data.get("reference")).values_list("link", flat=True).first()


for beside in (
    Beside("differential", Differential, differentials.id_of, ("case_id", "folded")),
    Beside("reference", Reference, references.id_of, ("message_id", "link")),
):
    tools.TOOLS[f"{beside.name}.hide"] = Tool(beside.hide, beside.show)
    tools.REVERSALS[f"{beside.name}.restore"] = Reversal((f"{beside.name}.hide",), beside.hid)
