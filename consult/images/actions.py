"""What becomes of a picture: developed, held or ready, masked, released, erased, expired. Files go after their row says so.

A picture is worked on by whoever calls `work`; done twice it comes to the same. Who may see one is not known here.
"""

from __future__ import annotations

import logging
import tempfile
import time
import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from consult.audit.models import record
from consult.errors import Refusal
from consult.images import storage, uploads
from consult.images.darkroom import Box, Darkroom, Developed, Refused
from consult.images.models import Image, State

logger = logging.getLogger("consult.images")
REASON = 200  # characters
MASKS = 50
DESCRIPTION = 200  # code points
FORGOTTEN_DAYS = 30  # until the row of a picture without files goes as well
_GONE = (State.EXPIRED, State.ERASED, State.REFUSED)
_darkroom = Darkroom()


def to_work(image: Image) -> bool:
    """All bytes have come: from now on it waits for the studio. Whether it was this call that said so."""
    return Image.objects.filter(pk=image.pk, state=State.UPLOADING).update(state=State.WORKING) == 1


def work(image_id: uuid.UUID) -> Image | None:
    """Develops a picture that waits for it; how it stands then, or None where nothing is to be done."""
    image = Image.objects.filter(pk=image_id, state=State.WORKING).first()
    if image is None:
        uploads.drop(image_id)
        return None
    with tempfile.TemporaryDirectory(dir=storage.incoming(), prefix="work-") as name:
        done = _develop(image, Path(name))
        if isinstance(done, Refused):
            # Clean sizes that could not be masked are still there: as they were, for their sender alone.
            settled = _settle(image, state=State.HELD, masks=[]) if image.folder else _settle(image, state=State.REFUSED, code=done.code)
            logger.info("a picture was refused", extra={"image": str(image_id), "code": done.code, "why": done.why})
        else:
            folder = f"{image_id}/{uuid.uuid4().hex[:8]}"
            storage.put(folder, Path(name))
            settled = _keep(image, done, folder)
    uploads.drop(image_id)
    return settled


def _develop(image: Image, into: Path) -> Developed | Refused:
    """From the upload, or where masks are to be burnt in, from the largest of its clean sizes."""
    if not image.folder:
        source = uploads.path(image.pk)
        if not source.exists():
            return Refused("image.damaged", "no file", 0)
    else:
        source = into / "source"
        source.write_bytes(storage.read(image.folder, "zoom"))
    began = time.monotonic()
    done = _darkroom.develop(source, into, image.masks)
    logger.info("a picture was developed", extra={"image": str(image.pk), "seconds": round(time.monotonic() - began, 3)})
    return done


def _keep(image: Image, done: Developed, folder: str) -> Image | None:
    """The row, unless the picture was erased meanwhile: then its new files go as well."""
    held = bool(done.faces or done.words) and not image.released
    report = {"found": image.report.get("found", done.found), "faces": done.faces, "words": done.words}
    changes: dict[str, Any] = {"state": State.HELD if held else State.READY, "sizes": done.sizes, "report": report, "folder": folder, "masks": []}
    if not image.folder:
        changes |= {"width": done.width, "height": done.height}
    settled = _settle(image, **changes)
    storage.erase([folder] if settled is None else [image.folder] if image.folder else [])
    return settled


def _settle(image: Image, **changes: Any) -> Image | None:
    if not Image.objects.filter(pk=image.pk, state=State.WORKING).update(**changes):
        return None
    return Image.objects.get(pk=image.pk)


def mask(*, person_id: uuid.UUID, image_id: uuid.UUID, boxes: Sequence[Box]) -> Image:
    """Has solid boxes burnt into one's own picture. Raises Refusal image.not_found, image.not_ready, frame.invalid."""
    image = uploads.mine(person_id=person_id, image_id=image_id)
    if not 0 < len(boxes) <= MASKS or any(not _sound(box) for box in boxes):
        raise Refusal("frame.invalid", fields=["masks"])
    if not Image.objects.filter(pk=image_id, state__in=(State.READY, State.HELD)).update(state=State.WORKING, masks=[list(box) for box in boxes]):
        raise Refusal("image.not_ready", retry_after_ms=1000)
    image.refresh_from_db()
    return image


def _sound(box: Box) -> bool:
    return len(box) == 4 and all(0 <= part <= 1 for part in box) and box[2] > 0 and box[3] > 0


def release(*, person_id: uuid.UUID, image_id: uuid.UUID, reason: str) -> Image:
    """One's own held picture is shown as it is, for a stated reason, which the audit keeps. In the caller's transaction.

    Raises Refusal image.not_found, image.not_held, frame.invalid.
    """
    return release_held(uploads.mine(person_id=person_id, image_id=image_id), by=person_id, reason=reason)


def release_held(image: Image, *, by: uuid.UUID, reason: str) -> Image:
    """The same by whoever may, which the caller has asked. Raises Refusal image.not_held, frame.invalid."""
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= REASON or not reason.isprintable():
        raise Refusal("frame.invalid", fields=["reason"])
    if not Image.objects.filter(pk=image.pk, state=State.HELD).update(state=State.READY, released=True):
        raise Refusal("image.not_held")
    record(act="image.released", person=by, room=image.room_id, object=str(image.pk), reason=reason)
    image.refresh_from_db()
    return image


def describe(*, person_id: uuid.UUID, image_id: uuid.UUID, description: str) -> None:
    """What is seen on one's own picture, in a line, until a message carries it; empty takes it back.

    Raises Refusal image.not_found, image.claimed, frame.invalid.
    """
    uploads.mine(person_id=person_id, image_id=image_id)
    description = " ".join(description.split())
    if len(description) > DESCRIPTION or not description.isprintable():
        raise Refusal("frame.invalid", fields=["description"])
    if not Image.objects.filter(pk=image_id, message_id=None).exclude(state__in=_GONE).update(description=description):
        raise Refusal("image.claimed")


def erase(ids: Iterable[uuid.UUID], state: State = State.ERASED) -> None:
    """No size of these is left, at once after the caller's transaction; a row stays, to say so. Asking twice is harmless."""
    ids = list(ids)
    Image.objects.filter(pk__in=ids).exclude(state__in=_GONE).update(state=state, report={}, sizes={}, masks=[], description="", expires_at=None)
    transaction.on_commit(lambda: _remove(ids))


def _remove(ids: Sequence[uuid.UUID]) -> None:
    for image in Image.objects.filter(pk__in=ids, state__in=_GONE):
        uploads.drop(image.pk)
        if image.folder:
            storage.erase([image.folder])
            Image.objects.filter(pk=image.pk).update(folder="")


def sweep() -> list[uuid.UUID]:
    """What was given up, expired, or half removed by a process that died. Those that should be worked on: ask for them again."""
    now = timezone.now()
    late = list(Image.objects.filter(expires_at__lte=now, message_id=None).exclude(state__in=_GONE).values_list("pk", flat=True))
    if late:
        erase(late, State.EXPIRED)
    _remove(list(Image.objects.filter(state__in=_GONE).exclude(folder="").values_list("pk", flat=True)))
    Image.objects.filter(state__in=_GONE, message_id=None, folder="", made_at__lt=now - timedelta(days=FORGOTTEN_DAYS)).delete()
    wanted = {str(pk) for pk in Image.objects.filter(state__in=(State.UPLOADING, State.WORKING)).values_list("pk", flat=True)}
    for path in storage.incoming().iterdir():
        if path.name not in wanted and time.time() - path.stat().st_mtime > 3600:
            _delete(path)
    return list(Image.objects.filter(state=State.WORKING).values_list("pk", flat=True))


def _delete(path: Path) -> None:
    """A file, or the folder of a work that a kill ended."""
    if path.is_dir():
        for file in path.iterdir():
            file.unlink(missing_ok=True)
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def give_up(image: Image) -> None:
    """The owner wants it no more. Raises Refusal image.claimed where a message carries it."""
    with transaction.atomic():
        if not Image.objects.select_for_update().filter(pk=image.pk, message_id=None).exists():
            raise Refusal("image.claimed")
        erase([image.pk])
