"""The HTTP door to tickets."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from consult.who import person_of, session_of

from . import tickets

router = Router(tags=["tickets"])


class Ticket(Schema):
    ticket: str
    expires_in: int


@router.post("/tickets", response=Ticket, summary="A one-time ticket for a socket's hello")
def issue(request: HttpRequest) -> Any:
    ticket, seconds = tickets.issue(person_id=person_of(request), session_key=session_of(request))
    return {"ticket": ticket, "expires_in": seconds}
