"""A picture on its way: masked on the device, brought in pieces, cleaned, shown to a colleague, pointed at together."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Route, expect

from tests.browser.conftest import DESKTOP, PHONE, Demo, Devices
from tests.browser.pages import PATIENCE, Tab, eventually

WIDE, HIGH = 1200, 800
# What the page gives the network, piece by piece: the browser's own tools do not show it.
OVERHEARD = "() => { const ask = window.fetch; window.left = []; window.fetch = (to, of) => { if (of?.method === 'PATCH') window.left.push(of.body); return ask(to, of); }; }"


FACE = Path(__file__).parents[1] / "images" / "astronaut.jpg"  # NASA's portrait of Eileen Collins, in the public domain


def photo(folder: Path, name: str = "IMG_0001.jpg") -> Path:
    """Coloured fields, none of them black, with the place where it was taken."""
    picture = Image.new("RGB", (WIDE, HIGH), (200, 150, 130))
    ImageDraw.Draw(picture).rectangle((600, 0, WIDE, HIGH), fill=(120, 170, 200))
    exif = Image.Exif()
    exif[0x010F] = "Telephone"
    exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 38.0, 0.0), 3: "W", 4: (2.0, 46.0, 0.0)})
    picture.save(folder / name, quality=92, exif=exif)
    return folder / name


def attach(tab: Tab, *files: Path) -> None:
    with tab.page.expect_file_chooser() as chooser:
        tab.page.get_by_role("button", name="Joindre une photo").click()
    chooser.value.set_files([str(f) for f in files])


def overheard(tab: Tab) -> Image.Image:
    """The picture as it left the device."""
    left = tab.page.evaluate("async () => [...new Uint8Array(await new Blob(window.left).arrayBuffer())]")
    return Image.open(io.BytesIO(bytes(left)))


def pointed(tab: Tab) -> list[float] | None:
    """Where the one colleague who points is drawn, in shares of the picture."""
    where = """() => { const pointer = document.querySelector('.overlay .pointer'); if (!pointer) return null;
      const { e, f } = pointer.transform.baseVal[0].matrix, { width, height } = pointer.ownerSVGElement.viewBox.baseVal; return [e / width, f / height].map((share) => Math.round(share * 100) / 100); }"""
    return tab.page.evaluate(where)  # type: ignore[no-any-return]


def send(tab: Tab, words: str) -> None:
    tab.page.locator("textarea#composer").fill(words)
    expect(tab.page.get_by_role("button", name="Envoyer")).to_be_enabled(timeout=3 * PATIENCE)
    tab.page.get_by_role("button", name="Envoyer").click()


def test_a_held_picture_of_a_message_is_shown_by_its_author_with_a_reason(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("camille", "nadia", kind="group", title="Photos retenues")
    camille = device(viewport=PHONE, has_touch=True).tab().sign_in("camille").inside().room(room)
    watching = device()
    watching.expects("/api/v1/images/")  # not theirs to see while it is held
    nadia = watching.tab().sign_in("nadia").inside().room(room)
    attach(camille, FACE)
    camille.page.get_by_role("button", name="Garder").click()
    expect(camille.page.get_by_role("list", name="Photos à envoyer")).to_contain_text("Un visage ou un texte a été repéré", timeout=3 * PATIENCE)
    send(camille, "Photo de presse, avec accord.")
    mine = camille.message("Photo de presse")
    expect(mine).to_contain_text("vous seul voyez cette photo", timeout=PATIENCE)
    expect(nadia.message("Photo de presse")).to_contain_text("Photo retenue jusqu’à ce que son auteur la masque", timeout=PATIENCE)
    # No reason, no showing.
    mine.get_by_role("button", name="Montrer telle quelle").click()
    expect(mine.get_by_label("Pourquoi peut-elle être montrée")).to_be_focused()
    expect(mine.get_by_role("button", name="Montrer", exact=True)).to_be_disabled()
    mine.get_by_label("Pourquoi peut-elle être montrée").fill("Personne publique, accord écrit")
    assert camille.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    mine.get_by_role("button", name="Montrer", exact=True).click()
    expect(camille.page.locator(".toast")).to_contain_text("La salle voit maintenant cette photo", timeout=PATIENCE)
    expect(nadia.message("Photo de presse").get_by_role("button", name="Ouvrir la photo 1 sur 1")).to_be_visible(timeout=2 * PATIENCE)
    expect(mine).not_to_contain_text("vous seul voyez cette photo", timeout=PATIENCE)
    expect(mine.get_by_role("button", name="Montrer telle quelle")).to_have_count(0)
    (image,) = demo.sql("SELECT images[1] FROM rooms_message WHERE room_id = %s AND images <> '{}'", room)[0]
    assert demo.sql("SELECT reason, person_id FROM audit_record WHERE act = 'image.released' AND object = %s", str(image)) == [
        ("Personne publique, accord écrit", demo.cast["camille"].id)
    ]


def test_masked_on_the_device_and_pointed_at_together(device: Devices, demo: Demo, tmp_path: Path) -> None:
    room = demo.fresh_room("camille", "nadia")
    camille = device(viewport=PHONE, has_touch=True).tab().sign_in("camille").inside().room(room)
    nadia = device().tab().sign_in("nadia").inside().room(room)
    camille.page.evaluate(OVERHEARD)

    attach(camille, photo(tmp_path))
    stage = camille.page.get_by_role("application")
    expect(stage).to_be_visible()
    stage.hover()  # it has come to rest
    box = stage.bounding_box()
    assert box
    # A mask over the upper left quarter, by hand.
    camille.page.mouse.move(box["x"] + 2, box["y"] + 2)
    camille.page.mouse.down()
    camille.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4, steps=5)
    camille.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    camille.page.mouse.up()
    expect(camille.page.get_by_role("button", name="Masque 1", exact=True)).to_be_visible()
    # An arrow by keyboard: a mark, which stays a layer.
    camille.page.get_by_role("button", name="Flèche", exact=True).click()
    stage.press("Enter")
    camille.page.get_by_role("button", name="Garder").click()
    expect(camille.page.get_by_role("list", name="Photos à envoyer")).to_be_visible()
    send(camille, "La lésion du bras")

    shown = nadia.page.get_by_role("button", name="Ouvrir la photo 1 sur 1")
    expect(shown).to_be_visible(timeout=2 * PATIENCE)
    # What left the device had no place in it, and no pixel of what lay under the mask.
    sent = overheard(camille)
    assert sent.size == (WIDE, HIGH) and not sent.getexif()
    assert max(sent.getpixel((100, 100))) < 20 and min(sent.getpixel((900, 600))) > 90  # type: ignore[arg-type, type-var]
    # What a colleague gets is that.
    shown.click()
    picture = nadia.page.get_by_role("dialog").locator("img")
    expect(picture).to_be_visible()
    pixel = """img => { const c = document.createElement('canvas'); c.width = img.naturalWidth; c.height = img.naturalHeight; const x = c.getContext('2d'); x.drawImage(img, 0, 0);
      const at = (a, b) => [...x.getImageData(a * c.width, b * c.height, 1, 1).data].slice(0, 3); return [at(.1, .1), at(.8, .8)]; }"""
    nadia.page.wait_for_function("img => img.complete && img.naturalWidth > 0", arg=picture.element_handle())
    under, beside = picture.evaluate(pixel)
    assert max(under) < 30 and min(beside) > 90
    expect(nadia.page.get_by_role("dialog").get_by_text("Flèche, ")).to_be_visible(timeout=PATIENCE)  # Camille's mark, kept with the message

    # Pointing together: each sees where the other is, and a mark that is kept stays.
    camille.page.get_by_role("button", name="Ouvrir la photo 1 sur 1").click()
    expect(camille.page.get_by_role("dialog").get_by_text("Flèche, ")).to_be_visible(timeout=PATIENCE)
    looked = camille.page.get_by_role("dialog").locator("img")
    looked.hover(position={"x": 20, "y": 20})  # when it stands still
    hers = looked.bounding_box()
    assert hers
    camille.page.mouse.move(hers["x"] + 20, hers["y"] - 20)
    camille.page.mouse.move(hers["x"] + 20, hers["y"] + 20)
    camille.page.mouse.move(hers["x"] + hers["width"] * 0.7, hers["y"] + hers["height"] * 0.4, steps=5)  # in less than the pause: the last is told all the same
    expect(nadia.page.locator(".overlay .pointer text")).to_have_text("Dr Aubrac", timeout=PATIENCE)
    eventually(lambda: pointed(nadia) == [0.7, 0.4])
    dialog = nadia.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Montrer sur la photo").click()
    dialog.get_by_role("button", name="Ellipse").click()
    place = picture.bounding_box()
    assert place
    nadia.page.mouse.move(place["x"] + place["width"] * 0.6, place["y"] + place["height"] * 0.6)
    nadia.page.mouse.down()
    nadia.page.mouse.move(place["x"] + place["width"] * 0.7, place["y"] + place["height"] * 0.7, steps=4)
    nadia.page.mouse.move(place["x"] + place["width"] * 0.8, place["y"] + place["height"] * 0.8, steps=4)
    nadia.page.mouse.up()
    dialog.get_by_role("button", name="Garder ce repère").click()
    expect(camille.page.get_by_role("dialog").get_by_text("Ellipse, Dr Ferrand")).to_be_visible(timeout=PATIENCE)
    assert [kind for (kind,) in demo.sql("SELECT kind FROM rooms_event WHERE room_id = %s AND kind LIKE 'mark.%%' ORDER BY seq", room)] == ["mark.added", "mark.added"]


@pytest.mark.parametrize("size", [PHONE, {"width": 390, "height": 844}, DESKTOP], ids=["360", "390", "desktop"])
def test_the_picture_stands_still_while_its_marks_come_and_go(device: Devices, demo: Demo, tmp_path: Path, size: Any) -> None:
    room = demo.fresh_room("camille", "nadia")
    tab = device(viewport=size, has_touch=size != DESKTOP).tab().sign_in("camille").inside().room(room)
    page = tab.page
    attach(tab, photo(tmp_path))
    for tool in ("Flèche", "Ellipse", "Numéro"):
        page.get_by_role("button", name=tool, exact=True).click()
        page.get_by_role("application").press("Enter")
    page.get_by_role("button", name="Garder").click()
    send(tab, "Trois repères")
    eventually(lambda: demo.sql("SELECT count(*) FROM rooms_mark m JOIN rooms_message w ON w.id = m.message_id WHERE w.room_id = %s", room) == [(3,)])
    late: list[Route] | None = []
    page.route("**/api/v1/messages/*/marks", lambda route: route.continue_() if late is None else late.append(route))
    with page.expect_request("**/api/v1/messages/*/marks", timeout=2 * PATIENCE):
        page.get_by_role("button", name="Ouvrir la photo 1 sur 1").click(timeout=2 * PATIENCE)
    dialog, picture = page.get_by_role("dialog"), page.get_by_role("dialog").locator("img")
    page.wait_for_function("img => img.complete && img.naturalWidth > 0 && img.clientWidth > 0 && !document.getAnimations().length", arg=picture.element_handle())
    stood = picture.bounding_box()
    expect(dialog.get_by_text("Flèche, ")).to_have_count(0)
    held, late = late or [], None
    for route in held:
        route.continue_()
    expect(dialog.get_by_text("Numéro, ")).to_be_visible(timeout=PATIENCE)
    assert picture.bounding_box() == stood
    dialog.get_by_role("button", name="Montrer sur la photo").click()
    expect(dialog.get_by_role("button", name="Garder ce repère")).to_be_visible()
    assert picture.bounding_box() == stood
    page.keyboard.press("h")
    expect(dialog.get_by_text("Flèche, ")).to_have_count(0)
    assert picture.bounding_box() == stood


def test_tried_again_it_is_the_masked_picture_that_goes(device: Devices, demo: Demo, tmp_path: Path) -> None:
    room = demo.fresh_room("camille", "nadia")
    one = device()
    one.expects("/api/v1/images$")
    camille = one.tab().sign_in("camille").inside().room(room)
    no = '{"code":"image.too_many","message":"Trop d’images en attente.","temporary":false,"retry_after_ms":0}'
    camille.page.route("**/api/v1/images", lambda route: route.fulfill(status=400, content_type="application/json", body=no), times=1)
    camille.page.evaluate(OVERHEARD)
    attach(camille, photo(tmp_path))
    stage = camille.page.get_by_role("application")
    expect(stage).to_be_visible()
    stage.press("Enter")  # a mask in the middle, by keyboard
    camille.page.get_by_role("button", name="Garder").click()
    expect(camille.page.get_by_text("Trop d’images en attente.")).to_be_visible()
    camille.page.get_by_role("button", name="Réessayer").click()
    expect(camille.page.get_by_role("button", name="Modifier")).to_be_visible(timeout=3 * PATIENCE)
    sent = overheard(camille)
    assert not sent.getexif() and max(sent.getpixel((WIDE // 2, HIGH // 2))) < 20 and min(sent.getpixel((50, 50))) > 90  # type: ignore[arg-type, type-var]


def test_what_was_left_behind_is_told_and_a_cut_loses_nothing(device: Devices, demo: Demo, tmp_path: Path) -> None:
    room = demo.fresh_room("camille", "nadia")
    one = device()
    camille = one.tab().sign_in("camille").inside().room(room)
    attach(camille, photo(tmp_path))
    one.cut()
    camille.page.get_by_role("button", name="Garder").click()
    expect(camille.page.get_by_text("Envoi : 0 %")).to_be_visible()
    one.mend()
    # Untouched, the file itself goes: the server says what it held and did not keep.
    expect(camille.page.get_by_text("Position GPS")).to_be_visible(timeout=3 * PATIENCE)
    send(camille, "Sans masque")
    expect(camille.page.get_by_role("button", name="Ouvrir la photo 1 sur 1")).to_be_visible(timeout=2 * PATIENCE)


def test_what_is_no_picture_is_told_so(device: Devices, demo: Demo, tmp_path: Path) -> None:
    room = demo.fresh_room("camille", "nadia")
    camille = device().tab().sign_in("camille").inside().room(room)
    (tmp_path / "photo.jpg").write_text("<html><script>alert(1)</script></html>")
    attach(camille, tmp_path / "photo.jpg")
    expect(camille.page.get_by_text("Ce navigateur ne sait pas ouvrir cette photo.")).to_be_visible()
    camille.page.get_by_role("button", name="Envoyer sans masque").click()
    expect(camille.page.get_by_text("n’est pas une image")).to_be_visible(timeout=3 * PATIENCE)
    camille.page.locator("textarea#composer").fill("mots")
    expect(camille.page.get_by_role("button", name="Envoyer")).to_be_disabled()
    camille.page.get_by_role("button", name="Retirer cette photo").click()
    expect(camille.page.get_by_role("button", name="Envoyer")).to_be_enabled()
