"""Asking from a phone, and finding: three pictures with a question, a draft that outlives its tab, who will see it, the feed and what is put aside."""

from __future__ import annotations

import random
import re
import uuid
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.conftest import PHONE, Demo, Devices
from tests.browser.pages import PATIENCE, Tab, eventually, stored, watched
from tests.browser.test_pictures import FACE, attach, photo
from tests.images.pictures import saved, scene

HAND = {"viewport": PHONE, "has_touch": True, "is_mobile": True}


def heic(folder: Path) -> Path:
    (folder / "IMG_0002.HEIC").write_bytes(saved(scene(1200, 800), "heic"))
    return folder / "IMG_0002.HEIC"


def add(tab: Tab, *files: Path) -> None:
    with tab.page.expect_file_chooser() as chooser:
        tab.page.get_by_role("button", name="Ajouter des photos").click()
    chooser.value.set_files([str(f) for f in files])


def mask(tab: Tab) -> None:
    """A mask in the middle, by keyboard, and kept."""
    stage = tab.page.get_by_role("application")
    expect(stage).to_be_visible()
    stage.press("Enter")
    tab.page.get_by_role("button", name="Garder").click()


def waiting(tab: Tab) -> Locator:
    return tab.page.get_by_role("list", name="Photos à envoyer").get_by_role("listitem")


def test_three_pictures_from_a_phone(device: Devices, demo: Demo, tmp_path: Path) -> None:
    tab = device(**HAND).tab().sign_in("camille").inside().go("/ask")
    page = tab.page
    title = f"Plaque ronde du bras {uuid.uuid4().hex[:4]} ?"
    page.get_by_label("Votre question en une phrase").fill(title)
    add(tab, photo(tmp_path), heic(tmp_path), FACE)

    mask(tab)
    # This browser cannot open it: the choice is explained, and the masks come right after.
    expect(page.get_by_text("Ce navigateur ne sait pas ouvrir cette photo.")).to_be_visible()
    page.get_by_role("button", name="Envoyer sans masque").click()
    expect(page.get_by_role("application")).to_be_visible()  # the third
    page.get_by_role("button", name="Garder").click()
    expect(waiting(tab)).to_have_count(3)
    send = page.locator("button[type=submit]")

    held = waiting(tab).filter(has_text="Un visage ou un texte a été repéré")
    expect(held).to_have_count(1, timeout=3 * PATIENCE)
    converted = waiting(tab).filter(has_text="Convertie. Masquez maintenant")
    expect(converted).to_have_count(1, timeout=3 * PATIENCE)
    converted.get_by_role("button", name="Modifier").click()
    mask(tab)
    expect(converted).to_have_count(0)
    held.get_by_role("button", name="Montrer telle quelle").click()
    page.get_by_label("Pourquoi peut-elle être montrée").fill("Personne publique, accord écrit")
    page.get_by_role("button", name="Montrer", exact=True).click()
    expect(held).to_have_count(0, timeout=PATIENCE)
    expect(waiting(tab).get_by_role("button", name="Modifier")).to_have_count(3, timeout=3 * PATIENCE)
    # What it shows, for who cannot see it: held back until the server has it.
    waiting(tab).first.get_by_role("button", name="Décrire").click()
    page.get_by_label("Ce que montre la photo 1").fill("Plaque ronde, bord net")

    page.locator("summary", has_text="Accord du patient").click()
    expect(page.get_by_text("Une photo demande l’accord du patient")).to_be_visible()
    page.get_by_label("de la demande d’avis").check()
    expect(page.get_by_text("Il manque : qui la verra, comment l’accord est noté.")).to_be_visible()
    page.get_by_label("Comment l’accord est noté").select_option("written")
    page.get_by_role("radio", name="Tous les vérifiés").click()
    expect(page.get_by_text("Toute personne vérifiée sur Consult")).to_be_visible()
    expect(send).to_be_enabled(timeout=PATIENCE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    send.click()

    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name=re.compile("Ouvrir la photo . sur 3"))).to_have_count(3, timeout=2 * PATIENCE)
    room = page.url.rpartition("/")[2]
    nadia = device().tab().sign_in("nadia").inside().room(room)
    expect(nadia.page.get_by_role("button", name=re.compile("Ouvrir la photo . sur 3"))).to_have_count(3, timeout=2 * PATIENCE)
    expect(nadia.page.get_by_role("img", name="Plaque ronde, bord net")).to_be_attached()
    assert demo.sql("SELECT reason FROM audit_record WHERE act = 'image.released' AND room_id IS NULL ORDER BY at DESC LIMIT 1") == [("Personne publique, accord écrit",)]
    assert demo.sql("SELECT told, recorded FROM cases_consent WHERE case_id = %s", room) == [(["advice"], "written")]
    # The HEIC that was converted without a mask is gone, and only its masked successor was posted.
    (images,) = demo.sql("SELECT images FROM rooms_message WHERE room_id = %s", room)[0]
    assert len(images) == 3
    eventually(lambda: demo.sql("SELECT count(*) FROM images_image WHERE owner_id = %s AND state = 'erased'", demo.cast["camille"].id)[0][0] >= 1)


def test_a_draft_outlives_its_tab(device: Devices, demo: Demo, tmp_path: Path) -> None:
    one = watched(device(**HAND))
    first = one.tab().sign_in("camille").inside().go("/ask")
    page = first.page
    page.get_by_label("Votre question en une phrase").fill("Prurit nocturne depuis trois semaines ?")
    page.get_by_label("Contexte").fill("Trois résidents touchés.")
    page.locator("summary", has_text="Le patient").click()
    page.get_by_label("Tranche d’âge").select_option("80-89")
    page.get_by_label("Sexe").select_option("f")
    page.get_by_label("Déjà fait").fill("Dermoscopie douteuse.")
    page.get_by_label("Ce qui est craint").fill("Vue par le Dr : joindre au 06 12 34 56 78")
    expect(page.locator("#ask-feared-identifiers")).to_contain_text("Téléphone")  # the template's words are looked at like the others
    page.get_by_label("Ce qui est craint").fill("Une gale.")
    page.locator("summary", has_text="Accord du patient").click()
    page.get_by_label("de qui lit le cas").check()
    add(first, photo(tmp_path))
    mask(first)
    expect(waiting(first).get_by_role("button", name="Modifier")).to_be_visible(timeout=3 * PATIENCE)
    page.get_by_role("radio", name="Des personnes").click()
    page.get_by_label("Ajouter une personne").fill("Ferrand")
    page.locator(".picker").get_by_role("option").first.click()
    stored(first)
    page.close()

    second = one.tab().go("/ask")
    page = second.page
    expect(page.get_by_label("Votre question en une phrase")).to_have_value("Prurit nocturne depuis trois semaines ?", timeout=PATIENCE)
    expect(page.get_by_label("Contexte")).to_have_value("Trois résidents touchés.")
    expect(page.get_by_label("Tranche d’âge")).to_have_value("80-89")
    expect(page.get_by_label("Sexe")).to_have_value("f")
    expect(page.get_by_label("Déjà fait")).to_have_value("Dermoscopie douteuse.")
    expect(page.get_by_label("Ce qui est craint")).to_have_value("Une gale.")
    expect(page.get_by_label("de qui lit le cas")).to_be_checked()
    expect(page.locator(".person-chip")).to_have_text("Dr Nadia Ferrand")
    shown = waiting(second).locator("img")
    expect(shown).to_have_count(1, timeout=PATIENCE)
    page.wait_for_function("img => img.complete && img.naturalWidth > 0", arg=shown.element_handle())
    # It can still be changed: from the clean picture that the server has.
    waiting(second).get_by_role("button", name="Modifier").click()
    mask(second)
    expect(page.get_by_role("application")).to_have_count(0)  # until then the picture that is changed stands under it
    expect(waiting(second).get_by_role("button", name="Modifier")).to_be_visible(timeout=3 * PATIENCE)
    page.get_by_label("Comment l’accord est noté").select_option("oral")
    page.get_by_role("button", name="Poser la question").click()
    expect(page.get_by_role("button", name="Ouvrir la photo 1 sur 1")).to_be_visible(timeout=2 * PATIENCE)
    room = page.url.rpartition("/")[2]
    assert demo.sql("SELECT age_band, sex, history, done, feared FROM cases_template WHERE case_id = %s", room) == [("80-89", "f", "", "Dermoscopie douteuse.", "Une gale.")]
    expect(second.go("/ask").page.get_by_label("Votre question en une phrase")).to_have_value("")


def grain(folder: Path) -> Path:
    """A photo that stays large however it is encoded."""
    Image.frombytes("RGB", (1600, 1200), random.Random(7).randbytes(1600 * 1200 * 3)).point(lambda v: 100 + v // 2).save(folder / "IMG_0009.jpg", quality=95)
    return folder / "IMG_0009.jpg"


THREE_PIECES = 3 * 128 * 1024
# Each piece's offset is noted; those from the fourth on never arrive, until the page is opened again.
SLOW = """() => { const ask = window.fetch; window.offsets = []; window.fetch = (to, of) => { if (of?.method !== 'PATCH') return ask(to, of);
  const at = Number(new Headers(of.headers).get('Upload-Offset')); window.offsets.push(at); return at < %d ? ask(to, of) : new Promise(() => {}); }; }"""


def keep_slowly(tab: Tab) -> None:
    """The picture is kept, and its fourth piece never arrives. The device is `watched`."""
    tab.page.evaluate(SLOW % THREE_PIECES)
    tab.page.get_by_role("button", name="Garder").click()
    tab.page.wait_for_function("at => window.offsets.at(-1) === at", arg=THREE_PIECES, timeout=2 * PATIENCE)
    expect(waiting(tab).get_by_text(re.compile(r"Envoi\s:\s[1-9]"))).to_be_visible()
    stored(tab)


def test_an_upload_outlives_its_tab(device: Devices, demo: Demo, tmp_path: Path) -> None:
    one = watched(device(**HAND))
    first = one.tab().sign_in("camille").inside().go("/ask")
    first.page.get_by_label("Votre question en une phrase").fill("Plaque du dos, prise en photo dans le train ?")
    add(first, grain(tmp_path))
    stage = first.page.get_by_role("application")
    expect(stage).to_be_visible()
    stage.press("Enter")
    first.page.get_by_role("button", name="Flèche", exact=True).click()
    stage.press("Enter")
    keep_slowly(first)
    first.page.close()

    second = one.tab()
    second.page.add_init_script(f"({SLOW % (1 << 40)})()")
    page = second.go("/ask").page
    expect(waiting(second)).to_have_count(1, timeout=PATIENCE)
    expect(waiting(second).get_by_role("button", name="Modifier")).to_be_visible(timeout=3 * PATIENCE)
    assert page.evaluate("window.offsets[0]") == THREE_PIECES, "it goes on where the server has it"
    page.get_by_role("radio", name="Tous les vérifiés").click()
    page.get_by_role("button", name="Poser la question").click()
    expect(page.get_by_role("button", name="Ouvrir la photo 1 sur 1")).to_be_visible(timeout=2 * PATIENCE)
    # It is the masked one, whole, with its mark.
    page.get_by_role("button", name="Ouvrir la photo 1 sur 1").click()
    picture = page.get_by_role("dialog").locator("img")
    page.wait_for_function("img => img.complete && img.naturalWidth > 0", arg=picture.element_handle())
    pixels = """img => { const c = document.createElement('canvas'); c.width = img.naturalWidth; c.height = img.naturalHeight; const x = c.getContext('2d'); x.drawImage(img, 0, 0);
      const at = (a, b) => [...x.getImageData(a * c.width, b * c.height, 1, 1).data].slice(0, 3); return [at(.45, .45), at(.1, .1)]; }"""
    under, beside = picture.evaluate(pixels)
    assert max(under) < 40 and min(beside) > 60
    expect(page.get_by_role("dialog").get_by_text("Flèche, ")).to_be_visible(timeout=PATIENCE)
    # And nothing of it stays on the device.
    kept = """async () => { const found = []; for (const { name } of await indexedDB.databases()) { if (!/^consult-[0-9a-f]{8}-/.test(name)) continue;
      const db = await new Promise((ok) => { const r = indexedDB.open(name); r.onsuccess = () => ok(r.result); });
      found.push(await new Promise((ok) => { const r = db.transaction('pictures').objectStore('pictures').count(); r.onsuccess = () => ok(r.result); })); db.close(); } return found; }"""
    eventually(lambda: page.evaluate(kept) == [0])


def test_marks_of_a_question_outlive_its_tab(device: Devices, demo: Demo, tmp_path: Path) -> None:
    """The tab closes once the question is there and its mark is not: the draft stays, and sent again it is the same question, with the mark."""
    one = device(**HAND)
    first = one.tab().sign_in("camille").inside().go("/ask")
    title = f"Plaque du coude {uuid.uuid4().hex[:4]} ?"
    first.page.get_by_label("Votre question en une phrase").fill(title)
    add(first, photo(tmp_path))
    first.page.get_by_role("button", name="Flèche", exact=True).click()
    mask(first)  # the chosen tool is an arrow
    expect(waiting(first).get_by_role("button", name="Modifier")).to_be_visible(timeout=3 * PATIENCE)
    first.page.get_by_role("radio", name="Tous les vérifiés").click()
    first.page.route("**/api/v1/rooms/*/marks", lambda route: None)  # never answered
    with first.page.expect_request("**/api/v1/rooms/*/marks"):
        first.page.get_by_role("button", name="Poser la question").click()
    first.page.close()

    page = one.tab().go("/ask").page
    expect(page.get_by_label("Votre question en une phrase")).to_have_value(title, timeout=PATIENCE)
    expect(page.get_by_role("button", name="Poser la question")).to_be_enabled(timeout=3 * PATIENCE)
    page.get_by_role("button", name="Poser la question").click()
    expect(page.get_by_role("button", name="Ouvrir la photo 1 sur 1")).to_be_visible(timeout=2 * PATIENCE)
    assert len(demo.sql("SELECT 1 FROM rooms_room WHERE kind = 'case' AND title = %s", title)) == 1
    marks = "SELECT m.drawn->>'kind' FROM rooms_mark m JOIN rooms_message w ON w.id = m.message_id JOIN rooms_room r ON r.id = w.room_id WHERE r.title = %s"
    assert demo.sql(marks, title) == [("arrow",)]


def test_pictures_of_a_message_outlive_its_tab_too(device: Devices, demo: Demo, tmp_path: Path) -> None:
    room = demo.fresh_room("camille", "nadia")
    one = watched(device())
    first = one.tab().sign_in("camille").inside().room(room)
    with first.page.expect_file_chooser() as chooser:
        first.page.get_by_role("button", name="Joindre une photo").click()
    chooser.value.set_files(str(grain(tmp_path)))
    first.page.get_by_role("application").press("Enter")
    keep_slowly(first)
    first.page.close()

    second = one.tab().go(f"/rooms/{room}")
    expect(waiting(second).get_by_role("button", name="Modifier")).to_be_visible(timeout=3 * PATIENCE)
    second.page.locator("textarea#composer").fill("Prise dans le train")
    second.page.get_by_role("button", name="Envoyer").click()
    expect(second.page.get_by_role("button", name="Ouvrir la photo 1 sur 1")).to_be_visible(timeout=2 * PATIENCE)
    expect(waiting(second)).to_have_count(0)
    assert len(demo.sql("SELECT images FROM rooms_message WHERE room_id = %s ORDER BY seq DESC LIMIT 1", room)[0][0]) == 1


def test_marks_are_there_again_when_a_kept_picture_is_changed(device: Devices, demo: Demo, tmp_path: Path) -> None:
    room = demo.fresh_room("camille", "nadia")
    one = watched(device())
    first = one.tab().sign_in("camille").inside().room(room)
    attach(first, grain(tmp_path))
    for tool in ("Flèche", "Ellipse"):
        first.page.get_by_role("button", name=tool, exact=True).click()
        first.page.get_by_role("application").press("Enter")
    keep_slowly(first)
    first.page.close()

    # From the bytes on the device, and after that from what the server has.
    second = one.tab().go(f"/rooms/{room}")
    shapes = second.page.get_by_role("list", name="Formes posées")
    for end in ("Ne rien changer", "Garder"):
        waiting(second).get_by_role("button", name="Modifier").click(timeout=3 * PATIENCE)
        expect(shapes.get_by_role("button", name=re.compile("^(Flèche|Ellipse) 1$"))).to_have_count(2)
        if end == "Garder":
            shapes.get_by_role("button", name="Retirer : Flèche 1").click()
        second.page.get_by_role("button", name=end).click()
        if end != "Garder":
            second.go(f"/rooms/{room}")
    expect(second.page.get_by_role("application")).to_have_count(0)  # until then the picture that is changed stands under it
    expect(waiting(second).get_by_role("button", name="Modifier")).to_be_visible(timeout=3 * PATIENCE)
    second.page.locator("textarea#composer").fill("Sans la flèche")
    second.page.get_by_role("button", name="Envoyer").click()
    marks = "SELECT m.drawn FROM rooms_mark m JOIN rooms_message w ON w.id = m.message_id WHERE w.room_id = %s"
    eventually(lambda: demo.sql(marks, room) == [({"kind": "ellipse", "x": 0.4, "y": 0.4, "w": 0.2, "h": 0.2},)])


def test_who_will_see_it_is_told_before_it_is_posted(device: Devices, demo: Demo) -> None:
    tab = device().tab().sign_in("camille").inside().go("/ask")
    page = tab.page
    page.get_by_label("Votre question en une phrase").fill("Éruption bulleuse sous gliptine : arrêter le traitement ?")
    # Recognised: dermatology, and its group. A case like it has been asked before.
    expect(page.get_by_text("Dermatologie, reconnue")).to_be_visible()
    told = page.locator(".audience [role=status]")
    expect(told).to_have_text(re.compile(r"^\d+ soignants\s: Dermatologie \(\d+\), et qui rejoindra\.$"), timeout=PATIENCE)
    page.get_by_role("button", name=re.compile("cas semblable")).click(timeout=PATIENCE)
    expect(page.get_by_role("dialog").get_by_role("link", name=re.compile("gliptine"))).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Ajouter un groupe…").select_option(label="Cardiologie")
    expect(told).to_have_text(re.compile(r"Dermatologie \(\d+\), Cardiologie|Cardiologie \(\d+\), Dermatologie"), timeout=PATIENCE)
    page.get_by_role("radio", name="Tous les vérifiés").click()
    everyone = demo.sql("SELECT count(*) FROM clinicians_person p JOIN standing_standing s ON s.person_id = p.id WHERE s.verification = 'verified'")[0][0]
    expect(told).to_have_text(f"Toute personne vérifiée sur Consult\u00a0: {everyone - 1} aujourd’hui.", timeout=PATIENCE)
    page.get_by_role("radio", name="Des groupes").click()
    page.get_by_role("button", name="Enlever Cardiologie").click()
    expect(told).not_to_contain_text("Cardiologie", timeout=PATIENCE)
    # A vital emergency is turned away.
    page.get_by_role("radio", name="Vitale").click()
    expect(page.get_by_role("link", name="Appeler le 15")).to_have_attribute("href", "tel:15")
    expect(page.locator("button[type=submit]")).to_be_disabled()
    page.get_by_role("button", name="Effacer le brouillon").click()
    expect(page.get_by_label("Votre question en une phrase")).to_have_value("")


def test_the_feed_says_why_and_what_is_followed_and_put_aside_stays(device: Devices, demo: Demo) -> None:
    title = f"Nodule de la paupière {uuid.uuid4().hex[:4]} ?"
    tab = device().tab().sign_in("camille").inside().go("/ask")
    tab.page.get_by_label("Votre question en une phrase").fill(title)
    tab.page.get_by_label("Spécialité", exact=True).select_option("SM15")
    tab.page.get_by_role("radio", name="Sous 1 h").click()
    tab.page.get_by_role("button", name="Poser la question").click()
    expect(tab.page.get_by_role("heading", level=1, name=title)).to_be_visible(timeout=PATIENCE)

    nadia = device().tab().sign_in("nadia").inside().go("/cases")
    page = nadia.page
    card = page.get_by_role("article", name=title)
    expect(card).to_contain_text("réponse voulue sous 1 h, sans réponse, votre spécialité", timeout=PATIENCE)
    expect(page.get_by_role("article").first).to_contain_text("sans réponse")
    # Filters are in the address, so that back and a reload come to the same.
    page.get_by_role("button", name="Les miens").click()
    expect(card).to_have_count(0)
    page.get_by_role("button", name="Sans réponse").click()
    expect(card).to_have_count(1)
    page.get_by_label("Spécialité", exact=True).select_option("CAR")
    expect(card).to_have_count(0)
    page.get_by_role("button", name="Suivre Cardiologie").click()
    expect(page.get_by_role("button", name="Ne plus suivre Cardiologie")).to_be_visible()
    assert "specialty=CAR" in page.url and "only=unanswered" in page.url
    page.reload()
    expect(page.get_by_role("button", name="Ne plus suivre Cardiologie")).to_be_visible(timeout=PATIENCE)
    page.get_by_label("Spécialité", exact=True).select_option("")

    card.get_by_role("button", name=re.compile("^Suivre")).click()
    expect(card.get_by_role("button", pressed=True)).to_have_text("Suivi", timeout=PATIENCE)
    card.get_by_role("button", name=re.compile("^Ranger dans une collection")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Nouvelle collection").fill("À montrer aux internes")
    dialog.get_by_role("button", name="Créer").click()
    expect(dialog.get_by_label("À montrer aux internes")).to_be_checked(timeout=PATIENCE)
    dialog.get_by_role("button", name="Terminé").click()

    page.get_by_role("link", name="Collections").click()
    page.get_by_role("button", name="Renommer À montrer aux internes").click()
    dialog.get_by_label("Nom de la collection").fill("Paupières")
    dialog.get_by_role("button", name="Renommer").click()
    page.get_by_role("link", name="Paupières").click()
    expect(card).to_have_count(1, timeout=PATIENCE)
    card.get_by_role("button", name=re.compile("^Sortir de la collection")).click()
    expect(page.get_by_text("Cette collection est vide.")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Toutes les collections").click()
    page.get_by_role("button", name="Supprimer Paupières").click()
    dialog.get_by_role("button", name="Supprimer").click()
    expect(page.get_by_text("Aucune collection pour l’instant.")).to_be_visible(timeout=PATIENCE)

    # Found again by its words.
    page.get_by_role("link", name="Chercher", exact=True).last.click()
    page.get_by_label("Mots du titre").fill("nodule paupiere")
    expect(card).to_have_count(1, timeout=PATIENCE)
    page.get_by_text("Filtres", exact=True).click()
    page.get_by_label("Photos").select_option("true")
    expect(card).to_have_count(0)
    page.get_by_role("link", name="Suivis").click()
    page.get_by_role("button", name="Ne plus suivre Cardiologie").click()
    page.get_by_label("Suivre un confrère").fill("Aubrac")
    page.locator(".picker").get_by_role("option").first.click()
    expect(page.get_by_role("button", name="Ne plus suivre Dr Camille Aubrac")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Pour vous").click()
    expect(card).to_contain_text("confrère suivi", timeout=PATIENCE)
