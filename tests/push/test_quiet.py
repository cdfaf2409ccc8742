"""Quiet hours by the wall clock of one's own zone: across midnight, and on the two days on which the clock jumps."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest

from consult.errors import Refusal
from consult.push.models import Wishes
from consult.push.wishes import change, quiet_until, zone_of
from tests import people
from tests.rooms.helpers import Phone, at_once


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("begin", "end", "zone", "now", "until"),
    [
        ("22:00", "07:00", "Europe/Paris", "2026-11-25 20:59", None),
        ("22:00", "07:00", "Europe/Paris", "2026-11-25 21:00", "2026-11-26 06:00"),
        ("22:00", "07:00", "Europe/Paris", "2026-11-26 05:59", "2026-11-26 06:00"),
        ("22:00", "07:00", "Europe/Paris", "2026-11-26 06:00", None),
        ("12:30", "13:30", "Europe/Paris", "2026-07-01 10:45", "2026-07-01 11:30"),
        ("12:30", "13:30", "Indian/Reunion", "2026-07-01 10:45", None),
        # 29 March 2026: 2:00 becomes 3:00. What is skipped is when the clock jumps.
        ("22:00", "02:30", "Europe/Paris", "2026-03-28 23:00", "2026-03-29 01:00"),
        ("22:00", "02:30", "Europe/Paris", "2026-03-29 01:00", None),
        ("02:30", "07:00", "Europe/Paris", "2026-03-29 00:59", None),
        ("02:30", "07:00", "Europe/Paris", "2026-03-29 01:00", "2026-03-29 05:00"),
        ("02:15", "02:45", "Europe/Paris", "2026-03-29 01:00", None),
        ("22:00", "07:00", "Europe/Paris", "2026-03-28 23:00", "2026-03-29 05:00"),
        # 25 October 2026: 3:00 becomes 2:00. What comes twice is the first, and there is no hole in the hour that does.
        ("02:30", "07:00", "Europe/Paris", "2026-10-25 00:29", None),
        ("02:30", "07:00", "Europe/Paris", "2026-10-25 00:30", "2026-10-25 06:00"),
        ("02:30", "07:00", "Europe/Paris", "2026-10-25 01:10", "2026-10-25 06:00"),
        ("02:30", "07:00", "Europe/Paris", "2026-10-25 01:40", "2026-10-25 06:00"),
        ("22:00", "02:30", "Europe/Paris", "2026-10-25 01:10", None),
        ("02:15", "02:45", "Europe/Paris", "2026-10-25 00:20", "2026-10-25 00:45"),
        ("02:15", "02:45", "Europe/Paris", "2026-10-25 01:20", None),
        ("22:00", "02:30", "Europe/Paris", "2026-10-24 23:00", "2026-10-25 00:30"),
        ("22:00", "07:00", "Europe/Paris", "2026-10-24 23:00", "2026-10-25 06:00"),
        ("00:00", "06:00", "America/Cayenne", "2026-11-25 02:59", None),
        ("00:00", "06:00", "America/Cayenne", "2026-11-25 03:00", "2026-11-25 09:00"),
    ],
)
def test_until_when_it_is_quiet(begin: str, end: str, zone: str, now: str, until: str | None) -> None:
    wishes = Wishes(quiet_from=time.fromisoformat(begin), quiet_to=time.fromisoformat(end), zone=zone)
    assert quiet_until(wishes, at(now), urgent=False) == (at(until) if until else None)


def test_urgent_ones_pass_if_one_lets_them() -> None:
    wishes = Wishes(quiet_from=time(22), quiet_to=time(7), zone="Europe/Paris", urgent_passes=True)
    night = at("2026-11-25 23:00")
    assert quiet_until(wishes, night, urgent=True) is None and quiet_until(wishes, night, urgent=False) is not None
    wishes.urgent_passes = False
    assert quiet_until(wishes, night, urgent=True) is not None


@pytest.mark.django_db(transaction=True)
def test_wishes_over_http() -> None:
    nadia = Phone(people.nadia())

    def change(body: dict[str, Any]) -> Any:
        import orjson

        return nadia.client.patch("/api/v1/wishes", orjson.dumps(body), content_type="application/json", headers=nadia.headers)

    assert nadia.get("/wishes").json() == {"off": [], "quiet_from": None, "quiet_to": None, "zone": "Europe/Paris", "urgent_passes": True, "digest": "daily"}
    asked = {"off": ["reply", "message"], "quiet_from": "22:00", "quiet_to": "07:00", "zone": "Indian/Reunion", "urgent_passes": False, "digest": "hourly"}
    assert change(asked).json() == {**asked, "off": ["message", "reply"]} == nadia.get("/wishes").json()
    assert change({"digest": "off"}).json()["zone"] == "Indian/Reunion"
    for body, code in (
        ({"zone": "Mars/Olympus"}, "wishes.zone"),
        ({"zone": "../../etc/passwd"}, "wishes.zone"),
        ({"quiet_from": None}, "wishes.quiet"),
        ({"quiet_from": "22:00", "quiet_to": "22:00"}, "wishes.quiet"),
        ({"quiet_from": "25:00"}, "wishes.quiet"),
        ({"zone": "localtime"}, "wishes.zone"),
        ({"zone": "Factory"}, "wishes.zone"),
        *(({"quiet_from": wrong}, "wishes.quiet") for wrong in ("7", "0700Z", "07+01", "T0700", "07h00", "24:00", "٠٧:٠٠", "07:00\n")),
        ({"off": ["everything"]}, "frame.invalid"),
        ({"off": None}, "frame.invalid"),
        ({"digest": "never"}, "frame.invalid"),
        ({"loud": True}, "frame.invalid"),
    ):
        assert change(body).json()["code"] == code, body
    assert nadia.get("/wishes").json()["zone"] == "Indian/Reunion"
    assert change({"quiet_from": None, "quiet_to": None}).json()["quiet_from"] is None


@pytest.mark.django_db(transaction=True)
def test_two_devices_change_different_wishes_at_once_and_a_digest_is_not_forgotten() -> None:
    nadia = people.nadia()
    sent = at("2026-11-25 06:00")
    for _ in range(10):
        Wishes.objects.filter(person=nadia).delete()
        Wishes.objects.create(person=nadia, digested_at=sent)
        at_once(lambda: change(person_id=nadia.pk, changes={"off": ["reply"]}), lambda: change(person_id=nadia.pk, changes={"digest": "off"}))
        kept = Wishes.objects.get(person=nadia)
        assert (kept.off, kept.digest, kept.digested_at) == (["reply"], "off", sent)
    Wishes.objects.all().delete()
    with pytest.raises(Refusal):
        change(person_id=nadia.pk, changes={"zone": "Mars/Olympus"})
    assert not Wishes.objects.exists(), "what was refused left nothing"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "Europe", "../etc/passwd", "", "/etc/localtime"])
def test_a_zone_that_this_machine_does_not_know_is_the_default_one_and_said_once(zone: str, caplog: pytest.LogCaptureFixture) -> None:
    zone_of.cache_clear()
    wishes = Wishes(quiet_from=time(22), quiet_to=time(7), zone=zone)
    for _ in range(2):
        assert quiet_until(wishes, at("2026-11-25 21:00"), urgent=False) == at("2026-11-26 06:00")
    assert [r.getMessage() for r in caplog.records] == ["a time zone is unknown here, and the default one is taken"]
