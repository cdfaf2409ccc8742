"""A passkey uncovers the screen: added on one's own page, asked for by the browser's own window, with a virtual authenticator of Chromium."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import CDPSession, expect

from tests.browser.conftest import Demo, Devices
from tests.browser.pages import PATIENCE, Device, Tab, eventually
from tests.browser.test_cover import LONG_AGO, SECRET, TITLE, covered
from tests.browser.test_installed import installed

AUTHENTICATOR = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}


class Finger:
    """The device's own authenticator; `refuses` is a finger that is not this person's."""

    def __init__(self, tab: Tab) -> None:
        self.cdp: CDPSession = tab.device.context.new_cdp_session(tab.page)
        self.cdp.send("WebAuthn.enable")
        self.id = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})["authenticatorId"]

    def verifies(self, yes: bool) -> None:
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": yes})

    def keys(self) -> list[dict[str, Any]]:
        return list(self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"])


def with_a_name(made: Device) -> Device:
    """WebAuthn knows names alone: 127.0.0.1 has no passkeys."""
    made.base = made.base.replace("127.0.0.1", "localhost")
    return made


def test_added_then_it_uncovers_and_the_password_still_does(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("idris", "camille", title=TITLE)
    demo.many(room, "camille", [SECRET])
    laptop = with_a_name(device())
    laptop.expects("/_allauth/browser/v1/auth/reauthenticate$")
    tab = installed(laptop.tab().sign_in("idris").inside()).go("/me")
    finger = Finger(tab)
    tab.page.get_by_role("radiogroup", name="Couvrir l’écran").get_by_role("radio", name="15 min").click()
    tab.page.get_by_role("button", name="Ajouter une clé d’accès").click()
    sheet = tab.page.get_by_role("dialog", name="Ajouter une clé d’accès")
    sheet.get_by_label("Nom de la clé").fill("Clé du cabinet")
    sheet.get_by_label("Mot de passe").fill("pas le bon")
    sheet.get_by_role("button", name="Continuer").click()
    expect(sheet.get_by_role("alert")).to_contain_text("Mot de passe incorrect", timeout=PATIENCE)
    sheet.get_by_label("Mot de passe").fill("demo-idris")
    sheet.get_by_role("button", name="Continuer").click()
    expect(tab.page.locator("#kept .devices li", has_text="Clé du cabinet")).to_be_visible(timeout=PATIENCE)
    assert len(finger.keys()) == 1 and finger.keys()[0]["rpId"] == "localhost"

    tab.room(room).sees(SECRET)
    tab.page.evaluate(LONG_AGO)
    covered(tab)
    by = tab.page.get_by_role("button", name="Découvrir avec une clé d’accès")
    expect(by).to_be_focused(timeout=PATIENCE)
    finger.verifies(False)
    by.click()
    expect(tab.page.get_by_role("alert")).to_contain_text("Rien n’a été confirmé", timeout=PATIENCE)
    covered(tab)
    finger.verifies(True)
    tab.page.keyboard.press("Enter")
    tab.sees(SECRET)
    assert demo.sql("SELECT used_at IS NOT NULL, counter > 0 FROM standing_passkey WHERE label = 'Clé du cabinet'") == [(True, True)]

    tab.page.evaluate(LONG_AGO)
    covered(tab)
    tab.page.locator("#uncover").fill("demo-idris")
    tab.page.get_by_role("button", name="Découvrir", exact=True).click()
    tab.sees(SECRET)

    tab.go("/me").page.get_by_role("button", name="Retirer Clé du cabinet").click()
    eventually(lambda: demo.sql("SELECT count(*) FROM standing_passkey WHERE label = 'Clé du cabinet'") == [(0,)])
    tab.room(room).page.evaluate(LONG_AGO)
    covered(tab)
    expect(tab.page.locator("#uncover")).to_be_focused()
    expect(by).not_to_be_attached()


def test_an_address_without_a_name_says_why(device: Devices, demo: Demo) -> None:
    tab = device().tab().sign_in("soizic").inside().go("/me")
    expect(tab.page.locator("#kept").get_by_text("il faut un nom de domaine")).to_be_visible(timeout=PATIENCE)
    expect(tab.page.get_by_role("button", name="Ajouter une clé d’accès")).not_to_be_attached()
