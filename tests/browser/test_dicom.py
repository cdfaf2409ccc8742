"""A DICOM frame on its way: what its tags told is said and left behind, words burnt into it are proposed for masking, and what cannot be read is refused with a word."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import expect
from pydicom.uid import JPEGLSLossless

from consult.images import weights
from tests.browser.conftest import PHONE, Demo, Devices
from tests.browser.pages import PATIENCE, Tab
from tests.browser.test_asking import add, waiting
from tests.images.test_dicom import CANARY, dicom

WIDE, HIGH = 900, 700
PLANTED = (60, 60, 560, 130)  # where the name is burnt in
READS = weights.path_of("words") is not None


@pytest.fixture
def reading(demo: Demo) -> Iterator[None]:
    """A worker that looks for words as well, where the optional wheel is installed."""
    if READS:
        demo.services.family.stop(demo.worker)
        demo.work(IMAGE_NETS="faces,words")
    yield
    if READS:
        demo.services.family.stop(demo.worker)
        demo.work()


def film(folder: Path) -> Path:
    """A grey frame, with a name on it as an older machine burns it in, and the same name in its tags."""
    y, x = np.mgrid[0:HIGH, 0:WIDE]
    tissue = 60 + 80 * np.exp(-(((x - 500) / 220) ** 2 + ((y - 400) / 180) ** 2)) + np.random.default_rng(7).normal(0, 6, (HIGH, WIDE))  # a frame has grain
    frame = Image.fromarray(np.clip(tissue, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(frame)
    draw.text((PLANTED[0], PLANTED[1]), "KANARI YVONNE 1948", fill=240, font=ImageFont.load_default(52))
    (folder / "frame.dcm").write_bytes(dicom(np.asarray(frame)))
    return folder / "frame.dcm"


def asked(tab: Tab, title: str) -> None:
    tab.page.get_by_label("Votre question en une phrase").fill(title)
    tab.page.get_by_role("radio", name="Tous les vérifiés").click()


def test_tags_are_told_words_are_masked_and_nothing_of_either_is_posted(device: Devices, demo: Demo, reading: None, tmp_path: Path) -> None:
    tab = device(viewport=PHONE, has_touch=True, is_mobile=True).tab().sign_in("camille").inside().go("/ask")
    page = tab.page
    asked(tab, f"Opacité du lobe supérieur {uuid.uuid4().hex[:4]} ?")
    add(tab, film(tmp_path))
    # No browser opens DICOM: the form says what happens instead, and that it leaves the device as it is.
    expect(page.get_by_text("Ce navigateur ne sait pas ouvrir cette photo.")).to_be_visible()
    expect(page.get_by_text(re.compile("DICOM peut être converti par le serveur. Vous seul voyez la photo"))).to_be_visible()
    page.get_by_role("button", name="Envoyer sans masque").click()
    one = waiting(tab)
    if READS:
        expect(one).to_contain_text("Un visage ou un texte a été repéré", timeout=3 * PATIENCE)
    else:
        expect(one).to_contain_text("Convertie. Masquez maintenant ce qui ne doit pas être vu.", timeout=3 * PATIENCE)
    expect(one).to_contain_text("Retiré de la photo")
    for told in ("Identité du patient", "Numéro de série", "Établissement et praticiens"):
        expect(one).to_contain_text(told)
    expect(one).not_to_contain_text(re.compile("kanari", re.IGNORECASE))

    one.get_by_role("button", name="Masquer" if READS else "Modifier", exact=True).click()
    stage = page.get_by_role("application")
    expect(stage).to_be_visible()
    if READS:
        expect(page.get_by_text("Masques proposés là où un visage ou un texte a été repéré")).to_be_visible()
        expect(page.get_by_role("button", name="Masque 1", exact=True)).to_be_visible()
    else:
        stage.hover()  # it has come to rest
        box = stage.bounding_box()
        assert box
        page.mouse.move(box["x"] + 1, box["y"] + 1)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.25, steps=6)
        page.mouse.up()
    page.get_by_role("button", name="Garder").click()
    # Looked at once more, it is held for nothing, and its tags are not in what the device masked.
    expect(one).to_contain_text(re.compile("Profil de couleur|Rien d’autre que l’image dans ce fichier"), timeout=3 * PATIENCE)
    expect(one).not_to_contain_text("repéré")
    expect(one).not_to_contain_text("Identité du patient")
    page.get_by_role("button", name="Poser la question").click()
    shown = page.get_by_role("button", name="Ouvrir la photo 1 sur 1")
    expect(shown).to_be_visible(timeout=2 * PATIENCE)
    shown.click()
    picture = page.get_by_role("dialog").locator("img")
    page.wait_for_function("img => img.complete && img.naturalWidth > 0", arg=picture.element_handle())
    brightest = picture.evaluate(
        """(img, [l, t, r, b]) => { const c = document.createElement('canvas'); c.width = img.naturalWidth; c.height = img.naturalHeight; const x = c.getContext('2d'); x.drawImage(img, 0, 0);
      const s = c.width / 900, at = x.getImageData(l * s, t * s, (r - l) * s, (b - t) * s).data; return Math.max(...at.filter((_, n) => n % 4 === 0)); }""",
        list(PLANTED),
    )
    assert brightest < 160, "the letters were as bright as 240: none of them is left"
    # What is kept has no tag, and the unmasked one is gone.
    room = page.url.rpartition("/")[2]
    (images,) = demo.sql("SELECT images FROM rooms_message WHERE room_id = %s", room)[0]
    assert len(images) == 1
    (folder,) = demo.sql("SELECT folder FROM images_image WHERE id = %s", images[0])[0]
    kept = Path(demo.services.env(demo.database, demo.redis_url)["IMAGES_DIR"])
    files = list((kept / "kept" / folder).iterdir())
    assert files and not any(CANARY.split("^")[0].encode() in file.read_bytes() for file in files)


def test_a_compression_that_cannot_be_read_is_refused_with_a_word(device: Devices, demo: Demo, tmp_path: Path) -> None:
    tab = device().tab().sign_in("camille").inside().go("/ask")
    asked(tab, "Opacité du lobe inférieur ?")
    (tmp_path / "frame.dcm").write_bytes(dicom(np.full((64, 64), 90, np.uint8), syntax=JPEGLSLossless))
    add(tab, tmp_path / "frame.dcm")
    tab.page.get_by_role("button", name="Envoyer sans masque").click()
    expect(waiting(tab)).to_contain_text("Compression DICOM non prise en charge : exportez l’image en JPEG ou PNG.", timeout=3 * PATIENCE)
    expect(tab.page.locator("button[type=submit]")).to_be_disabled()
    tab.page.get_by_role("button", name="Retirer cette photo").click()
    expect(tab.page.locator("button[type=submit]")).to_be_enabled(timeout=PATIENCE)
    tab.page.get_by_role("button", name="Effacer le brouillon").click()
