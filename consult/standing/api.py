"""The HTTP doors to tickets, and to the secrets of what a device keeps."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict

from consult.errors import Refusal
from consult.who import person_of, session_of

from . import tickets, vaults

router = Router(tags=["tickets"])


class Ticket(Schema):
    ticket: str
    expires_in: int


@router.post("/tickets", response=Ticket, summary="A one-time ticket for a socket's hello")
def issue(request: HttpRequest) -> Any:
    ticket, seconds = tickets.issue(person_id=person_of(request), session_key=session_of(request))
    return {"ticket": ticket, "expires_in": seconds}


class Opening(Schema):
    model_config = ConfigDict(extra="forbid")

    id: uuid.UUID
    label: str = ""


class Secret(Schema):
    secret: str


@router.post("/vaults", response={200: Secret, 201: Secret}, tags=["vaults"], summary="The secret that unlocks what this device keeps of me")
def open_vault(request: HttpRequest, body: Opening) -> Any:
    """201 where the vault was made by this, 200 where it was there."""
    opened = vaults.open_vault(vault_id=body.id, person_id=person_of(request), session_key=session_of(request), label=body.label)
    return Status(201 if opened.made else 200, {"secret": base64.urlsafe_b64encode(opened.secret).decode().rstrip("=")})


@router.get("/vaults", tags=["vaults"], summary="My devices that keep something of me")
def list_vaults(request: HttpRequest) -> dict[str, Any]:
    return {"vaults": vaults.mine(person_id=person_of(request), session_key=session_of(request))}


@router.get("/vaults/{vault}", auth=None, tags=["vaults"], summary="Whether this device was told to delete what it keeps")
def look_at_vault(request: HttpRequest, vault: str) -> dict[str, bool]:
    return {"wiped": vaults.wiped_at(_id(vault)) is not None}


@router.delete("/vaults/{vault}", tags=["vaults"], summary="Wipe a device: what it keeps is unreadable for ever, and its session ends")
def wipe_vault(request: HttpRequest, vault: str) -> dict[str, Any]:
    vaults.wipe(vault_id=_id(vault), person_id=person_of(request))
    return {}


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Refusal("vault.not_found") from None
