"""References on an answer: a DOI or the https address of a guideline, checked for its form and written one way."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from consult.cases import answers
from consult.cases.models import Reference
from consult.errors import Refusal
from consult.rooms import access

if TYPE_CHECKING:
    from consult.cases.acting import Act

MOST = 10  # an answer
LONGEST = 500
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}/[-._;()/:a-z0-9<>+\[\]]+)", re.IGNORECASE)  # the form that Crossref gives for all but a few early ones
_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def read(text: str) -> tuple[str, str]:
    """(kind, link as it is kept): `doi` with https://doi.org/…, or `link`. Raises Refusal reference.link."""
    text = text.strip()
    if found := _DOI.fullmatch(text):
        link = f"https://doi.org/{found[1].lower()}"  # a DOI does not heed case
        if len(link) <= LONGEST:
            return "doi", link
    try:
        parts = urlsplit(text)
        named, port = parts.hostname or "", parts.port
    except ValueError:
        raise Refusal("reference.link") from None
    plain = text.isascii() and text.isprintable() and not any(c in text for c in ' <>"\\^`{|}')
    if not plain or len(text) > LONGEST or parts.scheme != "https" or port or "@" in parts.netloc or not _HOST.fullmatch(named) or named in ("doi.org", "dx.doi.org"):
        raise Refusal("reference.link")
    return "link", parts._replace(netloc=named).geturl()


def add(act: Act) -> dict[str, Any]:
    """Answers {"seq","reference"}; the same once more: unchanged. Raises Refusal answer.not_found, message.retracted, reference.link, case.full."""
    message = answers.find(act)
    kind, link = read(act.command.link)
    there = Reference.objects.filter(message=message, withheld=None)
    if same := there.filter(link=link).first():
        return {"seq": same.seq, "unchanged": True, "reference": str(same.id)}
    if there.count() >= MOST:
        raise Refusal("case.full")
    id = uuid.uuid4()
    seq = act.made.append(act.room, "reference.added", actor=act.person, message=message.id, data={"reference": str(id)})
    Reference.objects.create(id=id, case=act.case, message=message, kind=kind, link=link, person_id=act.person, at=act.made.now, seq=seq)
    return {"seq": seq, "reference": str(id)}


def id_of(text: str) -> uuid.UUID:
    """Raises Refusal reference.not_found."""
    try:
        return access.id_of(text)
    except ValueError:
        raise Refusal("reference.not_found") from None


def remove(act: Act) -> dict[str, Any]:
    """By who added it or the answer's author; moderators hide it instead. Raises Refusal reference.not_found, message.not_author."""
    found = Reference.objects.select_related("message").filter(pk=id_of(act.command.reference), case=act.case, withheld=None).first()
    if found is None:
        raise Refusal("reference.not_found")
    if act.person not in (found.person_id, found.message.author_id):
        raise Refusal("message.not_author")
    seq = act.made.append(act.room, "reference.removed", actor=act.person, acting=act.grant.acting, message=found.message_id, data={"reference": str(found.pk)})
    found.delete()
    return {"seq": seq}
