"""The net for words before pictures with words burnt in, the same ones masked, masks alone, and pictures without: what it misses, and what it holds in vain.

Grounds are drawn, or photographs inside scikit-image's wheel that hold no letters; words are names, dates and numbers as devices burn them in.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from consult.images import nets, pixels

WIDE, HIGH = 1200, 900
SIZES = (14, 20, 28, 40, 52, 80, 120)  # pixels of a letter
TEXTS = ("LE GOFF YVONNE 02/03/1948", "Mme Kerbrat", "IPP 8004512378", "12:41  CHU BREST")
INKS = {"light": (240, 240, 240), "dark": (15, 15, 15), "faint": (150, 150, 150)}
DRAWN = ("black", "white", "skin", "ultrasound")
PHOTOS = ("chelsea.png", "ihc.png")  # in which the net sees no words by itself, at this size
EMPTY = ("brick", "cell", "chelsea", "clock_motion", "coffee", "coins", "grass", "gravel", "horse", "ihc", "moon")


def drawn(kind: str) -> Image.Image:
    """Flat, as a device's border is; a glow under grain, as an ultrasound; skin."""
    dice = np.random.default_rng(7)
    y, x = np.mgrid[0:HIGH, 0:WIDE]
    if kind == "skin":
        shades = np.array([214, 170, 148]) + dice.normal(0, 5, (HIGH, WIDE, 1))
    elif kind == "ultrasound":
        shades = np.repeat((50 + 80 * np.exp(-(((x - 650) / 300) ** 2 + ((y - 500) / 230) ** 2)) + dice.normal(0, 8, (HIGH, WIDE)))[..., None], 3, axis=2)
    else:
        shades = np.full((HIGH, WIDE, 3), 12 if kind == "black" else 235)
    return Image.fromarray(shades.clip(0, 255).astype(np.uint8))


def sent(image: Image.Image) -> Image.Image:
    """As it comes from a telephone's editor: a JPEG."""
    into = io.BytesIO()
    image.save(into, "JPEG", quality=90)
    return Image.open(io.BytesIO(into.getvalue())).convert("RGB")


def written(ground: Image.Image, text: str, size: int, ink: str, turn: int) -> tuple[Image.Image, nets.Box] | None:
    """The picture, and where its words are; None where they have no room."""
    font, stencil = ImageFont.load_default(size), Image.new("L", ground.size)
    left, top, right, bottom = (round(part) for part in font.getbbox(text))
    line = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(line).text((1 - left, 1 - top), text, fill=255, font=font)
    line = line.rotate(turn, expand=True, resample=Image.Resampling.BICUBIC)
    at = (90, 70)
    if at[0] + line.width > ground.width or at[1] + line.height > ground.height:
        return None
    stencil.paste(line, at)
    image = ground.copy()
    image.paste(INKS[ink], mask=stencil)
    x, y, to_x, to_y = stencil.getbbox() or (0, 0, 0, 0)
    return image, (x / image.width, y / image.height, (to_x - x) / image.width, (to_y - y) / image.height)


def grounds(photos: Path) -> list[Image.Image]:
    return [drawn(kind) for kind in DRAWN] + [Image.open(photos / name).convert("RGB").resize((WIDE, HIGH), Image.Resampling.BICUBIC) for name in PHOTOS]


def with_words(photos: Path) -> Iterator[tuple[str, Image.Image, nets.Box]]:
    """Every size on every ground, upright, tilted or on its side by turns; on even grounds every other time hardly darker or lighter than these."""
    for at, ground in enumerate(grounds(photos)):
        bright = np.asarray(ground.crop((90, 70, 700, 200)).convert("L")).mean()
        for n, size in enumerate(SIZES):
            ink = "faint" if (at + n) % 2 and not 70 < bright < 225 else "light" if bright < 128 else "dark"
            turn, text = (0, 8, 0, 90)[(at + n) % 4], TEXTS[(at + 3 * n) % len(TEXTS)]
            made = written(ground, text, size, ink, turn) or written(ground, min(TEXTS, key=len), size, ink, turn)
            if made:
                yield f"{size} px", sent(made[0]), made[1]


def wider(box: nets.Box, by: int) -> nets.Box:
    """As a person masks: that many pixels more on every side."""
    x, y, wide, high = box
    left, top = max(0.0, x - by / WIDE), max(0.0, y - by / HIGH)
    return left, top, min(1.0, x + wide + by / WIDE) - left, min(1.0, y + high + by / HIGH) - top


def masks_alone(photos: Path) -> Iterator[Image.Image]:
    """One to four solid boxes where there were no words."""
    dice = np.random.default_rng(3)
    for _ in range(3):
        for ground in grounds(photos):
            boxes = []
            for _ in range(int(dice.integers(1, 5))):
                wide, high = math.exp(dice.uniform(math.log(20), math.log(500))) / WIDE, math.exp(dice.uniform(math.log(14), math.log(200))) / HIGH
                boxes.append((float(dice.uniform(0, 1 - wide)), float(dice.uniform(0, 1 - high)), wide, high))
            yield sent(pixels.mask(ground.copy(), boxes))


def _meet(a: nets.Box, b: nets.Box) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def measure(photos: Path) -> None:
    """Prints what was found of the words, and of what was none."""
    nets.load(["words"])
    spent, found = time.process_time(), {f"{size} px": [0, 0] for size in SIZES}
    again = {"as proposed": [0, 0], "by hand, close": [0, 0], "by hand, wide": [0, 0]}
    for group, image, where in with_words(photos):
        boxes = [box for box in nets.words(image) if _meet(box, where)]
        found[group][0] += bool(boxes)
        found[group][1] += 1
        for name, masks in {"as proposed": boxes, "by hand, close": [wider(where, 2)], "by hand, wide": [wider(where, 25)]}.items():
            if masks:
                again[name][0] += any(_meet(box, hidden) for box in nets.words(sent(pixels.mask(image.copy(), masks))) for hidden in masks)
                again[name][1] += 1
    for group, (seen, there) in found.items():
        print(f"{seen:4} of {there:3} found               words, {group}")
    seen, there = (sum(n[at] for n in found.values()) for at in (0, 1))
    for name, (held, masked) in again.items():
        print(f"{held:4} of {masked:3} held again          words masked {name}")
    for name, images in {"masks alone": list(masks_alone(photos)), "no words": [Image.open(photos / f"{name}.png").convert("RGB") for name in EMPTY]}.items():
        print(f"{sum(bool(nets.words(image)) for image in images):4} of {len(images):3} taken for words     {name}")
    print(f"words found: {seen} of {there} ({seen / there:.1%}); {time.process_time() - spent:.0f} s of the processor")
