"""The HTTP doors to passkeys. Only for a browser's session: an app has the lock of its phone."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import ConfigDict, StringConstraints

from consult.errors import Refusal
from consult.who import person_of, session_of

from . import passkeys

router = Router(tags=["passkeys"])

FRESH_S = 300


class Strict(Schema):
    model_config = ConfigDict(extra="forbid")


def text(most: int) -> Any:
    return Annotated[str, StringConstraints(min_length=1, max_length=most)]


class Made(Strict):
    """What a browser's AuthenticatorAttestationResponse holds; base64url."""

    clientDataJSON: text(4096)  # type: ignore[valid-type]
    attestationObject: text(16384)  # type: ignore[valid-type]


class Signed(Strict):
    """What a browser's AuthenticatorAssertionResponse holds; base64url."""

    clientDataJSON: text(4096)  # type: ignore[valid-type]
    authenticatorData: text(4096)  # type: ignore[valid-type]
    signature: text(4096)  # type: ignore[valid-type]


class NewCredential(Strict):
    id: text(1400)  # type: ignore[valid-type]
    rawId: text(1400)  # type: ignore[valid-type]
    type: Literal["public-key"]
    response: Made


class Credential(Strict):
    id: text(1400)  # type: ignore[valid-type]
    rawId: text(1400)  # type: ignore[valid-type]
    type: Literal["public-key"]
    response: Signed


class Adding(Strict):
    label: Annotated[str, StringConstraints(max_length=200)] = ""
    credential: NewCredential


class Uncovering(Strict):
    credential: Credential


def _site(request: HttpRequest) -> passkeys.Site:
    return passkeys.Site(request.get_host())


def _require_password(request: HttpRequest) -> None:
    """A key is added by who gave the password just now. Raises Refusal passkey.password."""
    now = timezone.now().timestamp()
    given = [one for one in get_authentication_records(request, request.user) if one.get("method") == "password" and now - one["at"] <= FRESH_S]
    if not given:
        raise Refusal("passkey.password")


@router.get("/passkeys", summary="My passkeys, and whether this address can have any")
def list_passkeys(request: HttpRequest) -> dict[str, Any]:
    return {"passkeys": passkeys.mine(person_id=person_of(request)), "able": _site(request).able}


@router.post("/passkeys/challenge", summary="What a browser needs to make a passkey; the password was given within five minutes")
def begin_adding(request: HttpRequest) -> dict[str, Any]:
    person = person_of(request)
    _require_password(request)
    return passkeys.begin_adding(person_id=person, session_key=session_of(request), name=request.user.get_username(), site=_site(request))


@router.post("/passkeys", response={201: dict[str, str]}, summary="Keep the passkey that the browser made")
def add(request: HttpRequest, body: Adding) -> Any:
    made = passkeys.add(person_id=person_of(request), session_key=session_of(request), label=body.label, response=body.credential.dict(), site=_site(request))
    return Status(201, made)


@router.post("/passkeys/uncover/challenge", summary="What a browser needs to sign with one of my passkeys")
def begin_uncovering(request: HttpRequest) -> dict[str, Any]:
    return passkeys.begin_uncovering(person_id=person_of(request), session_key=session_of(request), site=_site(request))


@router.post("/passkeys/uncover", summary="Show by a passkey that it is still me")
def uncover(request: HttpRequest, body: Uncovering) -> dict[str, Any]:
    passkeys.uncover(person_id=person_of(request), session_key=session_of(request), response=body.credential.dict(), site=_site(request))
    return {}


# Last: any of the addresses above would be taken for a passkey's id.
@router.delete("/passkeys/{passkey}", summary="Forget a passkey")
def remove(request: HttpRequest, passkey: str) -> dict[str, Any]:
    try:
        id = uuid.UUID(passkey)
    except ValueError:
        raise Refusal("passkey.not_found") from None
    passkeys.remove(person_id=person_of(request), passkey_id=id)
    return {}
