"""Remits are given and taken in the admin and by the command, each with its line in the audit trail."""

from __future__ import annotations

import uuid
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from consult.audit.models import Record
from consult.rooms.models import Remit
from consult.standing.models import Standing
from tests import people
from tests.moderation.helpers import flag, moderator, queue
from tests.people import some_id
from tests.rooms.helpers import Phone, group, post

pytestmark = pytest.mark.django_db(transaction=True)


def remit(*words: str) -> str:
    out = StringIO()
    call_command("remit", *words, stdout=out)
    return out.getvalue().strip()


def test_by_the_command() -> None:
    nadia, room = people.nadia(), group()
    assert remit("add", nadia.email, "--group", "der", "--reason", "volontaire") == "Done." and remit("add", nadia.email, "--group", str(room)) == "Nothing to do."
    assert remit("list") == f"{nadia.email}: Dermatologie"
    assert Standing.objects.get(person_id=nadia.pk).moderator and Phone(nadia).get("/me").json()["me"]["roles"] == ["clinician", "moderator"]
    assert remit("add", nadia.email, "--everywhere") == "Done." and remit("remove", nadia.email, "--group", "DER") == "Done."
    assert remit("list") == f"{nadia.email}: everywhere"
    assert list(Record.objects.filter(object=str(nadia.pk)).order_by("id").values_list("act", "room_id", "reason")) == [
        ("remit.added", room, "volontaire"), ("remit.added", None, ""), ("remit.removed", room, ""),
    ]  # fmt: skip
    assert remit("add", nadia.email, "--specialty", "der", "--reason", "volontaire") == "Done." and remit("add", nadia.email, "--specialty", "DER") == "Nothing to do."
    assert set(remit("list").splitlines()) == {f"{nadia.email}: everywhere", f"{nadia.email}: specialty DER"}
    assert remit("remove", nadia.email, "--specialty", "DER") == "Done." and remit("list") == f"{nadia.email}: everywhere"
    assert [reason for (reason,) in Record.objects.filter(object=str(nadia.pk)).order_by("id").values_list("reason")][-2:] == ["[DER] volontaire", "[DER]"]
    for words in (
        ("add", nadia.email, "--specialty", "ZZZ"),
        ("add", nadia.email, "--specialty", "DER", "--everywhere"),
        ("add", "nobody@example.org", "--everywhere"),
        ("add", nadia.email, "--group", "XXX"),
        ("add", nadia.email),
    ):
        with pytest.raises(CommandError):
            remit(*words)


def test_in_the_admin() -> None:
    nadia, room, admin = people.nadia(), group(), people.person("admin", is_staff=True, is_superuser=True)
    browser = Client()
    browser.force_login(admin)
    assert "Dermatologie" in browser.get("/admin/rooms/remit/add/").content.decode()
    assert browser.post("/admin/rooms/remit/add/", {"person": str(nadia.pk), "group": str(room)}).status_code == 302
    made = Remit.objects.get()
    assert (made.person_id, made.group_id) == (nadia.pk, room) and "Dermatologie" in browser.get("/admin/rooms/remit/").content.decode()
    assert browser.post(f"/admin/rooms/remit/{made.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Remit.objects.exists() and not Standing.objects.get(person_id=nadia.pk).moderator
    assert [act for act, by in Record.objects.filter(object=str(nadia.pk)).values_list("act", "person_id") if by == admin.pk] == ["remit.added", "remit.removed"]
    assert Phone(admin).get("/me").json()["me"]["roles"] == ["clinician", "administrator"]


def test_a_specialty_in_the_admin() -> None:
    nadia, room, admin = people.nadia(), group(), people.person("admin", is_staff=True, is_superuser=True)
    browser = Client()
    browser.force_login(admin)
    both = browser.post("/admin/rooms/remit/add/", {"person": str(nadia.pk), "group": str(room), "specialty": "DER"})
    assert both.status_code == 200 and not Remit.objects.exists(), "one or the other"
    assert browser.post("/admin/rooms/remit/add/", {"person": str(nadia.pk), "group": "", "specialty": "DER"}).status_code == 302
    made = Remit.objects.get()
    assert (made.group_id, made.specialty_id) == (None, "DER") and "spécialité DER" in browser.get("/admin/rooms/remit/").content.decode()
    assert Phone(nadia).get("/me").json()["me"]["remit"] == "some"
    assert browser.post(f"/admin/rooms/remit/{made.pk}/delete/", {"post": "yes"}).status_code == 302 and not Remit.objects.exists()
    assert list(Record.objects.filter(object=str(nadia.pk)).order_by("id").values_list("act", "reason", "person_id")) == [
        ("remit.added", "[DER] admin", admin.pk), ("remit.removed", "[DER] admin", admin.pk),
    ]  # fmt: skip


def test_the_queue_of_a_specialty_is_its_items() -> None:
    """What is flagged in a case that is asked of everyone waits for who moderates its specialty, and for nobody of another."""
    camille, nadia = people.camille(), people.nadia()
    asked = Phone(camille).post("/cases", {"id": some_id(), "title": "Plaque", "question": "Plaque.", "specialty": "SM15", "urgency": "week", "everyone": True})
    assert asked.status_code == 201, asked.content
    message = post(uuid.UUID(asked.json()["room"]), nadia, "Mycose.")["message"]
    assert flag(camille, message).status_code == 201
    der, car = moderator("luce"), moderator("yves")
    Remit.objects.filter(person__in=(der, car)).delete()
    for person, code in ((der, "DER"), (car, "CAR")):
        Remit.objects.create(person=person, specialty_id=code)
    assert [i["message"]["id"] if isinstance(i["message"], dict) else i["message"] for i in queue(der)] == [message] and queue(car) == []
