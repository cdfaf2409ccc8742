"""A licence as Pro Santé Connect's claims tell it: whose number of the register, under which name, in which profession and specialty."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from consult.errors import Refusal

from .models import Person, Profession, Specialty

NATIONAL = re.compile(r"8(\d{11})", re.ASCII)  # type digit 8 and the RPPS; 0 and others are other registers
RPPS = re.compile(r"8?(\d{11})", re.ASCII)
MOST = 50  # exercises and numbers that are looked at
TITLES = {"DR": "Dr", "PR": "Pr"}
STUDENT = "E"
LONGEST = int(Person._meta.get_field("family_name").max_length or 0)


@dataclass(frozen=True, slots=True)
class Licence:
    """`profession` and `specialty` are codes of our lists, or empty; `proven` where they are those of someone in practice."""

    rpps: str
    given_name: str
    family_name: str
    title: str = ""
    profession: str = ""
    specialty: str = ""

    @property
    def proven(self) -> bool:
        return bool(self.profession and self.family_name and self.given_name)


def read(claims: dict[str, Any]) -> Licence:
    """Raises Refusal psc.no_licence where they name no number of the RPPS."""
    rpps = _number(claims)
    if not rpps:
        raise Refusal("psc.no_licence")
    title, profession, specialty = _practice(claims.get("SubjectRefPro"))
    return Licence(rpps, _name(claims.get("given_name")), _name(claims.get("family_name")), title, profession, specialty)


def same_name(one: str, other: str) -> bool:
    """Whether two family names are one, whatever their case, accents and hyphens."""
    return _letters(one) == _letters(other)


def _number(claims: dict[str, Any]) -> str:
    if isinstance(national := claims.get("SubjectNameID"), str) and (found := NATIONAL.fullmatch(national)):
        return found[1]
    for other in _objects(claims.get("otherIds")):
        if other.get("origine") == "RPPS" and isinstance(id := other.get("identifiant"), str) and (found := RPPS.fullmatch(id)):
            return found[1]
    return ""


def _practice(about: Any) -> tuple[str, str, str]:
    """Title, profession and specialty of the first exercise whose profession is in our list; a student's is none yet."""
    exercises = [one for one in _objects(about.get("exercices") if isinstance(about, dict) else None) if one.get("codeCategorieProfessionnelle") != STUDENT]
    told = {code for one in exercises for code in (one.get("codeProfession"), one.get("codeSavoirFaire")) if isinstance(code, str)}
    professions = set(Profession.objects.filter(code__in=told).values_list("code", flat=True))
    specialties = set(Specialty.objects.filter(code__in=told).values_list("code", flat=True))
    for one in exercises:
        profession, specialty, title = (value if isinstance(value := one.get(name), str) else "" for name in ("codeProfession", "codeSavoirFaire", "codeCiviliteDexercice"))
        if profession in professions:
            return TITLES.get(title, ""), profession, specialty if specialty in specialties else ""
    return "", "", ""


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    yield from (one for one in (value if isinstance(value, list) else [])[:MOST] if isinstance(one, dict))


def _name(value: Any) -> str:
    """A name as we write it: what a profile takes (actions.py), and not in capitals, in which the register keeps them."""
    kept = "".join(c if c.isalpha() or unicodedata.category(c) in ("Mn", "Mc", "Pd") or c in "'’.·" else " " for c in value) if isinstance(value, str) else ""
    name = " ".join(kept.split())[:LONGEST].strip()
    return name.title() if name.isupper() else name


def _letters(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", name).casefold() if c.isalpha())
