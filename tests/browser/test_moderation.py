"""Moderation as people live it: a flag, a moderator who arrives for all to see, tools, an appeal, and the console by keyboard alone."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import DESKTOP, PHONE, TABLET, Demo, Devices
from tests.browser.pages import PATIENCE, Tab, eventually
from tests.browser.test_access import AXE, grave
from tests.browser.test_answers import ask
from tests.browser.test_answers import line as case_line
from tests.browser.test_answers import sheet as case_sheet
from tests.browser.test_pictures import attach, photo, send

# The colour in the middle of a picture, and near its right edge.
PIXELS = """img => { const c = document.createElement('canvas'); c.width = img.naturalWidth; c.height = img.naturalHeight; const x = c.getContext('2d'); x.drawImage(img, 0, 0);
  const at = (a, b) => [...x.getImageData(a * c.width, b * c.height, 1, 1).data].slice(0, 3); return [at(.5, .5), at(.9, .8)]; }"""


def enter(tab: Tab, motive: str) -> Tab:
    """Comes into the open room as its moderator, with a reason."""
    tab.page.get_by_role("button", name="Entrer pour modérer").click()
    sheet = tab.page.get_by_role("dialog")
    sheet.get_by_label("Motif, tel que la salle le lira").fill(motive)
    sheet.get_by_role("button", name="Entrer dans la salle").click()
    expect(tab.page.locator(".visiting")).to_be_visible(timeout=PATIENCE)
    return tab.live()


def heated(device: Devices, demo: Demo, title: str) -> tuple[str, Tab, Tab]:
    """A group in which Camille has said a first word, and into which Sacha has come as its moderator."""
    room = demo.fresh_room("nadia", "camille", kind="group", title=title)
    camille = device().tab().sign_in("camille").inside().room(room)
    camille.write("Premier mot.").sees("Premier mot.")
    laptop = device()
    laptop.expects(f"/api/v1/rooms/{room}")
    sacha = laptop.tab().sign_in("sacha").inside().go(f"/rooms/{room}")
    enter(sacha, "échanges vifs")
    return room, camille, sacha


def tools(tab: Tab) -> Locator:
    return tab.page.locator("dialog .tools")


def tray(tab: Tab, text: str) -> Locator:
    """Opens the tray on a message; the one before has its answer first."""
    expect(tools(tab)).to_have_count(0, timeout=PATIENCE)
    tab.menu(text, "Modérer")
    expect(tools(tab)).to_be_visible(timeout=PATIENCE)
    return tools(tab)


def test_a_moderator_comes_acts_undoes_and_leaves_for_all_to_see(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille", kind="group", title="Groupe à modérer")
    nadia, camille = device().tab().sign_in("nadia").inside().room(room), device().tab().sign_in("camille").inside().room(room)
    # The browser would have asked about the name: another client has not.
    demo.many(room, "camille", ["Adressée par Mme Lemoine."])
    camille.sees("Adressée par Mme Lemoine.")
    laptop = device()
    laptop.expects(f"/api/v1/rooms/{room}")  # before she comes in, the room is not hers to read
    sacha = laptop.tab().sign_in("sacha").inside()
    sacha.go(f"/rooms/{room}")
    enter(sacha, "un nom a été écrit")
    for tab in (nadia, camille):
        expect(tab.log.locator(".notice.moderation")).to_contain_text("Dr Sacha Delmont (modération) a rejoint la salle : un nom a été écrit", timeout=PATIENCE)
        expect(tab.page.locator(".room-head")).to_contain_text("Dr Delmont (modération)")
    sacha.sees("Adressée par Mme Lemoine.")
    # She sees who is there.
    expect(sacha.page.locator(".room-head .facts")).to_contain_text("3 présents", timeout=PATIENCE)
    sacha.page.get_by_role("button", name="Plus d’actions").click()
    sacha.page.get_by_role("menuitem", name="Membres").click()
    members = sacha.page.get_by_role("dialog", name="Membres").locator("li")
    expect(members).to_have_count(2, timeout=PATIENCE)
    expect(members.filter(has_text="Dr Nadia Ferrand")).to_have_count(1)
    expect(members.filter(has_text="Dr Camille Aubrac")).to_have_count(1)
    sacha.page.keyboard.press("Escape")

    # The reason first; then one press. All see it at once, and why.
    sheet = tray(sacha, "Adressée par")
    sheet.get_by_role("button", name="Masquer le message").click()
    expect(sheet.get_by_role("alert")).to_have_text("Dites d’abord le motif.")
    sheet.get_by_role("button", name="Identifiant").click()
    sheet.get_by_role("button", name="Masquer le message").click()
    for tab in (nadia, camille):
        expect(tab.log.locator(".hatched")).to_be_visible(timeout=PATIENCE)
    # Undone while the note stands: what else is said of a hidden one is read the next time.
    sacha.page.locator(".toast").get_by_role("button", name="Annuler").click()
    for tab in (nadia, camille):
        tab.sees("Adressée par Mme Lemoine.")
        expect(tab.log.locator(".hatched")).to_have_count(0, timeout=PATIENCE)
    # And again, by keys alone.
    sheet = tray(sacha, "Adressée par")
    sacha.page.keyboard.press("1")
    sacha.page.keyboard.press("m")
    for tab in (nadia, camille):
        expect(tab.log.locator(".hatched")).to_contain_text("Message masqué par la modération : identifiant d’un patient", timeout=PATIENCE)
        expect(tab.log).not_to_contain_text("Lemoine")

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


def report(tab: Tab, text: str, category: str, note: str = "") -> Tab:
    """Flags a message, and closes the receipt."""
    tab.menu(text, "Signaler")
    sheet = tab.page.get_by_role("dialog")
    sheet.get_by_label(category).check()
    if note:
        sheet.get_by_label("Précision").fill(note)
    sheet.get_by_role("button", name="Envoyer le signalement").click()
    expect(sheet).to_contain_text("Vous saurez ce qui a été décidé", timeout=PATIENCE)
    sheet.get_by_role("button", name="Terminer").click()
    return tab


def console(tab: Tab) -> Tab:
    tab.go("/moderation")
    expect(tab.page.locator("#queue")).to_be_visible(timeout=PATIENCE)
    return tab


def empty(demo: Demo) -> None:
    """Only the items in sight are drawn: what other tests left behind is not to push ours out of it."""
    demo.sql("TRUNCATE moderation_item CASCADE")


def row(tab: Tab, text: str) -> Locator:
    return tab.page.locator(".queue-row").filter(has_text=text)


@pytest.mark.timeout(300)  # four browsers, and both cores may be at work elsewhere
def test_from_a_flag_to_an_appeal_that_another_moderator_grants(device: Devices, demo: Demo) -> None:
    empty(demo)
    demo.manage("remit", "add", "marc@example.org", "--everywhere")
    room = demo.fresh_room("nadia", "camille", kind="group", title="Courriers d’adressage")
    nadia, camille = device().tab().sign_in("nadia").inside().room(room), device().tab().sign_in("camille").inside().room(room)
    sacha = console(device().tab().sign_in("sacha").inside())
    demo.many(room, "camille", ["Je l’adresse avec le courrier de Mme Lemoine."])
    nadia.sees("Je l’adresse avec")

    # Flagged as identifying: hidden at once on the other's screen, and in the console without being asked for.
    report(nadia, "Je l’adresse avec", "Identifie un patient", "le nom de famille")
    for tab in (nadia, camille):
        expect(tab.log.locator(".hatched")).to_contain_text("Message masqué après un signalement", timeout=PATIENCE)
        expect(tab.log).not_to_contain_text("Lemoine")
    item = row(sacha, "Courriers d’adressage")
    expect(item).to_contain_text("Identifiant", timeout=PATIENCE)
    expect(item.locator(".blacked").first).to_be_visible()
    expect(item).not_to_contain_text("Lemoine")

    # Another moderator sees live who has it.
    marc = console(device().tab().sign_in("marc").inside())
    item.click()
    detail = sacha.page.locator(".detail")
    expect(detail.locator(".msg.flagged")).to_contain_text("Mme Lemoine", timeout=PATIENCE)
    expect(detail).to_contain_text("le nom de famille")
    expect(detail).to_contain_text("Auteur : Dr Camille Aubrac")
    sacha.page.get_by_role("button", name="Prendre").click()
    expect(row(marc, "Courriers d’adressage")).to_contain_text("Pris par Dr Delmont", timeout=PATIENCE)

    # She comes in, is announced, writes as moderator, and leaves.
    sacha.page.locator(".item-head").get_by_role("button", name="Entrer dans la salle").click()
    sheet = sacha.page.get_by_role("dialog")
    sheet.get_by_role("button", name="Identifiant").click()
    sheet.get_by_role("button", name="Entrer dans la salle").click()
    sacha.live()
    for tab in (nadia, camille):
        expect(tab.log.locator(".notice.moderation")).to_contain_text("Dr Sacha Delmont (modération) a rejoint la salle", timeout=PATIENCE)
    sacha.write("Ce message nommait une patiente ; il reste masqué.")
    expect(camille.message("Ce message nommait").locator(".tag.mod")).to_be_visible(timeout=PATIENCE)
    sacha.page.locator(".visiting").get_by_role("button", name="Sortir").click()
    expect(camille.log).to_contain_text("a quitté la salle", timeout=PATIENCE)
    expect(sacha.page.locator("#queue")).to_be_visible(timeout=PATIENCE)
    row(sacha, "Courriers d’adressage").click()
    sacha.page.locator(".decide").get_by_role("button", name="Retenir").click()
    expect(row(sacha, "Courriers d’adressage")).to_have_count(0, timeout=PATIENCE)
    expect(row(marc, "Courriers d’adressage")).to_have_count(0, timeout=PATIENCE)
    # Who flagged it hears that it was decided, and how.
    expect(nadia.page.locator(".toast")).to_contain_text("Votre signalement a été traité.", timeout=PATIENCE)
    nadia.page.locator(".toast").get_by_role("button", name="Voir").click()
    expect(nadia.page.get_by_role("dialog").locator(".act-row").first).to_contain_text("Retenu", timeout=PATIENCE)
    nadia.page.keyboard.press("Escape")

    # The author appeals; the one who decided does not see it, another grants it.
    camille.log.locator(".hatched").get_by_role("button", name="Contester").click()
    sheet = camille.page.get_by_role("dialog")
    sheet.get_by_label("Pourquoi").fill("C’est le nom de l’autrice de la recommandation.")
    sheet.get_by_role("button", name="Envoyer").click()
    expect(camille.page.locator(".toast")).to_contain_text("Votre recours est transmis.", timeout=PATIENCE)
    expect(row(marc, "Courriers d’adressage")).to_contain_text("Recours", timeout=PATIENCE)
    row(marc, "Courriers d’adressage").click()
    expect(marc.page.locator(".detail")).to_contain_text("C’est le nom de l’autrice", timeout=PATIENCE)
    expect(row(sacha, "Courriers d’adressage")).to_have_count(0)
    marc.page.locator(".decide").get_by_role("button", name=re.compile("Accorder|Donner raison")).click()
    nadia.sees("Je l’adresse avec le courrier de Mme Lemoine.")
    expect(camille.log.locator(".hatched")).to_have_count(0, timeout=PATIENCE)
    expect(camille.page.locator(".toast")).to_contain_text("Votre recours a été traité.", timeout=PATIENCE)


@pytest.mark.timeout(300)
def test_who_was_flagged_answers_appeals_and_reads_that_it_stands(device: Devices, demo: Demo) -> None:
    """Her own words reach the moderators; what they decide, and the other moderator's reason, reaches her."""
    empty(demo)
    demo.manage("remit", "add", "marc@example.org", "--everywhere")
    room = demo.fresh_room("nadia", "camille", kind="group", title="Ton de la discussion")
    nadia, camille = device().tab().sign_in("nadia").inside().room(room), device().tab().sign_in("camille").inside().room(room)
    camille.write("Quelle idée stupide.").sees("Quelle idée stupide.")
    report(nadia, "Quelle idée stupide.", "Irrespect")

    def mine() -> Locator:
        camille.go("/me").page.get_by_role("button", name="Mes signalements et recours").click()
        return camille.page.get_by_role("dialog", name="Mes signalements et recours")

    about = mine().locator(".act-row").filter(has_text="Irrespect")
    expect(about).to_contain_text("À l’étude", timeout=PATIENCE)
    expect(about).not_to_contain_text("Ferrand")
    about.get_by_label("Répondre à la modération").fill("Je parlais de la mienne.")
    about.get_by_role("button", name="Envoyer la réponse").click()
    expect(about).to_contain_text("Vous avez répondu.", timeout=PATIENCE)
    sacha = console(device().tab().sign_in("sacha").inside())
    row(sacha, "Ton de la discussion").click()
    expect(sacha.page.locator(".detail")).to_contain_text("Je parlais de la mienne.", timeout=PATIENCE)
    # What she notes there, moderators alone read.
    expect(sacha.page.get_by_label("Note pour la modération")).to_be_visible()
    sacha.page.locator(".decide").get_by_role("button", name="Retenir").click()
    expect(row(sacha, "Ton de la discussion")).to_have_count(0, timeout=PATIENCE)

    camille.room(room)
    camille.log.locator(".hatched").get_by_role("button", name="Contester").click()
    sheet = camille.page.get_by_role("dialog")
    sheet.get_by_label("Pourquoi").fill("Je parlais de mon idée à moi.")
    sheet.get_by_role("button", name="Envoyer").click()
    marc = console(device().tab().sign_in("marc").inside())
    row(marc, "Ton de la discussion").click()
    marc.page.get_by_label("Réponse à la personne").fill("Le fil visait une consœur.")
    marc.page.locator(".decide").get_by_role("button", name="Maintenir l’acte").click()
    toast = camille.page.locator(".toast").filter(has_text="Votre recours a été traité.")
    toast.get_by_role("button", name="Voir").click()
    told = camille.page.get_by_role("dialog", name="Mes signalements et recours").locator(".act-row").filter(has_text="Message masqué")
    expect(told).to_contain_text("La décision est maintenue.", timeout=PATIENCE)
    expect(told).to_contain_text("Vous avez écrit : Je parlais de mon idée à moi.")
    expect(told).to_contain_text("Réponse de la modération : Le fil visait une consœur.")
    camille.page.keyboard.press("Escape")
    expect(camille.log.locator(".hatched")).to_have_count(1)


def test_a_mask_is_asked_for_and_the_author_lays_it(device: Devices, demo: Demo, tmp_path: Path) -> None:
    """Hidden from all until it is done; the author alone sees what to cover, and in the room it is back by itself."""
    room = demo.fresh_room("nadia", "camille", kind="group", title="Clichés du jour")
    nadia, camille = device().tab().sign_in("nadia").inside().room(room), device().tab().sign_in("camille").inside().room(room)
    attach(camille, photo(tmp_path))
    camille.page.get_by_role("button", name="Garder").click()
    send(camille, "Le bracelet se lit peut-être")
    shown = nadia.page.get_by_role("button", name="Ouvrir la photo 1 sur 1")
    expect(shown).to_be_visible(timeout=2 * PATIENCE)
    laptop = device()
    laptop.expects(f"/api/v1/rooms/{room}")
    laptop.expects("/api/v1/images/")
    sacha = laptop.tab().sign_in("sacha").inside().go(f"/rooms/{room}")
    enter(sacha, "un bracelet se lit")

    sheet = tray(sacha, "Le bracelet se lit")
    sacha.page.keyboard.press("1")
    sheet.get_by_role("button", name="Demander un masque").click()
    expect(nadia.log).to_contain_text("Photo masquée par la modération.", timeout=PATIENCE)
    expect(shown).to_have_count(0)
    expect(camille.log).to_contain_text("La modération demande de masquer cette photo.", timeout=PATIENCE)
    sacha.write("Merci de couvrir le bracelet.")
    camille.sees("Merci de couvrir le bracelet.")

    # Nothing laid is nothing sent; by keyboard a mask lies in the middle.
    camille.page.get_by_role("button", name="Masquer maintenant").click()
    stage = camille.page.get_by_role("application")
    expect(stage).to_be_visible(timeout=PATIENCE)
    camille.page.get_by_role("button", name="Garder").click()
    expect(camille.page.locator(".toast")).to_contain_text("Posez d’abord un masque", timeout=PATIENCE)
    stage.press("Enter")
    camille.page.get_by_role("button", name="Garder").click()
    expect(shown).to_be_visible(timeout=3 * PATIENCE)
    expect(camille.page.get_by_role("button", name="Masquer maintenant")).to_have_count(0, timeout=PATIENCE)
    # What the colleague gets is black in the middle and itself beside it.
    picture = shown.locator("img")
    nadia.page.wait_for_function("img => img.complete && img.naturalWidth > 0", arg=picture.element_handle())
    under, beside = picture.evaluate(PIXELS)
    assert max(under) < 40 and min(beside) > 90
    sacha.page.locator(".visiting").get_by_role("button", name="Sortir").click()
    expect(nadia.log).to_contain_text("a quitté la salle", timeout=PATIENCE)


def test_one_picture_is_hidden_and_shown_again(device: Devices, demo: Demo, tmp_path: Path) -> None:
    room = demo.fresh_room("nadia", "camille", kind="group", title="Une photo de trop")
    nadia, camille = device().tab().sign_in("nadia").inside().room(room), device().tab().sign_in("camille").inside().room(room)
    attach(camille, photo(tmp_path))
    camille.page.get_by_role("button", name="Garder").click()
    send(camille, "La plaque du jour")
    shown = nadia.page.get_by_role("button", name="Ouvrir la photo 1 sur 1")
    expect(shown).to_be_visible(timeout=2 * PATIENCE)
    laptop = device()
    laptop.expects(f"/api/v1/rooms/{room}")
    laptop.expects("/api/v1/images/")
    sacha = laptop.tab().sign_in("sacha").inside().go(f"/rooms/{room}")
    enter(sacha, "une photo de trop")
    for times in (1, 2):  # undone by the note, then by the tool of another day
        sheet = tray(sacha, "La plaque du jour")
        sacha.page.keyboard.press("4")
        sheet.get_by_role("button", name="Masquer une photo").click()
        expect(nadia.log).to_contain_text("Photo masquée par la modération.", timeout=PATIENCE)
        if times == 1:
            sacha.page.locator(".toast").get_by_role("button", name="Annuler").click()
        else:
            expect(shown).to_have_count(0)
            nadia.sees("La plaque du jour")
            sheet = tray(sacha, "La plaque du jour")
            expect(sheet.get_by_role("button", name="Rétablir une photo")).to_be_visible(timeout=PATIENCE)
            expect(sheet.get_by_role("button", name="Masquer une photo")).to_have_count(0)
            sheet.get_by_label("Motif, tel que la salle le lira").fill("revue")
            sheet.get_by_role("button", name="Rétablir une photo").click()
            # What takes something back is not itself taken back.
            expect(sacha.page.locator(".toast")).to_contain_text("Rétablir une photo. Inscrit au journal.", timeout=PATIENCE)
            expect(sacha.page.locator(".toast").get_by_role("button")).to_have_count(0)
        expect(shown).to_be_visible(timeout=2 * PATIENCE)


def test_an_expert_and_another_moderator_are_called_and_called_off(device: Devices, demo: Demo) -> None:
    camille = device().tab().sign_in("camille").inside()
    room = ask(camille, demo, "nadia")
    nadia = device().tab().sign_in("nadia").inside().room(room)
    laptop = device()
    laptop.expects(f"/api/v1/(rooms|cases)/{room}")
    sacha = laptop.tab().sign_in("sacha").inside().go(f"/rooms/{room}")
    enter(sacha, "une question difficile")

    def use(tool: str) -> Locator:
        expect(tools(sacha)).to_have_count(0, timeout=PATIENCE)  # the one before has its answer
        sacha.page.locator(".log").focus()
        sacha.page.keyboard.press("Shift+M")
        sheet = tools(sacha)
        expect(sheet).to_be_visible(timeout=PATIENCE)
        sheet.get_by_label("Motif, tel que la salle le lira").fill("hors de ma compétence")
        sheet.get_by_role("button", name=tool, exact=False).click()
        return sheet

    use("Demander un expert").locator(".asks-more").get_by_role("button", name="Appliquer").click()
    expect(nadia.page.locator(".room-head .expert")).to_be_visible(timeout=PATIENCE)
    expect(sacha.page.locator(".room-head .expert")).to_be_visible(timeout=PATIENCE)
    # Also for who opens the room anew: the list says so as the room does.
    sacha.room(room)
    use("Ne plus demander d’expert")
    expect(nadia.page.locator(".room-head .expert")).to_have_count(0, timeout=PATIENCE)
    use("Appeler un renfort")
    called = "SELECT decision FROM moderation_item WHERE kind = 'call' AND room_id = %s"
    eventually(lambda: demo.sql(called, room) == [(None,)])
    sacha.page.locator(".toast").get_by_role("button", name="Annuler").click()
    expect(sacha.page.locator(".toast")).to_contain_text("Annulé.", timeout=PATIENCE)
    expect(nadia.log).to_contain_text("La modération est appelée en renfort", timeout=PATIENCE)
    expect(nadia.log).to_contain_text("Le renfort n’est plus demandé", timeout=PATIENCE)
    eventually(lambda: demo.sql(called, room) == [("called_off",)])


def test_the_console_counts_and_writes_into_a_watched_room(device: Devices, demo: Demo) -> None:
    empty(demo)
    demo.manage("remit", "add", "marc@example.org", "--everywhere")
    room = demo.fresh_room("nadia", "camille", kind="group", title="Salle surveillée")
    demo.many(room, "camille", ["Premier mot.", "Doublez la dose."])
    marc = device().tab().sign_in("marc").inside()
    count = marc.page.locator(".rail a[href='/moderation'] .count")
    number = count.locator("[aria-hidden]")
    expect(number).to_have_text(re.compile(r"\d+"), timeout=PATIENCE)
    others = int(number.inner_text())  # newcomers who wait to be verified
    nadia = device().tab().sign_in("nadia").inside().room(room)
    report(nadia, "Premier mot.", "Irrespect")
    expect(number).to_have_text(str(others + 1), timeout=PATIENCE)
    console(marc)
    report(nadia, "Doublez la dose.", "Irrespect")
    first = marc.page.locator(".queue-row").first
    expect(marc.page.locator(".queue-row")).to_have_count(others + 2, timeout=PATIENCE)
    expect(first).to_contain_text("Premier mot")
    # A graver flag on the other one: it moves up in the open console.
    report(nadia, "Doublez la dose.", "Conseil dangereux")
    expect(first).to_contain_text("Doublez la dose", timeout=PATIENCE)

    tile = marc.page.locator(".tile").filter(has_text="Salle surveillée")
    tile.click()
    marc.page.get_by_role("button", name="Entrer et écrire d’ici").click()
    sheet = marc.page.get_by_role("dialog")
    sheet.get_by_label("Motif, tel que la salle le lira").fill("échanges vifs")
    sheet.get_by_role("button", name="Entrer dans la salle").click()
    expect(nadia.log.locator(".notice.moderation").last).to_contain_text("a rejoint la salle : échanges vifs", timeout=PATIENCE)
    words = marc.page.get_by_label("au titre de la modération")
    expect(words).to_be_visible(timeout=PATIENCE)
    words.fill("Restons courtois.")
    marc.page.get_by_role("button", name="Envoyer", exact=True).click()
    expect(nadia.message("Restons courtois.").locator(".tag.mod")).to_have_text("modération", timeout=PATIENCE)
    expect(words).to_have_value("")
    expect(marc.page).to_have_url(re.compile("/moderation$"))
    marc.page.get_by_role("button", name="Sortir de la salle").click()
    expect(nadia.log).to_contain_text("a quitté la salle", timeout=PATIENCE)
    expect(marc.page.get_by_role("button", name="Entrer et écrire d’ici")).to_be_visible(timeout=PATIENCE)
    # The count goes on where the console was left.
    marc.go("/")
    expect(number).to_have_text(str(others + 2), timeout=PATIENCE)


def test_silenced_slowed_and_locked_with_reasons(device: Devices, demo: Demo) -> None:
    _, camille, sacha = heated(device, demo, "Salle agitée")

    # Slow mode: the button counts, the text stays one's own.
    sheet = tray(sacha, "Premier mot.")
    sacha.page.keyboard.press("3")
    sacha.page.keyboard.press("l")
    sheet.get_by_role("button", name="5 min", exact=True).click()
    expect(camille.log).to_contain_text("Mode lent : un message toutes les 300 s", timeout=PATIENCE)
    camille.composer.fill("Deuxième, gardé")
    send = camille.page.locator(".composer .send")
    expect(send).to_have_text(re.compile(r"^\d+ s$"), timeout=PATIENCE)
    expect(send).to_be_disabled()
    expect(camille.composer).to_be_editable()

    # Silenced: reason, end and appeal in place of the field; the draft is kept.
    sheet = tray(sacha, "Premier mot.")
    sheet.get_by_label("Motif, tel que la salle le lira").fill("hors sujet répété")
    sheet.get_by_role("button", name="Silence").click()
    sheet.get_by_role("button", name="1 h", exact=True).click()
    closed = camille.page.get_by_role("alert").filter(has_text="Vous pourrez écrire à")
    expect(closed).to_be_visible(timeout=PATIENCE)
    # Undone within the ten seconds: the field is back, with what was in it.
    sacha.page.locator(".toast").get_by_role("button", name="Annuler").click()
    expect(camille.composer).to_have_value("Deuxième, gardé", timeout=PATIENCE)

    # Later, when the note is gone, from the tray: it knows who is silenced.
    sheet = tray(sacha, "Premier mot.")
    sheet.get_by_label("Motif, tel que la salle le lira").fill("hors sujet répété")
    sheet.get_by_role("button", name="Silence").click()
    sheet.get_by_role("button", name="1 h", exact=True).click()
    expect(closed).to_contain_text("Motif : hors sujet répété.", timeout=PATIENCE)
    expect(closed.get_by_role("button", name="Contester")).to_be_visible()
    expect(camille.composer).to_have_count(0)
    sheet = tray(sacha, "Premier mot.")
    sheet.get_by_label("Motif, tel que la salle le lira").fill("c’est entendu")
    sheet.get_by_role("button", name="Rendre la parole").click()
    expect(camille.composer).to_have_value("Deuxième, gardé", timeout=PATIENCE)

    # Locked: who and why.
    sheet = tray(sacha, "Premier mot.")
    sheet.get_by_label("Motif, tel que la salle le lira").fill("la réponse est trouvée")
    sheet.get_by_role("button", name="Verrouiller").click()
    expect(camille.page.locator(".composer .note")).to_contain_text("Salle verrouillée par Dr Delmont : la réponse est trouvée.", timeout=PATIENCE)
    expect(sacha.composer).to_be_visible()
    # Out of the room at the second press only.
    sheet = tray(sacha, "Premier mot.")
    sacha.page.keyboard.press("3")
    sheet.get_by_role("button", name="Exclure").click()
    expect(sheet.get_by_role("button", name="Exclure : appuyez encore")).to_be_visible()
    expect(camille.log).to_be_visible()
    camille.device.expects("/api/v1/rooms/")
    sheet.get_by_role("button", name="Exclure : appuyez encore").click()
    expect(camille.page.get_by_text(re.compile("Vous n’avez plus accès|n’existe pas"))).to_be_visible(timeout=PATIENCE)


def test_a_lock_with_a_duration_says_until_when_and_opens_by_itself(device: Devices, demo: Demo) -> None:
    room, camille, sacha = heated(device, demo, "Salle en pause")
    sheet = tray(sacha, "Premier mot.")
    duration = sheet.get_by_label("Durée")
    expect(duration).to_have_value("null")
    # By keys: a reason, an hour, the lock.
    for key in ("3", "t"):
        sacha.page.keyboard.press(key)
    expect(duration.locator("option:checked")).to_have_text("1 h")
    expect(sheet.get_by_role("button", name="Verrouiller")).to_contain_text("1 h")
    expect(sheet.get_by_role("button", name="Déplacer le fil")).not_to_contain_text("1 h")
    sacha.page.keyboard.press("v")
    note = camille.page.locator(".composer .note")
    expect(note).to_contain_text(re.compile(r"Salle verrouillée par Dr Delmont jusqu’à \d\d:\d\d\s: propos déplacés\."), timeout=PATIENCE)
    expect(camille.log.locator(".notice.moderation").last).to_contain_text(re.compile(r"La salle est verrouillée jusqu’à \d\d:\d\d\s: propos déplacés\."))
    # Entered anew, it says so too.
    camille.go(f"/rooms/{room}")
    expect(note).to_contain_text(re.compile(r"jusqu’à \d\d:\d\d"), timeout=PATIENCE)

    demo.sql("UPDATE rooms_act SET until = now() WHERE kind = 'room.lock' AND room_id = %s", room)
    expect(camille.log).to_contain_text("La salle est de nouveau ouverte", timeout=PATIENCE)
    expect(camille.composer).to_be_editable(timeout=PATIENCE)
    camille.page.get_by_role("button", name="Plus d’actions").click()
    camille.page.get_by_role("menuitem", name="Journal de modération").click()
    expect(camille.page.get_by_role("dialog").locator(".act-row").first).to_contain_text("A pris fin à son terme", timeout=PATIENCE)


def test_who_is_removed_for_a_time_reads_why_and_until_when_and_contests(device: Devices, demo: Demo) -> None:
    # What rooms of other tests hold against her is over.
    demo.sql("UPDATE rooms_act SET reversed_at = now() WHERE person_id = %s AND reversed_at IS NULL", demo.cast["camille"].id)
    _, camille, sacha = heated(device, demo, "Salle sans publicité")
    camille.device.expects("/api/v1/rooms/")
    sheet = tray(sacha, "Premier mot.")
    sheet.get_by_label("Motif, tel que la salle le lira").fill("publicité répétée")
    sheet.get_by_label("Durée").select_option("3600")
    sheet.get_by_role("button", name="Exclure").click()
    sheet.get_by_role("button", name="Exclure : appuyez encore").click()
    page = camille.page
    expect(page.get_by_text("Vous n’avez plus accès à cette salle.")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Pourquoi, et jusqu’à quand").click()
    mine = page.get_by_role("dialog")
    row = mine.locator(".act-row").filter(has_text="Exclusion de la salle").filter(has_text="publicité répétée")
    expect(row).to_contain_text(re.compile(r"publicité répétée · .*Dr Sacha Delmont · jusqu’au "), timeout=PATIENCE)
    row.get_by_role("button", name="Contester").click()
    page.get_by_label("Pourquoi").fill("Je citais une recommandation.")
    page.get_by_role("dialog").get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Pourquoi, et jusqu’à quand").click()
    expect(mine.get_by_text("Aucune décision n’est en cours à votre égard.")).to_be_visible(timeout=PATIENCE)
    expect(mine.get_by_text("Vous avez écrit : Je citais une recommandation.")).to_be_visible()


def test_a_suspended_account_learns_why_and_contests(device: Devices, demo: Demo) -> None:
    laptop = device()
    laptop.expects("/api/v1/")
    theo = laptop.tab().sign_in("theo").inside()
    ids = {"person_id": demo.cast["sacha"].id, "client_id": uuid.uuid4(), "target": demo.cast["theo"].id, "seconds": 86_400, "reason": "publicité répétée"}
    try:
        demo.manage("shell", "-c", f"from uuid import UUID; from consult.rooms.actions import suspension; suspension.suspend(**{ids!r})")
        page = theo.page
        expect(page.get_by_role("heading", name="Compte suspendu")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_role("alert")).to_contain_text("Motif : publicité répétée.")
        page.get_by_label("Pourquoi").fill("Je citais une recommandation.")
        page.get_by_role("button", name="Envoyer").click()
        expect(page.get_by_role("status")).to_contain_text("Votre recours est transmis.", timeout=PATIENCE)
        assert demo.sql("SELECT count(*) FROM moderation_appeal WHERE person_id = %s", demo.cast["theo"].id) == [(1,)]
        # Lifted: the rooms are back, after a press.
        more = {"person_id": None, "client_id": None, "target": demo.cast["theo"].id, "reason": "fin", "checked": True}
        demo.manage("shell", "-c", f"from uuid import UUID; from consult.rooms.actions import suspension; suspension.lift(**{more!r})")
        page.get_by_role("button", name="Vérifier de nouveau").click()
        theo.inside()
    finally:
        demo.sql("UPDATE standing_standing SET suspended_until = NULL WHERE person_id = %s", demo.cast["theo"].id)


def test_a_suspension_is_lifted_from_the_console_days_later(device: Devices, demo: Demo) -> None:
    empty(demo)
    demo.manage("remit", "add", "marc@example.org", "--everywhere")
    idris = demo.cast["idris"].id
    room = demo.fresh_room("nadia", "idris", kind="group", title="Après la suspension")
    flagged(demo, room, 1, "idris")
    ids = {"person_id": demo.cast["sacha"].id, "target": idris, "seconds": None, "reason": "faux nom"}

    def suspend() -> None:
        demo.manage("shell", "-c", f"from uuid import UUID, uuid4; from consult.rooms.actions import suspension; suspension.suspend(client_id=uuid4(), **{ids!r})")

    def suspended() -> bool:
        return bool(demo.sql("SELECT suspended_until > now() FROM standing_standing WHERE person_id = %s", idris)[0][0])

    suspend()
    try:
        marc = console(device().tab().sign_in("marc").inside())
        row(marc, "Après la suspension").click()
        author = marc.page.locator(".author")
        act = author.locator(".act-row").filter(has_text="Compte suspendu")
        expect(act.first).to_contain_text("faux nom", timeout=PATIENCE)
        act.first.get_by_role("button", name="Annuler cet acte").click()
        expect(act.first).to_contain_text("Annulé par Dr Marc", timeout=PATIENCE)
        expect(author.get_by_role("button", name="Annuler cet acte")).to_have_count(0)
        assert not suspended()
        # And by the tool, with a reason for the record.
        suspend()
        marc.page.reload()
        tool = marc.page.locator(".tools").get_by_role("button", name="Lever la suspension")
        expect(tool).to_be_visible(timeout=PATIENCE)
        expect(marc.page.locator(".tools").get_by_role("button", name="Suspendre le compte")).to_have_count(0)
        marc.page.get_by_label("Motif, tel que la salle le lira").fill("identité vérifiée")
        tool.click()
        expect(marc.page.locator(".tools").get_by_role("button", name="Suspendre le compte")).to_be_visible(timeout=PATIENCE)
        assert not suspended()
        assert demo.sql("SELECT reversal_reason FROM rooms_act WHERE kind = 'person.suspend' AND person_id = %s ORDER BY at DESC LIMIT 1", idris) == [("identité vérifiée",)]
    finally:
        demo.sql("UPDATE standing_standing SET suspended_until = NULL WHERE person_id = %s", idris)


def test_who_was_suspended_without_any_item_is_let_in_again_from_the_console(device: Devices, demo: Demo) -> None:
    empty(demo)
    demo.manage("remit", "add", "marc@example.org", "--everywhere")
    idris = demo.cast["idris"].id
    marc = console(device().tab().sign_in("marc").inside())
    page = marc.page
    open_list = page.get_by_role("button", name="Suspensions", exact=True)
    open_list.click()
    sheet = page.get_by_role("dialog", name="Suspensions")
    expect(sheet).to_contain_text("Aucun compte n’est suspendu.", timeout=PATIENCE)
    page.keyboard.press("Escape")
    # As under /admin/, or by command: no act, no item.
    demo.sql("UPDATE standing_standing SET suspended_until = now() + interval '3 days' WHERE person_id = %s", idris)
    try:
        open_list.click()
        row = sheet.locator(".act-row")
        expect(row).to_have_count(1, timeout=PATIENCE)
        expect(row).to_contain_text("par l’administration du service")
        row.get_by_role("button", name="Lever la suspension").click()
        why = row.get_by_role("textbox")
        expect(why).to_be_focused()
        expect(row.get_by_role("button", name="Lever la suspension")).to_be_disabled()
        why.fill("identité vérifiée")
        page.keyboard.press("Enter")
        expect(sheet).to_contain_text("Aucun compte n’est suspendu.", timeout=PATIENCE)
        assert demo.sql("SELECT suspended_until > now() FROM standing_standing WHERE person_id = %s", idris) != [(True,)]
    finally:
        demo.sql("UPDATE standing_standing SET suspended_until = NULL WHERE person_id = %s", idris)


def test_an_administrator_without_a_remit_has_the_rules_and_the_suspensions(device: Devices, demo: Demo) -> None:
    demo.sql("UPDATE clinicians_person SET is_staff = true WHERE email = 'helene@example.org'")
    idris = demo.cast["idris"].id
    try:
        helene = device().tab().sign_in("helene").inside().go("/me")
        helene.page.get_by_role("link", name="Ouvrir la console").click()
        page = helene.page
        expect(page.get_by_text("Aucune salle n’est à votre charge.")).to_be_visible(timeout=PATIENCE)
        expect(page.locator("#queue")).to_have_count(0)
        demo.sql("UPDATE standing_standing SET suspended_until = now() + interval '3 days' WHERE person_id = %s", idris)
        page.get_by_role("button", name="Suspensions", exact=True).click()
        sheet = page.get_by_role("dialog", name="Suspensions")
        row = sheet.locator(".act-row")
        expect(row).to_have_count(1, timeout=PATIENCE)
        row.get_by_role("button", name="Lever la suspension").click()
        row.get_by_role("textbox").fill("identité vérifiée")
        page.keyboard.press("Enter")
        expect(sheet).to_contain_text("Aucun compte n’est suspendu.", timeout=PATIENCE)
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Règles").click()
        expect(page.get_by_role("button", name="Nouvelle règle")).to_be_visible(timeout=PATIENCE)
    finally:
        demo.sql("UPDATE standing_standing SET suspended_until = NULL WHERE person_id = %s", idris)
        demo.sql("UPDATE clinicians_person SET is_staff = false WHERE email = 'helene@example.org'")


def test_flags_that_no_longer_count_are_pardoned_where_they_are_read(device: Devices, demo: Demo) -> None:
    empty(demo)
    demo.manage("remit", "add", "marc@example.org", "--everywhere")
    room = demo.fresh_room("nadia", "camille", kind="group", title="Trop de signalements")
    flagged(demo, room, 4)
    demo.sql("UPDATE moderation_item SET decision = 'dismiss', decided_at = now() WHERE id IN (SELECT id FROM moderation_item WHERE room_id = %s ORDER BY at LIMIT 3)", room)
    marc = console(device().tab().sign_in("marc").inside())
    row(marc, "Trop de signalements").click()
    detail = marc.page.locator(".detail")
    expect(detail).to_contain_text("Ses signalements ne comptent plus : trois ont été classés.", timeout=PATIENCE)
    detail.get_by_role("button", name="Les compter de nouveau").click()
    expect(marc.page.locator(".toast")).to_contain_text("Ses signalements comptent de nouveau.", timeout=PATIENCE)
    expect(detail).not_to_contain_text("ne comptent plus", timeout=PATIENCE)
    assert demo.sql("SELECT count(*) FROM moderation_report WHERE pardoned AND reporter_id = %s", demo.cast["nadia"].id) == [(3,)]


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (TABLET, "dark"), (DESKTOP, "light"), (DESKTOP, "dark")])
def test_axe_finds_nothing_grave_in_the_console(device: Devices, demo: Demo, size: dict[str, int], scheme: str) -> None:
    empty(demo)
    room = demo.fresh_room("nadia", "camille", kind="group", title="Salle pour axe")
    flagged(demo, room, 12)
    # The page's own policy would refuse the tool: here alone it is set aside.
    sacha = device(viewport=size, color_scheme=scheme, bypass_csp=True).tab().sign_in("sacha")
    expect(sacha.page.locator("#email")).to_have_count(0, timeout=PATIENCE)
    console(sacha)

    def look() -> list[Any]:
        sacha.page.wait_for_function("() => !document.getAnimations().length")
        sacha.page.add_script_tag(path=AXE)
        return grave(sacha.page)

    assert not (found := look()), found
    row(sacha, "Salle pour axe").first.click()
    expect(sacha.page.locator(".detail .msg.flagged")).to_be_visible(timeout=PATIENCE)
    assert not (found := look()), found
    sacha.page.locator(".item-head").get_by_role("button", name="Entrer dans la salle").click()
    expect(sacha.page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)
    assert not (found := look()), found


def flagged(demo: Demo, room: str, many: int, author: str = "camille") -> None:
    """So many messages, each flagged by a colleague, as if over the last day; every tenth is urgent."""
    demo.many(room, author, [f"Message signalé {n:03d}, au sujet de M. Dupont." for n in range(many)])
    demo.sql(
        "INSERT INTO moderation_item (id, kind, object, urgency, at, room_id, message_id, person_id, categories, count, weight, announced) "
        "SELECT gen_random_uuid(), 'report', m.id::text, CASE WHEN m.post_no %% 10 = 0 THEN 3 ELSE 1 END, now() - m.post_no * interval '2 minutes', m.room_id, m.id, m.author_id, "
        "CASE WHEN m.post_no %% 10 = 0 THEN '{identifies_patient}' ELSE '{disrespect}' END::varchar[], 1, 1, true FROM rooms_message m WHERE m.room_id = %s",
        room,
    )
    demo.sql(
        "INSERT INTO moderation_report (id, item_id, object, reporter_id, category, note, at, pardoned, told) "
        "SELECT gen_random_uuid(), i.id, i.object, %s, i.categories[1], '', i.at, false, true FROM moderation_item i WHERE i.room_id = %s",
        demo.cast["nadia"].id,
        room,
    )


def test_five_hundred_items_by_keyboard_alone(device: Devices, demo: Demo) -> None:
    empty(demo)
    room = demo.fresh_room("nadia", "camille", kind="group", title="Cinq cents signalements")
    flagged(demo, room, 500)
    # Whoever waits to be verified is in the queue too: the worker sees to it.
    waiting = "SELECT count(*) FROM standing_standing WHERE verification = 'pending'"
    eventually(lambda: demo.sql("SELECT count(*) FROM moderation_item WHERE kind = 'verification'") == demo.sql(waiting))
    total = demo.sql("SELECT count(*) FROM moderation_item")[0][0]
    assert total >= 500
    sacha = console(device().tab().sign_in("sacha").inside())
    page, press = sacha.page, sacha.page.keyboard.press
    queue = page.locator("#queue")
    expect(page.locator(".queue-head .count")).to_have_text(str(total), timeout=PATIENCE)
    expect(queue).to_be_focused(timeout=PATIENCE)
    active = page.locator(".queue-row[aria-selected=true]")
    expect(active).to_have_attribute("aria-posinset", "1")
    expect(active).to_contain_text("Identifiant")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # what the page works, not what it waits for a core

    def spent() -> dict[str, float]:
        return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}

    before = spent()
    for _ in range(120):
        press("j")
    expect(active).to_have_attribute("aria-posinset", "121", timeout=PATIENCE)
    expect(active).to_be_in_viewport()
    press("End")
    expect(active).to_have_attribute("aria-posinset", str(total))
    expect(active).to_be_in_viewport()
    press("Home")
    expect(active).to_have_attribute("aria-posinset", "1")
    after = spent()
    # What is drawn is bounded, however long the queue.
    rows, nodes = page.evaluate("() => [document.querySelectorAll('.queue-row').length, document.querySelectorAll('*').length]")
    print(f"console: 122 moves, {1000 * (after['ScriptDuration'] - before['ScriptDuration']):.0f} ms of script, {rows} rows, {nodes} elements")
    assert rows < 40 and nodes < 2_500, (rows, nodes)
    assert after["ScriptDuration"] - before["ScriptDuration"] < 3.0
    assert queue.get_attribute("aria-activedescendant") == active.get_attribute("id")

    # Taken, its reason chosen, hidden, undone, hidden again, decided: without touching the mouse.
    expect(page.locator(".detail .msg.flagged")).to_contain_text("M. Dupont", timeout=PATIENCE)
    press("c")
    expect(active).to_contain_text("Pris par vous", timeout=PATIENCE)
    message = demo.sql("SELECT message_id FROM moderation_item WHERE claimed_by = %s", demo.cast["sacha"].id)[0][0]
    press("m")
    expect(page.get_by_role("alert").filter(has_text="Dites d’abord le motif.")).to_be_visible()
    page.keyboard.type("nom d’un patient")
    press("Escape")
    press("m")
    expect(page.locator(".toast")).to_contain_text("Masquer le message", timeout=PATIENCE)
    assert demo.sql("SELECT withheld FROM rooms_message WHERE id = %s", message) == [("hidden",)]
    press("u")
    expect(page.locator(".toast")).to_contain_text("Annulé", timeout=PATIENCE)
    assert demo.sql("SELECT withheld FROM rooms_message WHERE id = %s", message) == [(None,)]
    press("o")
    expect(page.locator(".queue-head .count")).to_have_text(str(total - 1), timeout=PATIENCE)
    expect(active).to_have_attribute("aria-posinset", "1")
    assert demo.sql("SELECT withheld FROM rooms_message WHERE id = %s", message) == [("hidden",)]
    press("j")
    expect(page.locator(".decide").get_by_role("button", name="Classer sans suite")).to_be_enabled(timeout=PATIENCE)
    passed = (active.get_attribute("id") or "")[-36:]
    press("n")
    expect(page.locator(".queue-head .count")).to_have_text(str(total - 2), timeout=PATIENCE)
    assert demo.sql("SELECT decision FROM moderation_item WHERE id = %s", passed) == [("dismiss",)]
    # The map, the way into the room, and back.
    press("?")
    expect(page.get_by_role("dialog", name="Touches de la console")).to_be_visible()
    press("Escape")
    expect(queue).to_be_focused()
    expect(page.locator(".detail .msg.flagged")).to_be_visible()  # the next item has come, and with it its room
    press("Enter")
    expect(page.get_by_role("dialog", name="Entrer pour modérer")).to_be_visible()
    press("Escape")
    expect(queue).to_be_focused()
    # What comes in meanwhile is told to who cannot see it.
    demo.many(room, "camille", ["Vu avec Mme Lemoine."])
    head = demo.sql("SELECT last_seq FROM rooms_room WHERE id = %s", room)[0][0]
    nadia = device().tab().sign_in("nadia").inside().room(f"{room}?at={head}")
    report(nadia, "Vu avec Mme Lemoine.", "Identifie un patient")
    expect(page.locator("[aria-live=polite]")).to_contain_text("Nouveau, urgent : Identifiant, Cinq cents signalements", timeout=PATIENCE)


def test_a_rule_is_written_tried_and_put_live(device: Devices, demo: Demo) -> None:
    empty(demo)
    demo.manage("remit", "add", "marc@example.org", "--everywhere")
    room = demo.fresh_room("nadia", "camille", kind="group", title="Salle réglée")
    demo.many(room, "camille", ["Essayez le zorglubol, sans hésiter."])
    marc_id = demo.cast["marc"].id
    demo.sql("UPDATE clinicians_person SET is_staff = true WHERE id = %s", marc_id)
    try:
        marc = device().tab().sign_in("marc").inside().go("/moderation/rules")
        page = marc.page
        page.get_by_role("button", name="Nouvelle règle").click()
        sheet = page.get_by_role("dialog")
        sheet.get_by_label("Nom en français").fill("Produit inconnu")
        sheet.get_by_label("Nom en anglais").fill("Unknown product")
        sheet.get_by_label("Mots ou expressions").fill("zorglubol")
        sheet.get_by_text("Retenir", exact=True).click()
        sheet.get_by_role("button", name="Enregistrer").click()
        rule = page.get_by_role("listitem", name="Produit inconnu")
        # Nothing goes live that was not tried.
        expect(rule.get_by_role("button", name="Activer")).to_be_disabled(timeout=PATIENCE)
        rule.get_by_role("button", name="Essayer sur 30 jours").click()
        expect(rule.get_by_role("status")).to_contain_text(re.compile("^1 message touché"), timeout=3 * PATIENCE)
        rule.get_by_role("button", name="Activer").click()
        expect(rule.locator(".tag.ok")).to_have_text("Active", timeout=PATIENCE)

        nadia, camille = device().tab().sign_in("nadia").inside().room(room), device().tab().sign_in("camille").inside().room(room)
        camille.write("Toujours le zorglubol.")
        console(marc)
        item = row(marc, "Toujours le zorglubol.")
        expect(item).to_contain_text("Message retenu", timeout=PATIENCE)
        expect(nadia.log).not_to_contain_text("Toujours le")
        item.click()
        expect(marc.page.locator(".detail .msg.flagged")).to_contain_text("Toujours le zorglubol.", timeout=PATIENCE)
        # What its author writes meanwhile (the page offers no edit of a held message; another client may) is not published unread.
        demo.sql("UPDATE rooms_message SET body = 'Le zorglubol, trois fois par jour.', edited_seq = seq + 1 WHERE room_id = %s AND withheld = 'hidden'", room)
        marc.device.expects("/decide")  # is refused once
        marc.page.locator(".decide").get_by_role("button", name="Publier").click()
        expect(marc.page.locator(".decide")).to_contain_text("Le texte a changé depuis que vous l’avez lu.", timeout=PATIENCE)
        expect(marc.page.locator(".detail .msg.flagged")).to_contain_text("trois fois par jour", timeout=PATIENCE)
        expect(nadia.log).not_to_contain_text("zorglubol.")
        marc.page.locator(".decide").get_by_role("button", name="Publier").click()
        nadia.sees("Le zorglubol, trois fois par jour.")
    finally:
        demo.sql("UPDATE moderation_rule SET live = false, changed_at = now()")
        demo.sql("UPDATE clinicians_person SET is_staff = false WHERE id = %s", marc_id)


def test_a_rule_hints_while_one_writes_and_only_where_it_may(device: Devices, demo: Demo) -> None:
    """An administrator's hint stands beside the field after a pause; nothing of a private conversation, or of each key, is sent for it."""
    empty(demo)
    room, private = demo.fresh_room("nadia", "camille", kind="group", title="Salle conseillée"), demo.fresh_room("nadia", "camille")
    demo.sql("UPDATE clinicians_person SET is_staff = true WHERE email = 'marc@example.org'")
    try:
        camille = device().tab().sign_in("camille").inside().room(room)
        sent: list[tuple[str, str | None]] = []
        camille.page.on("request", lambda one: sent.append((one.method, one.post_data)) if "/rules/check" in one.url else None)
        # No rule hints yet: one question whether any does, and no text.
        with camille.page.expect_response(lambda one: "/rules/check" in one.url):
            camille.composer.press_sequentially("Essayez le grum", delay=30)
        assert sent == [("GET", None)]
        camille.composer.fill("")

        page = device().tab().sign_in("marc").inside().go("/moderation/rules").page
        page.get_by_role("button", name="Nouvelle règle").click()
        sheet = page.get_by_role("dialog")
        sheet.get_by_label("Nom en français").fill("produit sans autorisation")
        sheet.get_by_label("Nom en anglais").fill("product without a licence")
        sheet.get_by_label("Mots ou expressions").fill("grumicine")
        sheet.get_by_text("Avertir l’auteur", exact=True).click()
        sheet.get_by_role("button", name="Enregistrer").click()
        rule = page.get_by_role("listitem", name="produit sans autorisation")
        rule.get_by_role("button", name="Essayer sur 30 jours").click()
        expect(rule.get_by_role("status")).to_contain_text(re.compile("^0 message touché"), timeout=3 * PATIENCE)
        rule.get_by_role("button", name="Activer").click()
        expect(rule.locator(".tag.ok")).to_have_text("Active", timeout=PATIENCE)

        camille.room(room)
        camille.composer.press_sequentially("Essayez le grumicine", delay=30)
        hint = camille.page.locator("#composer-hints")
        expect(hint).to_contain_text("Une règle de modération concerne ce texte : produit sans autorisation. Vous pouvez l’envoyer tel quel.", timeout=PATIENCE)
        expect(hint).to_have_attribute("aria-live", "polite")
        expect(camille.composer).to_have_attribute("aria-describedby", re.compile("composer-hints"))
        posts = [body for method, body in sent if method == "POST"]
        assert len(posts) < len("grumicine") and "grumicine" in (posts[-1] or ""), posts
        # It holds nothing back.
        camille.write("Essayez le grumicine, sous surveillance.").sees("Essayez le grumicine, sous surveillance.")
        expect(hint).to_have_count(0)
        # Taken out of the text, it goes.
        camille.composer.fill("Essayez le grumicine")
        expect(hint).to_contain_text("produit sans autorisation", timeout=PATIENCE)
        camille.composer.fill("Essayez autre chose")
        expect(hint).not_to_contain_text("produit sans autorisation", timeout=PATIENCE)

        # A question is a text like another.
        camille.composer.fill("")
        camille.go("/ask")
        camille.page.locator("#ask-context").fill("Un patient sous grumicine depuis deux mois.")
        expect(camille.page.locator("#ask-context-hints")).to_contain_text("produit sans autorisation", timeout=PATIENCE)
        expect(camille.page.locator("#ask-question-hints")).to_be_empty()

        camille.room(private)
        sent.clear()
        camille.write("Le grumicine, dites-vous.").sees("Le grumicine, dites-vous.")
        camille.composer.fill("Encore le grumicine")
        camille.page.wait_for_timeout(2_000)  # longer than the pause after which a group would be asked about
        assert sent == [] and hint.count() == 0
    finally:
        demo.sql("UPDATE moderation_rule SET live = false, changed_at = now()")
        demo.sql("UPDATE clinicians_person SET is_staff = false WHERE email = 'marc@example.org'")


def test_a_private_room_is_read_when_a_second_moderator_agrees(device: Devices, demo: Demo) -> None:
    empty(demo)
    demo.manage("remit", "add", "marc@example.org", "--everywhere")
    room = demo.fresh_room("nadia", "camille")
    demo.many(room, "camille", ["Avant cela.", "Doublez la dose de nuit."])
    nadia = device().tab().sign_in("nadia").inside().room(room)
    report(nadia, "Doublez la dose de nuit.", "Conseil dangereux")
    sacha = console(device().tab().sign_in("sacha").inside())
    sacha.device.expects(f"/api/v1/rooms/{room}")  # until it is agreed and she has come in
    item = row(sacha, "Doublez la dose de nuit.")
    item.click()
    detail = sacha.page.locator(".detail")
    # Of a private conversation the flagged message alone; and no tool that would be refused there.
    expect(detail.locator(".msg")).to_have_count(1, timeout=PATIENCE)
    expect(sacha.page.locator(".tools").get_by_role("button", name="Suspendre le compte")).to_be_visible()
    expect(sacha.page.locator(".tools").get_by_role("button", name=re.compile("Masquer|Verrouiller|Mode lent|Silence|Exclure|renfort"))).to_have_count(0)
    ask = detail.locator("form").filter(has_text="Demander la lecture")
    ask.get_by_role("textbox").fill("pour comprendre le conseil")
    ask.get_by_role("button", name="Demander la lecture").click()
    expect(sacha.page.locator(".toast")).to_contain_text("Une autre personne doit donner son accord", timeout=PATIENCE)

    expect(detail).to_contain_text("Une autre personne de la modération doit donner son accord", timeout=PATIENCE)
    expect(detail.get_by_role("button", name="Demander la lecture")).to_have_count(0)
    marc = console(device().tab().sign_in("marc").inside())
    rows = marc.page.locator(".queue-row").filter(has_text="Doublez la dose de nuit.")
    expect(rows).to_have_count(2, timeout=PATIENCE)
    rows.filter(has_text="Lecture").click()
    expect(marc.page.locator(".detail")).to_contain_text("Dr Sacha Delmont demande à lire cette conversation", timeout=PATIENCE)
    expect(marc.page.locator(".detail")).to_contain_text("pour comprendre le conseil")
    marc.page.locator(".decide").get_by_role("button", name="Donner mon accord").click()
    expect(rows).to_have_count(1, timeout=PATIENCE)

    # Who asked is told where they asked, and goes in from there; no one else; the members see it.
    expect(detail).to_contain_text(re.compile("Lecture accordée, à vous seul, jusqu’au"), timeout=PATIENCE)
    expect(detail.get_by_role("button", name="Demander la lecture")).to_have_count(0)
    detail.get_by_role("button", name="Entrer dans la salle").click()
    sheet = sacha.page.get_by_role("dialog")
    sheet.get_by_label("Motif, tel que la salle le lira").fill("lecture après un signalement")
    sheet.get_by_role("button", name="Entrer dans la salle").click()
    expect(sacha.page.locator(".visiting")).to_be_visible(timeout=PATIENCE)
    expect(nadia.log.locator(".notice.moderation")).to_contain_text("Dr Sacha Delmont (modération) a rejoint la salle : lecture après un signalement", timeout=PATIENCE)
    sacha.sees("Avant cela.")
    marc.device.expects(f"/api/v1/rooms/{room}")
    marc.go(f"/rooms/{room}")
    marc.page.get_by_role("button", name="Entrer pour modérer").click()
    sheet = marc.page.get_by_role("dialog")
    sheet.get_by_label("Motif, tel que la salle le lira").fill("moi aussi")
    sheet.get_by_role("button", name="Entrer dans la salle").click()
    expect(sheet.get_by_role("alert")).to_be_visible(timeout=PATIENCE)
    sacha.page.locator(".visiting").get_by_role("button", name="Sortir").click()
    expect(nadia.log).to_contain_text("a quitté la salle", timeout=PATIENCE)


def test_a_diagnosis_and_a_reference_are_hidden_and_brought_back(device: Devices, demo: Demo) -> None:
    """From the case's sheet, with a reason that all read; whose it was may contest it; one press brings it back with who backs it."""
    camille = device().tab().sign_in("camille").inside()
    room = ask(camille, demo, "nadia", "idris")
    camille.room(room)
    nadia, idris = device(viewport=PHONE, has_touch=True).tab().sign_in("nadia").inside().room(room), device().tab().sign_in("idris").inside().room(room)
    nadia.write("Dermatophytie.")
    camille.sees("Dermatophytie.")
    case_sheet(nadia).get_by_role("button", name="Proposer un diagnostic").click()
    case_sheet(nadia).get_by_label("Diagnostic", exact=True).fill("Sarcoïdose annulaire")
    case_sheet(nadia).get_by_role("button", name="Proposer", exact=True).click()
    case_sheet(idris).get_by_role("button", name="Sarcoïdose annulaire 1 personne").click()
    idris.menu("Dermatophytie.", "Ajouter une référence")
    dialog = idris.page.get_by_role("dialog")
    dialog.get_by_label("DOI, ou adresse").fill("doi:10.1111/bjd.12345")
    dialog.get_by_role("button", name="Ajouter", exact=True).click()
    expect(case_sheet(camille).get_by_role("link", name="DOI 10.1111/bjd.12345")).to_be_visible(timeout=PATIENCE)
    expect(case_sheet(camille).get_by_role("button", name=re.compile("^Masquer"))).to_have_count(0)

    laptop = device()
    laptop.expects(f"/api/v1/(rooms|cases)/{room}")
    sacha = laptop.tab().sign_in("sacha").inside().go(f"/rooms/{room}")
    enter(sacha, "un contenu signalé")
    case_sheet(sacha).get_by_role("button", name="Masquer « Sarcoïdose annulaire »").click()
    hide(sacha, "propos déplacés", "Masquer le diagnostic")
    for tab in (camille, nadia, idris):
        expect(case_sheet(tab)).to_contain_text("Diagnostic masqué par la modération : propos déplacés", timeout=PATIENCE)
        expect(case_sheet(tab)).not_to_contain_text("Sarcoïdose")
        expect(case_line(tab, "Un diagnostic proposé est masqué par la modération : propos déplacés")).to_have_count(1)
    expect(case_sheet(nadia).get_by_role("button", name="Contester")).to_be_visible()
    expect(case_sheet(idris).get_by_role("button", name="Contester")).to_have_count(0)
    case_sheet(sacha).get_by_role("button", name="Rétablir…").click()
    hide(sacha, "relu", "Rétablir le diagnostic")
    for tab in (camille, nadia):
        expect(case_sheet(tab).get_by_role("button", name="Sarcoïdose annulaire 2 personnes")).to_be_visible(timeout=PATIENCE)
    # And undone while the note stands: one look, and at once.
    case_sheet(sacha).get_by_role("button", name="Masquer « Sarcoïdose annulaire »").click()
    hide(sacha, "propos déplacés", "Masquer le diagnostic")
    expect(case_sheet(camille)).to_contain_text("Diagnostic masqué par la modération", timeout=PATIENCE)
    sacha.page.locator(".toast").get_by_role("button", name="Annuler").click()
    for tab in (camille, nadia, idris):
        expect(case_line(tab, "Un diagnostic masqué est rétabli, avec ses soutiens")).to_have_count(2, timeout=PATIENCE)
    for tab in (camille, nadia):
        expect(case_sheet(tab).get_by_role("button", name="Sarcoïdose annulaire 2 personnes")).to_be_visible(timeout=PATIENCE)

    link = "DOI 10.1111/bjd.12345"
    case_sheet(sacha).get_by_role("button", name=f"Masquer {link}").click()
    hide(sacha, "publicité", "Masquer la référence")
    told = case_line(idris, "Une référence à la réponse de Dr Nadia Ferrand est masquée par la modération : publicité")
    expect(told.get_by_role("button", name="Contester")).to_be_visible(timeout=PATIENCE)
    expect(case_sheet(camille).get_by_role("link", name=link)).to_have_count(0, timeout=PATIENCE)
    expect(case_line(camille, "Une référence à la réponse de Dr Nadia Ferrand est masquée").get_by_role("button", name="Contester")).to_have_count(0)
    told.get_by_role("button", name="Contester").click()
    dialog = idris.page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("C’est un essai publié.")
    dialog.get_by_role("button", name="Envoyer").click()
    expect(idris.page.locator(".toast")).to_contain_text("Votre recours est transmis", timeout=PATIENCE)
    # Back from the record, however long ago it was; and, hidden anew, by the note while that stands.
    sacha.page.locator(".room-head").get_by_role("button", name="Plus d’actions").click()
    sacha.page.get_by_role("menuitem", name="Journal de modération").click()
    latest = sacha.page.get_by_role("dialog").locator(".act-row").first
    expect(latest).to_contain_text("publicité", timeout=PATIENCE)
    latest.get_by_role("button", name="Annuler cet acte").click()
    expect(latest).to_contain_text("Annulé par Dr Sacha Delmont", timeout=PATIENCE)
    expect(case_sheet(camille).get_by_role("link", name=link)).to_be_visible(timeout=PATIENCE)
    sacha.page.keyboard.press("Escape")
    case_sheet(sacha).get_by_role("button", name=f"Masquer {link}").click()
    hide(sacha, "publicité", "Masquer la référence")
    expect(case_sheet(camille).get_by_role("link", name=link)).to_have_count(0, timeout=PATIENCE)
    sacha.page.locator(".toast").get_by_role("button", name="Annuler").click()
    expect(case_sheet(camille).get_by_role("link", name=link)).to_be_visible(timeout=PATIENCE)


def hide(tab: Tab, motive: str, what: str) -> None:
    sheet = tab.page.get_by_role("dialog")
    sheet.get_by_label("Motif, tel que la salle le lira").fill(motive)
    sheet.get_by_role("button", name=what).click()
    expect(sheet).to_have_count(0, timeout=PATIENCE)


def test_a_suspension_is_on_the_record_of_the_room_it_came_from(device: Devices, demo: Demo) -> None:
    """All of the person's devices are out; the room reads that it was so, never why; lifted, it reads that too."""
    room = demo.fresh_room("nadia", "idris", kind="group", title="Salle d’où l’on suspend")
    demo.many(room, "idris", ["Je ne suis pas médecin."])
    nadia = device().tab().sign_in("nadia").inside().room(room)
    idris = device()
    idris.expects("")  # whatever is asked while one is suspended
    out = idris.tab().sign_in("idris").inside().room(room)
    laptop = device()
    laptop.expects(f"/api/v1/rooms/{room}")
    sacha = laptop.tab().sign_in("sacha").inside().go(f"/rooms/{room}")
    enter(sacha, "un faux soignant")
    said = nadia.log.locator(".notice").filter(has_text="La modération suspend du service le compte de")
    lifted = nadia.log.locator(".notice").filter(has_text="La suspension du compte de")

    def suspend() -> None:
        sheet = tray(sacha, "Je ne suis pas médecin.")
        sheet.get_by_label("Motif, tel que la salle le lira").fill("inscription sous un faux nom")
        sheet.get_by_role("button", name="Suspendre le compte").click()
        day = sheet.locator(".asks-more").get_by_role("button", name="1 jour")
        day.click()
        sheet.locator(".asks-more").get_by_role("button", name="1 jour : appuyez encore").click()
        expect(tools(sacha)).to_have_count(0, timeout=PATIENCE)  # answered: the note is of this one

    try:
        suspend()
        expect(said).to_have_count(1, timeout=PATIENCE)
        expect(said).to_contain_text("Dr Idris Vallon")
        expect(nadia.log).not_to_contain_text("faux nom")
        expect(out.page.get_by_role("heading", name="Compte suspendu")).to_be_visible(timeout=PATIENCE)
        expect(out.page.locator("body")).to_contain_text("inscription sous un faux nom")
        more = {"person_id": None, "client_id": None, "target": demo.cast["idris"].id, "reason": "fin", "checked": True}
        demo.manage("shell", "-c", f"from uuid import UUID; from consult.rooms.actions import suspension; suspension.lift(**{more!r})")
        expect(lifted).to_have_count(1, timeout=PATIENCE)
        # Undone while the note stands: nothing is waited for but the line.
        suspend()
        expect(said).to_have_count(2, timeout=PATIENCE)
        sacha.page.locator(".toast").get_by_role("button", name="Annuler").click()
        expect(lifted).to_have_count(2, timeout=PATIENCE)
        expect(lifted.last).to_contain_text("est levée")
    finally:
        demo.sql("UPDATE standing_standing SET suspended_until = NULL WHERE person_id = %s", demo.cast["idris"].id)


def test_a_case_is_moved_brought_back_and_merged(device: Devices, demo: Demo) -> None:
    here, there = (demo.fresh_room("nadia", "camille", kind="group", title=title) for title in ("Groupe d’ici", "Groupe de là-bas"))
    asker = demo.cast["camille"].id
    lines = ["from uuid import UUID, uuid4", "from consult.cases import actions"]
    for title in ("Plaque en double", "Plaque d’origine"):
        lines.append(
            f"actions.ask(person_id=UUID('{asker}'), client_id=uuid4(), title={title!r}, question='Plaque du mollet. Que proposez-vous ?', specialty='SM15', urgency='week', group=UUID('{here}'))"
        )
    demo.manage("shell", "-c", "; ".join(lines))
    double, first = demo.case("Plaque en double"), demo.case("Plaque d’origine")
    nadia = device().tab().sign_in("nadia").inside().room(double)
    laptop = device()
    laptop.expects(f"/api/v1/(rooms|cases)/{double}")
    sacha = laptop.tab().sign_in("sacha").inside().go(f"/rooms/{double}")
    enter(sacha, "mauvais groupe")

    def use(tool: str, typed: str, choice: str) -> None:
        sacha.page.keyboard.press("Escape")
        expect(tools(sacha)).to_have_count(0, timeout=PATIENCE)
        sacha.page.locator(".log").focus()
        sacha.page.keyboard.press("Shift+M")
        sheet = tools(sacha)
        expect(sheet).to_be_visible(timeout=PATIENCE)
        sheet.get_by_label("Motif, tel que la salle le lira").fill("mauvais groupe")
        sheet.get_by_role("button", name=tool).click()
        sheet.locator(".asks-more input").fill(typed)
        sheet.locator(".asks-more").get_by_role("button", name=choice).click()

    use("Changer de groupe", "là-bas", "Groupe de là-bas")
    expect(nadia.log).to_contain_text("Ce cas a changé de groupe.", timeout=PATIENCE)
    assert str(demo.sql("SELECT group_id FROM cases_case WHERE room_id = %s", double)[0][0]) == there
    sacha.page.locator(".toast").get_by_role("button", name="Annuler").click()
    expect(nadia.log.get_by_text("Ce cas a changé de groupe.")).to_have_count(2, timeout=PATIENCE)
    assert str(demo.sql("SELECT group_id FROM cases_case WHERE room_id = %s", double)[0][0]) == here
    use("Réunir à un autre cas", f"https://example.org/rooms/{first}", "Appliquer")
    expect(nadia.log).to_contain_text("Ce cas est réuni à un autre.", timeout=PATIENCE)
    assert [str(into) for (into,) in demo.sql("SELECT merged_into_id FROM cases_case WHERE room_id = %s", double)] == [first]
