"""A DICOM frame in the form: what cannot be read is refused with a word, and can be taken away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from playwright.sync_api import expect
from pydicom.uid import JPEGLSLossless

from tests.browser.conftest import Demo, Devices
from tests.browser.pages import PATIENCE, Tab
from tests.browser.test_asking import add, waiting
from tests.images.test_dicom import dicom


def asked(tab: Tab, title: str) -> None:
    tab.page.get_by_label("Votre question en une phrase").fill(title)
    tab.page.get_by_role("radio", name="Tous les vérifiés").click()


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
