"""What a pattern cannot say: keys, calendars, and whether a word after a civility is a name. Twin of frontend/src/identifiers/checks.ts.

Each check gets a candidate and answers (start, end, category), or None where it is no identifier.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from consult.identifiers.rules import BIRTH_AFTER, BIRTH_BEFORE, MONTHS, PHONE_GROUPS, WORDS, compiled


class Candidate(NamedTuple):
    plain: str
    low: str
    shouting: bool
    start: int
    end: int
    match: re.Match[str]
    doctors: frozenset[str]

    def before(self, length: int) -> str:
        return self.low[max(0, self.start - length) : self.start]

    def after(self, length: int) -> str:
        return self.low[self.end : self.end + length]

    def as_(self, category: str) -> Found:
        return self.start, self.end, category


Found = tuple[int, int, str]
_DIGIT = compiled(r"[^0-9]+")
_NIR_WORD = compiled(r"\b(?:nir|secu|securite sociale|ss|immatricul\w*|assuree?|nss|insee|ins)\b[^0-9\n]{0,25}$")
_STREET_WORD = compiled(r"\b(?:habit\w*|domicilie\w*|adresse|resid\w*|demeur\w*|loge\w*|vit)\b[^\n]{0,12}$")
_WORD = compiled(r"[A-Za-z][A-Za-z'-]*")


def nir(c: Candidate) -> Found | None:
    written = c.low[c.start : c.end]
    n = written.translate(_UNSPACED)
    month = n[3:5]
    if not (("01" <= month <= "12") or ("20" <= month <= "42") or month >= "50") or (("a" in n or "b" in n) and n[5:7] not in ("2a", "2b")):
        return None
    if len(n) == 15:
        number = int(n[:13].replace("2a", "19").replace("2b", "18"))
        if 97 - number % 97 == int(n[13:]):
            return c.as_("nir")
    shape = [len(part) for part in re.split(r"[ .\-/]+", written)]
    canonical = shape in ([1, 2, 2, 2, 3, 3], [1, 2, 2, 2, 3, 3, 2], [13], [15], [13, 2])
    likely = canonical and n[0] in "12" and n[5:7] != "00" and "01" <= month <= "12"
    return c.as_("nir_like") if likely or _NIR_WORD.search(c.before(40)) else None


_UNSPACED = str.maketrans("", "", " .-/")


def luhn(c: Candidate) -> Found | None:
    """The RPPS number's last digit."""
    digits = c.low[c.start : c.end][-11:]
    total = 0
    for n, digit in enumerate(reversed(digits)):
        value = int(digit) << n % 2
        total += value - 9 if value > 9 else value
    return c.as_("rpps") if total % 10 == 0 else None


def record(c: Candidate) -> Found | None:
    written = c.low[c.start : c.end]
    digits = len(_DIGIT.sub("", written))
    return c.as_("record") if digits >= 5 and not _DATE.fullmatch(written) else None


_DATE = compiled(r"[0-9]{1,2}[ ./-][0-9]{1,2}[ ./-](?:[0-9]{2}){1,2}")


def phone(c: Candidate) -> Found | None:
    """Ten digits grouped as people write them, and no decimals."""
    groups = "-".join(str(len(g)) for g in _DIGIT.split(c.low[c.start : c.end]))
    return c.as_("phone") if groups in PHONE_GROUPS and not _DECIMAL.search(c.before(2)) else None


_DECIMAL = compiled("[0-9][,.]$")
_ALNUM = compiled("[0-9a-z]$")
_METRES = compiled("[0-9] ?$")


def abroad(c: Candidate) -> Found | None:
    """After a plus sign or 00: what stands before is no letter ("J+33"), and there are 9 to 15 digits."""
    digits = len(_DIGIT.sub("", c.low[c.start : c.end]))
    return c.as_("phone") if 9 <= digits <= 15 and not _ALNUM.search(c.before(1)) else None


def date(c: Candidate) -> Found | None:
    return _dated(c, c.match[1], c.match[2], c.match[3])


def iso_date(c: Candidate) -> Found | None:
    return _dated(c, c.match[3], c.match[2], c.match[1])


def _dated(c: Candidate, day: str, month: str, year: str) -> Found | None:
    m = int(month) if month.isdigit() else MONTHS.get(month[:4], MONTHS.get(month[:3], 0))
    if not (1 <= int(day) <= 31 and 1 <= m <= 12 and (len(year) == 2 or 1900 <= int(year) <= 2100)):
        return None
    if BIRTH_BEFORE.search(c.before(60)) or BIRTH_AFTER.search(c.after(30)):
        return c.as_("birth_date")
    return c.as_("date") if len(year) == 4 else None


def street(c: Candidate) -> Found | None:
    """A word that has other meanings ("3 cours de", "1 place") is a street where someone lives or the name is a capital one."""
    if _STREET_WORD.search(c.before(40)):
        return c.as_("address")
    words = _WORD.findall(c.plain[c.start : c.end])
    name = [w for w in words if w.lower() not in WORDS["particles"] and w.lower() not in WORDS["ways"]]
    return c.as_("address") if not c.shouting and name and name[0][0].isupper() else None


def town(c: Candidate) -> Found | None:
    word = _WORD.match(c.plain, c.end)
    if word is None or not word[0][0].isupper() or c.shouting:
        return None
    low = word[0].lower()
    if any(low in WORDS[kind] for kind in ("towns", "hospitals", "after_place", "common")):
        return None
    return c.end, word.end(), "town"


def name(c: Candidate) -> Found | None:
    """The name after a civility: capitalised, or in a text without capitals an uncommon word after an abbreviation."""
    if _ALNUM.search(c.before(1)):
        return None
    civility = c.low[c.start : c.end].rstrip(". ")
    if not c.plain[c.start].isupper() and (civility == "pr" or (civility == "m" and _METRES.search(c.before(2)))):
        return None  # "pr" is short for pour, and "3 m" for metres
    if civility == "pr" and c.plain[c.start + 1] == "R" and not c.shouting:
        return None
    found = _name_from(c, civility)
    if found and any(word in WORDS["after_place"] for word in _WORD.findall(c.before(30).replace("'", " "))[-2:]):
        return None
    return found


def _name_from(c: Candidate, civility: str) -> Found | None:
    at, end, names = c.end, 0, 0
    while names < 3 and (word := _WORD.match(c.plain, at)):
        low = word[0].lower().rstrip("'-")
        if low in WORDS["articles"] and word[0][0].islower():
            break  # "Mme la directrice"; the name is written Le Goff
        if low not in WORDS["particles"]:
            if not _is_name(word[0], low, civility, names, c.shouting):
                break
            names += 1
            end = word.end()
            if low in c.doctors and civility in WORDS["doctor_civilities"]:
                return None
        at = word.end()
        if c.plain[at : at + 1] != " ":
            break
        at += 1
    return (c.start, end, "name") if names else None


def _is_name(word: str, low: str, civility: str, names: int, shouting: bool) -> bool:
    elided = low.split("'") if "'" in low else None
    if len(low) < 2 or low in WORDS["common"] or low in WORDS["drugs"]:
        return False
    if elided and (not word[0].isupper() or elided[-1] in WORDS["common"]):
        return False
    if civility in ("m", "mr") and low in WORDS["eponyms"]:
        return False
    if word[0].isupper() and not shouting:
        return len(word) > 2 or not word.isupper()
    if names:
        return shouting and names < 2
    if low in WORDS["frequent"]:
        return True
    return (shouting or civility in WORDS["abbreviated"]) and not any(low.endswith(ending) for ending in WORDS["endings"])


CHECKS: dict[str, Callable[[Candidate], Found | None]] = {
    "nir": nir,
    "luhn": luhn,
    "record": record,
    "phone": phone,
    "abroad": abroad,
    "date": date,
    "iso_date": iso_date,
    "street": street,
    "town": town,
    "name": name,
}
