"""POST /api/v1/tickets: for a session, by cookie with its CSRF token or by an app's token."""

from __future__ import annotations

import pytest
from django.test import Client

from consult.standing import tickets
from tests.people import as_app, camille, session_of

pytestmark = pytest.mark.django_db


def test_an_app_gets_a_ticket_for_its_session() -> None:
    headers = as_app(camille())
    answer = Client(enforce_csrf_checks=True).post("/api/v1/tickets", headers=headers)
    assert answer.status_code == 200 and answer.json()["expires_in"] == 30
    assert tickets.redeem(answer.json()["ticket"]) == (camille().pk, headers["X-Session-Token"])


def test_a_cookie_alone_is_not_enough_to_get_one() -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["sessionid"] = session_of(camille())
    refused = client.post("/api/v1/tickets")
    assert (refused.status_code, refused.json()["code"]) == (403, "session.csrf")
    client.get("/_allauth/browser/v1/config")
    token = client.cookies["csrftoken"].value
    assert client.post("/api/v1/tickets", headers={"X-CSRFToken": token}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"X-Session-Token": ""}, {"X-Session-Token": "unknown"}, {"X-Session-Token": "x" * 500}])
def test_without_a_session_there_is_none(headers: dict[str, str]) -> None:
    refused = Client().post("/api/v1/tickets", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "session.none")
