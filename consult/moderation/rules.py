"""Rules that an administrator writes as data: what to look for, and whether it hints, holds or flags. None goes live untried."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from consult.audit.models import record
from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.rooms import access, log, receipts
from consult.rooms.actions import personal
from consult.rooms.wire import time
from consult.standing.models import Standing

from . import matching
from .models import Action, Rule, RuleKind, Trial

MOST = 100
SLOW_MS = matching.SLOW_S * 1000


def require_administrator(person: uuid.UUID) -> None:
    """Raises Refusal moderation.administrator, account.suspended."""
    if Standing.objects.filter(person_id=person, suspended_until__gt=timezone.now()).exists():
        raise Refusal("account.suspended")
    if not Person.objects.filter(pk=person, is_active=True, is_staff=True).exists():
        raise Refusal("moderation.administrator")


def create(*, person_id: uuid.UUID, client_id: uuid.UUID, name_fr: str, name_en: str, kind: str, data: dict[str, Any], action: str) -> dict[str, Any]:
    """A new rule, which is not live yet: {"rule","created"}. Raises Refusal moderation.administrator, rule.pattern, rule.many, frame.invalid, request.id_reused."""
    with log.writing([personal.room_of(person_id)]):
        require_administrator(person_id)
        request = receipts.before(sender=person_id, client_id=client_id, act="rule", fr=name_fr, en=name_en, kind=kind, data=data, action=action)
        if request.answer is not None:
            return request.answer
        _check(kind, data, action)
        if Rule.objects.count() >= MOST:
            raise Refusal("rule.many")
        rule = Rule.objects.create(name_fr=name_fr, name_en=name_en, kind=kind, data=data, action=action)
        record(act="rule.made", person=person_id, object=str(rule.pk))
        return request.keep({"rule": str(rule.pk)})


def change(*, person_id: uuid.UUID, rule: str, name_fr: str, name_en: str, kind: str, data: dict[str, Any], action: str, live: bool) -> dict[str, Any]:
    """Replaces a rule, the same again changes nothing. What it looks for is a new version, to be tried anew before it goes live.

    Answers the rule as `one`. Raises Refusal rule.not_found, rule.untried, rule.slow, and those of `create`.
    """
    require_administrator(person_id)
    with transaction.atomic():
        found = _locked(rule)
        _check(kind, data, action)
        sought = (kind, data)
        if (found.kind, found.data) != sought:
            found.version += 1
        if live:
            _tried(found)
        if found.live != live:
            record(act="rule.live" if live else "rule.rested", person=person_id, object=str(found.pk), reason=f"version {found.version}")
        found.name_fr, found.name_en, found.kind, found.data, found.action, found.live = name_fr, name_en, kind, data, action, live
        found.save()
        record(act="rule.changed", person=person_id, object=str(found.pk), reason=f"version {found.version}")
    return one(person_id=person_id, rule=rule)


def remove(*, person_id: uuid.UUID, rule: str) -> None:
    """Takes a rule away; what it held stays where it is. Raises Refusal moderation.administrator, rule.not_found."""
    require_administrator(person_id)
    with transaction.atomic():
        found = _locked(rule)
        record(act="rule.removed", person=person_id, object=str(found.pk))
        found.delete()


def _locked(text: str) -> Rule:
    found = Rule.objects.select_for_update().filter(pk=rule_id(text)).first()
    if found is None:
        raise Refusal("rule.not_found")
    return found


def rule_id(text: str) -> uuid.UUID:
    try:
        return access.id_of(text)
    except ValueError:
        raise Refusal("rule.not_found") from None


def _check(kind: str, data: dict[str, Any], action: str) -> None:
    if kind not in RuleKind.values or action not in Action.values:
        raise Refusal("frame.invalid", fields=[name for name, wrong in (("kind", kind not in RuleKind.values), ("action", action not in Action.values)) if wrong])
    if action == Action.HINT and kind not in matching.TEXTS:  # how often somebody writes is nothing that a composer could show
        raise Refusal("frame.invalid", fields=["action"])
    matching.check(kind, data)


def may_stand(rule: Rule, *, kind: str, data: dict[str, Any], action: str, live: bool) -> None:
    """Raises Refusal where a rule may not be changed, or made, like that: those of `create` and `change` about its contents."""
    _check(kind, data, action)
    if live:
        stored = Rule.objects.filter(pk=rule.pk).first()
        if stored is None or (stored.kind, stored.data) != (kind, data):
            raise Refusal("rule.untried")
        _tried(stored)


def _tried(rule: Rule) -> None:
    """Raises Refusal rule.untried, rule.slow."""
    trial = Trial.objects.filter(rule=rule, version=rule.version, finished_at__isnull=False, failed=False).order_by("-at").first()
    if trial is None:
        raise Refusal("rule.untried")
    if trial.slowest_ms > SLOW_MS:
        raise Refusal("rule.slow")


def every(*, person_id: uuid.UUID) -> dict[str, Any]:
    """{"rules": […]}, each with its latest trial. Raises Refusal moderation.administrator."""
    require_administrator(person_id)
    trials = {t.rule_id: t for t in Trial.objects.order_by("rule", "-at").distinct("rule")}
    return {"rules": [_shown(rule, trials.get(rule.pk)) for rule in Rule.objects.order_by("name_fr", "id")]}


def one(*, person_id: uuid.UUID, rule: str) -> dict[str, Any]:
    require_administrator(person_id)
    found = Rule.objects.filter(pk=rule_id(rule)).first()
    if found is None:
        raise Refusal("rule.not_found")
    return _shown(found, found.trials.order_by("-at").first())


def _shown(rule: Rule, trial: Trial | None) -> dict[str, Any]:
    return {
        "rule": str(rule.pk),
        "name_fr": rule.name_fr,
        "name_en": rule.name_en,
        "kind": rule.kind,
        "data": rule.data,
        "action": rule.action,
        "live": rule.live,
        "version": rule.version,
        "changed_at": time(rule.changed_at),
        "trial": trial_shown(trial) if trial else None,
    }


def trial_shown(trial: Trial) -> dict[str, Any]:
    return {
        "version": trial.version,
        "at": time(trial.at),
        "finished_at": time(trial.finished_at) if trial.finished_at else None,
        "failed": trial.failed,
        "rooms": trial.rooms,
        "rooms_done": trial.rooms_done,
        "seen": trial.seen,
        "found": trial.found,
        "slowest_ms": trial.slowest_ms,
        "sample": [str(m) for m in trial.sample],
    }


def live() -> list[Rule]:
    return list(Rule.objects.filter(live=True).order_by("id"))


def stamp() -> str:
    """What changes whenever a live rule does: a cheap question, of at most MOST rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(string_agg(id || ':' || version || ':' || action, ',' ORDER BY id), '') FROM moderation_rule WHERE live")
        return str(cursor.fetchone()[0])
