"""Pictures for tests, made here: a scene with a known colour in each corner, in every kind of file, with whatever metadata is asked for."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import piexif
import pillow_heif
from PIL import Image, ImageCms

pillow_heif.register_heif_opener()
CORNERS = {"red": (220, 30, 30), "green": (30, 190, 40), "blue": (30, 40, 210), "yellow": (230, 220, 40)}  # top left, top right, bottom left, bottom right


def scene(width: int = 600, height: int = 400, mode: str = "RGB") -> Image.Image:
    """Skin-coloured, with a little noise, and a patch of another colour in each corner."""
    noise = np.random.default_rng(1).integers(-6, 7, (height, width, 3))
    image = Image.fromarray((np.array([214, 170, 148]) + noise).astype(np.uint8))
    w, h = max(1, width // 4), max(1, height // 4)
    for at, colour in zip(((0, 0), (width - w, 0), (0, height - h), (width - w, height - h)), CORNERS.values(), strict=True):
        image.paste(colour, (*at, at[0] + w, at[1] + h))
    return image.convert(mode)


def corners(image: Image.Image) -> list[str]:
    """The names of the colours found in the corners, in the order of CORNERS."""
    image = image.convert("RGB")
    w, h = image.size
    found = []
    for at in ((w // 10, h // 10), (w - w // 10, h // 10), (w // 10, h - h // 10), (w - w // 10, h - h // 10)):
        pixel = np.array(image.getpixel(at))
        found.append(min(CORNERS, key=lambda name: int(np.abs(pixel - np.array(CORNERS[name])).sum())))
    return found


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    into = io.BytesIO()
    image.save(into, {"heic": "HEIF"}.get(kind, kind.upper()), **options)
    return into.getvalue()


def exif(canary: str, *, orientation: int = 1, thumbnail: bool = True) -> bytes:
    """Everything a telephone writes, with the canary wherever words are possible."""
    word = canary.encode()
    return piexif.dump(
        {
            "0th": {
                piexif.ImageIFD.Make: word,
                piexif.ImageIFD.Model: word,
                piexif.ImageIFD.Software: word,
                piexif.ImageIFD.Artist: word,
                piexif.ImageIFD.Copyright: word,
                piexif.ImageIFD.ImageDescription: word,
                piexif.ImageIFD.HostComputer: word,
                piexif.ImageIFD.XPAuthor: canary.encode("utf-16le"),
                piexif.ImageIFD.DateTime: b"2026:11:02 10:11:12",
                piexif.ImageIFD.Orientation: orientation,
            },
            "Exif": {
                piexif.ExifIFD.BodySerialNumber: word,
                piexif.ExifIFD.LensSerialNumber: word,
                piexif.ExifIFD.CameraOwnerName: word,
                piexif.ExifIFD.MakerNote: b"Apple iOS\0" + word * 20,
                piexif.ExifIFD.UserComment: b"ASCII\0\0\0" + word,
                piexif.ExifIFD.DateTimeOriginal: b"2026:11:02 10:11:12",
            },
            "GPS": {
                piexif.GPSIFD.GPSLatitudeRef: b"N",
                piexif.GPSIFD.GPSLatitude: ((48, 1), (6, 1), (3217, 100)),
                piexif.GPSIFD.GPSLongitudeRef: b"W",
                piexif.GPSIFD.GPSLongitude: ((4, 1), (5, 1), (1234, 100)),
                piexif.GPSIFD.GPSDateStamp: b"2026:11:02",
                piexif.GPSIFD.GPSProcessingMethod: word,
            },
            "1st": {piexif.ImageIFD.Make: word} if thumbnail else {},
            "thumbnail": saved(scene(160, 120), "jpeg") if thumbnail else None,
        }
    )


def xmp(canary: str) -> bytes:
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" '
        f'exif:GPSLatitude="48,6.5N" aux:SerialNumber="{canary}"><dc:creator><rdf:Seq><rdf:li>{canary}</rdf:li></rdf:Seq></dc:creator>'
        f"<dc:description><rdf:Alt><rdf:li>{canary}</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
    ).encode()


def profile(canary: str = "") -> bytes:
    """An sRGB profile, with the canary in a tag that no reader needs."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    if canary:
        made += canary.encode()
        made[:4] = struct.pack(">I", len(made))
    return bytes(made)


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(canary: str, *, orientation: int = 1, image: Image.Image | None = None) -> bytes:
    """A JPEG with every kind of metadata, a trailing file and an unknown segment."""
    plain = saved(image or scene(), "jpeg", quality=92, exif=exif(canary, orientation=orientation), icc_profile=profile(canary), comment=canary.encode())
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(canary) + 5) + b"\x1c\x02\x78" + struct.pack(">H", len(canary)) + canary.encode()
    more = _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(canary)) + _segment(0xED, iptc) + _segment(0xE5, canary.encode())
    return plain[:2] + more + plain[2:] + canary.encode() * 3


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(canary: str, *, image: Image.Image | None = None) -> bytes:
    plain = saved(image or scene(), "png", icc_profile=profile(canary))
    word = canary.encode()
    more = [
        chunk(b"tEXt", b"Comment\0" + word),
        chunk(b"zTXt", b"Description\0\0" + zlib.compress(word)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(canary)),
        chunk(b"tIME", struct.pack(">HBBBBB", 2026, 11, 2, 10, 11, 12)),
        chunk(b"eXIf", exif(canary).removeprefix(b"Exif\0\0")),
        chunk(b"cNRy", word),
    ]
    return plain[:33] + b"".join(more) + plain[33:] + word


def webp(canary: str, *, image: Image.Image | None = None) -> bytes:
    return saved(image or scene(), "webp", quality=90, exif=exif(canary), xmp=xmp(canary), icc_profile=profile(canary)) + canary.encode()


def heic(canary: str, *, image: Image.Image | None = None) -> bytes:
    made = saved(image or scene(), "heic", quality=80, exif=exif(canary), xmp=xmp(canary), icc_profile=profile(canary))
    return made + struct.pack(">I", 8 + len(canary)) + b"free" + canary.encode()


MAKERS = {"jpeg": jpeg, "png": png, "webp": webp, "heic": heic}


def bomb_png(width: int, height: int) -> bytes:
    """A PNG that says a size and holds as many zeros as it can, packed."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(b"\0" * 10_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def write(folder: Path, data: bytes, name: str = "upload") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path
