"""Draws the icons' PNGs from their SVGs in public/icons: `.venv/bin/python frontend/icons.py`, again whenever a drawing changes."""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent / "public" / "icons"
SIZES = {
    "icon-192": ("icon", 192),
    "icon-512": ("icon", 512),
    "maskable-192": ("maskable", 192),
    "maskable-512": ("maskable", 512),
    "apple-touch-180": ("maskable", 180),
    "badge-96": ("badge", 96),
}

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    for name, (drawing, size) in SIZES.items():
        page = browser.new_page(viewport={"width": size, "height": size})
        page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{(FOLDER / drawing).with_suffix('.svg').read_text()}")
        page.screenshot(path=FOLDER / f"{name}.png", omit_background=True)
    browser.close()
