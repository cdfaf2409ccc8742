"""The HTTP door to devices and wishes: here, not in push, because a registration keeps its receipt like every other request."""

from __future__ import annotations

import uuid
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Status

from consult.errors import Refusal
from consult.locale import locale_of
from consult.push import actions, wishes
from consult.rooms import access, log, receipts
from consult.rooms.actions import personal
from consult.rooms.api_lists import Body, Nothing
from consult.rooms.commands.fields import ClientUuid
from consult.who import person_of, session_of

router = Router(tags=["push"])
BOTH = {200: dict[str, Any], 201: dict[str, Any]}


class Address(Body):
    """Of a browser the subscription's endpoint and keys, of an app its token."""

    endpoint: str | None = None
    p256dh: str | None = None
    auth: str | None = None
    token: str | None = None
    sandbox: bool | None = None
    expires_at: str | None = None


class Registration(Body):
    id: ClientUuid
    courier: Literal["web", "fcm", "apns"]
    address: Address
    label: str = ""


class WishesChange(Body):
    off: list[str] | None = None
    quiet_from: str | None = None
    quiet_to: str | None = None
    zone: str | None = None
    urgent_passes: bool | None = None
    digest: str | None = None


@router.get("/push", summary="Which push services this Consult can call")
def push(request: HttpRequest) -> dict[str, Any]:
    return actions.couriers()


@router.post("/devices", response=BOTH, summary="Wake this browser or app")
def register(request: HttpRequest, body: Registration) -> Any:
    person, address = person_of(request), body.address.model_dump(exclude_none=True)
    with log.writing([personal.room_of(person)]):
        before = receipts.before(sender=person, client_id=uuid.UUID(body.id), act="device.register", courier=body.courier, address=address)
        # A subscription that is registered again is refreshed, whatever the receipt says: the session it belongs to may be another.
        device = actions.register(person_id=person, session_key=session_of(request), courier=body.courier, address=address, label=body.label, locale=locale_of(request))
        if before.answer is None:
            before.keep({"device": str(device)})
    if before.answer is not None:
        return Status(200, {"device": str(device), "duplicate": True})
    return Status(201, {"device": str(device)})


@router.get("/devices", summary="My devices that a push can wake")
def devices(request: HttpRequest) -> dict[str, Any]:
    return {"devices": actions.mine(person_id=person_of(request), session_key=session_of(request))}


@router.delete("/devices/{device}", summary="Wake a device no more")
def forget(request: HttpRequest, device: str) -> dict[str, Any]:
    actions.forget(person_id=person_of(request), device_id=_id(device))
    return {}


@router.post("/devices/{device}/test", summary="A wake-up to see whether they arrive")
def test(request: HttpRequest, device: str, body: Nothing) -> dict[str, Any]:
    person = person_of(request)
    room = personal.room_of(person)
    actions.test(person_id=person, device_id=_id(device), room=room, seq=log.heads_of([room])[room][1])
    return {}


@router.get("/wishes", summary="What I want to be woken for")
def my_wishes(request: HttpRequest) -> dict[str, Any]:
    return wishes.as_dict(wishes.of(person_of(request)))


@router.patch("/wishes", summary="Change what I want to be woken for")
def change_wishes(request: HttpRequest, body: WishesChange) -> dict[str, Any]:
    changes = body.model_dump(exclude_unset=True)
    if empty := [name for name in ("off", "zone", "urgent_passes", "digest") if name in changes and changes[name] is None]:
        raise Refusal("frame.invalid", fields=empty)
    return wishes.as_dict(wishes.change(person_id=person_of(request), changes=changes))


def _id(text: str) -> uuid.UUID:
    try:
        return access.id_of(text)
    except ValueError:
        raise Refusal("device.not_found") from None
