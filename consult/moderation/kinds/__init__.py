"""The kinds of items, one file each in this folder: a module that says KIND is a kind of the queue. Nothing else lists them."""

from __future__ import annotations

import importlib
import pkgutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from consult.errors import Refusal
from consult.moderation.models import Item
from consult.rooms.actions import tools


@dataclass(frozen=True, slots=True)
class Decision:
    """One moderator's decision. `client_id` is the same however often it is tried: an effect that takes one happens once."""

    by: uuid.UUID
    decision: str
    note: str
    client_id: uuid.UUID
    base: int | None = None  # of the words that were read, see subjects.base


def undo(act: uuid.UUID | None, decision: Decision, reason: str) -> None:
    """Reverses an act, where there still is something to reverse: words that their author took back meanwhile stay away."""
    if act is None:
        return
    try:
        tools.undo(act_id=act, person_id=decision.by, client_id=decision.client_id, reason=reason, checked=True, base=decision.base)
    except Refusal as refusal:
        if refusal.code != "moderation.gone":
            raise


def nothing(item: Item, locale: str) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Kind:
    """What the queue must know of a kind.

    `decisions` are the codes it can be closed with, with their words in French and English. `decide` brings about the effect, in
    transactions of its own, and may be called again after a crash; it raises Refusal where that cannot be. `context` adds to the detail.
    """

    title_fr: str
    title_en: str
    decisions: dict[str, tuple[str, str]]
    decide: Callable[[Item, Decision], None]
    context: Callable[[Item, str], dict[str, Any]] = nothing


@cache
def every() -> dict[str, Kind]:
    """All kinds by name, which is their file's."""
    return {found.name: importlib.import_module(f"{__name__}.{found.name}").KIND for found in pkgutil.iter_modules(__path__)}


def of(name: str) -> Kind:
    return every()[name]


def title(name: str) -> dict[str, str]:
    """{"fr","en"}; of a kind that only a newer version knows, its name."""
    kind = every().get(name)
    return {"fr": kind.title_fr, "en": kind.title_en} if kind else {"fr": name, "en": name}
