"""The secret of what a device keeps: for this person's sessions alone, and gone for ever after a wipe."""

from __future__ import annotations

import base64
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.utils import timezone

from consult.audit.models import Record
from consult.standing import vaults
from consult.standing.actions import suspend
from consult.standing.models import AccessChange, Vault
from consult.standing.sessions import digest
from tests.people import as_app, camille, nadia, session_of

pytestmark = pytest.mark.django_db
DOOR = "/api/v1/vaults"


def opened(headers: dict[str, str], id: str, **more: Any) -> tuple[int, Any]:
    answer = Client().post(DOOR, {"id": id, **more}, content_type="application/json", headers=headers)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.json()


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_vault_has_one_secret_for_every_session_of_its_person() -> None:
    id = str(uuid.uuid4())
    status, first = opened(as_app(camille()), id, label="Chrome, Android")
    assert status == 201 and len(base64.urlsafe_b64decode(first["secret"] + "=")) == 32
    assert opened(as_app(camille()), id) == (200, first)
    status, other = opened(as_app(camille()), str(uuid.uuid4()))
    assert status == 201 and other["secret"] != first["secret"]


def test_nobody_else_gets_it_and_the_vault_does_not_change_hands() -> None:
    id = str(uuid.uuid4())
    _, mine = opened(as_app(camille()), id)
    status, told = opened(as_app(nadia()), id)
    assert (status, told["code"]) == (404, "vault.not_found")
    assert refusal(Client().delete(f"{DOOR}/{id}", headers=as_app(nadia()))) == (404, "vault.not_found")
    assert Client().get(DOOR, headers=as_app(nadia())).json() == {"vaults": []}
    assert opened(as_app(camille()), id) == (200, mine)


def test_a_session_that_ended_gets_nothing() -> None:
    id, headers = str(uuid.uuid4()), as_app(camille())
    opened(headers, id)
    SessionStore(headers["X-Session-Token"]).delete()
    status, told = opened(headers, id)
    assert (status, told["code"]) == (401, "session.none") and "secret" not in told
    assert opened({}, id)[0] == 401


def test_a_session_from_before_another_password_gets_nothing() -> None:
    id, headers = str(uuid.uuid4()), as_app(camille())
    opened(headers, id)
    person = camille()
    person.set_password("another-long-password")
    person.save()
    assert opened(headers, id)[0] == 401


def test_who_is_suspended_gets_nothing_until_it_is_over() -> None:
    id, headers = str(uuid.uuid4()), as_app(camille())
    _, mine = opened(headers, id)
    suspend(person_id=camille().pk, until=timezone.now() + timedelta(hours=1), by=None, reason="")
    status, told = opened(headers, id)
    assert (status, told["code"]) == (403, "account.suspended")
    suspend(person_id=camille().pk, until=timezone.now() - timedelta(seconds=1), by=None, reason="")
    assert opened(headers, id) == (200, mine)


def test_the_cookie_alone_opens_nothing_and_the_secret_is_in_no_address() -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["sessionid"] = session_of(camille())
    body = {"id": str(uuid.uuid4())}
    assert refusal(client.post(DOOR, body, content_type="application/json")) == (403, "session.csrf")
    client.get("/_allauth/browser/v1/config")
    answer = client.post(DOOR, body, content_type="application/json", headers={"X-CSRFToken": client.cookies["csrftoken"].value})
    assert answer.status_code == 201 and list(answer.json()) == ["secret"]
    assert answer.json()["secret"] not in client.get(DOOR).content.decode()


def test_a_wipe_destroys_the_secret_and_ends_the_session_of_the_device() -> None:
    lost, here, id = as_app(camille()), as_app(camille()), str(uuid.uuid4())
    _, before = opened(lost, id, label="Chrome, Android")
    listed = Client().get(DOOR, headers=here).json()["vaults"]
    assert [(v["vault"], v["label"], v["this"]) for v in listed] == [(id, "Chrome, Android", False)]
    assert Client().get(f"{DOOR}/{id}").json() == {"wiped": False}

    assert Client().delete(f"{DOOR}/{id}", headers=here).status_code == 200
    assert Client().get("/api/v1/me", headers=lost).status_code == 401
    assert Client().get("/api/v1/me", headers=here).status_code == 200
    # Open sockets of that session hear of it.
    assert AccessChange.objects.filter(kind="session", session=digest(lost["X-Session-Token"])).exists()
    status, told = opened(here, id)
    assert (status, told["code"]) == (410, "vault.wiped")
    row = Vault.objects.get(pk=id)
    assert row.secret is None and row.session_key == ""
    # The device asks without a session, by the id that it alone knows.
    assert Client().get(f"{DOOR}/{id}").json() == {"wiped": True}
    assert Client().get(DOOR, headers=here).json() == {"vaults": []}
    assert Client().delete(f"{DOOR}/{id}", headers=here).status_code == 200
    assert Record.objects.filter(act="vault.wiped", object=id, person_id=camille().pk).count() == 1
    assert before["secret"] not in str(Record.objects.values())


@pytest.mark.parametrize("body", [{}, {"id": "x"}, {"id": None}, {"id": 4}, {"id": str(uuid.uuid4()), "secret": "mine"}, {"id": str(uuid.uuid4()), "label": None}])
def test_bad_input_is_refused_by_name(body: dict[str, Any]) -> None:
    answer = Client().post(DOOR, body, content_type="application/json", headers=as_app(camille()))
    assert refusal(answer) == (400, "frame.invalid")
    assert not Vault.objects.exists()


@pytest.mark.parametrize("id", ["x", "%00", "00000000-0000-0000-0000-000000000000", "9" * 400])
def test_an_unknown_vault_is_just_unknown(id: str) -> None:
    assert refusal(Client().delete(f"{DOOR}/{id}", headers=as_app(camille()))) == (404, "vault.not_found")
    looked = Client().get(f"{DOOR}/{id}")
    assert looked.status_code == 404 or looked.json() == {"wiped": False}


def test_a_person_has_so_many_and_the_one_opened_longest_ago_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vaults, "MOST", 3)
    person, ids = camille().pk, [uuid.uuid4() for _ in range(4)]
    for at, id in enumerate(ids[:3]):
        vaults.open_vault(vault_id=id, person_id=person, session_key="k" * 32)
        Vault.objects.filter(pk=id).update(opened_at=timezone.now() - timedelta(days=3 - at))
    vaults.open_vault(vault_id=ids[3], person_id=person, session_key="k" * 32, label="a\x00b" + "c" * 90)
    assert set(Vault.objects.values_list("pk", flat=True)) == set(ids[1:])
    assert Vault.objects.get(pk=ids[3]).label == "ab" + "c" * 58


def test_a_request_that_names_another_person_is_refused() -> None:
    headers = as_app(camille())
    named = {**headers, "X-Consult-Person": str(nadia().pk)}
    assert refusal(Client().get("/api/v1/me", headers=named)) == (409, "session.other")
    assert Client().get("/api/v1/me", headers={**headers, "X-Consult-Person": str(camille().pk)}).status_code == 200
