"""Passkeys uncover their person's own session, and nobody else's; whatever else comes is refused and changes nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.utils import timezone

from consult.audit.models import Record
from consult.standing.actions import suspend
from consult.standing.models import Challenge, Passkey
from consult.standing.passkeys import MOST, Site
from tests import people
from tests.people import PASSWORD, as_app, camille, nadia
from tests.standing.authenticator import PRESENT, Authenticator, b64

pytestmark = pytest.mark.django_db
DOOR = "/api/v1/passkeys"


def browser(someone: Any, host: str = "localhost") -> Client:
    """A browser whose person gave the password just now."""
    client = Client(SERVER_NAME=host)
    answer = client.post("/_allauth/browser/v1/auth/login", {"email": someone.email, "password": PASSWORD}, content_type="application/json")
    assert answer.status_code == 200
    return client


def post(client: Client, path: str = "", body: Any = None) -> tuple[int, Any]:
    answer = client.post(DOOR + path, {} if body is None else body, content_type="application/json")
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.json()


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["code"]


def add(client: Client, key: Authenticator, label: str = "Téléphone", **how: Any) -> tuple[int, Any]:
    status, options = post(client, "/challenge")
    assert status == 200, options
    return post(client, "", {"label": label, "credential": key.make(options, **how)})


def uncover(client: Client, key: Authenticator, **how: Any) -> tuple[int, Any]:
    status, options = post(client, "/uncover/challenge")
    assert status == 200, options
    return post(client, "/uncover", {"credential": key.sign(options, **how)})


@pytest.fixture
def phone() -> Client:
    return browser(camille())


@pytest.fixture
def key(phone: Client) -> Authenticator:
    made = Authenticator()
    assert add(phone, made)[0] == 201
    return made


def test_added_used_listed_and_forgotten(phone: Client) -> None:
    assert phone.get(DOOR).json() == {"passkeys": [], "able": True}
    made = Authenticator()
    _, options = post(phone, "/challenge")
    assert options["rp"] == {"id": "localhost", "name": "Consult"} and options["authenticatorSelection"]["userVerification"] == "required"
    status, answer = post(phone, "", {"label": "Clé\u0000 bleue", "credential": made.make(options)})
    assert status == 201
    [listed] = phone.get(DOOR).json()["passkeys"]
    assert (listed["passkey"], listed["label"], listed["used_at"]) == (answer["passkey"], "Clé bleue", None)
    _, options = post(phone, "/uncover/challenge")
    assert [one["id"] for one in options["allowCredentials"]] == [b64(made.id)] and options["userVerification"] == "required"
    assert post(phone, "/uncover", {"credential": made.sign(options)}) == (200, {})
    assert phone.get(DOOR).json()["passkeys"][0]["used_at"] is not None
    assert phone.delete(f"{DOOR}/{answer['passkey']}").status_code == 200
    assert code(post(phone, "/uncover/challenge")) == (404, "passkey.none")
    assert list(Record.objects.filter(act__startswith="passkey.").order_by("id").values_list("act", "object")) == [
        ("passkey.added", answer["passkey"]),
        ("passkey.removed", answer["passkey"]),
    ]


def test_the_password_comes_first(phone: Client) -> None:
    session = SessionStore(phone.cookies["sessionid"].value)
    records = session["account_authentication_methods"]
    session["account_authentication_methods"] = [{**one, "at": one["at"] - 301} for one in records]
    session.save()
    assert code(post(phone, "/challenge")) == (403, "passkey.password")
    again = phone.post("/_allauth/browser/v1/auth/reauthenticate", {"password": PASSWORD}, content_type="application/json")
    assert again.status_code == 200
    assert post(phone, "/challenge")[0] == 200
    app = Client(SERVER_NAME="localhost").post(f"{DOOR}/challenge", {}, content_type="application/json", headers=as_app(camille()))
    assert (app.status_code, app.json()["code"]) == (403, "passkey.password")


def test_a_passkey_is_not_a_password(phone: Client, key: Authenticator) -> None:
    """Uncovering does not let who found an open session add a key of their own."""
    session = SessionStore(phone.cookies["sessionid"].value)
    del session["account_authentication_methods"]
    session.save()
    assert uncover(phone, key) == (200, {})
    assert code(post(phone, "/challenge")) == (403, "passkey.password")


def test_who_signs_in_is_not_asked_for_it(key: Authenticator) -> None:
    assert browser(camille()).get("/api/v1/me").status_code == 200


def changed(answer: dict[str, Any], field: str, value: str) -> dict[str, Any]:
    made = copy.deepcopy(answer)
    made["response"][field] = value
    return made


WRONG: dict[str, Callable[[Authenticator, dict[str, Any]], dict[str, Any]]] = {
    "another site": lambda key, options: key.sign(options, origin="http://evil.example"),
    "another port": lambda key, options: key.sign(options, origin="http://localhost:8080"),
    "a subdomain": lambda key, options: key.sign(options, origin="https://a.localhost"),
    "another relying party": lambda key, options: key.sign(options, party="example.org"),
    "another challenge": lambda key, options: key.sign({**options, "challenge": b64(bytes(32))}),
    "nobody verified": lambda key, options: key.sign(options, flags=PRESENT),
    "nobody present": lambda key, options: key.sign(options, flags=0),
    "another ceremony": lambda key, options: key.sign(options, kind="create"),
    "another's key": lambda key, options: Authenticator().sign(options),
    "another's key under this name": lambda key, options: {**Authenticator().sign(options), "id": b64(key.id), "rawId": b64(key.id)},
    "a broken signature": lambda key, options: changed(key.sign(options), "signature", "AAAA"),
    "no base64": lambda key, options: changed(key.sign(options), "authenticatorData", "é"),
    "no JSON": lambda key, options: changed(key.sign(options), "clientDataJSON", b64(b"{")),
    "short data": lambda key, options: changed(key.sign(options), "authenticatorData", b64(b"x" * 5)),
    "a number for an origin": lambda key, options: changed(key.sign(options), "clientDataJSON", b64(b'{"type":"webauthn.get","challenge":"AAAA","origin":1}')),
}


@pytest.mark.parametrize("how", WRONG)
def test_refused(phone: Client, key: Authenticator, how: str) -> None:
    _, options = post(phone, "/uncover/challenge")
    assert code(post(phone, "/uncover", {"credential": WRONG[how](key, options)})) == (403, "passkey.refused")
    assert Passkey.objects.get().used_at is None
    # The challenge went with it; the next one is answered by the right key.
    assert code(post(phone, "/uncover", {"credential": key.sign(options)})) == (410, "passkey.expired")
    assert uncover(phone, key) == (200, {})


def test_an_answer_works_once_and_only_for_its_session(phone: Client, key: Authenticator) -> None:
    _, options = post(phone, "/uncover/challenge")
    signed = key.sign(options)
    tablet = browser(camille())
    assert code(post(tablet, "/uncover", {"credential": signed})) == (410, "passkey.expired"), "asked of another session"
    assert post(tablet, "/uncover/challenge")[0] == 200
    assert code(post(tablet, "/uncover", {"credential": signed})) == (403, "passkey.refused"), "another session's challenge"
    assert post(phone, "/uncover", {"credential": signed}) == (200, {})
    assert code(post(phone, "/uncover", {"credential": signed})) == (410, "passkey.expired")


def test_a_challenge_is_for_one_purpose_and_five_minutes(phone: Client, key: Authenticator) -> None:
    _, options = post(phone, "/challenge")
    assert code(post(phone, "/uncover", {"credential": key.sign(options)})) == (410, "passkey.expired")
    _, options = post(phone, "/uncover/challenge")
    Challenge.objects.update(at=timezone.now() - timedelta(seconds=301))
    assert code(post(phone, "/uncover", {"credential": key.sign(options)})) == (410, "passkey.expired")
    Challenge.objects.create(session_digest="0" * 64, purpose="add", value="x", at=timezone.now() - timedelta(hours=1))
    post(phone, "/uncover/challenge")
    assert Challenge.objects.filter(at__lt=timezone.now() - timedelta(minutes=5)).count() == 0, "what nobody answered goes"


def test_a_counter_never_goes_back(phone: Client, key: Authenticator) -> None:
    assert uncover(phone, key) == (200, {})
    assert code(uncover(phone, key, count=False)) == (403, "passkey.refused"), "the same count twice: a copy"
    key.counter -= 2
    assert code(uncover(phone, key)) == (403, "passkey.refused")
    synced = Authenticator(counter=0)
    add(phone, synced)
    assert uncover(phone, synced, count=False) == uncover(phone, synced, count=False) == (200, {}), "who never counts may stay at nothing"


def test_another_persons_key_uncovers_nothing(phone: Client, key: Authenticator) -> None:
    other = browser(nadia())
    theirs = Authenticator()
    add(other, theirs)
    _, options = post(phone, "/uncover/challenge")
    assert code(post(phone, "/uncover", {"credential": theirs.sign(options)})) == (403, "passkey.refused")
    assert code(add(other, key)) == (403, "passkey.refused"), "one key, one person"
    mine = str(Passkey.objects.get(person_id=camille().pk).pk)
    assert other.delete(f"{DOOR}/{mine}").json()["code"] == "passkey.not_found"
    assert other.delete(f"{DOOR}/none").json()["code"] == "passkey.not_found"
    assert uncover(phone, key) == (200, {})


@pytest.mark.parametrize("how", [{"origin": "http://evil.example"}, {"party": "example.org"}, {"flags": PRESENT}])
def test_what_is_made_is_looked_at_as_well(phone: Client, how: dict[str, Any]) -> None:
    assert code(add(phone, Authenticator(), **how)) == (403, "passkey.refused")
    assert Passkey.objects.count() == 0


@pytest.mark.parametrize("attestation", ["AAAA", b64(b"\xa0"), b64(b"\xbf" * 2000), "é" * 50])
def test_garbage_is_refused(phone: Client, attestation: str) -> None:
    _, options = post(phone, "/challenge")
    assert code(post(phone, "", {"credential": changed(Authenticator().make(options), "attestationObject", attestation)})) == (403, "passkey.refused")


def test_what_is_no_credential_or_too_large_is_named(phone: Client) -> None:
    good = Authenticator().make({"challenge": "AAAA"})
    for body in (
        {},
        {"credential": "x"},
        {"credential": {**good, "type": "password"}},
        {"credential": changed(good, "attestationObject", "A" * 20_000)},
        {"credential": {**good, "more": 1}},
    ):
        assert code(post(phone, "", body)) == (400, "frame.invalid")


def test_ten_and_no_more(phone: Client) -> None:
    for _ in range(MOST):
        assert add(phone, Authenticator())[0] == 201
    assert code(post(phone, "/challenge")) == (409, "passkey.full")


def test_the_tenth_of_two_tabs(phone: Client) -> None:
    for _ in range(MOST - 1):
        add(phone, Authenticator())
    tablet, keys = browser(camille()), (Authenticator(), Authenticator())
    asked = [post(client, "/challenge")[1] for client in (phone, tablet)]
    assert post(phone, "", {"credential": keys[0].make(asked[0])})[0] == 201
    assert code(post(tablet, "", {"credential": keys[1].make(asked[1])})) == (409, "passkey.full")


def test_the_suspended_and_those_without_a_session(phone: Client, key: Authenticator) -> None:
    _, options = post(phone, "/uncover/challenge")
    suspend(person_id=camille().pk, until=timezone.now() + timedelta(hours=1), by=people.moderator().pk, reason="essai")
    assert code(post(phone, "/uncover", {"credential": key.sign(options)})) == (403, "account.suspended")
    assert code(post(phone, "/uncover/challenge")) == (403, "account.suspended")
    assert code(post(Client(SERVER_NAME="localhost"), "/uncover/challenge")) == (401, "session.none")


def test_an_address_without_a_name_has_none() -> None:
    client = browser(camille(), host="127.0.0.1")
    assert client.get(DOOR).json() == {"passkeys": [], "able": False}
    assert code(post(client, "/challenge")) == (409, "passkey.host")


@pytest.mark.parametrize(
    ("host", "origin", "ours"),
    [
        ("consult.example", "https://consult.example", True),
        ("consult.example", "http://consult.example", False),
        ("consult.example", "https://www.consult.example", False),
        ("consult.example:8443", "https://consult.example:8443", True),
        ("consult.example:8443", "https://consult.example", False),
        ("localhost:8000", "http://localhost:8000", True),
        ("[::1]:8000", "http://[::1]:8000", None),
    ],
)
def test_the_origin_is_exactly_this_one(host: str, origin: str, ours: bool | None) -> None:
    site = Site(host)
    assert site.able == (ours is not None)
    if ours is not None:
        assert site._is_ours(origin) is ours
