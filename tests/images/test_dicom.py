"""DICOM: one frame through its own window to pixels; every tag stays behind, and is reported."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless, generate_uid

from consult.images.darkroom import Developed, Refused

from .conftest import Develop
from .pictures import corners, scene

CANARY = "KANARI^YVONNE"


def dicom(values: Any = None, *, syntax: UID = ExplicitVRLittleEndian, **tags: Any) -> bytes:
    """A file with a patient, a hospital, numbers and private tags; `values` are its pixels (none: it has none)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.2")
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian if syntax.is_compressed else syntax
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128, is_implicit_VR=meta.TransferSyntaxUID.is_implicit_VR, is_little_endian=meta.TransferSyntaxUID.is_little_endian)
    made.PatientName, made.PatientID, made.PatientBirthDate = CANARY, CANARY, "19480302"
    made.InstitutionName, made.ReferringPhysicianName, made.OperatorsName = CANARY, CANARY, CANARY
    made.AccessionNumber, made.StudyID, made.StudyInstanceUID = "KANARI", "KANARI", generate_uid()
    made.StudyDate, made.StudyDescription, made.DeviceSerialNumber, made.Manufacturer = "20261102", CANARY, "KANARI", CANARY
    made.private_block(0x0011, "MAKER", create=True).add_new(0x01, "LO", CANARY)
    inner = Dataset()
    inner.PatientName = CANARY
    made.ReferencedPatientSequence = [inner]
    if values is not None:
        made.Rows, made.Columns = values.shape[:2]
        made.SamplesPerPixel = 3 if values.ndim == 3 else 1
        made.PhotometricInterpretation = "RGB" if values.ndim == 3 else "MONOCHROME2"
        if values.ndim == 3:
            made.PlanarConfiguration = 0
        made.BitsAllocated = made.BitsStored = values.dtype.itemsize * 8
        made.HighBit, made.PixelRepresentation = made.BitsStored - 1, int(values.dtype.kind == "i")
        made.PixelData = values.tobytes() if syntax != ExplicitVRBigEndian else values.astype(values.dtype.newbyteorder(">")).tobytes()
    for name, value in tags.items():
        setattr(made, name, value)
    if syntax == RLELossless:
        made.compress(RLELossless)
    elif syntax.is_compressed:
        made.file_meta.TransferSyntaxUID = syntax
        made.PixelData = pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51" + b"\0" * 64])
        made["PixelData"].is_undefined_length = True
    into = io.BytesIO()
    made.save_as(into, enforce_file_format=True)
    return into.getvalue()


def ramp(low: int, high: int, kind: str = "<i2") -> Any:
    """From `low` at the left to `high` at the right."""
    return np.tile(np.linspace(low, high, 256), (64, 1)).round().astype(kind)


def shades(folder: Path) -> Any:
    return np.asarray(Image.open(folder / "room.webp").convert("L")).mean(axis=0)


def test_a_ct_through_its_window(develop: Develop) -> None:
    """Rescaled by -1024, the window of soft parts, 40 ± 200: black below, white above, grey between."""
    done, folder = develop(dicom(ramp(0, 2048), RescaleSlope=1, RescaleIntercept=-1024, WindowCenter=40, WindowWidth=400))
    assert isinstance(done, Developed)
    line = shades(folder)
    at = lambda unit: float(line[round((unit + 1024) / 2048 * 255)])  # noqa: E731
    assert at(-400) < 6 and at(500) > 249
    assert abs(at(40) - 128) < 12 and abs(at(-60) - 64) < 12


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless], ids=lambda s: s.name)
def test_syntaxes_that_are_read(develop: Develop, syntax: UID) -> None:
    done, folder = develop(dicom(ramp(0, 4000, "<u2"), syntax=syntax))
    assert isinstance(done, Developed)
    line = shades(folder)
    assert line[0] < 12 and line[-1] > 243 and abs(line[128] - 128) < 12


def test_black_where_it_says_white(develop: Develop) -> None:
    _, folder = develop(dicom(ramp(0, 255, "u1"), PhotometricInterpretation="MONOCHROME1"))
    line = shades(folder)
    assert line[0] > 243 and line[-1] < 12


def test_in_colour(develop: Develop) -> None:
    image = scene(300, 200)
    done, folder = develop(dicom(np.asarray(image)))
    assert isinstance(done, Developed) and (done.width, done.height) == (300, 200)
    assert corners(Image.open(folder / "room.webp")) == corners(image)


def test_the_patient_stays_behind(develop: Develop) -> None:
    done, folder = develop(dicom(ramp(0, 255, "u1")))
    assert isinstance(done, Developed)
    assert set(done.found) == {"patient", "institution", "identifiers", "date", "description", "serial", "device", "maker_note", "software"}
    assert all(b"KANARI" not in f.read_bytes() for f in folder.iterdir())


REFUSED = {
    "no pixels": (dicom(), "image.no_pixels"),
    "pixels without a size": (dicom(ramp(0, 255, "u1"), Rows=0), "image.no_pixels"),
    "several frames": (dicom(ramp(0, 255, "u1"), NumberOfFrames=2), "image.animated"),
    "too large": (dicom(ramp(0, 255, "u1"), Rows=60000, Columns=60000), "image.pixels"),
    "fewer bytes than it says": (dicom(ramp(0, 255, "u1"), Rows=6000, Columns=6000), "image.damaged"),
    "JPEG-LS": (dicom(ramp(0, 255, "u1"), syntax=JPEGLSLossless), "image.compression"),
    "JPEG 2000, broken": (dicom(ramp(0, 255, "u1"), syntax=JPEG2000Lossless), "image.damaged"),
    "cut in its head": (dicom(ramp(0, 255, "u1"))[:200], "image.no_pixels"),
    "noise after the preamble": (b"\0" * 128 + b"DICM" + b"\xff" * 400, "image.no_pixels"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_word(develop: Develop, name: str) -> None:
    data, code = REFUSED[name]
    done, _ = develop(data)
    assert isinstance(done, Refused) and done.why == "content"
    assert done.code == code
