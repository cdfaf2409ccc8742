"""Letting people in and out, by command line and by the admin: it is told to the person and to every node."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from consult.audit.models import Record
from consult.clinicians.models import Person
from consult.rooms.models import Event
from consult.standing.changes import Reader
from consult.standing.models import Standing
from tests.people import PASSWORD, as_app, camille, nadia, unverified

pytestmark = pytest.mark.django_db(transaction=True)


def told(person: Person) -> list[Any]:
    return list(Event.objects.filter(room__owner=person, kind="verification.decided").order_by("seq").values_list("data", flat=True))


def test_the_command_verifies_and_revokes(capsys: pytest.CaptureFixture[str]) -> None:
    person, reader = unverified(), Reader()
    call_command("verify", "YANN@example.org", "--register", "10101234567")
    assert "verified" in capsys.readouterr().out
    assert person.pk in [change.person_id for change in reader.read()]
    assert Client().get("/api/v1/people", headers=as_app(person)).status_code == 200
    call_command("verify", person.email, "--revoke")
    assert Client().get("/api/v1/people", headers=as_app(person)).json()["code"] == "account.unverified"
    assert told(person) == [{"status": "verified"}, {"status": "expired"}]


def test_the_command_warns_of_an_odd_register_number_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify", unverified().email, "--register", "123")
    assert "RPPS" in capsys.readouterr().err
    assert Standing.objects.get(person_id=unverified().pk).verification == "verified"


def test_nobody_by_that_address() -> None:
    with pytest.raises(CommandError, match="no account"):
        call_command("verify", "nobody@example.org")


@pytest.fixture
def admin() -> Client:
    Person.objects.create_superuser("root@example.org", PASSWORD, given_name="Root")
    client = Client()
    answer = client.post("/admin/login/?next=/admin/", {"username": "root@example.org", "password": PASSWORD})
    assert answer.status_code == 302
    return client


def act(admin: Client, name: str, *people: Person) -> None:
    answer = admin.post("/admin/clinicians/person/", {"action": name, "_selected_action": [str(p.pk) for p in people]})
    assert answer.status_code == 302


def test_the_admin_lists_verifies_suspends_and_lifts(admin: Client) -> None:
    person = unverified()
    page = admin.get("/admin/clinicians/person/?verification=pending").content.decode()
    assert person.email in page and camille().email not in page
    act(admin, "verify", person)
    assert told(person) == [{"status": "verified"}]
    assert Record.objects.filter(act="standing.verified", object=str(person.pk), person_id=Person.objects.get(email="root@example.org").pk).exists()
    act(admin, "suspend_a_day", person)
    assert Client().get("/api/v1/people", headers=as_app(person)).json()["code"] == "account.suspended"
    act(admin, "lift", person)
    act(admin, "revoke", person, nadia())
    assert Standing.objects.get(person_id=nadia().pk).verification == "expired"


def test_the_admins_pages_open_and_save(admin: Client) -> None:
    for path in ("person/", "person/add/", f"person/{camille().pk}/change/", "specialty/", "specialtygroup/", "profession/"):
        assert admin.get(f"/admin/clinicians/{path}").status_code == 200, path
    added = admin.post("/admin/clinicians/person/add/", {"email": "new@example.org", "password1": "a-long-enough-one", "password2": "a-long-enough-one"})
    assert added.status_code == 302, added.content
    assert Standing.objects.get(person_id=Person.objects.get(email="new@example.org").pk).verification == "incomplete"
    changed = admin.post("/admin/clinicians/specialty/SM43/change/", {"code": "SM43", "label": "Psychiatrie, option enfant et adolescent", "group": "PSY"})  # kept between tests
    assert changed.status_code == 302


def test_the_admin_is_closed_to_clinicians() -> None:
    client = Client()
    client.force_login(camille())
    assert client.get("/admin/clinicians/person/").status_code == 302
