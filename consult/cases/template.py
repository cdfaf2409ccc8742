"""The short template of a question: age band, sex, history, what was done, what is feared. All optional, all content of the case.

Its words are withheld with the question's: who reads them asks the question's message first.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from consult.cases.models import Case, Template
from consult.errors import Refusal
from consult.rooms import content

AGES = ("newborn", "infant", "child", "adolescent", "18-39", "40-64", "65-79", "80-89", "90+")  # under 1 month, under 2, 2 to 11, 12 to 17 years
SEXES = ("f", "m", "x")
TEXTS = ("history", "done", "feared")
LONGEST = 2000  # code points of one text


@dataclass(frozen=True, slots=True)
class Fields:
    """The template as a client sends it; empty is not said."""

    age_band: str = ""
    sex: str = ""
    history: str = ""
    done: str = ""
    feared: str = ""

    def __bool__(self) -> bool:
        return any(asdict(self).values())

    def asked(self) -> dict[str, str]:
        """What was said, for a request's digest."""
        return {name: value for name, value in asdict(self).items() if value}

    def said(self) -> list[tuple[str, str]]:
        """(field, text) of the free texts that are given."""
        return [(name, text) for name in TEXTS if (text := getattr(self, name))]


NOTHING = Fields()


def check(fields: Fields) -> Fields:
    """With its texts trimmed. Raises Refusal frame.invalid naming the fields, message.characters."""
    fields = Fields(fields.age_band, fields.sex, *(getattr(fields, name).strip() for name in TEXTS))
    wrong = [name for name, given, known in (("age_band", fields.age_band, AGES), ("sex", fields.sex, SEXES)) if given and given not in known]
    wrong += [name for name in TEXTS if len(getattr(fields, name)) > LONGEST]
    if wrong:
        raise Refusal("frame.invalid", fields=sorted(wrong))
    for name in TEXTS:
        if text := getattr(fields, name):
            content.check_body(text)
    return fields


def keep(case: Case, fields: Fields) -> None:
    if fields:
        Template.objects.create(case=case, **asdict(fields))


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """The template of a sheet, null where nothing was said."""
    return {name: row[name] or None for name in ("age_band", "sex", *TEXTS)}
