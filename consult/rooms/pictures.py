"""What rooms add to a picture's way: it is worked on as a job, its owner is told how it stands, its room that it is shown now."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db import transaction

from consult.errors import Refusal
from consult.images import actions
from consult.images.darkroom import Box
from consult.images.models import Image, State
from consult.jobs.declared import defer
from consult.rooms import identifying, log
from consult.rooms.actions import personal
from consult.rooms.actions import pictures as veils
from consult.rooms.models import Message

_TOLD = {State.READY: "image.ready", State.HELD: "image.held", State.REFUSED: "image.refused"}


def to_work(image: Image) -> None:
    """The last byte has come."""
    with transaction.atomic():
        if actions.to_work(image):
            _ask(image.pk)


def mask(*, person_id: uuid.UUID, image_id: uuid.UUID, boxes: Sequence[Box]) -> None:
    """Raises Refusal image.*, frame.invalid."""
    with transaction.atomic():
        actions.mask(person_id=person_id, image_id=image_id, boxes=boxes)
        _ask(image_id)


def _ask(image: uuid.UUID) -> None:
    from consult.rooms.jobs import work_on_picture

    defer(work_on_picture, unique=str(image), image=str(image))


def release(*, person_id: uuid.UUID, image_id: uuid.UUID, reason: str) -> None:
    """Shows a held picture to all who read its message, and tells the room. Raises Refusal image.*, frame.invalid."""
    with transaction.atomic():
        image = actions.release(person_id=person_id, image_id=image_id, reason=reason)
    tell(image)


def describe(*, person_id: uuid.UUID, image_id: uuid.UUID, description: str, confirmed: Sequence[str] | None) -> None:
    """Words like any others: looked at for what identifies a patient. Raises Refusal content.identifier, content.confirm, image.*, frame.invalid."""
    seen = identifying.look([("description", description)], confirmed=confirmed)
    if seen:
        identifying.record(person_id, None, seen)
        if seen.refusal:
            raise seen.refusal
    actions.describe(person_id=person_id, image_id=image_id, description=description)


def release_for(*, person_id: uuid.UUID, image_id: uuid.UUID, reason: str) -> None:
    """A moderator shows somebody's held picture; the caller has asked whether they may. Raises Refusal image.not_held, frame.invalid."""
    with transaction.atomic():
        image = Image.objects.select_for_update().filter(pk=image_id).first()
        if image is None:
            raise Refusal("image.not_held")
        image = actions.release_held(image, by=person_id, reason=reason)
    tell(image, by=person_id)


def work(image_id: uuid.UUID) -> None:
    """The job: the picture is developed, and who waits for it is told."""
    image = actions.work(image_id)
    if image is None:
        return
    tell(image)
    # What is in a message is only worked on to burn masks in: what a moderator asked for is done.
    if image.state == State.READY and image.message_id and image.room_id and veils.veiled([image.pk]).get(image.pk) == "mask":
        veils.masked(room_id=image.room_id, message_id=image.message_id, image_id=image.pk)


def tell(image: Image, by: uuid.UUID | None = None) -> None:
    """Its owner's devices hear how it stands; the room of its message, that it can be shown: `by` a moderator, else by its owner."""
    kind = _TOLD[State(image.state)]
    data = {"image": str(image.pk), "code": image.code} if image.code else {"image": str(image.pk)}
    personal.tell(person_id=image.owner_id, kind=kind, data=data)
    if image.state == State.READY and image.message_id is not None and image.room_id is not None:
        with log.writing([image.room_id]) as made:
            if Message.objects.filter(pk=image.message_id, withheld=None).exists():
                made.append(image.room_id, "image.shown", actor=by or image.owner_id, acting="moderator" if by else None, message=image.message_id, data={"image": str(image.pk)})


def sweep() -> None:
    """What expired goes; what waits for the studio without a job gets one."""
    for image in actions.sweep():
        _ask(image)
