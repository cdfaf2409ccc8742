"""How far long work has got: a row that the job moves and a page reads. The job can be stopped where it moves it.

work = progress.ask(rehearse, person_id=…, rule=…)      # puts the job in line, with `progress` among its arguments

@job("moderation.rehearse")
def rehearse(progress: str, rule: str) -> None:
    with moving(progress, total=30) as step:
        for day in days[step.done:]:                     # begun before: goes on from there
            …
            step(1)
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone
from procrastinate.tasks import Task

from consult.jobs.declared import defer
from consult.jobs.models import Progress, State
from consult.jobs.running import heed, last_try


def ask(task: Task[..., Any, ...], *, person_id: uuid.UUID, total: int | None = None, **arguments: Any) -> uuid.UUID:
    """Puts a job in line with a row of progress; the row's id, which the job gets as `progress`."""
    with transaction.atomic():
        row = Progress.objects.create(kind=task.name, person_id=person_id, total=total)
        defer(task, progress=str(row.pk), **arguments)
    return row.pk


def seen(id: uuid.UUID, *, person_id: uuid.UUID) -> dict[str, Any] | None:
    """What a page shows to who asked: {"state", "done", "total"}. None for everyone else."""
    row = Progress.objects.filter(pk=id, person_id=person_id).first()
    return None if row is None else {"state": row.state, "done": row.done, "total": row.total}


class Step:
    """Says that so much more is done. Raises JobAborted where the worker was told to stop: the job goes on later, from here."""

    def __init__(self, row: Progress) -> None:
        self.row, self.done = row, row.done

    def __call__(self, more: int) -> None:
        self.done += more
        _move(self.row, done=self.done)
        heed()


@contextmanager
def moving(progress: str, *, total: int | None = None) -> Iterator[Step]:
    """Around the work of a job: running, then done, or failed if this was its last try."""
    row = Progress.objects.get(pk=progress)
    _move(row, state=State.RUNNING, total=row.total if total is None else total)
    try:
        yield Step(row)
    except Exception as error:
        _move(row, state=State.FAILED if last_try(error) else State.WAITING)
        raise
    _move(row, state=State.DONE)


def _move(row: Progress, **fields: Any) -> None:
    Progress.objects.filter(pk=row.pk).update(moved_at=timezone.now(), **fields)
