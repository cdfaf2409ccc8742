"""One frame of a DICOM file to pixels, through its own window; every tag stays behind."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.pixels.utils import pixel_array

from consult.errors import Refusal
from consult.images.kinds import check_size

_CODES = {
    **dict.fromkeys((0x00080080, 0x00080081, 0x00080090, 0x00081040, 0x00081048, 0x00081050, 0x00081060, 0x00081070, 0x00321032), "institution"),
    **dict.fromkeys((0x00080050, 0x00200010, 0x00020003), "identifiers"),
    **dict.fromkeys((0x00080070, 0x00081090, 0x00081010), "device"),
    **dict.fromkeys((0x00181000, 0x00181002), "serial"),
    **dict.fromkeys((0x00181020, 0x00020013), "software"),
    **dict.fromkeys((0x00081030, 0x0008103E, 0x00204000, 0x00104000, 0x00181030), "description"),
}


def read(data: bytes) -> tuple[Image.Image, set[str]]:
    """The picture as RGB, and what its tags told. Raises Refusal image.damaged, .no_pixels, .animated, .pixels, .compression."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote values of tags
        try:
            file = pydicom.dcmread(io.BytesIO(data))
            rows, columns, frames = int(file.get("Rows") or 0), int(file.get("Columns") or 0), int(file.get("NumberOfFrames") or 1)
            codes = set(_found(file))
        except MemoryError:
            raise
        except Exception:  # as in pixels.py: what reads hostile bytes raises anything
            raise Refusal("image.damaged") from None
        if not (rows and columns and "PixelData" in file):
            raise Refusal("image.no_pixels")
        if frames > 1:
            raise Refusal("image.animated")
        check_size(columns, rows)
        return _frame(file), codes


def _frame(file: pydicom.Dataset) -> Image.Image:
    try:
        syntax = file.file_meta.TransferSyntaxUID
        if syntax.is_compressed and not get_decoder(syntax).is_available:
            raise Refusal("image.compression")
        values = pixel_array(file)
        shades = file.get("PhotometricInterpretation") or "MONOCHROME2"
        if shades == "PALETTE COLOR":
            values = apply_color_lut(values, file)
            values = (values >> 8 if values.dtype.itemsize > 1 else values).astype(np.uint8)
        elif values.ndim == 2:
            values = _window(values, file)
            if shades == "MONOCHROME1":
                values = 255 - values
        elif values.dtype != np.uint8:
            values = (values >> max(0, int(file.BitsStored) - 8)).astype(np.uint8)
        return Image.fromarray(values).convert("RGB")
    except (Refusal, MemoryError):
        raise
    except NotImplementedError:
        raise Refusal("image.compression") from None
    except Exception:  # as above
        raise Refusal("image.damaged") from None


def _window(values: NDArray[np.generic], file: pydicom.Dataset) -> NDArray[np.uint8]:
    """Shades of grey as its author meant them: the rescale, then the window or table, then 0 to 255.

    A table over the values that occur spares memory: 16 bits hold 65,536 of them, a mammogram 20 million pixels.
    """
    low, high = int(values.min()), int(values.max())
    few = high - low < 2**17
    domain = np.arange(low, high + 1) if few else values.astype(np.int64)
    shown = np.asarray(apply_voi_lut(apply_modality_lut(domain, file), file), dtype=np.float64)
    if "WindowWidth" in file or "VOILUTSequence" in file:  # white and black are the window's, also where the picture reaches neither
        edges = np.asarray(apply_voi_lut(np.array([-(2**31), 2**31 - 1]), file), dtype=np.float64)
    else:
        edges = np.array([shown.min(), shown.max()])
    dark, bright = float(edges.min()), float(edges.max())
    scaled = ((shown - dark) * (255.0 / max(bright - dark, 1e-9))).clip(0, 255).astype(np.uint8)
    return scaled[values.astype(np.int64) - low] if few else scaled


def _found(file: pydicom.Dataset) -> Iterator[str]:
    """Of all tags that hold something, nested ones too."""
    for part in (getattr(file, "file_meta", None), file):
        for element in part.iterall() if part is not None else ():
            if element.is_empty or element.tag == 0x7FE00010:
                continue
            if element.tag.is_private:
                yield "maker_note"
            elif int(element.tag) in _CODES:
                yield _CODES[int(element.tag)]
            elif element.tag.group == 0x0010:
                yield "patient"
            elif element.VR in ("DA", "DT", "TM"):
                yield "date"
            elif element.VR == "UI" and element.keyword.endswith("InstanceUID"):
                yield "identifiers"
            elif element.VR == "PN":
                yield "institution"
            elif element.tag.group & 0xFF00 == 0x6000:
                yield "other_data"
