"""A person's standing, one-time tickets, the secrets of what devices keep, and the one log of every change of rights."""

from __future__ import annotations

import uuid

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models


class Verification(models.TextChoices):
    INCOMPLETE = "incomplete", "À compléter"
    PENDING = "pending", "En cours"
    VERIFIED = "verified", "Vérifié"
    EXPIRED = "expired", "Expiré"


class Standing(models.Model):
    """Whether this person may enter rooms at all. One row a person, joined by every check of rights."""

    person_id = models.UUIDField(primary_key=True)
    verification = models.CharField(max_length=12, choices=Verification, default=Verification.INCOMPLETE)
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_until = models.DateTimeField(null=True, blank=True)
    verified_by = models.UUIDField(null=True, blank=True)
    register = models.CharField(max_length=40, blank=True, help_text="Where the licence was checked: RPPS, document, vouching …")
    suspended_until = models.DateTimeField(null=True, blank=True)
    moderator = models.BooleanField(default=False)  # has a remit (rooms.Remit), kept by a trigger there

    class Meta:
        indexes = [
            models.Index(fields=["person_id"], condition=models.Q(verification="pending"), name="people_to_verify"),
            models.Index(fields=["suspended_until", "person_id"], condition=models.Q(suspended_until__isnull=False), name="suspended_people"),
            GinIndex(OpClass("register", name="gin_trgm_ops"), name="standing_register"),  # whom a number of the register was found for
        ]


class Ticket(models.Model):
    """A one-time credential of 256 random bits, kept as its SHA-256, bound to the session that asked for it."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    person_id = models.UUIDField()
    session_key = models.CharField(max_length=40)
    expires_at = models.DateTimeField(db_index=True)


class Vault(models.Model):
    """What one browser or app keeps of one person is encrypted under a key that only this row's secret unlocks (docs/offline.md).

    Wiped: the secret is gone, and the row stays to say so to the device when it comes back.
    """

    id = models.UUIDField(primary_key=True)  # made by the device
    person_id = models.UUIDField(db_index=True)
    secret = models.BinaryField(max_length=32, null=True)
    session_key = models.CharField(max_length=40)  # the session that opened it last; a wipe ends it
    label = models.CharField(max_length=60, blank=True)  # "Chrome, Android": for the list of one's own
    made_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    wiped_at = models.DateTimeField(null=True)


class AccessChange(models.Model):
    """One row for every change of rights, written by triggers in the act's own transaction (decision 0005).

    `xid` is the writing transaction: readers ask for all rows at or above the oldest transaction that was still running
    when they read last, so that a row that commits late is never skipped (ids alone commit out of order).
    """

    xid = models.BigIntegerField(db_index=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=12)  # standing, account, session, membership, audience, room, remit, visit
    person_id = models.UUIDField(null=True)
    room_id = models.UUIDField(null=True)
    session = models.CharField(max_length=64, blank=True, default="")  # SHA-256 of the session key


class Passkey(models.Model):
    """A key of WebAuthn that uncovers this person's screen: a finger or a face in the place of the password. It signs nobody in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    person_id = models.UUIDField(db_index=True)
    credential = models.BinaryField(max_length=4096)  # attested credential data of WebAuthn, with the public key
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the credential's id, in hexadecimal
    counter = models.BigIntegerField()  # of signatures; synced keys say 0 for ever
    label = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Challenge(models.Model):
    """What one session is to sign now, for one purpose: taken once, and only within some minutes."""

    session_digest = models.CharField(max_length=64)
    purpose = models.CharField(max_length=8)  # add, uncover
    value = models.CharField(max_length=64)  # base64url
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session_digest", "purpose"], name="one_challenge_a_purpose")]
