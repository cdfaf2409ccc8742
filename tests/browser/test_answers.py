"""From question to answer, as people live it: an answer is accepted and voted on, a consensus declared, words change, the outcome told, consent withdrawn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.conftest import PHONE, Demo, Devices
from tests.browser.pages import PATIENCE, Tab, eventually

QUESTION = "Plaque annulaire du mollet depuis six semaines, prurigineuse. Que proposez-vous ?"
ASK = """async of => {
  const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
  const answer = await fetch('/api/v1/cases', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRFToken': token }, body: JSON.stringify({ id: crypto.randomUUID(), ...of }) });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()).room;
}"""


def ask(tab: Tab, demo: Demo, *names: str, title: str = "Plaque du mollet", **more: Any) -> str:
    """A question of this tab's person to these colleagues alone; the asking itself has journeys of its own."""
    people = [str(demo.cast[name].id) for name in names]
    room: str = tab.page.evaluate(ASK, {"title": title, "question": QUESTION, "specialty": "SM15", "urgency": "week", "people": people, **more})
    return room


def sheet(tab: Tab) -> Locator:
    """The case sheet: beside the room, or on a phone over it."""
    if tab.page.viewport_size == PHONE:
        if not tab.page.locator(".sheet-panel").is_visible():
            tab.page.locator(".strip").click()
        return tab.page.locator(".sheet-panel")
    return tab.page.get_by_role("complementary", name="Fiche du cas")


def line(tab: Tab, text: str) -> Locator:
    return tab.log.locator(".case-line").filter(has_text=text)


def moved(demo: Demo, room: str, by: str) -> None:
    """The clock of this case alone stands so much later; the worker's job does what is due by then."""
    demo.sql("UPDATE cases_due SET at = at - %s::interval WHERE case_id = %s", by, room)
    demo.manage("shell", "-c", "from consult.cases import due\nwhile due.run_once(): pass")


def test_from_an_answer_to_a_consensus_live_on_every_screen(device: Devices, demo: Demo) -> None:
    camille = device().tab().sign_in("camille").inside()
    room = ask(camille, demo, "nadia", "idris")
    camille.room(room)
    nadia, idris = device(viewport=PHONE, has_touch=True).tab().sign_in("nadia").inside().room(room), device().tab().sign_in("idris").inside().room(room)
    expect(sheet(camille)).to_contain_text("2 personnes choisies")
    nadia.write("Dermatophytie : prélèvement mycologique avant tout traitement.")
    camille.sees("Dermatophytie")

    # The asker marks it: all see it under the head of the room, on the answer, and as a line.
    camille.menu("Dermatophytie", "Retenir cette réponse")
    for tab in (camille, nadia, idris):
        expect(tab.page.locator(".pinned.accepted")).to_contain_text("Réponse retenue")
        expect(tab.message("Dermatophytie").locator(".answer-marks")).to_contain_text("Réponse retenue")
        expect(line(tab, "Dr Camille Aubrac retient la réponse de Dr Nadia Ferrand")).to_be_visible()

    # Another agrees, live on the others' screens, as one filled tick: a dermatologist on a question of dermatology.
    idris.menu("Dermatophytie", "D’accord", role="menuitemcheckbox")
    for tab in (camille, nadia):
        expect(tab.message("Dermatophytie").locator(".tally")).to_have_text("D’accord1personne")
        expect(tab.message("Dermatophytie").locator(".tally .filled")).to_have_count(1)
    expect(idris.message("Dermatophytie").get_by_role("button", name="D’accord 1 personne")).to_have_attribute("aria-pressed", "true")
    names = sheet(camille).locator(".votes .voters").first
    names.locator("summary").click()
    expect(names).to_contain_text("Dr Idris Vallon")
    expect(names).to_contain_text("Dermatologie")

    # A diagnosis, proposed on the phone and backed beside the room.
    on_phone = sheet(nadia)
    on_phone.get_by_role("button", name="Proposer un diagnostic").click()
    on_phone.get_by_label("Diagnostic", exact=True).fill("Dermatophytie annulaire")
    on_phone.get_by_role("button", name="Proposer", exact=True).click()
    expect(on_phone.get_by_role("button", name="Dermatophytie annulaire 1 personne")).to_have_attribute("aria-pressed", "true")
    expect(line(idris, "Dr Nadia Ferrand propose un diagnostic : Dermatophytie annulaire")).to_be_visible()
    sheet(idris).get_by_role("button", name="Dermatophytie annulaire 1 personne").click()
    expect(on_phone.get_by_role("button", name="Dermatophytie annulaire 2 personnes")).to_be_visible()
    expect(on_phone).to_contain_text("2 votants")

    # A reference that is none is refused in place, and its words stay.
    idris.menu("Dermatophytie", "Ajouter une référence")
    dialog = idris.page.get_by_role("dialog")
    idris.device.expects("/acts$")
    dialog.get_by_label("DOI, ou adresse").fill("http://example.org/non")
    dialog.get_by_role("button", name="Ajouter", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("reference.link")
    expect(dialog.get_by_label("DOI, ou adresse")).to_have_value("http://example.org/non")
    dialog.get_by_label("DOI, ou adresse").fill("doi:10.1111/BJD.12345")
    dialog.get_by_role("button", name="Ajouter", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(sheet(camille).get_by_role("link", name="DOI 10.1111/bjd.12345")).to_have_attribute("href", "https://doi.org/10.1111/bjd.12345")

    # The asker alone declares, and says on what it rests.
    expect(sheet(idris).get_by_role("button", name="Déclarer le consensus")).to_have_count(0)
    sheet(camille).get_by_role("button", name="Déclarer le consensus").click()
    dialog = camille.page.get_by_role("dialog")
    dialog.get_by_role("radio", name=re.compile("^Dermatophytie annulaire")).check()
    dialog.get_by_role("button", name="Déclarer le consensus").click()
    expect(dialog).to_have_count(0)
    for tab in (camille, nadia, idris):
        expect(sheet(tab).locator("[aria-current=step]")).to_have_text("Consensus")
        expect(sheet(tab).locator(".note.good")).to_contain_text("Sur : Dermatophytie annulaire")
    # On coming back all stands where it stood.
    idris.page.reload()
    expect(line(idris, "Dr Camille Aubrac retient la réponse de Dr Nadia Ferrand")).to_be_visible()
    expect(line(idris, "propose un diagnostic : Dermatophytie annulaire")).to_be_visible()


def test_who_changes_an_accepted_answer_is_seen_to_and_the_asker_is_told(device: Devices, demo: Demo) -> None:
    camille = device().tab().sign_in("camille").inside()
    room = ask(camille, demo, "nadia")
    camille.room(room)
    nadia = device().tab().sign_in("nadia").inside().room(room)
    nadia.write("Terbinafine 250 mg par jour.")
    camille.sees("Terbinafine")
    camille.menu("Terbinafine", "Retenir cette réponse")
    expect(nadia.page.locator(".pinned.accepted")).to_be_visible()
    camille.message("Terbinafine").focus()
    camille.message("Terbinafine").get_by_role("button", name="Répondre").click()
    camille.write("Merci, c’est noté.")

    nadia.sees("Merci, c’est noté.")

    nadia.message("Terbinafine").first.focus()
    nadia.page.keyboard.press("e")
    nadia.composer.fill("Terbinafine 500 mg par jour.")
    nadia.composer.press("Control+Enter")
    for tab in (camille, nadia):
        expect(tab.page.locator(".pinned.accepted")).to_have_count(0)
        expect(tab.message("Terbinafine 500 mg par jour.").first.locator(".tag.caution").first).to_have_text("modifiée après acceptation")
        expect(line(tab, "a modifié la réponse retenue après son acceptation")).to_be_visible()
    # Where it is quoted as well; and what it said when she relied on it.
    expect(camille.message("Merci, c’est noté.").locator(".quote")).to_contain_text("modifiée après acceptation")
    amended = sheet(camille).locator(".amended")
    expect(amended).to_contain_text("Modifiée après acceptation")
    amended.locator("summary").click()
    expect(amended.locator("blockquote")).to_have_text("Terbinafine 250 mg par jour.")
    told = "SELECT count(*) FROM rooms_event WHERE room_id = %s AND kind = 'case.attention' AND data->>'room' = %s AND data->>'why' = 'amended'"
    assert demo.sql(told, demo.cast["camille"].personal, room) == [(1,)]
    # Found, it says so too.
    camille.go("/search?q=Terbinafine")
    expect(camille.page.locator(".hit").filter(has_text="500 mg").locator(".tag.caution")).to_have_text("modifiée après acceptation")


def test_the_outcome_is_asked_for_by_the_clock_told_and_taken_along(device: Devices, demo: Demo, tmp_path: Path) -> None:
    camille = device(viewport=PHONE, has_touch=True, accept_downloads=True).tab().sign_in("camille").inside()
    room = ask(camille, demo, "nadia", urgency="hour")
    camille.room(room)
    nadia = device().tab().sign_in("nadia").inside().room(room)
    moved(demo, room, "61 minutes")
    expect(line(camille, "Invitez un confrère par son nom")).to_be_visible()
    expect(line(nadia, "Personne n’a encore répondu dans le délai.")).to_be_visible()
    line(camille, "Invitez un confrère").get_by_role("button", name="Inviter").click()
    expect(camille.page.get_by_role("dialog").get_by_label("Inviter")).to_be_visible()
    camille.page.keyboard.press("Escape")
    nadia.write("Eczéma nummulaire : dermocorticoïde.")
    camille.sees("Eczéma nummulaire")

    moved(demo, room, "8 days")
    expect(line(nadia, "1 semaine a passé : l’issue est demandée")).to_be_visible()
    asked = line(camille, "Comment cela s’est-il terminé ?")
    asked.get_by_role("button", name="Dire l’issue").click()
    dialog = camille.page.get_by_role("dialog")
    dialog.get_by_role("radio", name="Confirmé").click()
    dialog.get_by_label("En quelques mots").fill("Guérie en trois semaines.")
    # Closed by mistake: the words are still there.
    camille.page.keyboard.press("Escape")
    asked.get_by_role("button", name="Dire l’issue").click()
    expect(dialog.get_by_label("En quelques mots")).to_have_value("Guérie en trois semaines.")
    dialog.get_by_role("radio", name="Confirmé").click()
    dialog.get_by_role("button", name="Envoyer l’issue").click()
    nadia.sees("Guérie en trois semaines.")
    expect(nadia.message("Guérie en trois semaines.").locator(".answer-marks")).to_have_text("Issue : Confirmé")
    expect(sheet(nadia)).to_contain_text("Guérie en trois semaines.")
    expect(asked.get_by_role("button")).to_have_count(0)

    expect(sheet(camille)).to_contain_text("Confirmé")
    with camille.page.expect_download() as got:
        sheet(camille).get_by_role("link", name="PDF").click()
    got.value.save_as(tmp_path / "case.pdf")
    assert (tmp_path / "case.pdf").read_bytes().startswith(b"%PDF-")
    assert re.fullmatch(r"consult-[0-9a-f]{8}-\d{4}-\d\d-\d\d\.pdf", got.value.suggested_filename)


def test_withdrawn_consent_leaves_a_marked_gap_on_both_screens(device: Devices, demo: Demo) -> None:
    camille = device().tab().sign_in("camille").inside()
    room = ask(camille, demo, "nadia", title="Titre à retirer", question="Fissure du talon qui ne guérit pas.", consent={"told": ["advice", "withdrawal"], "recorded": "oral"})
    camille.room(room)
    nadia = device().tab().sign_in("nadia").inside().room(room)
    expect(sheet(nadia)).to_contain_text("Oral, noté au dossier")
    expect(sheet(nadia).get_by_role("button", name="Le patient reprend son accord")).to_have_count(0)
    nadia.write("Je propose une biopsie.")
    camille.sees("Je propose une biopsie.")
    # The answer is counted: nothing more moves in the sheet while it is pressed.
    expect(sheet(camille).get_by_role("button", name="Déclarer le consensus")).to_be_visible()

    sheet(camille).get_by_role("button", name="Le patient reprend son accord").click()
    dialog = camille.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Rien ne pourra être rétabli")
    camille.page.keyboard.press("Escape")
    nadia.sees("Fissure du talon")
    sheet(camille).get_by_role("button", name="Le patient reprend son accord").click()
    dialog.get_by_role("button", name="Effacer pour tous").click()
    for tab in (camille, nadia):
        expect(tab.log.locator(".gone")).to_have_text("Message retiré : le patient a repris son accord")
        expect(tab.page.locator("body")).not_to_contain_text("Fissure du talon")
        expect(tab.page.locator("body")).not_to_contain_text("Titre à retirer")
        expect(line(tab, "Le patient a repris son accord")).to_be_visible()
        expect(tab.message("Je propose une biopsie.")).to_be_visible()
        expect(sheet(tab).locator("[aria-current=step]")).to_have_text("Clos")
    eventually(lambda: "Titre à retirer" not in (nadia.page.title()))
    nadia.page.reload()
    expect(nadia.log.locator(".gone")).to_have_text("Message retiré : le patient a repris son accord", timeout=PATIENCE)
