"""The idle cover: nothing of the app is in any tab until its person gives their password."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Demo, Devices
from tests.browser.pages import PATIENCE, Tab, eventually
from tests.browser.test_installed import installed

SECRET, LATE, TITLE = "diagnostic-a-ne-pas-montrer", "arrive-sous-la-couverture", "Salle-couverte"
# As if nobody had touched this browser for longer than was chosen; the page then looks at the clock, as it does when it is shown again.
LONG_AGO = "() => { localStorage.setItem('consult.active', String(Date.now() - 960_000)); document.dispatchEvent(new Event('visibilitychange')) }"


# What a tab bar shows in the moment in which the cover comes, before the next frame.
TITLE_THEN = """() => new Promise((told) => {
    new MutationObserver(() => document.getElementById('uncover') && told(document.title)).observe(document.body, { childList: true, subtree: true });
    localStorage.setItem('consult.active', String(Date.now() - 960_000));
    document.dispatchEvent(new Event('visibilitychange'));
})"""


def covered(tab: Tab) -> None:
    expect(tab.page.get_by_role("heading", name="Écran couvert")).to_be_visible(timeout=PATIENCE)
    for seen in (tab.page.content(), tab.page.locator("body").aria_snapshot(), tab.page.title()):
        assert not [word for word in (SECRET, LATE, TITLE, "Ferrand") if word in seen]


def test_it_covers_every_tab_and_opens_to_the_password_alone(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille", title=TITLE)
    demo.many(room, "camille", [SECRET])
    laptop = device()
    laptop.expects("/_allauth/browser/v1/auth/reauthenticate$")
    laptop.expects("/api/v1/rooms/")  # 401 in the other tabs, once one of them has signed out
    first = installed(laptop.tab().sign_in("nadia").inside()).go("/me")
    choice = first.page.get_by_role("radiogroup", name="Couvrir l’écran")
    choice.get_by_role("radio", name="15 min").click()
    first.room(room).sees(SECRET)
    second = laptop.tab().room(room).sees(SECRET)
    first.composer.fill("brouillon sous la couverture")
    read = lambda: demo.sql("SELECT max(seq) FROM rooms_readmark WHERE room_id = %s AND person_id = %s", room, demo.cast["nadia"].id)[0][0]  # noqa: E731
    eventually(lambda: read() == 1)

    first.page.evaluate(LONG_AGO)
    for tab in (first, second):
        covered(tab)
    expect(first.page.locator("#uncover")).to_be_focused()
    demo.many(room, "camille", [LATE])
    first.page.keyboard.press("Control+k")
    first.page.reload()
    covered(first)
    third = laptop.tab().go(f"/rooms/{room}")
    covered(third)
    laptop.cut_once = True
    laptop.cut()
    third.page.locator("#uncover").fill("demo-nadia")
    third.page.get_by_role("button", name="Découvrir").click()
    expect(third.page.get_by_role("alert")).to_contain_text("Pas de réseau", timeout=PATIENCE)
    laptop.mend()
    covered(third)
    second.page.locator("#uncover").fill("pas le bon")
    second.page.get_by_role("button", name="Découvrir").click()
    expect(second.page.get_by_role("alert")).to_contain_text("Mot de passe incorrect", timeout=PATIENCE)
    covered(second)
    assert read() == 1, "what nobody could see was marked as read"

    second.page.locator("#uncover").fill("demo-nadia")
    second.page.keyboard.press("Enter")
    for tab in (second, first, third):
        tab.sees(SECRET, LATE)
    expect(first.composer).to_have_value("brouillon sous la couverture")

    # Whoever finds it covered may end the session, and nothing of what was typed is deleted by that.
    first.page.evaluate(LONG_AGO)
    covered(first)
    first.page.get_by_role("button", name="Se déconnecter").click()
    expect(first.page.get_by_label("Adresse e-mail")).to_be_visible(timeout=PATIENCE)
    first.sign_in("nadia").inside().room(room).sees(SECRET, LATE)
    expect(first.composer).to_have_value("brouillon sous la couverture")


def test_what_was_about_to_be_said_aloud_is_not_said_under_the_cover(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("idris", "camille", title=TITLE)
    demo.many(room, "camille", ["bonjour"])
    tab = installed(device().tab().sign_in("idris").inside()).go("/me")
    tab.page.get_by_role("radiogroup", name="Couvrir l’écran").get_by_role("radio", name="15 min").click()
    tab.room(room).sees("bonjour")
    tab.page.clock.install()
    demo.many(room, "camille", [SECRET])
    tab.sees(SECRET)
    said = tab.page.locator("[aria-live=polite].unseen")
    tab.page.clock.run_for(4_000)
    expect(said).to_contain_text(SECRET)
    demo.many(room, "camille", [LATE])
    tab.sees(LATE)
    assert TITLE not in tab.page.evaluate(TITLE_THEN)
    tab.page.clock.run_for(4_000)
    covered(tab)
    expect(said).to_be_empty()
