"""Signing in with Pro Santé Connect, as page and as app, against a provider on the wire; and whatever a provider, or someone between, may do wrong."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from allauth.account.models import EmailAddress
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consult.audit.models import Record
from consult.clinicians import linking
from consult.clinicians import pro_sante_connect as psc
from consult.clinicians.licence import read
from consult.clinicians.models import LinkedLicence, Person
from consult.errors import Refusal
from consult.rooms.models import Event
from consult.standing import actions as standing
from consult.standing import sessions
from consult.standing.models import Standing
from tests.clinicians.oidc import CLIENT, RPPS, SECRET, Forge, Provider, claims, returned
from tests.clinicians.test_sign_in import Page, app
from tests.people import PASSWORD, camille, nadia, person

pytestmark = pytest.mark.django_db
BROWSER = httpx.Client(follow_redirects=False, trust_env=False)
CALLBACK = "https://consult.example/app/sign-in"


@pytest.fixture(scope="module")
def there() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.close()


@pytest.fixture
def provider(there: Provider, settings: Any) -> Iterator[Provider]:
    there.reset()
    settings.PSC_CLIENT_ID, settings.PSC_CLIENT_SECRET, settings.PSC_ISSUER = CLIENT, SECRET, there.issuer
    settings.PSC_APP_CALLBACK = CALLBACK
    psc._cache.clear()
    yield there
    there.reset()


def pressed(page: Page, **body: Any) -> dict[str, str]:
    """What comes back from the provider after a press on this page."""
    answer = page.send("POST", "auth/psc", body)
    assert answer.status_code == 200, answer.content
    return visited(answer.json()["data"]["location"])


def visited(location: str) -> dict[str, str]:
    answer = BROWSER.get(location)
    assert answer.status_code == 302
    return returned(answer.headers["Location"])


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code")


def back(page: Page, what: dict[str, str]) -> Any:
    return page.send("POST", "auth/psc/return", what)


def verified_under(someone: Person, register: str) -> Person:
    standing.verify(person_id=someone.pk, by=None, register=register)
    return someone


def linked(someone: Person, rpps: str = RPPS, issuer: str = "") -> Person:
    from django.conf import settings

    LinkedLicence.objects.create(person=someone, issuer=issuer or settings.PSC_ISSUER, rpps=rpps, used_at=timezone.now())
    return someone


def signed_in(someone: Person) -> Page:
    page = Page()
    assert page.send("POST", "auth/login", {"email": someone.email, "password": PASSWORD}).status_code == 200
    return page


def who(page: Page) -> str | None:
    answer = page.get("/api/v1/me")
    return answer.json()["me"]["id"] if answer.status_code == 200 else None


def kept_rows() -> tuple[int, int, int]:
    return Person.objects.count(), LinkedLicence.objects.count(), Record.objects.count()


# --- the page ---------------------------------------------------------------------


def test_off_unless_a_client_is_named(settings: Any) -> None:
    page = Page()
    assert page.send("GET", "auth/psc").json()["data"] == {"on": False, "linked": None}
    assert code(page.send("POST", "auth/psc", {})) == (404, "psc.off")


def test_who_was_verified_under_the_number_signs_in(provider: Provider) -> None:
    doctor = verified_under(camille(), f"RPPS {RPPS}, vu le 3 mai")
    page = Page()
    assert page.send("GET", "auth/psc").json()["data"] == {"on": True, "linked": None}
    answer = back(page, pressed(page))
    assert answer.status_code == 200 and answer.json()["meta"]["is_authenticated"] is True
    assert who(page) == str(doctor.pk)
    assert provider.sent[0]["redirect_uri"] == "http://testserver/sign-in"
    link = LinkedLicence.objects.get()
    assert (link.person_id, link.rpps, link.issuer) == (doctor.pk, RPPS, provider.issuer)
    assert page.send("GET", "auth/psc").json()["data"]["linked"] is True
    assert list(Record.objects.filter(act="licence.linked").values_list("person_id", "object", "reason")) == [(doctor.pk, str(doctor.pk), "number")]
    again = Page()
    assert back(again, pressed(again)).status_code == 200 and who(again) == str(doctor.pk)
    assert LinkedLicence.objects.get().used_at > link.used_at


def test_the_session_is_one_like_any_other(provider: Provider) -> None:
    doctor = linked(camille())
    page = Page()
    before = pressed(page)
    anonymous = page.cookies["sessionid"].value
    assert back(page, before).status_code == 200
    key = page.cookies["sessionid"].value
    assert key != anonymous and not Session.objects.filter(session_key=anonymous).exists()
    found = sessions.speaker(key)
    assert found is not None and found.person_id == doctor.pk
    assert found.expires_at > timezone.now() + timedelta(days=13)
    assert page.send("DELETE", "auth/session").status_code == 401 and sessions.speaker(key) is None


def test_an_attempt_lasts_no_longer_than_it_may(provider: Provider) -> None:
    page = Page()
    pressed(page)
    assert Session.objects.get().expire_date <= timezone.now() + timedelta(seconds=psc.VALID_S)


def test_who_takes_the_password_after_all_has_a_whole_session(provider: Provider) -> None:
    page = Page()
    assert code(back(page, pressed(page))) == (409, "psc.email_needed")
    assert page.send("POST", "auth/login", {"email": nadia().email, "password": PASSWORD}).status_code == 200
    row = Session.objects.get(session_key=page.cookies["sessionid"].value)
    assert row.expire_date > timezone.now() + timedelta(days=13)
    assert "psc_licence" not in row.get_decoded() and RPPS not in str(row.get_decoded())


@pytest.mark.django_db(transaction=True)
def test_two_first_times_at_once_make_one_link(provider: Provider) -> None:
    doctor = verified_under(camille(), RPPS)
    licence = read(claims())

    def one() -> Any:
        try:
            found = linking.sign_in(licence)
            return found and found.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        found = [each.result() for each in [threads.submit(one) for _ in range(6)]]
    assert set(found) == {doctor.pk} and LinkedLicence.objects.count() == 1 and Record.objects.filter(act="licence.linked").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_newcomers_of_one_number_are_one(provider: Provider) -> None:
    licence = read(claims())

    def one(n: int) -> str:
        try:
            linking.sign_up(licence=licence, email=f"camille{n}@example.org")
            return "made"
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        found = sorted(each.result() for each in [threads.submit(one, n) for n in range(4)])
    assert found == ["made", *["psc.account_exists"] * 3] and Person.objects.count() == 1


def test_a_number_is_looked_up_along_an_index() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert linking._registered(read(claims())) == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # a table of this size is read as it lies
        cursor.execute("EXPLAIN " + asked[-1]["sql"])
        assert "standing_register" in str(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_no_connection_of_the_pool_waits_for_the_provider(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    linked(camille())
    held, read_it = [], psc._read

    def looking(*args: Any, **more: Any) -> Any:
        held.append(connection.connection is not None)
        return read_it(*args, **more)

    monkeypatch.setattr(psc, "_read", looking)
    page = Page()
    assert back(page, pressed(page)).status_code == 200
    assert held == [False] * 4  # configuration, token, certs, userinfo


def test_a_newcomer_gives_an_address_and_is_verified_by_the_licence(provider: Provider, mailoutbox: list[Any]) -> None:
    provider.claims = claims(family="DE L'ESTRAN-LE GOFF", given="ANNE-MARIE", specialty="SM15")
    page = Page()
    assert code(back(page, pressed(page))) == (409, "psc.email_needed")
    assert not Person.objects.exists()
    assert code(page.send("POST", "auth/psc/account", {"email": "not an address"})) == (400, "frame.invalid")
    assert page.send("POST", "auth/psc/account", {"email": "Anne@Example.org"}).status_code == 200
    made = Person.objects.get()
    assert (made.title, made.given_name, made.family_name, made.profession, made.specialty) == ("Dr", "Anne-Marie", "De L'Estran-Le Goff", "10", "SM15")
    assert made.email == "anne@example.org" and not made.has_usable_password()
    assert EmailAddress.objects.get().verified is False and [mail.to for mail in mailoutbox] == [["anne@example.org"]]
    row = Standing.objects.get()
    assert (row.verification, row.register, row.verified_by) == ("verified", "Pro Santé Connect", None)
    assert page.get("/api/v1/me").json()["me"]["verification"] == "verified"
    assert code(page.send("POST", "auth/psc/account", {"email": "other@example.org"})) == (409, None)  # signed in already
    trail = list(Record.objects.order_by("id").values_list("act", "reason"))
    assert [act for act, _ in trail] == ["licence.linked", "profile.changed", "standing.verified"]
    assert RPPS not in str(list(Record.objects.values()))


def test_an_address_that_is_somebody_s_opens_nothing(provider: Provider) -> None:
    page = Page()
    back(page, pressed(page))
    assert code(page.send("POST", "auth/psc/account", {"email": nadia().email.upper()})) == (409, "psc.email_taken")
    assert who(page) is None and not LinkedLicence.objects.exists()
    assert page.send("POST", "auth/psc/account", {"email": "camille@example.org"}).status_code == 200


def test_closed_registration(provider: Provider, settings: Any) -> None:
    settings.SIGNUP = False
    page = Page()
    assert code(back(page, pressed(page))) == (403, "psc.no_account")
    assert code(page.send("POST", "auth/psc/account", {"email": "camille@example.org"})) == (410, "psc.expired")
    assert kept_rows() == (0, 0, 0)


def test_an_address_alone_makes_no_account(provider: Provider) -> None:
    assert code(Page().send("POST", "auth/psc/account", {"email": "camille@example.org"})) == (410, "psc.expired")
    page = Page()
    back(page, pressed(page))
    session = SessionStore(page.cookies["sessionid"].value)
    session["psc_licence"] = {**session["psc_licence"], "at": time.time() - psc.VALID_S - 1}
    session.save()
    assert code(page.send("POST", "auth/psc/account", {"email": "camille@example.org"})) == (410, "psc.expired")
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    ("changed", "specialty"),
    [({"profession": "999"}, ""), ({"profession": "10", "specialty": "SM9999"}, ""), ({"SubjectRefPro": None}, ""), ({"SubjectRefPro": {"exercices": "none"}}, "")],
    ids=["profession", "specialty", "nothing", "nonsense"],
)
def test_codes_that_are_not_in_our_lists(provider: Provider, changed: dict[str, Any], specialty: str) -> None:
    """An unknown specialty is left out; without a known profession nothing is proven, and a person of the team looks at it."""
    provider.claims = claims(**changed)
    page = Page()
    back(page, pressed(page))
    assert page.send("POST", "auth/psc/account", {"email": "camille@example.org"}).status_code == 200
    known = changed.get("profession") == "10"
    me = page.get("/api/v1/me").json()["me"]
    assert (me["verification"], me["profession"], me["specialty"]) == (("verified", "10", None) if known else ("incomplete", None, None))
    assert me["given_name"] == "Camille"


def test_a_student_is_not_verified_as_who_they_will_be(provider: Provider) -> None:
    provider.claims["SubjectRefPro"]["exercices"][0]["codeCategorieProfessionnelle"] = "E"
    page = Page()
    back(page, pressed(page))
    page.send("POST", "auth/psc/account", {"email": "camille@example.org"})
    assert page.get("/api/v1/me").json()["me"]["verification"] == "incomplete"


@pytest.mark.parametrize(
    ("national", "others", "known"),
    [
        ("8" + RPPS, [], True),
        ("0" + "123456789", [{"identifiant": RPPS, "origine": "RPPS"}], True),
        ("399999999/CPET00001", [{"identifiant": "8" + RPPS, "origine": "RPPS"}], True),
        ("0" + "123456789", [{"identifiant": "123456789", "origine": "ADELI"}], False),
        ("8" + RPPS + "\n", None, False),
        ("8" + "١" * 11, [], False),
        (81000345678, ["x", {"origine": "RPPS", "identifiant": 10003456789}], False),
    ],
)
def test_where_the_number_stands(provider: Provider, national: Any, others: Any, known: bool) -> None:
    doctor = linked(camille())
    provider.claims = claims(SubjectNameID=national, otherIds=others)
    page = Page()
    answer = back(page, pressed(page))
    assert answer.status_code == 200 if known else code(answer) == (403, "psc.no_licence")
    assert who(page) == (str(doctor.pk) if known else None)


# --- whose account ------------------------------------------------------------------


def other_name() -> None:
    verified_under(nadia(), RPPS)


def not_verified_now() -> None:
    verified_under(camille(), RPPS)
    Standing.objects.update(verification="pending")


def out_of_date() -> None:
    verified_under(camille(), RPPS)
    Standing.objects.update(verified_until=timezone.now() - timedelta(hours=1))


def two_of_them() -> None:
    verified_under(camille(), RPPS)
    verified_under(person("cam", family_name="Aubrac"), f"8{RPPS}")


def linked_to_another() -> None:
    linked(verified_under(camille(), RPPS), "10009999999")


@pytest.mark.parametrize("case", [other_name, not_verified_now, out_of_date, two_of_them, linked_to_another])
def test_no_account_is_taken_over_where_it_is_not_certain_whose_it_is(provider: Provider, case: Callable[[], None]) -> None:
    case()
    before = kept_rows()
    page = Page()
    assert code(back(page, pressed(page))) == (409, "psc.account_exists")
    assert who(page) is None and kept_rows() == before
    assert code(page.send("POST", "auth/psc/account", {"email": "another@example.org"})) == (410, "psc.expired")


@pytest.mark.parametrize("register", [RPPS + "1", "1" + RPPS, "manual", "9" + RPPS])
def test_a_longer_number_is_another(provider: Provider, register: str) -> None:
    verified_under(camille(), register)
    page = Page()
    assert code(back(page, pressed(page))) == (409, "psc.email_needed")


def test_the_sandbox_s_people_are_not_the_real_ones(provider: Provider) -> None:
    linked(camille(), issuer="https://auth.bas.psc.example")
    page = Page()
    assert code(back(page, pressed(page))) == (409, "psc.email_needed")


def test_an_account_never_changes_hands_by_its_address(provider: Provider) -> None:
    """Nor by an e-mail claim, which nothing proves."""
    camille()
    provider.claims = claims(email=camille().email, email_verified=True)
    page = Page()
    assert code(back(page, pressed(page))) == (409, "psc.email_needed")
    assert code(page.send("POST", "auth/psc/account", {"email": camille().email})) == (409, "psc.email_taken")


def test_who_is_suspended_stays_out(provider: Provider) -> None:
    """As with a password: they may sign in to read why and to appeal, and no room opens; nor does a second account."""
    doctor = verified_under(camille(), RPPS)
    standing.suspend(person_id=doctor.pk, until=timezone.now() + timedelta(days=3), by=None, reason="test")
    page = Page()
    assert back(page, pressed(page)).status_code == 200
    assert page.get("/api/v1/me").json()["suspension"] is not None
    assert code(page.get("/api/v1/people")) == (403, "account.suspended")
    assert sessions.still_valid([page.cookies["sessionid"].value]) == {page.cookies["sessionid"].value: "suspended"}
    assert Person.objects.count() == 1


def test_a_closed_account_stays_closed(provider: Provider) -> None:
    doctor = linked(camille())
    Person.objects.update(is_active=False)
    page = Page()
    assert code(back(page, pressed(page))) == (403, "psc.closed")
    assert who(page) is None and Person.objects.get().pk == doctor.pk


# --- linking ------------------------------------------------------------------------


def test_one_s_own_account_is_linked_after_the_password(provider: Provider) -> None:
    doctor = camille()
    page = signed_in(doctor)
    session = SessionStore(page.cookies["sessionid"].value)
    records = session["account_authentication_methods"]
    session["account_authentication_methods"] = [{**one, "at": one["at"] - 301} for one in records]
    session.save()
    assert code(page.send("POST", "auth/psc", {"purpose": "link"})) == (403, "psc.password")
    assert page.send("POST", "auth/reauthenticate", {"password": PASSWORD}).status_code == 200
    came = pressed(page, purpose="link")
    assert came["state"].startswith("link-")
    assert back(page, came).status_code == 200
    assert page.send("GET", "auth/psc").json()["data"]["linked"] is True
    assert (doctor.profession, Standing.objects.get(person_id=doctor.pk).register) == ("10", "test")  # what a person checked stands
    assert back(page, pressed(page, purpose="link")).status_code == 200  # once more changes nothing
    assert LinkedLicence.objects.get().person_id == doctor.pk and Record.objects.filter(act="licence.linked").count() == 1
    other = Page()
    assert back(other, pressed(other)).status_code == 200 and who(other) == str(doctor.pk)


def test_signing_in_with_it_is_no_password(provider: Provider) -> None:
    linked(camille())
    page = Page()
    back(page, pressed(page))
    assert code(page.send("POST", "auth/psc", {"purpose": "link"})) == (403, "psc.password")
    answer = page.post("/api/v1/passkeys/challenge", {}, content_type="application/json", headers={"X-CSRFToken": page.cookies["csrftoken"].value})
    assert code(answer) == (403, "passkey.password")


@pytest.mark.django_db(transaction=True)
def test_linking_verifies_who_waits(provider: Provider) -> None:
    waiting = person("camille", verified=False, title="Pr", family_name="Aubrac", profession="21", specialty="")
    page = signed_in(waiting)
    assert back(page, pressed(page, purpose="link")).status_code == 200
    me = page.get("/api/v1/me").json()["me"]
    assert (me["verification"], me["name"], me["profession"], me["specialty"]) == ("verified", "Dr Camille Aubrac", "10", "SM54")
    told = Event.objects.get(room__owner=waiting, kind="verification.decided")
    assert told.data == {"status": "verified"}


def test_what_a_person_decided_stands(provider: Provider) -> None:
    refused = camille()
    standing.expire(person_id=refused.pk, by=nadia().pk, reason="no proof")
    page = signed_in(refused)
    assert back(page, pressed(page, purpose="link")).status_code == 200
    assert page.get("/api/v1/me").json()["me"]["verification"] == "expired"


def taken_by_link() -> None:
    linked(nadia())


def taken_by_number() -> None:
    verified_under(nadia(), RPPS)


def held_already() -> None:
    linked(camille(), "10009999999")


def verified_under_another() -> None:
    verified_under(camille(), "RPPS 10009999999")


@pytest.mark.parametrize("case", [taken_by_link, taken_by_number, held_already, verified_under_another])
def test_one_account_a_licence_and_one_licence_an_account(provider: Provider, case: Callable[[], None]) -> None:
    case()
    page = signed_in(camille())
    came, before = pressed(page, purpose="link"), kept_rows()
    assert code(back(page, came)) == (409, "psc.other_account")
    assert kept_rows() == before and who(page) == str(camille().pk)


def test_a_colleague_s_licence_is_not_linked(provider: Provider) -> None:
    page = signed_in(nadia())
    assert code(back(page, pressed(page, purpose="link"))) == (409, "psc.other_name")
    assert not LinkedLicence.objects.exists()


@pytest.mark.parametrize(("ours", "theirs"), [("Le Bihan", "LE-BIHAN"), ("Müller", "MULLER"), ("D’Hérouville", "D'HEROUVILLE")])
def test_one_name_written_in_two_ways(provider: Provider, ours: str, theirs: str) -> None:
    doctor = verified_under(person("camille", family_name=ours), RPPS)
    provider.claims = claims(family=theirs)
    page = Page()
    assert back(page, pressed(page)).status_code == 200 and who(page) == str(doctor.pk)


def test_linking_needs_the_session_that_pressed(provider: Provider) -> None:
    page = signed_in(camille())
    came = pressed(page, purpose="link")
    page.send("DELETE", "auth/session")
    assert code(back(page, came)) == (410, "psc.expired")
    assert code(Page().send("POST", "auth/psc", {"purpose": "link"})) == (401, "session.none")
    assert not LinkedLicence.objects.exists()


# --- the way back ---------------------------------------------------------------------


def test_a_way_back_is_good_once(provider: Provider) -> None:
    linked(camille())
    page = Page()
    came = pressed(page)
    assert back(page, came).status_code == 200
    page.send("DELETE", "auth/session")
    assert code(back(page, came)) == (410, "psc.expired")
    pressed(page)
    assert code(back(page, {**came})) == (410, "psc.expired")  # an old state
    assert who(page) is None


def test_a_code_is_good_once_whatever_session_brings_it(provider: Provider) -> None:
    linked(camille())
    one, other = Page(), Page()
    came = pressed(one)
    mine = pressed(other)
    assert code(back(other, {"state": mine["state"], "code": came["code"]})) == (403, "psc.refused")  # another's code: PKCE
    assert code(back(one, came)) == (403, "psc.refused")  # and now it is used
    assert who(one) is None and who(other) is None


def test_another_browser_s_way_back(provider: Provider) -> None:
    """Whoever is lured to a way back that somebody else began is not signed in as them."""
    linked(camille())
    came = pressed(Page())
    lured = Page()
    assert code(back(lured, came)) == (410, "psc.expired") and who(lured) is None


def test_too_late(provider: Provider) -> None:
    linked(camille())
    page = Page()
    came = pressed(page)
    session = SessionStore(page.cookies["sessionid"].value)
    session["psc_attempt"] = {**session["psc_attempt"], "at": time.time() - psc.VALID_S - 1}
    session.save()
    assert code(back(page, came)) == (410, "psc.expired") and who(page) is None


@pytest.mark.parametrize(("error", "said"), [("access_denied", (409, "psc.cancelled")), ("login_required", (403, "psc.declined"))])
def test_cancelled_or_declined(provider: Provider, error: str, said: tuple[int, str]) -> None:
    provider.wrong.denies = error
    page = Page()
    came = pressed(page)
    assert came["error"] == error
    assert code(back(page, came)) == said
    provider.wrong.denies = ""
    linked(camille())
    assert back(page, pressed(page)).status_code == 200


def test_who_signed_in_meanwhile_stays_who_they_are(provider: Provider) -> None:
    linked(camille())
    page = Page()
    came = pressed(page)
    assert page.send("POST", "auth/login", {"email": nadia().email, "password": PASSWORD}).status_code == 200
    assert back(page, came).status_code == 409 and who(page) == str(nadia().pk)
    assert page.send("POST", "auth/psc", {}).status_code == 409


@pytest.mark.parametrize("body", [{}, {"state": "x", "code": 3}, {"state": "x", "code": "y", "more": 1}, {"state": "x" * 5000, "code": "y"}, {"purpose": "x"}])
def test_bodies_of_the_wrong_shape(provider: Provider, body: dict[str, Any]) -> None:
    assert code(Page().send("POST", "auth/psc/return", body)) == (400, "frame.invalid")


def test_the_page_needs_its_csrf_token(provider: Provider) -> None:
    for end in ("", "/return", "/account"):
        assert code(Page().post(f"/_allauth/browser/v1/auth/psc{end}", {}, content_type="application/json")) == (403, "session.csrf")


# --- ID tokens ---------------------------------------------------------------------------


def b64(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def another_key(provider: Provider, proven: dict[str, Any]) -> str:
    return provider.sign(proven, rsa.generate_private_key(public_exponent=65537, key_size=2048))


def no_signature(provider: Provider, proven: dict[str, Any]) -> str:
    return f"{b64({'alg': 'none', 'typ': 'JWT', 'kid': provider.kid})}.{b64(proven)}."


def by_the_public_key(provider: Provider, proven: dict[str, Any]) -> str:
    """HS256 with what everybody knows as the secret. By hand: the library signs nothing of the kind."""
    signed = f"{b64({'alg': 'HS256', 'typ': 'JWT', 'kid': provider.kid})}.{b64(proven)}"
    public = provider.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    mac = hmac.new(public, signed.encode(), "sha256").digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def by_the_secret(provider: Provider, proven: dict[str, Any]) -> str:
    return jwt.encode(proven, SECRET * 2, algorithm="HS256", headers={"kid": provider.kid})


def tampered(provider: Provider, proven: dict[str, Any]) -> str:
    head, _, signature = provider.sign(proven).split(".")
    return f"{head}.{b64({**proven, 'sub': 'somebody-else'})}.{signature}"


def unknown_key(provider: Provider, proven: dict[str, Any]) -> str:
    return provider.sign(proven, kid="key-of-nobody")


def a_key_of_its_own(provider: Provider, proven: dict[str, Any]) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return provider.sign(proven, key, jwk=jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True))


def nonsense(provider: Provider, proven: dict[str, Any]) -> str:
    return "not.a.token"


@pytest.mark.parametrize("forge", [another_key, no_signature, by_the_public_key, by_the_secret, tampered, unknown_key, a_key_of_its_own, nonsense])
def test_forged(provider: Provider, forge: Forge) -> None:
    linked(camille())
    provider.wrong.forge = forge
    page = Page()
    assert code(back(page, pressed(page))) == (403, "psc.refused") and who(page) is None
    assert provider.asked[-1].endswith(("/token", "/certs"))  # nothing is asked with what came beside it


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": 7},
        {"aud": "another-client"},
        {"aud": ["another-client", "one-more"]},
        {"aud": [CLIENT, "another-client"], "azp": None},
        {"azp": "another-client"},
        {"aud": None},
        {"iss": "https://issuer.example"},
        {"iss": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"nbf": int(time.time()) + 3600},
        {"sub": None},
        {"sub": "f:1:899999999999"},
    ],
    ids=str,
)
def test_a_true_signature_over_something_else(provider: Provider, wrong: dict[str, Any]) -> None:
    linked(camille())
    provider.wrong.token = wrong
    page = Page()
    assert code(back(page, pressed(page))) == (403, "psc.refused") and who(page) is None


def test_several_audiences_of_which_we_are_the_asker(provider: Provider) -> None:
    linked(camille())
    provider.wrong.token = {"aud": [CLIENT, "account"]}
    page = Page()
    assert back(page, pressed(page)).status_code == 200


def test_userinfo_of_somebody_else(provider: Provider) -> None:
    linked(camille())
    provider.wrong.userinfo = {"sub": "f:1:899999999999"}
    page = Page()
    assert code(back(page, pressed(page))) == (403, "psc.refused")


def test_keys_are_renewed(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    doctor = linked(camille())
    page = Page()
    assert back(page, pressed(page)).status_code == 200
    page.send("DELETE", "auth/session")
    provider.key, provider.kid = rsa.generate_private_key(public_exponent=65537, key_size=2048), "key-2"
    assert code(back(page, pressed(page))) == (403, "psc.refused")  # not asked for again at once: a stranger's kid costs no request
    assert provider.asked[-1].endswith("/token")
    monkeypatch.setattr(psc, "AGAIN_S", 0.0)
    assert back(page, pressed(page)).status_code == 200 and who(page) == str(doctor.pk)


# --- a provider that is not well ------------------------------------------------------------

DOWN = {"on the press": ("wallet-openid-configuration",), "on the way back": ("token", "certs", "userinfo")}
ENDS = [(when, end) for when, ends in DOWN.items() for end in ends]
BAD = {"down": (503, b"{}"), "redirected": (302, b""), "html": (200, b"<html>"), "a list": (200, b"[]"), "nesting": (200, b"[" * 100_000), "busy": (429, b"{}")}


def test_whom_nobody_answers(provider: Provider, settings: Any) -> None:
    settings.PSC_ISSUER = "http://127.0.0.1:9"
    answer = Page().send("POST", "auth/psc", {})
    assert code(answer) == (503, "psc.unavailable") and answer.json()["temporary"] is True and answer.headers["Retry-After"] == "5"


def unwell(page: Page, when: str, break_it: Callable[[], None]) -> Any:
    """The answer to whoever presses, or comes back, while it is broken."""
    if when == "on the press":
        break_it()
        return page.send("POST", "auth/psc", {})
    came = pressed(page)
    break_it()
    return back(page, came)


@pytest.mark.parametrize("how", BAD)
@pytest.mark.parametrize(("when", "end"), ENDS)
def test_whatever_it_answers(provider: Provider, when: str, end: str, how: str) -> None:
    linked(camille())
    page = Page()
    assert code(unwell(page, when, lambda: provider.wrong.answers.update({end: BAD[how]}))) == (503, "psc.unavailable")
    provider.wrong.answers.clear()
    assert back(page, pressed(page)).status_code == 200


@pytest.mark.parametrize(("when", "end"), ENDS)
def test_without_end(provider: Provider, when: str, end: str) -> None:
    linked(camille())
    page = Page()
    assert code(unwell(page, when, lambda: setattr(provider.wrong, "endless", end))) == (503, "psc.unavailable")


@pytest.mark.parametrize(("when", "end"), ENDS)
def test_by_drops(provider: Provider, when: str, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psc, "SECONDS", 1.0)
    linked(camille())
    page = Page()
    began = time.monotonic()
    assert code(unwell(page, when, lambda: setattr(provider.wrong, "drips", end))) == (503, "psc.unavailable")
    assert time.monotonic() - began < 20


def test_no_more_wait_for_it_than_may(provider: Provider) -> None:
    places = [psc._places.acquire(blocking=False) for _ in range(psc.AT_ONCE)]
    try:
        assert all(places) and code(Page().send("POST", "auth/psc", {})) == (503, "psc.unavailable")
    finally:
        for _ in places:
            psc._places.release()
    assert Page().send("POST", "auth/psc", {}).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [{"issuer": "https://other.example"}, {"token_endpoint": "https://evil.example/token"}, {"jwks_uri": "https://evil.example/certs"}, {"userinfo_endpoint": None}],
    ids=str,
)
def test_a_configuration_that_leads_elsewhere(provider: Provider, wrong: dict[str, Any]) -> None:
    provider.wrong.configuration = wrong
    assert code(Page().send("POST", "auth/psc", {})) == (503, "psc.unavailable")


@pytest.mark.parametrize("tokens", [{"access_token": "x"}, {"id_token": "x"}, {"id_token": 3, "access_token": "x"}, {"id_token": "x.y.z", "access_token": "é\n"}])
def test_tokens_that_are_none(provider: Provider, tokens: dict[str, Any]) -> None:
    page = Page()
    came = pressed(page)
    provider.wrong.answers["token"] = (200, json.dumps(tokens).encode())
    assert code(back(page, came)) == (403, "psc.refused")


# --- apps ------------------------------------------------------------------------------------


def begun(token: str = "", **body: Any) -> tuple[str, dict[str, str]]:
    """An app's waiting token, and what its own callback address was opened with."""
    answer = app("POST", "auth/psc", body, token)
    assert answer.status_code == 200, answer.content
    said = answer.json()
    return said.get("meta", {}).get("session_token", token), visited(said["data"]["location"])


def test_an_app_ends_up_with_a_session_token(provider: Provider) -> None:
    doctor = linked(camille())
    assert app("GET", "auth/psc").json()["data"] == {"on": True, "linked": None}
    waiting, came = begun()
    assert provider.sent[0]["redirect_uri"] == CALLBACK and sessions.speaker(waiting) is None
    answer = app("POST", "auth/psc/return", came, waiting)
    assert answer.status_code == 200 and answer.json()["meta"]["is_authenticated"] is True
    token = answer.json()["meta"]["session_token"]
    assert token != waiting and sessions.speaker(token).person_id == doctor.pk  # type: ignore[union-attr]
    assert Client().get("/api/v1/me", headers={"X-Session-Token": token}).status_code == 200
    assert "sessionid" not in answer.cookies


def test_an_app_s_newcomer(provider: Provider) -> None:
    waiting, came = begun()
    assert code(app("POST", "auth/psc/return", came, waiting)) == (409, "psc.email_needed")
    answer = app("POST", "auth/psc/account", {"email": "camille@example.org"}, waiting)
    assert answer.status_code == 200
    assert sessions.speaker(answer.json()["meta"]["session_token"]).person_id == Person.objects.get().pk  # type: ignore[union-attr]


def test_a_way_back_needs_the_token_of_the_app_that_began(provider: Provider) -> None:
    """Another app that catches the address can do nothing with it."""
    linked(camille())
    _, came = begun()
    assert code(app("POST", "auth/psc/return", came)) == (410, "psc.expired")
    other, _ = begun()
    assert code(app("POST", "auth/psc/return", came, other)) == (410, "psc.expired")


def test_an_app_links(provider: Provider) -> None:
    token = app("POST", "auth/login", {"email": camille().email, "password": PASSWORD}).json()["meta"]["session_token"]
    _, came = begun(token, purpose="link")
    assert app("POST", "auth/psc/return", came, token).status_code == 200
    assert LinkedLicence.objects.get().person_id == camille().pk


def test_without_a_callback_of_their_own_apps_have_none(provider: Provider, settings: Any) -> None:
    settings.PSC_APP_CALLBACK = ""
    assert app("GET", "auth/psc").json()["data"]["on"] is False
    assert code(app("POST", "auth/psc", {})) == (404, "psc.off")


def test_what_the_app_got_elsewhere_is_worth_nothing(provider: Provider) -> None:
    """allauth's own door for tokens is not there: an ID token without our nonce proves nothing to us."""
    assert app("POST", "auth/provider/token", {"provider": "psc", "process": "login", "token": {"client_id": CLIENT, "id_token": "x"}}).status_code == 404


# --- what is kept, and said -------------------------------------------------------------------


def test_presses_without_end_are_slowed(provider: Provider, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": "3/m/ip"}
    page = Page()
    assert [page.send("POST", "auth/psc", {}).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_nothing_of_it_is_logged_or_kept(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # as in the settings
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    page = Page()
    came = pressed(page)
    back(page, came)
    page.send("POST", "auth/psc/account", {"email": "camille@example.org"})
    provider.wrong.token = {"nonce": "another"}
    again = Page()
    assert code(back(again, pressed(again))) == (403, "psc.refused")
    said = "\n".join(f"{one.getMessage()} {one.__dict__}" for one in caplog.records if one.name != "django.db.backends")
    assert "refused" in said
    tokens = list(provider.tokens)
    for secret in (RPPS, came["code"], came["state"], SECRET, "AUBRAC", "Aubrac", *tokens):
        assert secret not in said, secret
    session = SessionStore(page.cookies["sessionid"].value).load()
    for secret in (RPPS, came["code"], came["state"], *tokens):
        assert secret not in json.dumps(session, default=str)
    assert {name for name in session if name.startswith("psc")} == set()
