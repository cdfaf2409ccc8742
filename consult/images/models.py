"""A picture's row: whose it is, how far it has got, what was found in it, and which message carries it. Never its file's name."""

from __future__ import annotations

import uuid

from django.db import models


class State(models.TextChoices):
    UPLOADING = "uploading"  # some bytes are missing
    WORKING = "working"  # it waits for the studio, or is in it
    READY = "ready"
    HELD = "held"  # a face or words were seen: for its sender alone until masked or released
    REFUSED = "refused"  # `code` says why
    EXPIRED = "expired"  # in no message for too long: its files are gone
    ERASED = "erased"  # its files are gone


class Image(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey("clinicians.Person", on_delete=models.CASCADE, related_name="images", db_index=False)
    client_id = models.UUIDField()
    size = models.PositiveIntegerField()  # bytes, as announced
    state = models.CharField(max_length=9, choices=State, default=State.UPLOADING)
    code = models.CharField(max_length=32, blank=True)  # of errors.CODES, where it was refused
    width = models.PositiveIntegerField(default=0)  # of the original, upright
    height = models.PositiveIntegerField(default=0)
    sizes = models.JSONField(default=dict)  # {"room": [width, height, bytes]}
    report = models.JSONField(default=dict)  # {"found": [codes], "faces": [boxes], "words": [boxes]}
    masks = models.JSONField(default=list)  # boxes that are to be burnt in
    description = models.CharField(max_length=200, blank=True, default="", db_default="")  # by its owner, for who cannot see it
    folder = models.CharField(max_length=80, blank=True)  # where its files are kept; empty: it has none
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)  # null: a message carries it
    released = models.BooleanField(default=False)  # by its sender or a moderator, with a reason (audit)
    room_id = models.UUIDField(null=True)
    message_id = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "client_id"], name="one_image_a_client_id")]
        indexes = [
            models.Index(fields=["expires_at"], name="images_that_expire", condition=models.Q(expires_at__isnull=False)),
            models.Index(fields=["message_id"], name="images_of_message", condition=models.Q(message_id__isnull=False)),
            models.Index(fields=["message_id"], name="images_held", condition=models.Q(state="held", message_id__isnull=False)),
            models.Index(fields=["state"], name="images_under_way", condition=models.Q(state__in=["uploading", "working"])),
        ]
