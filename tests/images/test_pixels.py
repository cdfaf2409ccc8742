"""A picture keeps its pixels, upright and in sRGB, and nothing else; each kind of file says what it carried."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import piexif
import pytest
from PIL import Image, ImageCms

from consult.images import pixels
from consult.images.darkroom import Developed
from consult.images.found import WORDS

from . import pictures
from .conftest import Develop
from .pictures import MAKERS, corners, saved, scene

CANARY = "KANARI-7f3a-Le-Goff-Yvonne"
EVERYTHING = {"gps", "date", "device", "serial", "author", "software", "description", "maker_note", "thumbnail", "exif", "xmp", "colour_profile"}


def room_of(folder: Path) -> Image.Image:
    return Image.open(folder / "room.webp")


@pytest.mark.parametrize("kind", MAKERS)
def test_says_what_it_carried(develop: Develop, kind: str) -> None:
    done, folder = develop(MAKERS[kind](CANARY))
    assert isinstance(done, Developed)
    more = {"jpeg": {"iptc", "other_data", "trailing"}, "png": {"other_data", "trailing"}, "webp": {"trailing"}, "heic": set()}[kind]
    assert set(done.found) == EVERYTHING | more
    assert set(done.found) <= set(WORDS)
    assert (done.width, done.height) == (600, 400)
    assert corners(room_of(folder)) == list(pictures.CORNERS)


@pytest.mark.parametrize("kind", MAKERS)
def test_nothing_of_the_file_survives(develop: Develop, kind: str) -> None:
    """An independent reader finds only what any WebP of these pixels has; the planted words are in no file."""
    _, folder = develop(MAKERS[kind](CANARY))
    reader = shutil.which("exiftool")
    assert reader, "exiftool is what proves this (Debian: libimage-exiftool-perl)"
    files = sorted(folder.iterdir())
    assert [f.name for f in files] == ["list.webp", "room.webp", "zoom.webp"]
    for file in files:
        assert CANARY.encode() not in file.read_bytes() and CANARY.encode("utf-16le") not in file.read_bytes()
    read = json.loads(subprocess.run([reader, "-j", "-a", "-u", "-U", "-ee3", "-G1", *files], capture_output=True, check=True).stdout)
    told = {name for one in read for name in one if name.split(":")[0] not in ("System", "ExifTool", "Composite", "File") and name != "SourceFile"}
    assert told <= {"RIFF:VP8Version", "RIFF:HorizontalScale", "RIFF:VerticalScale", "RIFF:ImageWidth", "RIFF:ImageHeight"}
    assert CANARY not in json.dumps(read)


@pytest.mark.parametrize("kind", MAKERS)
def test_the_reader_that_proves_it_can_see(kind: str, tmp_path: Path) -> None:
    """The same reader, on the file as it came: else the test above would prove nothing."""
    path = pictures.write(tmp_path, MAKERS[kind](CANARY))
    read = subprocess.run(["exiftool", "-j", "-a", "-G1", path], capture_output=True, check=True).stdout.decode()
    assert CANARY in read and "GPS" in read


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_upright(develop: Develop, orientation: int) -> None:
    """Laid down as a camera lays it, for each of the eight ways, it stands up again."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the Transpose that lays it
    image = scene() if orientation == 1 else scene().transpose(Image.Transpose(undo[orientation]))
    done, folder = develop(saved(image, "jpeg", quality=95, exif=piexif.dump({"0th": {piexif.ImageIFD.Orientation: orientation}})))
    assert isinstance(done, Developed)
    assert (done.width, done.height) == (600, 400)
    assert corners(room_of(folder)) == list(pictures.CORNERS)


def test_sizes(develop: Develop) -> None:
    done, folder = develop(saved(scene(2800, 2100), "jpeg", quality=90))
    assert isinstance(done, Developed)
    assert (done.width, done.height) == (2800, 2100)
    assert {n: s[:2] for n, s in done.sizes.items()} == {"zoom": (2560, 1920), "room": (1280, 960), "list": (320, 240)}
    assert {n: s[2] for n, s in done.sizes.items()} == {n: (folder / f"{n}.webp").stat().st_size for n in done.sizes}
    assert corners(Image.open(folder / "zoom.webp")) == list(pictures.CORNERS)


def test_a_small_picture_is_not_made_larger(develop: Develop) -> None:
    done, _ = develop(saved(scene(90, 60), "png"))
    assert isinstance(done, Developed)
    assert {s[:2] for s in done.sizes.values()} == {(90, 60)}


MODES = {
    "grey": saved(scene(mode="L"), "jpeg"),
    "CMYK": saved(scene(mode="CMYK"), "jpeg", quality=95),
    "palette": saved(scene().quantize(64), "png"),
    "palette, one colour transparent": saved(scene().quantize(64), "png", transparency=200),
    "one bit": saved(scene(mode="1"), "png"),
    "transparent": saved(scene(mode="RGBA"), "png"),
    "grey, transparent": saved(scene(mode="LA"), "png"),
    "16 bits, grey": saved(scene(mode="L").convert("I").point(lambda v: v * 257).convert("I;16"), "png"),
    "WebP, lossless": saved(scene(mode="RGBA"), "webp", lossless=True),
    "JPEG, progressive": saved(scene(), "jpeg", quality=90, progressive=True),
}


@pytest.mark.parametrize("name", MODES)
def test_every_mode_becomes_rgb(develop: Develop, name: str) -> None:
    done, folder = develop(MODES[name])
    assert isinstance(done, Developed)
    image = room_of(folder)
    assert (image.mode, image.size) == ("RGB", (600, 400))
    if "grey" in name or "bit" in name:
        middle, corner = (image.getpixel(at)[1] for at in ((300, 200), (40, 360)))  # type: ignore[index]  # skin is lighter than blue
        assert middle > corner + 60
    else:
        assert corners(image) == list(pictures.CORNERS)


def test_what_transparency_hid_is_gone(develop: Develop) -> None:
    """A picture whose alpha hides half of it: the hidden half is white, in every size."""
    image = scene(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 300, 400), Image.new("L", (300, 400), 255))
    hidden = scene(mode="RGBA")
    hidden.putalpha(image.getchannel("A"))
    done, folder = develop(saved(hidden, "png"))
    assert isinstance(done, Developed) and "transparency" in done.found
    for file in folder.iterdir():
        small = Image.open(file)
        assert min(small.getpixel((small.width // 8, small.height // 8))) > 240  # type: ignore[arg-type, type-var]
        assert corners(small)[1] == "green"


def test_colours_are_converted_to_srgb(develop: Develop) -> None:
    """A profile whose red and blue are exchanged: after conversion the picture looks as its author saw it."""
    swapped = ImageCms.ImageCmsProfile(io.BytesIO(_swapped_profile()))
    stored = ImageCms.profileToProfile(scene(), ImageCms.createProfile("sRGB"), swapped, outputMode="RGB")
    assert stored is not None and corners(stored) != list(pictures.CORNERS)
    done, folder = develop(saved(stored, "jpeg", quality=95, icc_profile=swapped.tobytes()))
    assert isinstance(done, Developed) and "colour_profile" in done.found
    assert corners(room_of(folder)) == list(pictures.CORNERS)


def _swapped_profile() -> bytes:
    """sRGB with its tags of red and blue exchanged."""
    made = pictures.profile()
    return made.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")


@pytest.mark.parametrize("spoil", [lambda p: p[:60], lambda p: b"\0" * len(p), lambda p: p[:128] + b"\xff" * (len(p) - 128), lambda p: b"x"])
def test_a_profile_that_cannot_be_read_is_none(develop: Develop, spoil: object) -> None:
    done, folder = develop(saved(scene(), "jpeg", icc_profile=spoil(pictures.profile())))  # type: ignore[operator]
    assert isinstance(done, Developed) and "colour_profile" in done.found
    assert corners(room_of(folder)) == list(pictures.CORNERS)


def test_masks_are_burnt_in(develop: Develop) -> None:
    _, folder = develop(saved(scene(), "jpeg"), masks=[(0.0, 0.0, 0.3, 0.3)])
    for file in folder.iterdir():
        image = Image.open(file)
        assert max(image.getpixel((image.width // 10, image.height // 10))) < 12  # type: ignore[arg-type, type-var]
        assert corners(image)[1:] == ["green", "blue", "yellow"]


def test_a_telephone_of_several_pictures_shows_the_first(develop: Develop) -> None:
    """MPO: a JPEG followed by others (depth, a brighter one). The first is the photo; the others are left behind."""
    into = io.BytesIO()
    scene().save(into, "MPO", save_all=True, append_images=[scene().transpose(Image.Transpose.ROTATE_180)])
    done, folder = develop(into.getvalue())
    assert isinstance(done, Developed) and "other_pictures" in done.found
    assert corners(room_of(folder)) == list(pictures.CORNERS)


def test_settings_of_sizes_go_down() -> None:
    sides = [side for side, _ in pixels.SIZES.values()]
    assert sides == sorted(sides, reverse=True)
