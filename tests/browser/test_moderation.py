"""Moderation as people live it: a flag, a moderator who arrives for all to see, tools, an appeal, and the console by keyboard alone."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Demo, Devices
from tests.browser.pages import PATIENCE, Tab


def enter(tab: Tab, motive: str) -> Tab:
    """Comes into the open room as its moderator, with a reason."""
    tab.page.get_by_role("button", name="Entrer pour modérer").click()
    sheet = tab.page.get_by_role("dialog")
    sheet.get_by_label("Motif, tel que la salle le lira").fill(motive)
    sheet.get_by_role("button", name="Entrer dans la salle").click()
    expect(tab.page.locator(".visiting")).to_be_visible(timeout=PATIENCE)
    return tab.live()


def tools(tab: Tab) -> Locator:
    return tab.page.locator("dialog .tools")


def tray(tab: Tab, text: str) -> Locator:
    """Opens the tray on a message."""
    tab.menu(text, "Modérer")
    expect(tools(tab)).to_be_visible(timeout=PATIENCE)
    return tools(tab)


def test_a_moderator_comes_acts_undoes_and_leaves_for_all_to_see(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille", kind="group", title="Groupe à modérer")
    nadia, camille = device().tab().sign_in("nadia").inside().room(room), device().tab().sign_in("camille").inside().room(room)
    camille.write("Adressée par Mme Lemoine.").sees("Adressée par Mme Lemoine.")
    laptop = device()
    laptop.expects(f"/api/v1/rooms/{room}")  # before she comes in, the room is not hers to read
    sacha = laptop.tab().sign_in("sacha").inside()
    sacha.go(f"/rooms/{room}")
    enter(sacha, "un nom a été écrit")
    for tab in (nadia, camille):
        expect(tab.log.locator(".notice.moderation")).to_contain_text("Dr Sacha Delmont (modération) a rejoint la salle : un nom a été écrit", timeout=PATIENCE)
        expect(tab.page.locator(".room-head")).to_contain_text("Dr Delmont (modération)")
    sacha.sees("Adressée par Mme Lemoine.")

    # The reason first; then one press. All see it at once, and why.
    sheet = tray(sacha, "Adressée par")
    sheet.get_by_role("button", name="Masquer le message").click()
    expect(sheet.get_by_role("alert")).to_have_text("Dites d’abord le motif.")
    sheet.get_by_role("button", name="Identifiant").click()
    sheet.get_by_role("button", name="Masquer le message").click()
    for tab in (nadia, camille):
        expect(tab.log.locator(".hatched")).to_contain_text("Message masqué par la modération : identifiant d’un patient", timeout=PATIENCE)
        expect(tab.log).not_to_contain_text("Lemoine")
    # Undone while the note stands.
    sacha.page.locator(".toast").get_by_role("button", name="Annuler").click()
    nadia.sees("Adressée par Mme Lemoine.")
    expect(nadia.log.locator(".hatched")).to_have_count(0)
    # And again, by keys alone.
    sheet = tray(sacha, "Adressée par")
    sacha.page.keyboard.press("1")
    sacha.page.keyboard.press("m")
    expect(nadia.log.locator(".hatched")).to_be_visible(timeout=PATIENCE)

    # Its author and the moderators read it; nobody else is offered to.
    expect(nadia.log.locator(".hatched").get_by_role("button")).to_have_count(0)
    camille.log.locator(".hatched").get_by_role("button", name="Lire le texte masqué").click()
    expect(camille.page.get_by_role("dialog")).to_contain_text("Adressée par Mme Lemoine.")
    camille.page.keyboard.press("Escape")
    expect(camille.log.locator(".hatched").get_by_role("button", name="Contester")).to_be_visible()

    sacha.write("Merci de republier sans ce nom.")
    said = nadia.message("Merci de republier")
    expect(said.locator(".tag.mod")).to_have_text("modération", timeout=PATIENCE)
    # The record, for every member.
    nadia.page.get_by_role("button", name="Plus d’actions").click()
    nadia.page.get_by_role("menuitem", name="Journal de modération").click()
    rows = nadia.page.get_by_role("dialog").locator(".act-row")
    expect(rows).to_have_count(3, timeout=PATIENCE)
    expect(rows.nth(0)).to_contain_text("Message masqué")
    expect(rows.nth(1)).to_contain_text(re.compile("Annulé par Dr Sacha Delmont"))
    expect(rows.nth(2)).to_contain_text("un nom a été écrit")
    nadia.page.keyboard.press("Escape")

    sacha.page.locator(".visiting").get_by_role("button", name="Sortir").click()
    expect(nadia.log).to_contain_text("Dr Sacha Delmont (modération) a quitté la salle", timeout=PATIENCE)
    expect(nadia.page.locator(".room-head")).not_to_contain_text("Delmont")
    # No member, so nothing further is read.
    expect(sacha.page).to_have_url(re.compile("/moderation$"), timeout=PATIENCE)
