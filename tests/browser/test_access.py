"""For every eye and hand: axe on the main screens, large text, no motion."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Demo, Devices
from tests.browser.pages import still
from tests.live import CHECKOUT

AXE = CHECKOUT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


def grave(page: Page) -> list[Any]:
    found = page.evaluate("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations")
    return [(one["id"], one["impact"], [(node["target"], node["failureSummary"][:300]) for node in one["nodes"][:4]]) for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")], ids=["desk-light", "desk-dark", "phone-light", "phone-dark"]
)
def test_axe_finds_nothing_grave(device: Devices, demo: Demo, size: dict[str, int], scheme: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci)")
    # The page's own policy would refuse the tool: here alone it is set aside.
    tab = device(viewport=size, color_scheme=scheme, bypass_csp=True).tab().go()
    page, wrong = tab.page, {}

    def look(name: str) -> None:
        still(page)
        page.add_script_tag(path=AXE)
        if found := grave(page):
            wrong[name] = found

    expect(page.get_by_label("Adresse e-mail")).to_be_visible()
    look("door")
    tab.sign_in("nadia").inside()
    look("rooms")
    for name, path, seen in (
        ("case", f"/rooms/{demo.case('Pemphigoïde sous gliptine ?')}", "article.msg"),
        ("group", f"/rooms/{demo.group('DER')}", ".case-card"),
        ("ask", "/ask", "#ask-question"),
        ("cases", "/cases", ".case-found"),
        ("case search", "/cases?in=search&q=gliptine", ".case-found"),
        ("follows", "/cases?in=follows", ".me-part"),
        ("collections", "/cases?in=collections", "form.make"),
        ("directory", "/directory", ".entry-row"),
        ("search", "/search?q=biopsie", "li.found"),
        ("me", "/me", ".me-card"),
    ):
        tab.go(path)
        expect(page.locator(f"main {seen}").first).to_be_visible()
        look(name)
        if name == "case":
            page.locator("article.msg").nth(1).focus()
            page.keyboard.press("Enter")
            expect(page.get_by_role("menu")).to_be_visible()
            look("menu")
            page.keyboard.press("Escape")
            if size == PHONE:
                page.locator(".strip").click()
            expect(page.locator(".panel-in .backable, .panel-in .said-of").first).to_be_visible()
            for names in page.locator(".panel-in .voters summary").all():
                names.click()
            look("sheet")
            page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.locator("#switch-0")).to_be_visible()
    look("switcher")
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)


def test_at_200_percent_the_layout_is_the_phones(device: Devices, demo: Demo) -> None:
    """A zoom of 200 % halves the page's width in CSS pixels; text made twice as large in the browser's settings does the same."""
    tab = device(viewport={"width": 640, "height": 450}, device_scale_factor=2).tab().sign_in("nadia").inside()
    for path in (f"/rooms/{demo.case('Pemphigoïde sous gliptine ?')}", "/ask", "/me", "/directory", "/cases"):
        tab.go(path)
        expect(tab.page.locator("main :is(article.msg, form, .entry-row, .item)").first).to_be_visible()
        wide = tab.page.evaluate(
            "() => [...document.querySelectorAll('body *')].filter((e) => e.scrollWidth > e.clientWidth + 1 && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX) && !e.classList.contains('chips')).map((e) => e.className)"
        )
        assert not wide, (path, wide)
        assert tab.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), path
    expect(tab.page.get_by_role("navigation", name="Lieux").last).to_be_visible()


def test_reduced_motion_leaves_nothing_moving(device: Devices, demo: Demo) -> None:
    tab = device(reduced_motion="reduce").tab().sign_in("nadia").inside()
    tab.go(f"/rooms/{demo.case('Pemphigoïde sous gliptine ?')}")
    expect(tab.page.locator("article.msg").first).to_be_visible()
    tab.page.locator(".room-head").get_by_role("button", name="Plus d’actions").click()
    moving = tab.page.evaluate(
        "() => document.getAnimations().filter((a) => (a.effect?.getComputedTiming().duration ?? 0) > 1).map((a) => a.animationName ?? a.transitionProperty)"
    )
    assert not moving, moving
