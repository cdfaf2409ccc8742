"""From a file to clean pixels, and from those to the three sizes that are kept: nothing else of the file survives.

Runs in a process of its own under limits (`studio.py`), for what it reads is written by anyone. Decoded once, made smaller as early as
possible (a JPEG while it is decoded), turned and brought to sRGB when it is small, encoded afresh.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pi_heif
from PIL import Image, ImageCms, ImageDraw

from consult.errors import Refusal
from consult.images import dicom
from consult.images import found as finding
from consult.images.kinds import HEAD, check_size, kind_of, webp_size

# The longer side, in pixels, and the quality of WebP: decided by measurement, docs/decisions/0010.
SIZES = {"zoom": (2560, 84), "room": (1280, 80), "list": (320, 76)}
METHOD = 2  # 4, which is WebP's default, takes four times as long for files 5 % smaller

pi_heif.register_heif_opener(decode_threads=1, thumbnails=True)
_FORMATS = {"jpeg": ["JPEG"], "png": ["PNG"], "webp": ["WEBP"], "heic": ["HEIF"]}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SRGB = ImageCms.createProfile("sRGB")
Box = tuple[float, float, float, float]  # left, top, width, height, as parts of the whole: 0 to 1


@dataclass(slots=True)
class Clean:
    """Pixels alone: RGB, upright, sRGB, at most the zoom's size; with the size the picture had and what was left behind."""

    image: Image.Image
    width: int
    height: int
    found: set[str] = field(default_factory=set)


def clean(data: bytes) -> Clean:
    """Raises Refusal image.kind, .pixels, .animated, .damaged, .no_pixels, .compression, and MemoryError under a limit."""
    kind = kind_of(data[:HEAD])
    if kind == "dicom":
        image, codes = dicom.read(data)
        return Clean(smaller(image, SIZES["zoom"][0]), *image.size, codes)
    opened = _open(data, kind)
    width, height = opened.size
    codes = finding.heic(data, opened) if kind == "heic" else finding.CONTAINERS[kind](data)
    turn, profile = _turn(opened), opened.info.get("icc_profile")
    image = smaller(_decoded(opened), SIZES["zoom"][0])
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        codes.add("transparency")
    image = _srgb(_eight_bits(image), profile)
    if turn is not None:
        image = image.transpose(turn)
        if turn.value >= 2 and turn is not Image.Transpose.ROTATE_180:
            width, height = height, width
    image.info = {}
    return Clean(image, width, height, codes)


def _open(data: bytes, kind: str) -> Image.Image:
    """The header alone. Raises Refusal image.damaged, .animated, .pixels."""
    Image.MAX_IMAGE_PIXELS = None  # `check_size` decides, at a figure of ours
    if kind == "webp":
        check_size(*webp_size(data[:HEAD]))
    try:
        opened = Image.open(io.BytesIO(data), formats=_FORMATS[kind])
    except MemoryError:
        raise
    except Exception:  # a reader of hostile bytes raises anything: struct.error, SyntaxError, ValueError …
        raise Refusal("image.damaged") from None
    check_size(*opened.size)
    if kind in ("png", "webp") and getattr(opened, "is_animated", False):
        raise Refusal("image.animated")  # one frame out of a film would pass for the whole
    return opened


def _decoded(opened: Image.Image) -> Image.Image:
    """The pixels. A JPEG is decoded at a half or a quarter where that is enough for the largest size."""
    try:
        side = SIZES["zoom"][0]
        if opened.format in ("JPEG", "MPO") and max(opened.size) > side:
            scale = side / max(opened.size)
            opened.draft(None, (round(opened.width * scale), round(opened.height * scale)))
        opened.load()
    except MemoryError:
        raise
    except Exception:  # as above: truncated, broken, lying about itself
        raise Refusal("image.damaged") from None
    check_size(*opened.size)  # HEIC may turn out larger than it said
    return opened


def _turn(opened: Image.Image) -> Image.Transpose | None:
    try:
        return _TURNS.get(opened.getexif().get(0x0112, 1))
    except Exception:  # a malformed EXIF block says nothing of where up is
        return None


def smaller(image: Image.Image, side: int) -> Image.Image:
    """With its longer side at most `side`. Modes that cannot be averaged become ones that can."""
    if image.mode in ("P", "PA", "1"):
        image = image.convert("RGBA" if image.mode == "PA" or "transparency" in image.info else "RGB")
    elif image.mode in ("RGB", "L") and "transparency" in image.info:  # one colour stands for nothing
        image = image.convert("RGBA" if image.mode == "RGB" else "LA")
    longer = max(image.size)
    if longer <= side:
        return image
    size = max(1, round(image.width * side / longer)), max(1, round(image.height * side / longer))
    # Halved by averages as far as that goes: from one kept size to the next that is all there is to do.
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=1.0)


def _eight_bits(image: Image.Image) -> Image.Image:
    """RGB, L or CMYK of eight bits, on white where it was transparent."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L")
    if image.mode in ("RGBA", "LA", "RGBa", "La"):
        image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    return image if image.mode in ("RGB", "L", "CMYK") else image.convert("RGB")


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Into sRGB by the profile it came with. One that cannot be read, or fits other pixels, is no profile."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            made = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            made = None
        if made is not None:
            return made
    return image if image.mode == "RGB" else image.convert("RGB")


def mask(image: Image.Image, boxes: Sequence[Box]) -> Image.Image:
    """Burns solid rectangles into the pixels, in place."""
    draw = ImageDraw.Draw(image)
    for left, top, width, height in boxes:
        x, y = left * image.width, top * image.height
        draw.rectangle((int(x), int(y), int(x + width * image.width + 1), int(y + height * image.height + 1)), fill="black")
    return image


def write_sizes(image: Image.Image, into: Path) -> dict[str, tuple[int, int, int]]:
    """Encodes every size, each made from the one before; per size (width, height, bytes)."""
    sizes = {}
    for name, (side, quality) in SIZES.items():
        image = smaller(image, side)
        path = into / f"{name}.webp"
        image.save(path, "WEBP", quality=quality, method=METHOD, exif=b"", xmp=b"", icc_profile=None)
        sizes[name] = (*image.size, path.stat().st_size)
    return sizes
