"""Proposed diagnoses: anyone who may answer proposes and backs them; several may be backed by one clinician."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from consult.cases import consensus
from consult.cases.models import Backing, Differential
from consult.errors import Refusal
from consult.rooms import access, content

if TYPE_CHECKING:
    from consult.cases.acting import Act

MOST = 20  # a case
LABEL = 120  # code points


def label(text: str) -> str:
    """The words of a diagnosis, checked. Raises Refusal message.*, frame.invalid."""
    text = " ".join(text.split())
    content.check_body(text)
    if len(text) > LABEL or not text.isprintable():
        raise Refusal("frame.invalid", fields=["label"])
    return text


def propose(act: Act) -> dict[str, Any]:
    """Proposes and backs a diagnosis. Answers {"seq","differential"}. Raises Refusal message.*, content.identifier, frame.invalid, case.full."""
    words = label(act.command.label)
    act.look("label", words)
    there = Differential.objects.filter(case=act.case, withheld=None)
    same = there.filter(folded=content.fold(words)).first()
    if same:
        return {**_back(act, same), "differential": str(same.id)}
    if there.count() >= MOST:
        raise Refusal("case.full")
    id = uuid.uuid4()
    seq = act.made.append(act.room, "differential.proposed", actor=act.person, data={"differential": str(id)})
    made = Differential.objects.create(id=id, case=act.case, label=words, folded=content.fold(words), person_id=act.person, at=act.made.now, seq=seq)
    Backing.objects.create(differential=made, person_id=act.person, seq=seq, at=act.made.now)
    consensus.propose_differential(act, made)
    return {"seq": seq, "differential": str(id)}


def id_of(text: str) -> uuid.UUID:
    """Raises Refusal differential.not_found."""
    try:
        return access.id_of(text)
    except ValueError:
        raise Refusal("differential.not_found") from None


def find(act: Act) -> Differential:
    """Raises Refusal differential.not_found."""
    found = Differential.objects.filter(pk=id_of(act.command.differential), case=act.case, withheld=None).first()
    if found is None:
        raise Refusal("differential.not_found")
    return found


def withdraw(act: Act) -> dict[str, Any]:
    """Takes back one's own proposal, words and backings. Raises Refusal differential.not_found, message.not_author."""
    found = find(act)
    if found.person_id != act.person:
        raise Refusal("message.not_author")
    Differential.objects.filter(pk=found.id).update(withheld="retracted")
    return {"seq": act.made.append(act.room, "differential.withdrawn", actor=act.person, data={"differential": str(found.id)})}


def back(act: Act) -> dict[str, Any]:
    """Raises Refusal differential.not_found."""
    return _back(act, find(act))


def _back(act: Act, found: Differential) -> dict[str, Any]:
    seq = act.made.heads[act.room].seq + 1
    mine, made = Backing.objects.get_or_create(differential=found, person_id=act.person, defaults={"seq": seq, "at": act.made.now})
    if not made:
        return {"seq": mine.seq, "unchanged": True}
    act.made.append(act.room, "differential.backed", actor=act.person, data={"differential": str(found.id)})
    consensus.propose_differential(act, found)
    return {"seq": seq}


def unback(act: Act) -> dict[str, Any]:
    """Raises Refusal differential.not_found."""
    found = find(act)
    if not Backing.objects.filter(differential=found, person_id=act.person).delete()[0]:
        return {"seq": act.made.heads[act.room].seq, "unchanged": True}
    return {"seq": act.made.append(act.room, "differential.unbacked", actor=act.person, data={"differential": str(found.id)})}
