"""Registering a browser or app: an address has one owner, a person has a bounded number, nothing readable lies in the database."""

from __future__ import annotations

import uuid
from datetime import timedelta
from io import StringIO
from typing import Any

import orjson
import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consult.clinicians.models import Person
from consult.push import actions, sealed
from consult.push.delivery import BATCH, Delivery
from consult.push.models import Device, Notice
from consult.rooms import waking
from consult.rooms.jobs import purge
from consult.standing import actions as standing
from tests import people
from tests.push.services import Browser, Service
from tests.push.test_notices import conversation
from tests.rooms.helpers import Phone, at_once, post

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 10_000


def registered(phone: Phone, service: Service, name: str, **more: Any) -> Any:
    return phone.post("/devices", {"id": str(uuid.uuid4()), "courier": "web", "address": service.browser(name).address(), **more})


def test_a_browser_is_registered_listed_and_forgotten(service: Service) -> None:
    nadia = Phone(people.nadia())
    key = nadia.get("/push").json()
    assert key["web"]["key"] == actions.web_key() and len(key["web"]["key"]) == 87 and not key["fcm"]
    answer = registered(nadia, service, "tablet", label="Chrome,\n Android")
    assert answer.status_code == 201
    [item] = nadia.get("/devices").json()["devices"]
    assert item["device"] == answer.json()["device"] and item["this"] and item["label"] == "Chrome, Android" and "address" not in item
    assert not Phone(people.nadia()).get("/devices").json()["devices"][0]["this"], "another session of hers"
    assert Phone(people.idris()).client.delete(f"/api/v1/devices/{item['device']}", headers=people.as_app(people.idris())).status_code == 200
    assert Device.objects.count() == 1, "somebody else's stays"
    assert nadia.client.delete(f"/api/v1/devices/{item['device']}", headers=nadia.headers).status_code == 200
    assert not Device.objects.exists()
    assert nadia.client.delete(f"/api/v1/devices/{item['device']}", headers=nadia.headers).status_code == 200, "twice is once"


def test_the_same_request_twice_is_one_device_and_another_under_its_id_is_refused(service: Service) -> None:
    nadia, id, address = Phone(people.nadia()), str(uuid.uuid4()), service.browser("tablet").address()
    first = nadia.post("/devices", {"id": id, "courier": "web", "address": address})
    again = nadia.post("/devices", {"id": id, "courier": "web", "address": address})
    assert (first.status_code, again.status_code) == (201, 200) and again.json() == {**first.json(), "duplicate": True}
    other = nadia.post("/devices", {"id": id, "courier": "web", "address": service.browser("phone").address()})
    assert other.status_code == 409 and other.json()["code"] == "request.id_reused"
    assert Device.objects.count() == 1


def test_an_address_moves_to_who_registers_it_last(service: Service) -> None:
    nadia, idris = Phone(people.nadia()), Phone(people.idris())
    address = service.browser("shared").address()
    hers = nadia.post("/devices", {"id": str(uuid.uuid4()), "courier": "web", "address": address}).json()["device"]
    his = idris.post("/devices", {"id": str(uuid.uuid4()), "courier": "web", "address": address}).json()["device"]
    assert hers != his and nadia.get("/devices").json()["devices"] == []
    again = idris.post("/devices", {"id": str(uuid.uuid4()), "courier": "web", "address": address})
    assert again.status_code == 201 and again.json()["device"] == his, "registered again it is the same device"


def test_one_address_registered_by_many_at_once_has_one_owner(service: Service) -> None:
    address, who = service.browser("shared").address(), [people.nadia(), people.idris(), people.camille(), people.helene()]
    phones = [Phone(p) for p in who for _ in range(2)]
    answers = at_once(*[lambda p=p: p.post("/devices", {"id": str(uuid.uuid4()), "courier": "web", "address": address}) for p in phones])
    assert {a.status_code for a in answers} == {201} and Device.objects.count() == 1


def test_who_registers_again_and_again_keeps_the_latest_few(service: Service, settings: Any) -> None:
    settings.DEVICES = 3
    nadia = people.nadia()
    key = people.session_of(nadia)

    def add(n: int) -> uuid.UUID:
        return actions.register(person_id=nadia.pk, session_key=key, courier="web", address=service.browser(f"b{n}").address(), label="", locale="fr")

    made = [add(n) for n in range(6)]
    assert set(Device.objects.values_list("pk", flat=True)) == set(made[3:])
    at_once(*[lambda n=n: add(n) for n in range(10, 18)])
    assert Device.objects.count() == 3


def test_ten_thousand_that_lie_there_already_cost_a_few_queries_and_are_twenty_at_the_next_registration(service: Service, settings: Any) -> None:
    """As a lower DEVICES finds them. Nothing asks for each of them; what is sent to them is taken in batches."""
    nadia, idris = people.nadia(), people.idris()
    talk, key = conversation(nadia, idris), people.session_of(idris)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO push_device (id, person_id, session, courier, address_digest, address, locale, label, created_at, seen_at, refused) "
            "SELECT gen_random_uuid(), %s, '', 'web', sha256(n::text::bytea), %s, 'fr', '', now() - n * interval '1 second', now() - n * interval '1 second', 0 FROM generate_series(1, %s) n",
            (idris.pk, sealed.seal({**service.browser("one").address(), "session": key}), MANY),
        )
        cursor.execute("ANALYZE push_device")
    post(talk, nadia, "Un")
    with CaptureQueriesContext(connection) as expanding:
        while waking.expand():
            pass
    assert Notice.objects.count() == MANY and len(expanding) <= 10
    delivery = Delivery(actions.configured(), still_due=waking.still_due, badges=waking.badges)
    with CaptureQueriesContext(connection) as taking:
        todo = delivery.take()
    assert todo.taken == len(todo.wakes) == BATCH and len(taking) <= 15
    phone = Phone(idris)
    with CaptureQueriesContext(connection) as listing:
        assert len(phone.get("/devices").json()["devices"]) == MANY
    with CaptureQueriesContext(connection) as registering:
        assert registered(phone, service, "tablet").status_code == 201
    assert Device.objects.filter(person=idris).count() == settings.DEVICES == 20
    assert len(listing) <= 20 and len(registering) <= 20 + MANY / 100, "a hundred that go a statement"
    assert Notice.objects.count() <= settings.DEVICES, "theirs go with them"


def test_where_people_are_woken_is_not_readable_in_the_database(service: Service, settings: Any) -> None:
    nadia = Phone(people.nadia())
    registered(nadia, service, "tablet")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(d)::text, encode(address, 'escape') FROM push_device d UNION ALL SELECT row_to_json(r)::text, '' FROM rooms_receipt r")
        stored = repr(cursor.fetchall())
    browser = service.browsers["tablet"]
    for secret in (browser.endpoint, browser.address()["auth"], browser.address()["p256dh"], nadia.headers["X-Session-Token"]):
        assert secret not in stored
    device = Device.objects.get()
    assert (sealed.unseal(bytes(device.address)) or {})["endpoint"] == browser.endpoint
    settings.SECRETS_KEYS = ["a new key of more than thirty-two characters", *settings.SECRETS_KEYS]
    assert sealed.unseal(bytes(device.address)), "an older key still opens"
    settings.SECRETS_KEYS = ["a new key of more than thirty-two characters"]
    assert sealed.unseal(bytes(device.address)) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"address": {"endpoint": "https://169.254.169.254/", "p256dh": "", "auth": ""}}, "device.endpoint"),
        ({"address": {"endpoint": "https://push.example.org/x", "p256dh": "AAAA", "auth": "AAAA"}}, "device.keys"),
        ({"address": {}}, "frame.invalid"),
        ({"address": {"endpoint": 5}}, "frame.invalid"),
        ({"address": {"endpoint": "x", "p256dh": "x", "auth": "x", "more": 1}}, "frame.invalid"),
        ({"courier": "fcm", "address": {"token": "x" * 40}}, "device.courier"),
        ({"courier": "pigeon"}, "frame.invalid"),
        ({"id": "none"}, "frame.invalid"),
        ({"label": 7}, "frame.invalid"),
    ],
)
def test_what_is_no_device(service: Service, change: dict[str, Any], code: str) -> None:
    body = {"id": str(uuid.uuid4()), "courier": "web", "address": service.browser("x").address(), **change}
    answer = Phone(people.nadia()).post("/devices", body)
    assert answer.json()["code"] == code and answer.status_code in (400, 409) and not Device.objects.exists()


def test_who_is_not_signed_in_registers_nothing(client: Any, service: Service) -> None:
    answer = client.post("/api/v1/devices", orjson.dumps({}), content_type="application/json")
    assert answer.status_code == 401


def test_without_a_key_there_is_no_web_push(service: Service, settings: Any) -> None:
    settings.VAPID_PRIVATE_KEY = ""
    nadia = Phone(people.nadia())
    assert nadia.get("/push").json()["web"] is None and registered(nadia, service, "tablet").json()["code"] == "device.courier"


def test_who_only_knows_an_endpoint_does_not_take_it_over(service: Service) -> None:
    nadia, idris = Phone(people.nadia()), Phone(people.idris())
    hers = service.browser("hers").address()
    assert nadia.post("/devices", {"id": str(uuid.uuid4()), "courier": "web", "address": hers}).status_code == 201
    forged = {**service.browser("forger").address(), "endpoint": hers["endpoint"]}
    answer = idris.post("/devices", {"id": str(uuid.uuid4()), "courier": "web", "address": forged})
    assert (answer.status_code, answer.json()["code"]) == (400, "device.keys") and len(nadia.get("/devices").json()["devices"]) == 1
    assert idris.get("/devices").json()["devices"] == []


@pytest.mark.parametrize(
    ("when", "status", "code"),
    [
        ("2020-01-01T00:00:00.000Z", 400, "device.expired"),
        ("2099-01-01T00:00:00Z", 201, None),
        ("soon", 400, "frame.invalid"),
        ("2099-01-01", 400, "frame.invalid"),
        (5, 400, "frame.invalid"),
    ],
)
def test_a_subscription_that_ended_is_not_registered(service: Service, when: Any, status: int, code: str | None) -> None:
    answer = Phone(people.nadia()).post("/devices", {"id": str(uuid.uuid4()), "courier": "web", "address": {**service.browser("x").address(), "expires_at": when}})
    assert (answer.status_code, answer.json().get("code")) == (status, code) and Device.objects.count() == (status == 201)


def test_who_is_suspended_registers_nothing_who_is_not_verified_yet_does(service: Service) -> None:
    nadia = people.nadia()
    standing.suspend(person_id=nadia.pk, until=timezone.now() + timedelta(days=1), by=None, reason="test")
    answer = registered(Phone(nadia), service, "x")
    assert (answer.status_code, answer.json()["code"]) == (403, "account.suspended") and not Device.objects.exists()
    assert registered(Phone(people.unverified()), service, "y").status_code == 201


def _sign_out(nadia: Person, phone: Phone) -> None:
    answer = phone.client.delete("/_allauth/app/v1/auth/session", headers=phone.headers)
    assert answer.status_code == 401, "allauth's word for signed out"


def _expire(nadia: Person, phone: Phone) -> None:
    Session.objects.filter(session_key=phone.headers["X-Session-Token"]).update(expire_date=timezone.now() - timedelta(seconds=1))


def _new_password(nadia: Person, phone: Phone) -> None:
    nadia.set_password("un autre mot de passe")
    nadia.save()


def _close(nadia: Person, phone: Phone) -> None:
    Person.objects.filter(pk=nadia.pk).update(is_active=False)


@pytest.mark.parametrize("end", [_sign_out, _expire, _new_password, _close])
def test_a_device_dies_with_its_session_however_that_ends(service: Service, end: Any) -> None:
    nadia = people.nadia()
    phone, other = Phone(nadia), Phone(people.idris())
    registered(phone, service, "hers")
    registered(other, service, "his")
    purge()
    assert Device.objects.count() == 2, "sessions that hold keep theirs"
    end(nadia, phone)
    if nadia.is_active and end is not _close:
        assert Phone(Person.objects.get(pk=nadia.pk)).get("/devices").json()["devices"] == [], "not shown before it is removed"
    purge()
    assert [d.person_id for d in Device.objects.all()] == [people.idris().pk]


def test_an_address_whose_session_is_over_keeps_nobody_out(service: Service) -> None:
    """Who learnt an endpoint and registered it first, with keys of their own, holds it no longer than they are signed in."""
    nadia, idris = Phone(people.nadia()), Phone(people.idris())
    hers = service.browser("hers").address()
    forged = {**service.browser("forger").address(), "endpoint": hers["endpoint"]}
    assert idris.post("/devices", {"id": str(uuid.uuid4()), "courier": "web", "address": forged}).status_code == 201
    asked = lambda: nadia.post("/devices", {"id": str(uuid.uuid4()), "courier": "web", "address": hers})  # noqa: E731
    assert asked().json()["code"] == "device.keys"
    _sign_out(people.idris(), idris)
    assert asked().status_code == 201 and [d.person_id for d in Device.objects.all()] == [people.nadia().pk]


def test_a_phone_that_changes_hands_moves_and_comes_back_at_the_next_start(settings: Any) -> None:
    """Without signing out: its token has no keys that could be asked for (docs/push.md)."""
    settings.FCM_ACCOUNT = "{}"
    nadia, idris = Phone(people.nadia()), Phone(people.idris())
    for phone, person in ((nadia, people.nadia()), (idris, people.idris()), (nadia, people.nadia())):
        assert phone.post("/devices", {"id": str(uuid.uuid4()), "courier": "fcm", "address": {"token": "f" * 100}}).status_code == 201
        assert [d.person_id for d in Device.objects.all()] == [person.pk]


def test_apps_are_registered_where_their_couriers_are_configured(settings: Any) -> None:
    nadia, fcm, apns = Phone(people.nadia()), "f" * 20 + ":APA91b" + "x" * 100, "ab" * 32
    body = lambda courier, **address: {"id": str(uuid.uuid4()), "courier": courier, "address": address}  # noqa: E731
    assert nadia.get("/push").json()["fcm"] is nadia.get("/push").json()["apns"] is False
    assert nadia.post("/devices", body("apns", token=apns)).json()["code"] == "device.courier"
    settings.FCM_ACCOUNT, settings.APNS_KEY = "{}", "x"
    assert nadia.get("/push").json()["fcm"] is nadia.get("/push").json()["apns"] is True
    assert [nadia.post("/devices", body(*one, **two)).status_code for one, two in ((("fcm",), {"token": fcm}), (("apns",), {"token": apns, "sandbox": True}))] == [201, 201]
    for courier, token in (("fcm", "x"), ("fcm", "é" * 50), ("apns", apns.upper()), ("apns", "ab" * 5000), ("fcm", "x" * 100_000)):
        assert nadia.post("/devices", body(courier, token=token)).json()["code"] in ("device.token", "frame.too_large")
    assert sorted(d["courier"] for d in nadia.get("/devices").json()["devices"]) == ["apns", "fcm"]


def test_addresses_are_sealed_anew_after_a_change_of_keys(service: Service, settings: Any) -> None:
    registered(Phone(people.nadia()), service, "tablet")
    old, new = settings.SECRETS_KEYS, ["a new key of more than thirty-two characters"]
    settings.SECRETS_KEYS = new
    with pytest.raises(CommandError, match="1 that no key"):
        call_command("reseal", stdout=StringIO())
    settings.SECRETS_KEYS = [*new, *old]
    call_command("reseal", stdout=(said := StringIO()))
    settings.SECRETS_KEYS = new
    assert said.getvalue() == "1 sealed anew\n" and (sealed.unseal(bytes(Device.objects.get().address)) or {})["endpoint"] == service.browsers["tablet"].endpoint


@pytest.mark.parametrize("spelling", ["https://PUSH.example.org/send/x", "HTTPS://push.example.org:443/send/x", "https://push.example.org:/send/x", "https://push.example.org/send/%78", "https://push.example.org/send/x#", "https://push.example.org/send/x?", "https://push.example.org/z/../send/./x", "https://push.example.org/%2E/send/x"])  # fmt: skip
def test_another_spelling_of_an_endpoint_is_no_other_endpoint(service: Service, spelling: str) -> None:
    """Otherwise who came to know it would register it beside its owner, with keys that the browser cannot read."""
    hers, his = Browser("https://push.example.org", "x"), Browser("https://push.example.org", "y")

    def asked(person: Person, address: dict[str, str]) -> Any:
        return Phone(person).post("/devices", {"id": str(uuid.uuid4()), "courier": "web", "address": address})

    device = asked(people.nadia(), hers.address()).json()["device"]
    refused = asked(people.idris(), {**his.address(), "endpoint": spelling})
    assert (refused.status_code, refused.json()["code"]) == (400, "device.endpoint" if "#" in spelling else "device.keys")
    if "#" not in spelling:
        assert asked(people.nadia(), {**hers.address(), "endpoint": spelling}).json()["device"] == device
    assert [d.person_id for d in Device.objects.all()] == [people.nadia().pk]


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59-23:59", "2030-01-01T00:00:00+23:59:59.999999", "9999-12-31T23:59:59.999999Z"])
def test_an_end_of_a_subscription_that_the_database_would_not_give_back_is_never_kept(service: Service, end: str) -> None:
    """A row that cannot be read stops the delivery of all that is leased together with it."""
    nadia = Phone(people.nadia())
    answer = nadia.post("/devices", {"id": str(uuid.uuid4()), "courier": "web", "address": {**service.browser("tablet").address(), "expires_at": end}})
    assert answer.status_code == 201 or (answer.status_code, answer.json()["fields"]) == (400, ["address.expires_at"])
    assert nadia.get("/devices").status_code == 200 and len(Device.objects.in_bulk()) == (answer.status_code == 201)


def test_a_subscription_whose_end_has_come_is_forgotten(service: Service) -> None:
    for name in ("tablet", "phone"):
        registered(Phone(people.nadia()), service, name)
    kept, over = Device.objects.order_by("created_at")
    Device.objects.filter(pk=over.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    Device.objects.filter(pk=kept.pk).update(expires_at=timezone.now() + timedelta(days=1))
    assert actions.purge() == 1 and [d.pk for d in Device.objects.all()] == [kept.pk]
