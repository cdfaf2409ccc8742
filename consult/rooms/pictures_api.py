"""The HTTP door to pictures: here, not in images, because rooms know who may see one.

An upload is announced, then brought in pieces at an offset (as tus does): after a cut, HEAD says where to go on.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router, Status
from pydantic import Field

from consult.errors import Refusal
from consult.images import actions, storage, uploads
from consult.images.found import WORDS
from consult.images.models import State
from consult.locale import locale_of
from consult.rooms import access, pictures, shown
from consult.rooms.api_lists import Body
from consult.rooms.commands.fields import ClientUuid, Confirmed
from consult.rooms.people import require_verified
from consult.who import person_of

router = Router(tags=["images"])
MOST = 100  # pictures asked about at once
# A picture is data, whatever a browser thinks of it; and a shared telephone keeps none.
GUARDED = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Announcement(Body):
    id: ClientUuid
    size: Annotated[int, Field(ge=1)]


class Masks(Body):
    masks: list[Annotated[list[float], Field(min_length=4, max_length=4)]]


class Description(Body):
    description: str
    confirmed: Confirmed | None = None


class Release(Body):
    reason: str


@router.post("/images", response={200: dict[str, Any], 201: dict[str, Any]}, summary="Announce a picture: how many bytes are to come")
def begin(request: HttpRequest, body: Announcement) -> Status:
    person = person_of(request)
    require_verified(person)
    image, new = uploads.begin(person_id=person, client_id=uuid.UUID(body.id), size=body.size)
    answer = {"image": str(image.pk), "offset": uploads.offset(image), "size": image.size, "piece_bytes": uploads.PIECE, "state": image.state}
    return Status(201, answer) if new else Status(200, {**answer, "duplicate": True})


@router.api_operation(["HEAD"], "/images/{image}", summary="Where an upload goes on")
def where(request: HttpRequest, image: str) -> HttpResponse:
    upload = uploads.mine(person_id=person_of(request), image_id=_id(image))
    return HttpResponse(status=204, headers={"Upload-Offset": str(uploads.offset(upload)), "Upload-Length": str(upload.size)})


@router.patch("/images/{image}", summary="Bring a piece, at Upload-Offset")
def append(request: HttpRequest, image: str) -> HttpResponse:
    """204 with the new Upload-Offset; with the last piece the picture goes to work."""
    upload = uploads.mine(person_id=person_of(request), image_id=_id(image))
    at = request.headers.get("Upload-Offset", "")
    if not (at.isascii() and at.isdigit() and len(at) < 12):
        raise Refusal("frame.invalid", fields=["Upload-Offset"])
    piece = request.read(uploads.PIECE + 1)
    if len(piece) > uploads.PIECE:
        raise Refusal("frame.too_large")
    reached = uploads.append(upload, int(at), piece)
    if reached == upload.size:
        pictures.to_work(upload)
    return HttpResponse(status=204, headers={"Upload-Offset": str(reached)})


@router.get("/images", summary="How pictures stand: of one's own, and of messages one may read")
def several(request: HttpRequest, ids: str) -> dict[str, Any]:
    """`ids`: comma-separated. What may not be known of is left out."""
    person, wanted = person_of(request), [_id(part) for part in ids.split(",")[: MOST + 1]]
    if len(wanted) > MOST:
        raise Refusal("frame.invalid", fields=["ids"])
    known = shown.known_to(person, wanted)
    return {"images": [_item(known[id], person, locale_of(request)) for id in wanted if id in known]}


@router.get("/images/{image}", summary="How one picture stands")
def one(request: HttpRequest, image: str) -> dict[str, Any]:
    person, wanted = person_of(request), _id(image)
    picture = shown.known_to(person, [wanted]).get(wanted)
    if picture is None:
        raise Refusal("image.not_found")
    return _item(picture, person, locale_of(request))


@router.post("/images/{image}/masks", summary="Burn solid boxes into one's own picture")
def mask(request: HttpRequest, image: str, body: Masks) -> dict[str, Any]:
    pictures.mask(person_id=person_of(request), image_id=_id(image), boxes=[(a, b, c, d) for a, b, c, d in body.masks])
    return {"state": State.WORKING}


@router.put("/images/{image}/description", summary="Say in a line what one's own picture shows, before a message carries it")
def describe(request: HttpRequest, image: str, body: Description) -> dict[str, Any]:
    pictures.describe(person_id=person_of(request), image_id=_id(image), description=body.description, confirmed=body.confirmed)
    return {}


@router.post("/images/{image}/release", summary="Show one's own held picture as it is, for a reason that is recorded")
def release(request: HttpRequest, image: str, body: Release) -> dict[str, Any]:
    pictures.release(person_id=person_of(request), image_id=_id(image), reason=body.reason)
    return {"state": State.READY}


@router.get("/images/{image}/{size}", summary="The picture itself: list, room or zoom")
def pixels(request: HttpRequest, image: str, size: str) -> HttpResponse:
    picture = shown.may_see(person=person_of(request), image=_id(image))
    if size not in storage.SIZES:
        raise Refusal("image.not_found")
    if settings.IMAGES_ACCEL and not settings.IMAGES_S3:
        return HttpResponse(content_type="image/webp", headers={**GUARDED, "X-Accel-Redirect": settings.IMAGES_ACCEL + storage.key(picture.folder, size)})
    try:
        content = storage.read(picture.folder, size)
    except FileNotFoundError:  # erased since the row was read
        raise Refusal("image.not_found") from None
    return HttpResponse(content, content_type="image/webp", headers=GUARDED)


@router.delete("/images/{image}", summary="Delete a picture that is in no message")
def delete(request: HttpRequest, image: str) -> dict[str, Any]:
    upload = uploads.mine(person_id=person_of(request), image_id=_id(image))
    actions.give_up(upload)
    return {}


def _item(picture: shown.Picture, person: uuid.UUID, locale: str) -> dict[str, Any]:
    """What the page needs to draw it; to its owner also what was found and removed, and why it is held or was refused."""
    seen = shown.visible(picture, person)
    item: dict[str, Any] = {"image": str(picture.id), "state": picture.state, "width": picture.width, "height": picture.height, "veil": picture.veil}
    item["description"] = picture.description if seen else ""
    item["sizes"] = {name: size[:2] for name, size in picture.sizes.items()} if seen else {}
    if picture.owner != person:
        return item
    words = [{"code": code, "words": WORDS[code][locale == "en"]} for code in picture.report.get("found", ())]
    seen_in_it = {name: picture.report.get(name, []) for name in ("faces", "words")}
    refusal = Refusal(picture.code).as_dict(locale) if picture.code else None
    return {**item, "removed": words, **seen_in_it, "released": picture.released, "refusal": refusal}


def _id(text: str) -> uuid.UUID:
    try:
        return access.id_of(text)
    except ValueError:
        raise Refusal("image.not_found") from None
