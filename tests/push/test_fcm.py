"""The courier of Android apps, against a service that speaks FCM's dialect and checks who asks."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from time import time
from typing import Any

import pytest

from consult.push.couriers import Fate, Outcome, Wake, fcm, sending
from tests.push.carrying import carry
from tests.push.fcm_service import FcmService
from tests.push.serving import CUT, HANG, Answer

WAKE = Wake(uuid.uuid4(), 121, "mention", 3, False, 3600)


@pytest.fixture
def google(settings: Any) -> Iterator[FcmService]:
    with FcmService() as service:
        for name, value in service.env.items():
            setattr(settings, name, value)
        yield service
        assert not service.complaints


def carried(*sends: tuple[str, Wake], together: bool = False) -> list[Outcome]:
    return carry(fcm.FcmCourier, *sends, together=together)


def test_a_data_message_of_ids_alone(google: FcmService) -> None:
    app = google.install()
    calm = WAKE._replace(reason="reply", ttl_s=60)
    assert [o.fate for o in carried((app, WAKE), (app, calm))] == [Fate.TAKEN] * 2
    first, second = (push.payload for push in google.received)
    assert first == {
        "token": app,
        "data": {"v": "1", "room": str(WAKE.room), "seq": "121", "reason": "mention", "badge": "3"},
        "android": {"collapse_key": WAKE.room.hex, "priority": "HIGH", "ttl": "3600s"},
    }
    assert second["android"] == {"collapse_key": WAKE.room.hex, "priority": "NORMAL", "ttl": "60s"}
    assert google.exchanges == 1, "the access token is kept"


@pytest.mark.parametrize(
    ("answer", "fate", "wait_s"),
    [
        ("UNREGISTERED", Fate.GONE, 0),
        ("INVALID_ARGUMENT", Fate.REJECTED, 0),
        ("SENDER_ID_MISMATCH", Fate.FORBIDDEN, 0),
        ("QUOTA_EXCEEDED", Fate.LATER, 7),
        ("UNAVAILABLE", Fate.LATER, 3),
        ("INTERNAL", Fate.LATER, 0),
        ("THIRD_PARTY_AUTH_ERROR", Fate.LATER, 60),
        (Answer(429), Fate.LATER, 60),
        (Answer(429, headers={"Retry-After": "99999999"}), Fate.LATER, 3600),
        (Answer(403, {"error": {"status": "PERMISSION_DENIED"}}), Fate.LATER, 60),
        (Answer(404, b"<html>no such page</html>"), Fate.LATER, 60),
        (Answer(413), Fate.REJECTED, 0),
        (Answer(502, b"\xff" * 5_000_000), Fate.LATER, 0),
        (Answer(500, [1]), Fate.LATER, 0),
        (Answer(500, {"error": "x"}), Fate.LATER, 0),
        (Answer(302, headers={"Location": "http://127.0.0.1:1/"}), Fate.REJECTED, 0),
        (CUT, Fate.LATER, 0),
        (HANG, Fate.LATER, 0),
    ],
)
def test_what_each_answer_means(google: FcmService, monkeypatch: pytest.MonkeyPatch, answer: Any, fate: Fate, wait_s: float) -> None:
    monkeypatch.setattr(sending, "SECONDS", 0.5)
    google.plan(google.errors[answer] if isinstance(answer, str) else answer)
    app = google.install()
    first, second = carried((app, WAKE), (app, WAKE))
    assert (first.fate, first.wait_s) == (fate, wait_s) and second.fate is Fate.TAKEN, "one answer spoils nothing that follows"
    assert app not in first.why


def test_an_app_that_was_never_there_is_gone(google: FcmService) -> None:
    assert carried(("nobody" * 10, WAKE))[0].fate is Fate.GONE


def test_retry_after_may_be_a_date(google: FcmService) -> None:
    google.plan(Answer(503, headers={"Retry-After": formatdate(time() + 30, usegmt=True)}))
    assert 28 < carried((google.install(), WAKE))[0].wait_s <= 30


def test_an_access_token_that_is_refused_is_renewed_once(google: FcmService) -> None:
    app = google.install()

    async def go() -> list[Outcome]:
        courier = fcm.FcmCourier()
        found = [await courier.carry({"token": app}, WAKE)]
        google.revoke()
        found.append(await courier.carry({"token": app}, WAKE))
        google.plan(*[google.errors["UNAUTHENTICATED"]] * 2)
        found.append(await courier.carry({"token": app}, WAKE))
        await courier.close()
        return found

    first, renewed, twice = asyncio.run(go())
    assert first.fate is renewed.fate is Fate.TAKEN
    assert twice == Outcome(Fate.LATER, "401 UNAUTHENTICATED", 60), "our account's fault: the device stays"
    assert google.exchanges == 3


def test_a_token_is_renewed_before_it_ends(google: FcmService) -> None:
    google.expires_in = 1
    app = google.install()

    async def go() -> None:
        courier = fcm.FcmCourier()
        for _ in range(2):
            assert (await courier.carry({"token": app}, WAKE)).fate is Fate.TAKEN
            await asyncio.sleep(0.95)
        await courier.close()

    asyncio.run(go())
    assert google.exchanges == 2 and google.requests == 2, "none was sent with one that had ended"


def test_a_hundred_at_once_ask_for_one_token(google: FcmService) -> None:
    assert {o.fate for o in carried(*[(google.install(), WAKE) for _ in range(100)], together=True)} == {Fate.TAKEN}
    assert google.exchanges == 1


@pytest.mark.parametrize(
    "answer", [Answer(400, {"error": "invalid_grant"}), Answer(500), CUT, HANG, Answer(200, b"x"), Answer(200, {"access_token": 5}), Answer(200, {"access_token": "x"})]
)
def test_without_a_token_all_wait_and_few_ask(google: FcmService, monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
    monkeypatch.setattr(sending, "SECONDS", 0.5)
    google.token_answers = [answer] * 50
    assert {o.fate for o in carried(*[(google.install(), WAKE) for _ in range(20)])} == {Fate.LATER}
    assert google.exchanges == 1 and google.requests == 0


def test_the_account_is_read_from_text_or_file_and_nothing_of_its_key_is_told(google: FcmService, tmp_path: Path, settings: Any) -> None:
    file = tmp_path / "account.json"
    file.write_text(json.dumps(google.account))
    assert fcm.account(str(file)) == fcm.account(json.dumps(google.account))
    for wrong in ("{", "/nowhere", "[]", "{}", json.dumps({**google.account, "private_key": "secret"}), json.dumps({**google.account, "token_uri": 5})):
        with pytest.raises(ValueError) as error:
            fcm.account(wrong)
        assert "secret" not in str(error.value)
    settings.LOCAL = False
    with pytest.raises(ValueError, match="https"):
        fcm.account(json.dumps(google.account))
