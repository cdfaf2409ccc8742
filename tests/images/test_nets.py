"""The second net: a real face is seen however it lies, a masked one is not; words burnt in are seen; nothing is seen where nothing is.

astronaut.jpg: part of NASA's portrait of Eileen Collins, in the public domain.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from consult.images import nets, pixels, weights
from consult.images.darkroom import Darkroom, Developed

from .pictures import saved, scene, write

PHOTO = Path(__file__).parent / "astronaut.jpg"
FACE = (0.25, 0.2, 0.6, 0.65)  # left, top, right, bottom of where it is


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    nets.load(["faces", "words"])


def photo() -> Image.Image:
    return Image.open(PHOTO).convert("RGB")


def middle(box: nets.Box) -> tuple[float, float]:
    return box[0] + box[2] / 2, box[1] + box[3] / 2


def test_a_face_is_found_where_it_is() -> None:
    (box,) = nets.faces(photo())
    x, y = middle(box)
    assert FACE[0] < x < FACE[2] and FACE[1] < y < FACE[3]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_face_that_lies_is_found_where_it_lies(quarters: int) -> None:
    x, y = middle(nets.faces(photo())[0])
    found = nets.faces(photo().rotate(90 * quarters, expand=True))
    for _ in range(quarters):  # against the clock
        x, y = y, 1 - x
    assert any(abs(middle(box)[0] - x) < 0.1 and abs(middle(box)[1] - y) < 0.1 for box in found)


def test_no_face_in_skin() -> None:
    assert nets.faces(scene(900, 700)) == []


def written(image: Image.Image) -> Image.Image:
    ImageDraw.Draw(image).text((30, 20), "LE GOFF YVONNE  02/03/1948", fill="white", font=ImageFont.load_default(28))
    return image


def sent(image: Image.Image) -> Image.Image:
    """As the page sends what it masked."""
    return Image.open(io.BytesIO(saved(image, "jpeg", quality=90))).convert("RGB")


def test_words_are_found_where_they_are() -> None:
    found = nets.words(written(Image.new("RGB", (800, 600), (20, 20, 20))))
    assert found and all(middle(box)[1] < 0.15 for box in found)
    assert nets.words(Image.new("RGB", (800, 600), (20, 20, 20))) == []


@pytest.mark.parametrize("size", [14, 28, 52, 80, 120])
def test_no_ink_is_left_outside_of_where_words_are(size: int) -> None:
    """The boxes are proposed as masks: letters that stick out could be read."""
    image, ink = Image.effect_noise((900, 700), 12).convert("RGB"), Image.new("L", (900, 700))
    for canvas in (image, ink):
        ImageDraw.Draw(canvas).text((40, 60), "KANARI YVG 1948", fill="white", font=ImageFont.load_default(size))
    assert ink.getbbox()
    boxes = nets.words(image)
    assert boxes
    assert not pixels.mask(ink.convert("RGB"), boxes).convert("L").point(lambda bright: 255 * (bright > 60)).getbbox()


@pytest.mark.parametrize("ground", ["skin", "black", "white"])
@pytest.mark.parametrize("size", [14, 28, 52, 80, 120])
def test_words_that_were_masked_are_not_held_again(size: int, ground: str) -> None:
    """The net takes solid boxes, and empty grounds beside them, for words; what is left unmasked it still sees."""
    image = scene(900, 700) if ground == "skin" else Image.new("RGB", (900, 700), ground)
    for y in (240, 460):
        ImageDraw.Draw(image).text((230, y), "KANARI 1948", fill="white" if ground == "black" else "black", font=ImageFont.load_default(size))
    upper = [box for box in nets.words(image) if middle(box)[1] < 0.55]
    assert upper and len(nets.words(image)) > len(upper)
    one = sent(pixels.mask(image.copy(), upper))
    assert any(middle(box)[1] > 0.55 for box in nets.words(one)), "the line below is not masked"
    both = nets.words(image)
    assert nets.words(sent(pixels.mask(image.copy(), both))) == []


def test_what_is_masked_is_seen_no_more() -> None:
    image = photo()
    boxes = nets.faces(image)
    assert nets.faces(pixels.mask(image, [(b[0] - 0.05, b[1] - 0.05, b[2] + 0.1, b[3] + 0.1) for b in boxes])) == []


def test_through_the_studio(darkroom: Darkroom, tmp_path: Path, settings: object) -> None:
    settings.IMAGE_NETS = ["faces", "words"]  # type: ignore[attr-defined]
    done = darkroom.develop(write(tmp_path, saved(photo(), "jpeg")), tmp_path)
    assert isinstance(done, Developed) and len(done.faces) == 1
    settings.IMAGE_NETS = []  # type: ignore[attr-defined]
    done = darkroom.develop(write(tmp_path, saved(photo(), "jpeg")), tmp_path)
    assert isinstance(done, Developed) and done.faces == [] and done.words == []


def test_weights_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(weights.FILES, "faces", ("no_such_wheel", "x.onnx"))
    assert weights.path_of("faces") is None
    monkeypatch.setattr(nets, "_loaded", {})
    with pytest.raises(FileNotFoundError):
        nets.load(["faces"])
