"""Pro Santé Connect in a browser: pressed at the door, there and back, and linked under "Me"; with a provider on the wire."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from consult.clinicians.linking import REGISTER
from tests.browser.conftest import DESKTOP, PHONE, Demo, Devices
from tests.browser.pages import PATIENCE, Tab, eventually
from tests.browser.test_access import AXE, grave
from tests.clinicians.oidc import Provider, claims
from tests.live import Node

BY = "S’identifier avec Pro Santé Connect"
RETURN = "/_allauth/browser/v1/auth/psc/return$"


@pytest.fixture(scope="module")
def there() -> Iterator[Provider]:
    with contextlib.closing(Provider()) as made:
        yield made


@pytest.fixture(scope="module")
def node(demo: Demo, there: Provider) -> Iterator[Node]:
    made = demo.node(env=there.env)
    yield made
    demo.nodes.remove(made)
    made.stop()


@pytest.fixture
def provider(there: Provider) -> Provider:
    there.reset()
    return there


def press(tab: Tab, label: str = BY) -> None:
    tab.page.get_by_role("button", name=label).click()


def test_a_press_and_signed_in(device: Devices, demo: Demo, node: Node, provider: Provider) -> None:
    provider.claims = claims("10000000011", "FERRAND", "NADIA")
    demo.sql("UPDATE standing_standing SET register = 'RPPS 10000000011' WHERE person_id = %s", demo.cast["nadia"].id)
    tab = device(node).tab().go()
    button = tab.page.get_by_role("button", name=BY)
    expect(button).to_be_visible(timeout=PATIENCE)
    button.focus()
    tab.page.keyboard.press("Enter")
    tab.inside()
    assert [asked["acr_values"] for asked in provider.sent] == ["eidas1"]
    assert tab.page.url == f"{tab.device.base}/"
    tab.go("/me")
    expect(tab.page.locator(".me-card")).to_contain_text("Ferrand", timeout=PATIENCE)
    expect(tab.page.locator("#pro-sante")).to_contain_text("Relié à ce compte", timeout=PATIENCE)
    tab.page.reload()  # the code is in no history
    expect(tab.page.locator("#pro-sante")).to_contain_text("Relié à ce compte", timeout=PATIENCE)


def test_a_newcomer_is_verified_at_once(device: Devices, demo: Demo, node: Node, provider: Provider) -> None:
    provider.claims = claims("10000000029", "ROUVRAY", "LÉONIE", specialty="SM15")
    made = device(node)
    made.expects(RETURN)
    made.expects("/_allauth/browser/v1/auth/psc/account$")
    tab = made.tab().go()
    press(tab)
    field = tab.page.get_by_label("Adresse e-mail")
    expect(field).to_be_focused(timeout=PATIENCE)
    field.fill("idris@example.org")
    press(tab, "Créer mon compte")
    expect(tab.page.get_by_role("alert")).to_contain_text("Un compte existe déjà avec cette adresse", timeout=PATIENCE)
    field.fill("leonie@example.org")
    press(tab, "Créer mon compte")
    tab.inside()
    found = demo.sql(
        "SELECT p.title, p.given_name, p.family_name, p.specialty, s.verification, s.register FROM clinicians_person p JOIN standing_standing s ON s.person_id = p.id WHERE email = 'leonie@example.org'"
    )
    assert found == [("Dr", "Léonie", "Rouvray", "SM15", "verified", REGISTER)]


def test_cancelled_then_refused_then_the_password(device: Devices, node: Node, provider: Provider) -> None:
    provider.wrong.denies = "access_denied"
    made = device(node, locale="en-GB")
    made.expects(RETURN)
    tab = made.tab().go()
    press(tab, "Sign in with Pro Santé Connect")
    expect(tab.page.get_by_role("alert")).to_contain_text("Sign-in cancelled: nothing has changed.", timeout=PATIENCE)
    assert tab.page.url == f"{made.base}/sign-in"
    provider.wrong.denies, provider.wrong.token = "", {"nonce": "another"}
    press(tab, "Start again")
    expect(tab.page.get_by_role("alert")).to_contain_text("could not be verified", timeout=PATIENCE)
    tab.page.get_by_role("radio", name="FR").click()
    tab.page.get_by_role("link", name="Se connecter autrement").click()
    tab.sign_in("idris").inside()


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone-light", "desk-dark"])
def test_axe_finds_nothing_grave(device: Devices, node: Node, provider: Provider, size: dict[str, int], scheme: str) -> None:
    made = device(node, viewport=size, color_scheme=scheme, bypass_csp=True)
    made.expects(RETURN)
    tab = made.tab().go()
    wrong = {}

    def look(name: str) -> None:
        tab.page.wait_for_function("() => !document.getAnimations().length")
        tab.page.add_script_tag(path=AXE)
        wrong[name] = grave(tab.page)

    expect(tab.page.get_by_role("button", name=BY)).to_be_visible(timeout=PATIENCE)
    look("door")
    provider.wrong.denies = "access_denied"
    press(tab)
    expect(tab.page.get_by_role("alert")).to_be_visible(timeout=PATIENCE)
    look("cancelled")
    provider.reset()
    provider.claims = claims("10000000052")
    press(tab, "Recommencer")
    expect(tab.page.get_by_label("Adresse e-mail")).to_be_focused(timeout=PATIENCE)
    look("address")
    tab.go().sign_in("soizic").inside().go("/me")
    press(tab, "Relier Pro Santé Connect")
    expect(tab.page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)
    look("link")
    assert set(wrong) == {"door", "cancelled", "address", "link"} and not any(wrong.values()), wrong


def test_a_way_back_that_is_not_ours(device: Devices, node: Node) -> None:
    made = device(node)
    made.expects("/psc/return$")
    tab = made.tab().go("/sign-in?state=somebody-elses&code=x")
    expect(tab.page.get_by_role("alert")).to_contain_text("n’est plus valable", timeout=PATIENCE)
    tab.page.reload()
    expect(tab.page.get_by_label("Mot de passe", exact=True)).to_be_visible(timeout=PATIENCE)


def test_linked_under_me(device: Devices, demo: Demo, node: Node, provider: Provider) -> None:
    family = demo.sql("SELECT family_name FROM clinicians_person WHERE email = 'idris@example.org'")[0][0]
    made = device(node)
    made.expects("/_allauth/browser/v1/auth/reauthenticate$")
    made.expects(RETURN)
    tab = made.tab().go().sign_in("idris").inside().go("/me")
    provider.claims = claims("10000000037", "QUELQU'UN D'AUTRE", "IDRIS")
    for expected in ("n’est pas celui de ce compte", ""):
        press(tab, "Relier Pro Santé Connect")
        sheet = tab.page.get_by_role("dialog", name="Relier Pro Santé Connect")
        sheet.get_by_label("Mot de passe").fill("demo-idris")
        sheet.get_by_role("button", name="Continuer").click()
        if expected:
            expect(tab.page.get_by_role("alert")).to_contain_text(expected, timeout=PATIENCE)
            provider.claims = claims("10000000037", family.upper(), "IDRIS")
            tab.page.get_by_role("link", name="Retour à « Moi »").click()
    # A word that goes by itself first.
    expect(tab.page.locator("span.grow", has_text="Pro Santé Connect est relié à votre compte")).to_be_visible(timeout=PATIENCE)
    expect(tab.page.locator("#pro-sante")).to_contain_text("Relié à ce compte", timeout=PATIENCE)
    eventually(lambda: demo.sql("SELECT rpps FROM clinicians_linkedlicence WHERE person_id = %s", demo.cast["idris"].id) == [("10000000037",)])


def test_who_waits_is_let_in(device: Devices, demo: Demo, node: Node, provider: Provider) -> None:
    provider.claims = claims("10000000045", "KERVELLA", "YANN", profession="60", specialty="")
    tab = device(node).tab().go().sign_in("yann")
    press(tab, "Relier Pro Santé Connect")
    sheet = tab.page.get_by_role("dialog", name="Relier Pro Santé Connect")
    sheet.get_by_label("Mot de passe").fill("demo-yann")
    sheet.get_by_role("button", name="Continuer").click()
    expect(tab.page.locator("#pro-sante")).to_contain_text("Relié à ce compte", timeout=PATIENCE)
    expect(tab.page.locator(".me-part", has_text="Vérification")).to_contain_text("Vérifié", timeout=PATIENCE)
    tab.page.get_by_role("link", name="Salles").first.click()
    tab.inside()
    # For whoever comes after in this demo, a newcomer again.
    demo.sql("DELETE FROM clinicians_linkedlicence WHERE rpps = '10000000045'")
    demo.sql("UPDATE standing_standing SET verification = 'pending', register = '' WHERE person_id = %s", demo.cast["yann"].id)


def test_not_offered_where_it_is_off(device: Devices) -> None:
    tab = device().tab()
    with tab.page.expect_response(re.compile("/_allauth/browser/v1/auth/psc$")) as asked:
        tab.go()
    assert asked.value.json()["data"]["on"] is False
    tab.sign_in("idris").inside().go("/me")
    expect(tab.page.locator("#kept")).to_be_visible(timeout=PATIENCE)
    expect(tab.page.get_by_text("Pro Santé Connect")).not_to_be_attached()
