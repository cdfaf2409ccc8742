"""Bytes on their way in: announced, appended in pieces at an offset, gone on with after a cut. The file knows how far it has got.

An upload is one file in the incoming folder, under the picture's id. Its length is the offset: no row is written for a piece.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from consult.errors import Refusal
from consult.images import storage
from consult.images.models import Image, State

PIECE = 2 * 2**20  # bytes that one request may bring: below what Django would put into a file of its own
_WAITING = (State.UPLOADING, State.WORKING, State.READY, State.HELD)


def begin(*, person_id: uuid.UUID, client_id: uuid.UUID, size: int) -> tuple[Image, bool]:
    """A picture to come, and whether it is new: the same client id and size are the same picture.

    Raises Refusal image.too_large, image.too_many, request.id_reused.
    """
    known = Image.objects.filter(owner_id=person_id, client_id=client_id).first()
    if known is not None:
        return _same(known, size), False
    if size > settings.LIMITS["image_bytes"]:
        raise Refusal("image.too_large")
    if Image.objects.filter(owner_id=person_id, message_id=None, expires_at__isnull=False, state__in=_WAITING).count() >= settings.IMAGES_WAITING:
        raise Refusal("image.too_many")
    try:
        with transaction.atomic():
            made = Image.objects.create(owner_id=person_id, client_id=client_id, size=size, expires_at=timezone.now() + timedelta(seconds=settings.IMAGES_WAITING_S))
    except IntegrityError:  # the same request, at the same moment
        return _same(Image.objects.get(owner_id=person_id, client_id=client_id), size), False
    return made, True


def _same(known: Image, size: int) -> Image:
    if known.size != size:
        raise Refusal("request.id_reused")
    return known


def mine(*, person_id: uuid.UUID, image_id: uuid.UUID) -> Image:
    """Raises Refusal image.not_found."""
    found = Image.objects.filter(pk=image_id, owner_id=person_id).first()
    if found is None:
        raise Refusal("image.not_found")
    return found


def path(image_id: uuid.UUID) -> Path:
    return storage.incoming() / str(image_id)


def offset(image: Image) -> int:
    """How many bytes have come."""
    if image.state != State.UPLOADING:
        return image.size
    try:
        return path(image.pk).stat().st_size
    except FileNotFoundError:
        return 0


def append(image: Image, at: int, piece: bytes) -> int:
    """Adds a piece at the offset where the file ends; the new offset. With the last byte the file is safe on the disk.

    Raises Refusal image.offset (with "offset": where it ends), image.too_large.
    """
    if image.state != State.UPLOADING:
        raise Refusal("image.offset", offset=image.size)
    with open(path(image.pk), "ab", opener=_private) as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # two requests with one piece: the second finds it there
        end = os.fstat(file.fileno()).st_size
        if at != end:
            raise Refusal("image.offset", offset=end)
        if end + len(piece) > image.size:
            raise Refusal("image.too_large")
        file.write(piece)
        file.flush()
        if end + len(piece) == image.size:
            os.fsync(file.fileno())
    return end + len(piece)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def drop(image_id: uuid.UUID) -> None:
    """The original goes."""
    path(image_id).unlink(missing_ok=True)
