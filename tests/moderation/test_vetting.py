"""Letting people in and out, by command line and by the admin: it is told to the person and to every node."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from consult.audit.models import Record
from consult.clinicians.models import Person
from consult.errors import Refusal
from consult.moderation import tending, vetting
from consult.moderation.models import Item
from consult.rooms.models import Event
from consult.standing.changes import Reader
from consult.standing.models import Standing
from tests.moderation.helpers import decide, moderator, queue
from tests.people import PASSWORD, as_app, camille, nadia, person, unverified
from tests.rooms.helpers import at_once

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


def shut_out(person: Person) -> bool:
    """Whether anything keeps this person from administering the service, or from its rooms."""
    row = Standing.objects.get(person_id=person.pk)
    person.refresh_from_db()
    return row.verification != "verified" or bool(row.suspended_until) or not (person.is_active and person.is_staff)


def test_the_last_administrator_stays_and_nobody_shuts_themselves_out(admin: Client) -> None:
    """By each back door: the admin's actions and its form, the command line, an item of the queue."""
    root, luce, nobody = Person.objects.get(email="root@example.org"), person("luce", is_staff=True), camille()
    vetting.verify(person_id=root.pk, by=None, register="test")
    for name in ("suspend_a_day", "suspend_a_week", "revoke"):
        page = admin.post("/admin/clinicians/person/", {"action": name, "_selected_action": [str(root.pk), str(nobody.pk)]}, follow=True).content.decode()
        assert "Vous êtes concerné" in page and "Fait : 1" in page, "the others are done"
        assert not shut_out(root)
    act(admin, "suspend_a_day", luce)
    assert shut_out(luce), "one of two"
    for refused in (
        lambda: vetting.suspend(person_id=root.pk, until=timezone.now() + timedelta(days=1), by=None, reason="test"),
        lambda: vetting.revoke(person_id=root.pk, by=luce.pk),
        lambda: call_command("verify", root.email, "--revoke"),
    ):
        with pytest.raises((Refusal, CommandError), match=r"last_administrator|Name another administrator first"):
            refused()
    assert not shut_out(root)
    form = {"email": root.email, "locale": "fr", "is_superuser": "on"}
    for kept in ({"is_staff": "on"}, {"is_active": "on"}):
        page = admin.post(f"/admin/clinicians/person/{root.pk}/change/", {**form, **kept})
        assert page.status_code == 200 and "Nommez d’abord un autre administrateur." in page.content.decode()
    assert not shut_out(root)
    acts = set(Record.objects.filter(object=str(root.pk)).values_list("act", flat=True))
    assert acts == {"standing.verified"}, "a refusal leaves no trace of an act"
    vetting.lift(person_id=luce.pk, by=root.pk)
    assert admin.post(f"/admin/clinicians/person/{root.pk}/change/", {**form, "is_active": "on"}).status_code == 302
    root.refresh_from_db()
    assert not root.is_staff, "with another one there, they may"


def test_refusing_a_verification_does_not_shut_the_last_administrator_out() -> None:
    root, sacha = person("root", is_staff=True, verified=False), moderator()
    tending.run_once()
    (item,) = queue(sacha, kind="verification")
    assert decide(sacha, item["item"], "refuse").json()["code"] == "moderation.last_administrator"
    assert Standing.objects.get(person_id=root.pk).verification == "pending" and Item.objects.get(pk=item["item"]).decision is None
    person("luce", is_staff=True)
    assert decide(sacha, item["item"], "refuse").status_code == 201
    assert Standing.objects.get(person_id=root.pk).verification == "expired"


@pytest.mark.parametrize("how", ["suspended", "revoked"])
def test_of_two_who_are_shut_out_at_once_one_is_left(how: str) -> None:
    both, until = (person("root", is_staff=True), person("luce", is_staff=True)), timezone.now() + timedelta(days=1)

    def out(who: Person) -> None:
        if how == "suspended":
            vetting.suspend(person_id=who.pk, until=until, by=None, reason="test")
        else:
            vetting.revoke(person_id=who.pk, by=None)

    answers = at_once(*[lambda who=who: out(who) for who in both])  # type: ignore[misc]
    assert [a.code for a in answers if isinstance(a, Refusal)] == ["moderation.last_administrator"] and answers.count(None) == 1


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
