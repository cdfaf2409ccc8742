"""Registering a browser or app: an address has one owner, a person has a bounded number, nothing readable lies in the database."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import pytest
from django.db import connection

from consult.push import actions, sealed
from consult.push.models import Device
from tests import people
from tests.push.services import Service
from tests.rooms.helpers import Phone, at_once

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_ten_thousand_devices_of_one_account_are_twenty(service: Service, settings: Any) -> None:
    settings.DEVICES = 3
    nadia = people.nadia()
    key = people.session_of(nadia)

    def add(n: int) -> uuid.UUID:
        return actions.register(person_id=nadia.pk, session_key=key, courier="web", address=service.browser(f"b{n}").address(), label="", locale="fr")

    made = [add(n) for n in range(6)]
    assert set(Device.objects.values_list("pk", flat=True)) == set(made[3:])
    at_once(*[lambda n=n: add(n) for n in range(10, 18)])
    assert Device.objects.count() == 3


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
