"""Signing up, in and out over HTTP, as the page (cookie and CSRF) and as an app (session token)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from consult.clinicians.models import Person
from consult.standing import sessions
from consult.standing.models import Standing
from tests.people import PASSWORD, camille, nadia

pytestmark = pytest.mark.django_db
NEW = {"email": "loic@example.org", "password": "a-long-enough-one"}


class Page(Client):
    """A browser: CSRF is enforced, and the token is taken from its cookie."""

    def __init__(self) -> None:
        super().__init__(enforce_csrf_checks=True)
        assert self.get("/_allauth/browser/v1/config").status_code == 200

    def send(self, method: str, path: str, body: Any = None) -> Any:
        token = self.cookies["csrftoken"].value
        data = b"" if body is None else json.dumps(body)
        return self.generic(method, f"/_allauth/browser/v1/{path}", data=data, content_type="application/json", headers={"X-CSRFToken": token})


def app(method: str, path: str, body: Any = None, token: str = "") -> Any:
    headers = {"X-Session-Token": token} if token else {}
    data = b"" if body is None else json.dumps(body)
    return Client(enforce_csrf_checks=True).generic(method, f"/_allauth/app/v1/{path}", data=data, content_type="application/json", headers=headers)


def test_the_page_signs_in_and_out() -> None:
    page, who = Page(), {"email": camille().email, "password": PASSWORD}
    assert page.send("GET", "auth/session").status_code == 401
    answer = page.send("POST", "auth/login", who)
    assert answer.status_code == 200 and answer.json()["data"]["user"]["email"] == camille().email
    assert page.get("/api/v1/me").json()["me"]["id"] == str(camille().pk)
    key = page.cookies["sessionid"].value
    assert sessions.speaker(key) is not None
    assert page.send("DELETE", "auth/session").status_code == 401  # allauth's word for "signed out"
    assert sessions.speaker(key) is None
    assert page.get("/api/v1/me").status_code == 401


def test_the_page_needs_its_csrf_token() -> None:
    page = Page()
    refused = page.post("/_allauth/browser/v1/auth/login", {"email": camille().email, "password": PASSWORD}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "session.csrf")


def test_an_app_signs_in_and_out_by_token() -> None:
    answer = app("POST", "auth/login", {"email": camille().email.upper(), "password": PASSWORD})
    token = answer.json()["meta"]["session_token"]
    assert answer.status_code == 200
    assert sessions.speaker(token).person_id == camille().pk  # type: ignore[union-attr]
    assert Client().get("/api/v1/me", headers={"X-Session-Token": token}).status_code == 200
    app("DELETE", "auth/session", token=token)
    assert sessions.speaker(token) is None
    assert Client().get("/api/v1/me", headers={"X-Session-Token": token}).status_code == 401
    assert app("GET", "auth/session", token=token).status_code in (401, 410)


def test_a_newcomer_signs_up_and_sees_only_themselves() -> None:
    page = Page()
    assert page.send("POST", "auth/signup", NEW).status_code == 200
    person = Person.objects.get(email=NEW["email"])
    assert Standing.objects.get(person_id=person.pk).verification == "incomplete"
    assert page.get("/api/v1/me").json()["me"]["verification"] == "incomplete"
    assert page.get("/api/v1/specialties").status_code == 200
    for path in ("/api/v1/people", f"/api/v1/people/{nadia().pk}"):
        refused = page.get(path)
        assert (refused.status_code, refused.json()["code"]) == (403, "account.unverified")


def test_an_app_signs_up_too() -> None:
    answer = app("POST", "auth/signup", NEW)
    assert answer.status_code == 200 and sessions.speaker(answer.json()["meta"]["session_token"]) is not None


def test_a_mail_server_that_is_down_keeps_nobody_out(settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", 1
    assert app("POST", "auth/signup", NEW).status_code == 200


def test_a_second_sign_up_with_one_address_tells_nothing(mailoutbox: list[Any]) -> None:
    answer = app("POST", "auth/signup", {"email": camille().email, "password": "a-long-enough-one"})
    assert Person.objects.filter(email=camille().email).count() == 1
    assert answer.status_code != 200 and "session_token" not in str(answer.json())


def test_closed_registration(settings: Any) -> None:
    settings.SIGNUP = False
    assert app("POST", "auth/signup", NEW).status_code == 403
    assert not Person.objects.exists()


@pytest.mark.parametrize("password", ["short", "0123456789", "password123"])
def test_weak_passwords(password: str) -> None:
    assert app("POST", "auth/signup", {**NEW, "password": password}).status_code == 400


def test_a_closed_account_stays_out() -> None:
    person = camille()
    person.is_active = False
    person.save()
    assert app("POST", "auth/login", {"email": person.email, "password": PASSWORD}).status_code != 200


def test_a_team_behind_one_address_is_not_locked_out_but_guessing_one_password_is_slowed() -> None:
    for _ in range(12):
        guessed = app("POST", "auth/login", {"email": camille().email, "password": "wrong-wrong-wrong"})
    assert guessed.json()["errors"][0]["code"] == "too_many_login_attempts"
    for _ in range(40):
        assert app("POST", "auth/login", {"email": nadia().email, "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize(
    "body", ['{"email": "a@example.org", "n": ' + "9" * 5000 + "}", "[" * 100_000, '{"a": 1, "a": 2}', "\xff", "{"], ids=["number", "nesting", "twice", "bytes", "half"]
)
def test_what_is_not_sound_json_is_refused(body: str) -> None:
    answer = Client().post("/_allauth/app/v1/auth/login", body.encode("latin-1"), content_type="application/json")
    assert answer.status_code == 400 and answer.json()["code"] == "frame.invalid"


def test_a_body_without_end_is_refused() -> None:
    answer = Client().post("/_allauth/app/v1/auth/login", b'{"email": "' + b"x" * 3_000_000 + b'"}', content_type="application/json")
    assert answer.status_code == 413 and answer.json()["code"] == "frame.too_large"
