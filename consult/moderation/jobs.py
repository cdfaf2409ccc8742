"""Durable jobs of moderation: the dry run of a rule, which may take minutes."""

from __future__ import annotations

from consult.jobs import running
from consult.jobs.declared import job

from .models import Trial


@job("moderation.try_rule", tries=3)
def try_rule(trial: int) -> None:
    """Goes on from the room where a worker was stopped."""
    from . import trials

    found = Trial.objects.select_related("rule").filter(pk=trial, finished_at=None).first()
    if found is None:
        return  # done already, or the rule was removed
    try:
        trials.run(found, after_each=running.heed)
    except Exception as error:
        if running.last_try(error):
            trials.end(found, failed=True)
        raise
