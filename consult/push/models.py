"""Devices that a push can wake, the notices that are due to them, and what each person wants to hear."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Courier(models.TextChoices):
    WEB = "web"
    FCM = "fcm"
    APNS = "apns"


class Device(models.Model):
    """One browser or app of one person. Its address is a secret: who has it can send to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, related_name="devices")
    session = models.CharField(max_length=64)  # SHA-256 of the session key: a device is woken no longer than its session lives
    courier = models.CharField(max_length=4, choices=Courier)
    address_digest = models.BinaryField(max_length=32, unique=True)  # SHA-256 of the endpoint or token: an address belongs to one person
    address = models.BinaryField()  # encrypted: {"endpoint","p256dh","auth"} or {"token","sandbox"}
    locale = models.CharField(max_length=2, default="fr")
    label = models.CharField(max_length=60, blank=True)  # "Chrome, Android": for the list of one's own devices
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(auto_now=True)
    expires_at = models.DateTimeField(null=True)  # as the push service says
    refused = models.PositiveSmallIntegerField(default=0)  # 403 in a row

    class Meta:
        indexes = [models.Index(fields=["session"], name="devices_of_session")]


class Notice(models.Model):
    """One event for one device: ids and a reason, never a word. Kept until it has been said or need not be any more."""

    room_id = models.UUIDField()
    seq = models.BigIntegerField()
    person_id = models.UUIDField()
    # No constraint: checking it at the commit was a third of what ten thousand notices cost. A notice is queued under a lock of its device
    # (rooms/waking.py), goes with it, and one that is orphaned all the same is dropped when it is due (push/delivery.py).
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="notices", db_index=False, db_constraint=False)
    reason = models.CharField(max_length=16)
    urgent = models.BooleanField(default=False)
    at = models.DateTimeField()  # of the event
    due_at = models.DateTimeField()  # not before: quiet hours, back-off
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "room_id", "seq"], name="one_notice")]
        indexes = [models.Index(fields=["due_at"], name="notices_due")]


class FateCount(models.Model):
    """How many notices of a courier met this fate since the beginning: for who watches (push/fates.py)."""

    courier = models.CharField(max_length=4, choices=Courier)
    fate = models.CharField(max_length=9)
    count = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["courier", "fate"], name="one_count_a_fate")]


class Wishes(models.Model):
    """What one person wants to be woken for. No row: the defaults."""

    person = models.OneToOneField("clinicians.Person", primary_key=True, on_delete=models.CASCADE, related_name="wishes")
    off = ArrayField(models.CharField(max_length=16), default=list)  # reasons that do not wake
    quiet_from = models.TimeField(null=True)  # on the clock of `zone`; null: no quiet hours
    quiet_to = models.TimeField(null=True)
    zone = models.CharField(max_length=64, default="Europe/Paris")
    urgent_passes = models.BooleanField(default=True)  # the named exception to quiet hours
    digest = models.CharField(max_length=8, default="daily")  # off, hourly, daily: by e-mail, for who has no device
    digested_at = models.DateTimeField(null=True)
