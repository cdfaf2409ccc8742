"""The audit trail: one row an act, written in the act's own transaction; a trigger refuses any change or deletion."""

from __future__ import annotations

import uuid

from django.db import models


class Record(models.Model):
    """Author, time, act, object and reason. `object` is an id, `act` a short verb such as `message.history_read`."""

    at = models.DateTimeField(auto_now_add=True)
    person_id = models.UUIDField(null=True)  # null: the system
    act = models.CharField(max_length=60)
    room_id = models.UUIDField(null=True)
    object = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["room_id", "id"]), models.Index(fields=["person_id", "id"])]


def record(*, act: str, person: uuid.UUID | None, room: uuid.UUID | None = None, object: str = "", reason: str = "") -> None:
    """Appends one row in the caller's transaction."""
    Record.objects.create(act=act, person_id=person, room_id=room, object=object, reason=reason)
