"""The face net before photographs that may be copied freely, turned, cut, darkened, near and far, and before drawn ones: how many it misses.

The photographs are those inside scikit-image's wheel: an astronaut (NASA), a man with a camera, small grey faces of LFW, and
scenes without a face. No freely licensed collection of dark-skinned faces is inside any package: what stands here for one is a real face
made darker, which is a weaker proof, and is named so in the table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from consult.images import nets

FACE = (170, 60, 280, 200)  # where the astronaut's is
Change = Callable[[Image.Image], Image.Image]


def _on(image: Image.Image, width: int, height: int) -> Image.Image:
    ground = Image.new("RGB", (width, height), (150, 150, 150))
    ground.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return ground


def _darker(image: Image.Image, part: float) -> Image.Image:
    """As skin of more pigment is: less light, and of it less blue than red."""
    shades = np.asarray(image, np.float32) / 255
    return Image.fromarray((255 * (shades ** (1 / part) * np.array([1.0, 0.86, 0.74], np.float32))).clip(0, 255).astype(np.uint8))


CHANGES: dict[str, Change] = {
    "upright": lambda i: i,
    "mirrored": lambda i: i.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    **{f"turned by {a}°": (lambda i, a=a: i.rotate(a, expand=True, fillcolor=(90, 90, 90))) for a in (30, 60, 90, 135, 180, 225, 270)},
    "made darker (for dark skin)": lambda i: _darker(i, 0.6),
    "made much darker": lambda i: _darker(i, 0.4),
    "under-exposed": lambda i: ImageEnhance.Brightness(i).enhance(0.3),
    "over-exposed": lambda i: ImageEnhance.Brightness(i).enhance(2.0),
    "grey": lambda i: i.convert("L").convert("RGB"),
    "out of focus": lambda i: i.filter(ImageFilter.GaussianBlur(3)),
    "close up": lambda i: i.crop(FACE).resize((1100, 1400)),
    "close up, turned by 90°": lambda i: i.crop(FACE).resize((1100, 1400)).rotate(90, expand=True),
    "left half": lambda i: i.crop((120, 0, 225, 260)).resize((840, 2080)),
    "right half": lambda i: i.crop((225, 0, 360, 260)).resize((1080, 2080)),
    "from the nose up": lambda i: i.crop((120, 20, 340, 135)).resize((1760, 920)),
    "from the nose down": lambda i: i.crop((120, 140, 340, 300)).resize((1760, 1280)),
    "an eye alone": lambda i: i.crop((185, 95, 235, 130)).resize((1500, 1050)),
    "a third of the height, in 12 megapixels": lambda i: _on(i.resize((2600, 2600)), 4000, 3000),
    "a tenth of the height": lambda i: _on(i.resize((1200, 1200)), 4000, 3000),
    "a thirtieth of the height": lambda i: _on(i.resize((400, 400)), 4000, 3000),
}


def drawn(number: int) -> Image.Image:
    """A face as a pencil has it: an oval, eyes, a nose, a mouth."""
    dice = np.random.default_rng(number)
    image = Image.new("RGB", (600, 800), tuple(int(x) for x in dice.integers(200, 255, 3)))
    draw, skin = ImageDraw.Draw(image), tuple(int(x) for x in dice.integers(90, 235, 3))
    draw.ellipse((120, 120, 480, 640), fill=skin, outline="black", width=5)
    draw.pieslice((110, 90, 490, 420), 180, 360, fill=(40, 30, 20))
    for x in (220, 380):
        draw.ellipse((x - 35, 330, x + 35, 370), fill="white", outline="black", width=3)
        draw.ellipse((x - 14, 336, x + 14, 364), fill=(60, 40, 20))
        draw.arc((x - 45, 285, x + 45, 340), 200, 340, fill="black", width=7)
    draw.line((300, 360, 280, 450, 315, 455), fill="black", width=4)
    draw.chord((240, 500, 360, 570), 0, 180, fill=(170, 40, 50), outline="black")
    return image.filter(ImageFilter.GaussianBlur(float(dice.uniform(0, 3))))


def groups(photos: Path) -> Iterator[tuple[str, bool, list[Image.Image]]]:
    """(name, whether there is a face, pictures)."""
    astronaut = Image.open(photos / "astronaut.png").convert("RGB")
    for name, change in CHANGES.items():
        yield f"astronaut, {name}", True, [change(astronaut)]
    yield "man with a camera, from the side", True, [Image.open(photos / "camera.png").convert("RGB")]
    small = np.load(photos / "lfw_subset.npy")[:100:4]
    yield (
        "LFW, 25 pixels, enlarged",
        True,
        [_on(Image.fromarray((255 * face).astype(np.uint8)).convert("RGB").resize((300, 300), Image.Resampling.BICUBIC), 640, 640) for face in small],
    )
    yield "drawn", True, [drawn(n) for n in range(20)]
    empty = ("brick", "cell", "chelsea", "clock_motion", "coffee", "coins", "grass", "gravel", "horse", "ihc", "logo", "moon", "motorcycle_left", "page", "text")
    scenes = [Image.open(photos / f"{name}.png").convert("RGB") for name in empty]
    yield "no face: things, a cat, tissue, print", False, scenes
    more = [Image.open(photos / f"{name}.jpg").convert("RGB") for name in ("retina", "rocket", "hubble_deep_field")]
    yield "no face: a retina, a rocket, the sky", False, more
    yield (
        "no face: patches of LFW without one",
        False,
        [Image.fromarray((255 * p).astype(np.uint8)).convert("RGB").resize((300, 300)) for p in np.load(photos / "lfw_subset.npy")[100::4]],
    )


def measure(photos: Path) -> int:
    """Prints the table; how many real faces, not drawn, were missed in all."""
    nets.load(["faces"])
    missed = there = false = none = 0
    spent = 0.0
    for name, face, pictures in groups(photos):
        began = time.process_time()
        seen = sum(bool(nets.faces(p)) for p in pictures)
        spent += time.process_time() - began
        print(f"{seen:4} of {len(pictures):3} {'found' if face else 'taken for a face'}   {name}", flush=True)
        if not face:
            false, none = false + seen, none + len(pictures)
        elif name != "drawn":
            missed, there = missed + len(pictures) - seen, there + len(pictures)
    print(f"faces missed: {missed} of {there} ({missed / there:.0%}), drawn ones apart; false alarms: {false} of {none}; {spent:.0f} s of the processor")
    return missed
