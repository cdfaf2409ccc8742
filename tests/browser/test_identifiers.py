"""What may identify a patient, in the composer and in a question: blocked, asked about, hinted at, by keyboard and on a phone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import DESKTOP, PHONE, Demo, Devices
from tests.browser.pages import heard, still
from tests.live import CHECKOUT

AXE = CHECKOUT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = CHECKOUT / ".screenshots"


def decisions(demo: Demo) -> list[tuple[str, str]]:
    return [tuple(row) for row in demo.sql("SELECT category, decision FROM rooms_identifierdecision ORDER BY id")]


def test_blocked_until_replaced_asked_once_and_hinted_at(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("camille", "nadia", title="Identifiants")
    camille = device().tab().sign_in("camille").inside().room(room)
    nadia = device().tab().sign_in("nadia").inside().room(room)
    page, before = camille.page, len(decisions(demo))

    camille.composer.fill("Patiente née le 12/03/1978, plaque du mollet.")
    alert = page.locator("#composer-identifiers [role=alert]")
    expect(alert).to_contain_text("Date de naissance complète")
    expect(page.locator("button.send")).to_be_disabled()
    expect(page.locator(".marks mark[data-level='block']")).to_have_text("12/03/1978")
    camille.composer.press("Control+Enter")
    expect(camille.composer).to_have_value("Patiente née le 12/03/1978, plaque du mollet.")
    page.get_by_role("button", name="Remplacer par « en 1978 »").click()
    expect(camille.composer).to_have_value("Patiente née en 1978, plaque du mollet.")
    expect(camille.composer).to_be_focused()
    expect(page.locator("button.send")).to_be_enabled()
    camille.composer.press("Control+Enter")
    nadia.sees("née en 1978")

    camille.composer.fill("Mme Kervella va mieux.")
    expect(page.locator("#composer-identifiers")).to_contain_text("Nom probable")
    camille.composer.press("Control+Enter")
    none = page.get_by_role("button", name="Ce n’est pas un identifiant : Mme Kervella")
    expect(none).to_be_visible()
    expect(page.locator("#composer-identifiers :focus")).to_have_count(1)  # what stands in the way is where one is
    expect(camille.composer).to_have_value("Mme Kervella va mieux.")
    none.press("Enter")
    expect(camille.composer).to_be_focused()
    expect(page.locator("#composer-identifiers .note")).to_have_count(0)
    camille.composer.press("Control+Enter")
    nadia.sees("Mme Kervella va mieux.")

    camille.composer.fill("Vue le 12/03/2024, merci Dr Ferrand, J+3.")
    expect(page.locator("#composer-identifiers .hint-line")).to_have_count(1)
    expect(page.locator("#composer-identifiers .note")).to_have_count(0)  # the room's own doctor is no patient
    camille.composer.press("Control+Enter")
    nadia.sees("Vue le 12/03/2024")
    assert ("name", "confirmed") in decisions(demo)[before:]
    assert not {"unconfirmed", "blocked", "asked"} & {decision for _, decision in decisions(demo)[before:]}


def test_a_question_is_held_until_each_is_settled(device: Devices, demo: Demo) -> None:
    tab = device().tab().sign_in("camille").inside()
    page = tab.go("/ask").page
    page.locator("#ask-question").fill("Plaque du mollet, M. Kervella, que faire ?")
    page.locator("#ask-context").fill("Né le 12/03/1978. Sœur joignable au 06 12 34 56 78.")
    expect(page.locator("#ask-question-identifiers")).to_contain_text("Nom probable")
    expect(page.locator("#ask-context-identifiers [role=alert]")).to_contain_text("Date de naissance complète")
    expect(page.locator("#ask-context-identifiers")).to_contain_text("Téléphone")
    page.locator("#ask-context-identifiers").get_by_role("button", name="Remplacer par « [téléphone] »").click()
    page.locator("#ask-context-identifiers").get_by_role("button", name="Remplacer par « en 1978 »").click()
    expect(page.locator("#ask-context")).to_have_value("Né en 1978. Sœur joignable au [téléphone].")
    page.locator("#ask-question-identifiers").get_by_role("button", name="Remplacer par « M. K. »").click()
    expect(page.locator("#ask-question")).to_have_value("Plaque du mollet, M. K., que faire ?")
    expect(page.locator(".identifiers .note")).to_have_count(0)


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_warnings_are_accessible_at_each_size(device: Devices, demo: Demo, locale: str, size: str, theme: str) -> None:
    demo.sql("UPDATE clinicians_person SET locale = %s WHERE email = 'camille@example.org'", locale)
    made = device(viewport={"phone": PHONE, "desktop": DESKTOP}[size], color_scheme=theme)
    try:
        tab = made.tab().sign_in("camille").inside()
        page = tab.go(f"/rooms/{demo.group('DER')}").page
        tab.live()
        tab.composer.fill("Mme Kervella née le 12/03/1978, vue le 03/04/2024, tél. 06 12 34 56 78, habite à Chaource.")
        expect(page.locator("#composer-identifiers .note.confirm li")).to_have_count(2)
        still(page)
        Path(PICTURES).mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"identifiers-{size}-{theme}-{locale}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run('.composer').then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))")
        assert found == [], json.dumps(found, ensure_ascii=False, indent=1)
    finally:
        demo.sql("UPDATE clinicians_person SET locale = 'fr' WHERE email = 'camille@example.org'")


def test_nothing_is_sent_before_the_rules_came(device: Devices, demo: Demo) -> None:
    """They come with the first letter; who is quicker than the network waits, with the words where they are."""
    room = demo.fresh_room("camille", "nadia", title="Règles en route")
    made = device()
    made.context.add_init_script("delete Navigator.prototype.serviceWorker")  # whose copy would come at once
    held: list[Route] = []
    made.context.route(re.compile(r"/find-[^/]+\.js$"), lambda route: held.append(route))
    first = made.tab().sign_in("camille").inside().room(room)
    assert held == []
    first.composer.fill("Patiente née le 12/03/1978, plaque du mollet.")
    first.composer.press("Control+Enter")
    second = made.tab().room(room)
    second.composer.fill("Plaque du mollet.")
    second.composer.press("Control+Enter")
    second.composer.press("Control+Enter")
    heard(second.page, lambda: len(held) == 2)
    first.page.wait_for_timeout(500)
    expect(first.composer).to_have_value("Patiente née le 12/03/1978, plaque du mollet.")
    assert demo.bodies(room) == []
    for one in held:
        one.continue_()
    second.sees("Plaque du mollet.")
    expect(first.page.locator("#composer-identifiers [role=alert]")).to_contain_text("Date de naissance complète")
    expect(first.composer).to_have_value("Patiente née le 12/03/1978, plaque du mollet.")
    expect(first.page.locator("button.send")).to_be_disabled()
    assert demo.bodies(room) == ["Plaque du mollet."]
