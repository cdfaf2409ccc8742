"""What nobody should send: each is refused with a clear word, and the studio goes on with the next picture."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from bench.pictures.mutating import mutations
from consult.errors import CODES
from consult.images.darkroom import Darkroom, Developed, Refused

from . import pictures
from .conftest import Develop
from .pictures import MAKERS, bomb_png, chunk, corners, saved, scene

CANARY = "KANARI-bad-input"


def frames(count: int = 3) -> list[Image.Image]:
    return [scene(120, 80), *(scene(120, 80).rotate(20 * n) for n in range(1, count))]


def moving(kind: str) -> bytes:
    return saved(frames()[0], kind, save_all=True, append_images=frames()[1:], duration=50)


def vast_webp() -> bytes:
    """16,383 × 16,383 pixels of nothing in a few bytes, as WebP allows."""
    side = 16383
    header = b"\x2f" + struct.pack("<I", (side - 1) | (side - 1) << 14)
    body = b"VP8L" + struct.pack("<I", len(header) + 1) + header + b"\0\0"
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def vast_heic() -> bytes:
    """A small HEIC that says of itself that it is 30,000 × 30,000."""
    data = bytearray(saved(scene(64, 64), "heic"))
    at = data.index(b"ispe")
    data[at + 8 : at + 16] = struct.pack(">II", 30000, 30000)
    return bytes(data)


def vast_gif() -> bytes:
    return b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\xf7\0\0" + b"\0" * 768 + b",\0\0\0\0\xff\xff\xff\xff\0\x08" + b"\xff" * 2000


def vast_jpeg() -> bytes:
    data = bytearray(saved(scene(64, 64), "jpeg"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65000, 65000)
    return bytes(data)


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
REFUSED = {
    "empty": (b"", "image.kind"),
    "one byte": (b"\xff", "image.kind"),
    "SVG": (SVG, "image.kind"),
    "HTML": (HTML, "image.kind"),
    "PDF": (b"%PDF-1.7\n" + b"0" * 500, "image.kind"),
    "TIFF": (saved(scene(60, 40), "tiff"), "image.kind"),
    "BMP": (saved(scene(60, 40), "bmp"), "image.kind"),
    "a ZIP": (b"PK\x03\x04" + b"\0" * 100, "image.kind"),
    "GIF": (saved(scene(60, 40).quantize(8), "gif"), "image.kind"),
    "GIF, moving": (moving("gif"), "image.kind"),
    "GIF, a bomb": (vast_gif(), "image.kind"),
    "AVIF": (saved(scene(60, 40), "avif"), "image.kind"),
    "a film": (struct.pack(">I", 24) + b"ftypisom\0\0\2\0isomiso2" + b"\0" * 100, "image.kind"),
    "PNG, moving": (moving("png"), "image.animated"),
    "WebP, moving": (moving("webp"), "image.animated"),
    "HEIC sequence": (struct.pack(">I", 24) + b"ftyphevc\0\0\0\0hevcmsf1" + b"\0" * 100, "image.animated"),
    "PNG, a bomb": (bomb_png(50_000, 50_000), "image.pixels"),
    "PNG, as large as can be said": (bomb_png(2**31 - 1, 2**31 - 1), "image.pixels"),
    "WebP, a bomb": (vast_webp(), "image.pixels"),
    "JPEG, a bomb": (vast_jpeg(), "image.pixels"),
    "HEIC, a bomb": (vast_heic(), "image.pixels"),
    "just over 60 megapixels": (bomb_png(10_000, 6_001), "image.pixels"),
    "PNG without pixels": (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 10, 10, 8, 2, 0, 0, 0)) + chunk(b"IEND", b""), "image.damaged"),
    "PNG, fewer pixels than it says": (bomb_png(9_000, 6_000), "image.damaged"),
    "PNG of no width": (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 0, 10, 8, 2, 0, 0, 0)) + chunk(b"IEND", b""), "image.damaged"),
    "PNG, words that unpack to 100 MB": (
        saved(scene(60, 40), "png")[:33] + chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 100_000_000, 9)) + saved(scene(60, 40), "png")[33:],
        "image.damaged",
    ),
    "JPEG of a head alone": (saved(scene(), "jpeg")[:300], "image.damaged"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_word(develop: Develop, name: str) -> None:
    data, code = REFUSED[name]
    done, folder = develop(data)
    assert isinstance(done, Refused)
    assert (done.code, done.why) == (code, "content")
    assert CODES[code].fr and CODES[code].en
    assert list(folder.iterdir()) == []
    assert done.memory < 400 * 2**20  # refused before it was decoded


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("part", [0.02, 0.5, 0.95])
def test_truncated(develop: Develop, kind: str, part: float) -> None:
    data = saved(scene(), kind, quality=90)
    done, _ = develop(data[: int(len(data) * part)])
    assert isinstance(done, Refused)
    assert done.code in ("image.damaged", "image.kind")


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("payload", [HTML, SVG, b"PK\x03\x04" + b"archive" * 99, b"GIF89a" + b"\0" * 99], ids=["html", "svg", "zip", "gif"])
def test_polyglots_leave_their_other_half_behind(develop: Develop, kind: str, payload: bytes) -> None:
    """A file that is a picture and something else as well becomes the picture alone."""
    done, folder = develop(saved(scene(), kind, quality=90) + payload)
    assert isinstance(done, Developed) and {"trailing", "other_data"} & set(done.found)
    for file in folder.iterdir():
        assert payload[:16] not in file.read_bytes()
        assert file.read_bytes()[:4] == b"RIFF"


def test_exif_as_large_as_it_can_be(develop: Develop) -> None:
    """65,000 bytes of EXIF, and thirty further blocks of nothing."""
    plain = saved(scene(), "jpeg")
    blocks = [pictures._segment(0xE1, b"Exif\0\0" + b"MM\0\x2a\0\0\0\x08" + b"\xff" * 65000)] + [pictures._segment(0xEA, CANARY.encode() * 2000)] * 30
    done, folder = develop(plain[:2] + b"".join(blocks) + plain[2:])
    assert isinstance(done, Developed) and {"exif", "other_data"} <= set(done.found)
    assert all(CANARY.encode() not in f.read_bytes() for f in folder.iterdir())


def test_exif_that_points_at_itself(develop: Develop) -> None:
    """An EXIF directory whose next one is itself, and whose camera's directory is itself."""
    entry = struct.pack(">HHII", 0x8769, 4, 1, 8)
    block = b"MM\0\x2a" + struct.pack(">I", 8) + struct.pack(">H", 1) + entry + struct.pack(">I", 8)
    done, _ = develop(saved(scene(), "jpeg", exif=b"Exif\0\0" + block))
    assert isinstance(done, Developed) and "exif" in done.found


def test_heic_of_several_shows_the_primary(develop: Develop) -> None:
    """A burst in one HEIC: the picture that the file itself names is shown, the others are left behind."""
    file = pillow_heif.HeifFile()
    for frame in (scene().transpose(Image.Transpose.ROTATE_180), scene()):
        file.add_from_pillow(frame)
    into = io.BytesIO()
    file.save(into, primary_index=1)
    done, folder = develop(into.getvalue())
    assert isinstance(done, Developed) and "other_pictures" in done.found
    assert corners(Image.open(folder / "room.webp")) == list(pictures.CORNERS)


def test_over_the_limit_of_memory(darkroom: Darkroom, tmp_path: Path, settings: object) -> None:
    """59 megapixels of palette need more than 128 MB: refused with a word, and the next picture is developed."""
    settings.IMAGE_MEMORY_MB = 128  # type: ignore[attr-defined]
    big = saved(Image.fromarray(np.zeros((7000, 8400), np.uint8)).convert("P"), "png")
    done = darkroom.develop(pictures.write(tmp_path, big), tmp_path)
    assert isinstance(done, Refused) and (done.code, done.why) == ("image.too_heavy", "memory")
    assert isinstance(darkroom.develop(pictures.write(tmp_path, saved(scene(), "png")), tmp_path), Developed)


def test_over_the_limit_of_time(darkroom: Darkroom, tmp_path: Path, settings: object) -> None:
    """55 megapixels in a tenth of a second: the child is killed, and the next picture is developed."""
    big = pictures.write(tmp_path, saved(Image.fromarray(np.zeros((7000, 7900), np.uint8)), "png"))
    settings.IMAGE_SECONDS = 0.02  # type: ignore[attr-defined]
    done = darkroom.develop(big, tmp_path)
    assert isinstance(done, Refused) and done.code == "image.too_heavy"
    settings.IMAGE_SECONDS = 30  # type: ignore[attr-defined]
    assert isinstance(darkroom.develop(pictures.write(tmp_path, saved(scene(), "png")), tmp_path), Developed)


def test_a_studio_that_was_killed_is_replaced(tmp_path: Path) -> None:
    room = Darkroom()
    try:
        source = pictures.write(tmp_path, saved(scene(), "png"))
        assert isinstance(room.develop(source, tmp_path), Developed)
        assert room.studio is not None
        room.studio.kill()
        room.studio.wait()
        assert isinstance(room.develop(source, tmp_path), Developed)
    finally:
        room.close()


@pytest.mark.parametrize("kind", MAKERS)
def test_mutated_files(develop: Develop, kind: str) -> None:
    """A few of what `python -m bench.pictures` does by the thousand: a picture or a word, and no planted byte in what is kept."""
    original = MAKERS[kind](CANARY)
    for data in mutations([original], seed=7, count=8):
        done, folder = develop(data)
        assert done.why in ("content", "memory") if isinstance(done, Refused) else done.sizes
        assert all(CANARY.encode() not in f.read_bytes() for f in folder.iterdir())
