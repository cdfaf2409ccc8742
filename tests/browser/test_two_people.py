"""The path that everything else stands on: two people, a question, an answer, live."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Demo, Devices
from tests.browser.pages import PATIENCE


def test_a_question_in_a_group_is_answered_live(device: Devices, demo: Demo) -> None:
    nadia, camille = device().tab().sign_in("nadia").inside(), device().tab().sign_in("camille").inside()
    group = demo.group("DER")
    nadia.room(group)
    camille.room(group)

    question = "Faut-il biopsier cette plaque du cuir chevelu ?"
    camille.page.get_by_role("button", name="Plus d’actions").click()
    camille.page.get_by_role("menuitem", name="Poser une question").click()
    camille.page.get_by_label("Votre question en une phrase").fill(question)
    camille.page.get_by_label("Spécialité", exact=True).select_option("SM15")
    camille.page.get_by_role("radio", name="Semaine").click()
    expect(camille.page.get_by_text("et qui rejoindra")).to_be_visible()
    camille.page.get_by_role("button", name="Poser la question").click()
    expect(camille.page.get_by_role("heading", level=1, name=question)).to_be_visible()
    case = camille.page.url.rpartition("/")[2]
    camille.live()

    # The group has one card, at once.
    card = nadia.message(question)
    expect(card).to_have_count(1, timeout=PATIENCE)
    expect(card).to_contain_text("Ouvert")
    expect(card).to_contain_text("Aucune réponse")
    card.get_by_role("link", name="Ouvrir le cas").click()
    expect(nadia.page).to_have_url(re.compile(case))
    nadia.live().write("Oui, en bordure active.")
    camille.sees("Oui, en bordure active.")
    camille.write("Merci, c’est fait demain.")
    nadia.sees("Oui, en bordure active.", "Merci, c’est fait demain.")

    # Its status follows, in the case and on the card.
    expect(camille.page.get_by_role("complementary", name="Fiche du cas").locator("[aria-current=step]")).to_have_text("Répondu", timeout=PATIENCE)
    nadia.room(group)
    expect(nadia.message(question)).to_contain_text("Répondu")
    expect(nadia.message(question)).to_contain_text("1 réponse")
    camille.page.get_by_role("button", name="Déclarer le consensus").click()
    camille.page.get_by_role("dialog").get_by_role("button", name="Déclarer le consensus").click()
    expect(nadia.message(question)).to_contain_text("Consensus", timeout=PATIENCE)

    assert demo.bodies(case) == [question, "Oui, en bordure active.", "Merci, c’est fait demain."]
    assert demo.sql("SELECT count(*) FROM rooms_message WHERE room_id = %s AND case_room = %s", group, case) == [(1,)]
    seqs = [seq for seq, *_ in demo.log(case)]
    assert seqs == list(range(1, len(seqs) + 1))


def test_edit_retract_react_reply_mention(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille")
    nadia, camille = device().tab().sign_in("nadia").inside().room(room), device().tab().sign_in("camille").inside().room(room)

    nadia.write("Biopsie en bordure aktive")
    camille.sees("Biopsie en bordure aktive")
    nadia.menu("aktive", "Modifier")
    nadia.composer.fill("Biopsie en bordure active")
    nadia.composer.press("Enter")
    expect(camille.message("Biopsie en bordure active")).to_contain_text("modifié", timeout=PATIENCE)
    expect(camille.log).not_to_contain_text("aktive")

    camille.menu("bordure active", "Utile", role="menuitemcheckbox")
    expect(nadia.message("bordure active").get_by_role("button", name="Utile 1")).to_have_attribute("aria-pressed", "false", timeout=PATIENCE)
    nadia.message("bordure active").get_by_role("button", name="Utile 1").click()
    expect(camille.message("bordure active").get_by_role("button", name="Utile 2")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)
    camille.message("bordure active").get_by_role("button", name="Utile 2").click()
    expect(nadia.message("bordure active").get_by_role("button", name="Utile 1")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)

    camille.menu("bordure active", "Répondre")
    expect(camille.page.get_by_text("En réponse à")).to_be_visible()
    camille.write("Deux fragments ?")
    expect(nadia.message("Deux fragments ?").locator(".quote")).to_contain_text("Biopsie en bordure active", timeout=PATIENCE)

    camille.composer.press_sequentially("Vu, @nad")
    camille.page.get_by_role("option", name=re.compile("Nadia Ferrand")).click()
    camille.composer.press_sequentially("merci")
    camille.composer.press("Enter")
    expect(nadia.message("merci").locator(".mention.me")).to_contain_text("Ferrand", timeout=PATIENCE)

    camille.menu("Deux fragments", "Retirer")
    camille.page.get_by_role("dialog").get_by_role("button", name="Retirer").click()
    expect(nadia.log).to_contain_text("Message retiré par Dr Aubrac", timeout=PATIENCE)
    expect(nadia.log).not_to_contain_text("Deux fragments")
    # The quoted answer went; what it quoted stays. The log holds every step.
    kinds = [kind for _, kind, _ in demo.log(room)]
    assert kinds == ["message.posted", "message.edited", "reaction.added", "reaction.added", "reaction.removed", "message.posted", "message.posted", "message.retracted"]
    assert demo.sql("SELECT withheld FROM rooms_message WHERE room_id = %s ORDER BY seq", room) == [(None,), ("retracted",), (None,)]


def test_words_typed_over_a_message_being_edited_replace_it(device: Devices, demo: Demo) -> None:
    """The field has the caret before the next key can come: a caret set later undid the selection, and the new words followed the old."""
    room = demo.fresh_room("nadia", "camille")
    nadia, camille = device().tab().sign_in("nadia").inside().room(room), device().tab().sign_in("camille").inside().room(room)
    nadia.write("Dose : 10 mg")
    nadia.sees("Dose : 10 mg")
    # A page that draws late, as on a loaded machine.
    nadia.page.evaluate(
        "() => { const late = []; window.requestAnimationFrame = (run) => late.push(run); window.draw = () => late.splice(0).forEach((run) => run(performance.now())) }"
    )
    nadia.menu("Dose", "Modifier")
    nadia.composer.select_text()
    nadia.page.evaluate("() => window.draw()")
    nadia.page.keyboard.insert_text("Dose : 20 mg")
    expect(nadia.composer).to_have_value("Dose : 20 mg")
    nadia.composer.press("Enter")
    expect(camille.message("Dose : 20 mg")).to_contain_text("modifié", timeout=PATIENCE)
    assert demo.bodies(room) == ["Dose : 20 mg"]

    # What is typed after picking from the menu is written, with no click in between, also before the next frame.
    expect(nadia.composer).to_have_value("")
    nadia.menu("Dose", "Modifier")
    nadia.page.keyboard.type(" le soir")
    expect(nadia.composer).to_have_value("Dose : 20 mg le soir")
    nadia.page.keyboard.press("Escape")
    expect(nadia.composer).to_have_value("")
    nadia.menu("Dose", "Répondre")
    nadia.page.keyboard.type("Avec un repas")
    expect(nadia.composer).to_have_value("Avec un repas")


def test_words_typed_while_an_edit_is_saved_stay(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille")
    nadia = device().tab().sign_in("nadia").inside().room(room)
    nadia.write("Dose : 10 mg")
    nadia.sees("Dose : 10 mg")
    nadia.menu("Dose", "Modifier")
    nadia.composer.fill("Dose : 20 mg")
    nadia.composer.press("Enter")
    nadia.page.keyboard.type("Matin et soir")
    expect(nadia.message("Dose : 20 mg")).to_contain_text("modifié", timeout=PATIENCE)
    expect(nadia.composer).to_have_value("Matin et soir")
