"""What a picture carries besides its pixels, as codes: the proof of what is left behind. Never a value, which would be kept with it.

Read from the file's own structure, so that what no library would show is found as well. What is malformed counts as found: this module
raises nothing, for nothing it looks at is carried over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from PIL import ExifTags, Image

# code: French, English. What the sender reads under "Retiré de la photo".
WORDS = {
    "gps": ("Position GPS", "GPS position"),
    "date": ("Date de prise de vue", "Date taken"),
    "device": ("Modèle de l’appareil", "Device model"),
    "serial": ("Numéro de série de l’appareil", "Device serial number"),
    "author": ("Nom de l’auteur ou du propriétaire", "Name of the author or owner"),
    "software": ("Logiciel", "Software"),
    "description": ("Titre, légende ou commentaire", "Title, caption or comment"),
    "maker_note": ("Données propres au fabricant", "Maker’s own data"),
    "thumbnail": ("Miniature de l’original", "Thumbnail of the original"),
    "other_pictures": ("Autres images dans le fichier (profondeur, rafale)", "Further pictures in the file (depth, burst)"),
    "exif": ("Réglages de l’appareil (EXIF)", "Camera settings (EXIF)"),
    "xmp": ("Données XMP", "XMP data"),
    "iptc": ("Données IPTC", "IPTC data"),
    "colour_profile": ("Profil de couleur (couleurs converties en sRGB)", "Colour profile (colours converted to sRGB)"),
    "transparency": ("Transparence, et ce qu’elle cachait", "Transparency, and what it hid"),
    "trailing": ("Octets ajoutés après l’image", "Bytes added after the picture"),
    "other_data": ("Autres données", "Other data"),
    "patient": ("Identité du patient (DICOM)", "Patient’s identity (DICOM)"),
    "institution": ("Établissement et praticiens (DICOM)", "Institution and practitioners (DICOM)"),
    "identifiers": ("Numéros d’examen et identifiants (DICOM)", "Study numbers and identifiers (DICOM)"),
}

_EXIF = {
    **dict.fromkeys((0x010F, 0x0110, 0xA432, 0xA433, 0xA434), "device"),
    **dict.fromkeys((0xA431, 0xA435, 0xC62F, 0xA420), "serial"),
    **dict.fromkeys((0x0132, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012), "date"),
    **dict.fromkeys((0x013B, 0x8298, 0xA430, 0x9C9D), "author"),
    **dict.fromkeys((0x0131, 0x013C), "software"),
    **dict.fromkeys((0x010E, 0x9286, 0x9C9B, 0x9C9C, 0x9C9E, 0x9C9F), "description"),
    0x927C: "maker_note",
}
_POINTERS = {0x8769, 0x8825, 0xA005}
_XMP = {
    "gps": rb"GPSLatitude|GPSLongitude|Iptc4xmpCore:Location|photoshop:City",
    "date": rb"CreateDate|ModifyDate|DateCreated|MetadataDate|DateTimeOriginal",
    "device": rb"tiff:Make|tiff:Model|aux:Lens",
    "serial": rb"SerialNumber",
    "author": rb"dc:creator|dc:rights|OwnerName|photoshop:Credit|Artist",
    "software": rb"CreatorTool",
    "description": rb"dc:description|dc:title|UserComment|photoshop:Headline",
    "thumbnail": rb"xmp:Thumbnails|xmpGImg",
}


def jpeg(data: bytes) -> set[str]:
    """Walks the segments; between SOS and the next marker lies compressed data, where only 0xFF00 and restarts may stand."""
    found: set[str] = set()
    at = 2
    while (marker := _MARKER.search(data, at)) is not None:
        kind, at = data[marker.start() + 1], marker.end()
        if kind == 0xD9:
            if data[at:].strip(b"\0"):
                found.add("other_pictures" if data[at : at + 3] == b"\xff\xd8\xff" else "trailing")
            return found
        size = int.from_bytes(data[at : at + 2], "big")
        body, at = data[at + 2 : at + size], at + max(size, 2)
        if kind == 0xFE:
            found.add("description")
        elif 0xE0 <= kind <= 0xEF:
            found |= _application(kind, body)
    return found  # it never ends: what follows the picture cannot be told from it


_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd8\xff]")


def _application(kind: int, body: bytes) -> set[str]:
    if body.startswith(b"Exif\0"):
        return exif(body[6:])
    if body.startswith((b"http://ns.adobe.com/xap/", b"http://ns.adobe.com/xmp/")):
        return xmp(body)
    if body.startswith(b"JFIF\0"):
        return {"thumbnail"} if body[12:14] not in (b"", b"\0\0") else set()
    if body.startswith(b"JFXX\0"):
        return {"thumbnail"}
    if body.startswith(b"ICC_PROFILE\0"):
        return {"colour_profile"}
    if body.startswith(b"MPF\0"):
        return {"other_pictures"}
    if body.startswith(b"Photoshop 3.0\0"):
        return {"iptc"} | ({"thumbnail"} if b"8BIM\x04\x0c" in body or b"8BIM\x04\x09" in body else set())
    return set() if kind == 0xEE and body.startswith(b"Adobe") else {"other_data"}


def png(data: bytes) -> set[str]:
    found: set[str] = set()
    at = 8
    while at + 8 <= len(data):
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body, at = data[at + 8 : at + 8 + size], at + 12 + size
        if name == b"IEND":
            return found | ({"trailing"} if data[at:].strip(b"\0") else set())
        found |= _chunk(name, body)
    return found


_PLAIN = {b"IHDR", b"PLTE", b"IDAT", b"gAMA", b"cHRM", b"sRGB", b"cICP", b"sBIT", b"bKGD", b"hIST", b"pHYs"}


def _chunk(name: bytes, body: bytes) -> set[str]:
    if name in _PLAIN:
        return set()
    if name == b"eXIf":
        return exif(body)
    if name == b"tIME":
        return {"date"}
    if name == b"iCCP":
        return {"colour_profile"}
    if name == b"tRNS":
        return {"transparency"}
    if name in (b"tEXt", b"zTXt", b"iTXt"):
        if body.startswith(b"XML:com.adobe.xmp\0"):
            return xmp(body)
        if body.startswith(b"Raw profile type "):
            return {"iptc"} if body[17:21] == b"iptc" else {"xmp"} if body[17:20] == b"xmp" else {"exif"}
        return {"software"} if body.startswith(b"Software\0") else {"date"} if body.startswith(b"Creation Time\0") else {"description"}
    return {"other_data"}


def webp(data: bytes) -> set[str]:
    found: set[str] = set()
    end = 8 + int.from_bytes(data[4:8], "little")
    at = 12
    while at + 8 <= min(end, len(data)):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body, at = data[at + 8 : at + 8 + size], at + 8 + size + size % 2
        if name == b"EXIF":
            found |= exif(body.removeprefix(b"Exif\0\0"))
        elif name == b"XMP ":
            found |= xmp(body)
        elif name == b"ICCP":
            found.add("colour_profile")
        elif name == b"ALPH":
            found.add("transparency")
        elif name not in (b"VP8 ", b"VP8L", b"VP8X"):
            found.add("other_data")
    return found | ({"trailing"} if data[end + end % 2 :].strip(b"\0") else set())


def heic(data: bytes, opened: Image.Image) -> set[str]:
    """`opened`: what the library read of the boxes; they are too many to walk twice."""
    info = opened.info
    found = exif(bytes(info.get("exif") or b"").removeprefix(b"Exif\0\0")) | (xmp(info["xmp"]) if info.get("xmp") else set())
    found |= {"thumbnail"} if info.get("thumbnails") else set()
    found |= {"other_pictures"} if info.get("depth_images") or info.get("aux") or getattr(opened, "n_frames", 1) > 1 else set()
    found |= {"other_data"} if info.get("metadata") else set()
    found |= {"colour_profile"} if info.get("icc_profile") else set()
    at = 0
    while at + 8 <= len(data):
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        size = int.from_bytes(data[at + 8 : at + 16], "big") if size == 1 else len(data) - at if size == 0 else size
        if size < 8 or not name.isalnum():
            break
        if name not in (b"ftyp", b"meta", b"mdat", b"free"):
            found.add("trailing" if name in (b"skip", b"uuid") else "other_data")
        at += size
    return found | ({"trailing"} if data[at:].strip(b"\0") else set())


CONTAINERS: dict[str, Callable[[bytes], set[str]]] = {"jpeg": jpeg, "png": png, "webp": webp}


def exif(block: bytes) -> set[str]:
    """Of an EXIF block. One that cannot be read is still one."""
    if not block:
        return set()
    return {"exif"} | set(_tags(block))


def _tags(block: bytes) -> Iterator[str]:
    read = Image.Exif()
    try:
        read.load(block)
        camera, place, first = read.get_ifd(ExifTags.IFD.Exif), read.get_ifd(ExifTags.IFD.GPSInfo), read.get_ifd(ExifTags.IFD.IFD1)
    except Exception:  # Pillow raises whatever a malformed block makes it raise; none of it is carried over
        return
    if place:
        yield "gps"
    if first:
        yield "thumbnail"
    for tag in (*read, *camera):
        if tag in _EXIF and tag not in _POINTERS:
            yield _EXIF[tag]
    if 29 in place:
        yield "date"


def xmp(block: bytes) -> set[str]:
    return {"xmp"} | {code for code, names in _XMP.items() if re.search(names, block)}
