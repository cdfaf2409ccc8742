"""A case: the question behind a room of kind `case`, and the card it leaves in a group's log."""

from __future__ import annotations

from django.db import models

from consult.rooms.models import Message, Room


class Status(models.TextChoices):
    OPEN = "open"
    ANSWERED = "answered"
    CONSENSUS = "consensus"
    CLOSED = "closed"


class Urgency(models.TextChoices):
    HOUR = "hour"
    TODAY = "today"
    WEEK = "week"
    TEACHING = "teaching"


class Case(models.Model):
    """Title and question are words: they follow the withholding of the question's message."""

    room = models.OneToOneField(Room, primary_key=True, on_delete=models.CASCADE, related_name="case")
    asker = models.ForeignKey("clinicians.Person", on_delete=models.PROTECT, related_name="cases")
    question = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="+")  # the first post of the case's room
    specialty = models.CharField(max_length=8, blank=True)
    urgency = models.CharField(max_length=8, choices=Urgency, default=Urgency.WEEK)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    answers = models.PositiveIntegerField(default=0)  # posts by others than the asker, not withheld; kept by the worker
    group = models.ForeignKey(Room, null=True, on_delete=models.SET_NULL, related_name="cases_asked")
    card = models.OneToOneField(Message, null=True, on_delete=models.SET_NULL, related_name="+")  # in the group's log
    merged_into = models.ForeignKey(Room, null=True, on_delete=models.SET_NULL, related_name="+")  # asked twice: the answers go on there
    opened_at = models.DateTimeField(auto_now_add=True)
    first_answer_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["specialty", "-opened_at"]), models.Index(fields=["status", "-opened_at"])]
