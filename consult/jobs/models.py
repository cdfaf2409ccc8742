"""How far a piece of long work has got."""

from __future__ import annotations

import uuid

from django.db import models


class State(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Progress(models.Model):
    """One a piece of work that someone waits for: counts and a state, never what it is about."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)  # the job's name
    person_id = models.UUIDField()  # who asked, and may see it
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)  # not known yet
    asked_at = models.DateTimeField(auto_now_add=True)
    moved_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["person_id", "asked_at"], name="progress_of_person")]
