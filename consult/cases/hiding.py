"""Moderators' tools for what stands beside a case's messages: withholding a proposed diagnosis or a reference, and showing it again.

Nothing is deleted: who backs a diagnosis still does when it is shown again. Who proposed or added it may appeal, as of a message.
"""

from __future__ import annotations

from consult.cases import differentials, references
from consult.cases.models import Differential, Reference
from consult.errors import Refusal
from consult.rooms.actions import tools
from consult.rooms.actions.tools import Answer, Reversal, Tool, Use
from consult.rooms.models import Act, Kind

HIDDEN = "hidden"


def _differential(use: Use, id: str) -> Differential:
    """One of this case that stands or is hidden. Raises Refusal case.needed, differential.not_found."""
    if use.head.kind != Kind.CASE:
        raise Refusal("case.needed")
    found = Differential.objects.filter(pk=differentials.id_of(id), case_id=use.room).first()
    if found is None or found.withheld not in (None, HIDDEN):
        raise Refusal("differential.not_found")
    return found


def _reference(use: Use, id: str) -> Reference:
    """One of this case that stands or is hidden. Raises Refusal case.needed, reference.not_found."""
    if use.head.kind != Kind.CASE:
        raise Refusal("case.needed")
    found = Reference.objects.filter(pk=references.id_of(id), case_id=use.room).first()
    if found is None:
        raise Refusal("reference.not_found")
    return found


def words_of(act: Act) -> str | None:
    """What such an act hid: the diagnosis, or the link. For who decides an appeal; None where it is gone."""
    if id := act.data.get("differential"):
        return Differential.objects.filter(pk=id).exclude(label="").values_list("label", flat=True).first()
    return Reference.objects.filter(pk=act.data.get("reference")).values_list("link", flat=True).first()


def _hide_differential(use: Use) -> Answer:
    found = _differential(use, str(use.order.asked["differential"]))
    use.not_oneself(found.person_id)
    if found.withheld:
        return use.unchanged(_hid_differential(use))
    Differential.objects.filter(pk=found.pk).update(withheld=HIDDEN)
    seq = use.event("differential.hidden", data={"differential": str(found.pk)})
    return use.keep(seq, person_id=found.person_id, data={"differential": str(found.pk)})


def _hid_differential(use: Use) -> Act | None:
    return use.open_act("differential.hide", data__differential=str(_differential(use, str(use.order.asked["differential"])).pk))


def _show_differential(use: Use, act: Act) -> int:
    """Raises Refusal moderation.gone where the same diagnosis was proposed anew, or its words went with the patient's consent."""
    found = Differential.objects.filter(pk=act.data["differential"], withheld=HIDDEN).first()
    if found is None or Differential.objects.filter(case_id=found.case_id, folded=found.folded, withheld=None).exists():
        raise Refusal("moderation.gone")
    use.not_oneself(found.person_id)
    Differential.objects.filter(pk=found.pk).update(withheld=None)
    return use.event("differential.restored", data={"differential": str(found.pk)})


def _hide_reference(use: Use) -> Answer:
    found = _reference(use, str(use.order.asked["reference"]))
    use.not_oneself(found.person_id)
    if found.withheld:
        return use.unchanged(_hid_reference(use))
    Reference.objects.filter(pk=found.pk).update(withheld=HIDDEN)
    seq = use.event("reference.hidden", message=found.message_id, data={"reference": str(found.pk)})
    return use.keep(seq, person_id=found.person_id, message_id=found.message_id, data={"reference": str(found.pk)})


def _hid_reference(use: Use) -> Act | None:
    return use.open_act("reference.hide", data__reference=str(_reference(use, str(use.order.asked["reference"])).pk))


def _show_reference(use: Use, act: Act) -> int:
    """Raises Refusal moderation.gone where the same link was added anew."""
    found = Reference.objects.filter(pk=act.data["reference"], withheld=HIDDEN).first()
    if found is None or Reference.objects.filter(message_id=found.message_id, link=found.link, withheld=None).exists():
        raise Refusal("moderation.gone")
    use.not_oneself(found.person_id)
    Reference.objects.filter(pk=found.pk).update(withheld=None)
    return use.event("reference.restored", message=found.message_id, data={"reference": str(found.pk)})


tools.TOOLS["differential.hide"] = Tool(_hide_differential, _show_differential)
tools.REVERSALS["differential.restore"] = Reversal(("differential.hide",), _hid_differential)
tools.TOOLS["reference.hide"] = Tool(_hide_reference, _show_reference)
tools.REVERSALS["reference.restore"] = Reversal(("reference.hide",), _hid_reference)
