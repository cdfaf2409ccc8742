"""What a file is, told from its first bytes (never from a name or from what its sender calls it), and how large it may be."""

from __future__ import annotations

from consult.errors import Refusal

HEAD = 4096  # bytes that are looked at
MOST_PIXELS = 60_000_000
_HEIC = {b"heic", b"heix", b"heim", b"heis"}  # mif1 alone may be AVIF
_MOVING = {b"hevc", b"hevx", b"msf1"}  # sequences


def kind_of(head: bytes) -> str:
    """jpeg, png, webp, heic or dicom. Raises Refusal image.kind, image.animated for what is known to move."""
    if head[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _heic(head)
    if head[128:132] == b"DICM":
        return "dicom"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        raise Refusal("image.kind", kind="gif")
    raise Refusal("image.kind")


def _heic(head: bytes) -> str:
    """A HEIF file says its brands in the first box. A sequence is a film."""
    end = min(len(head), int.from_bytes(head[:4], "big"))
    major, others = head[8:12], {head[at : at + 4] for at in range(16, end - 3, 4)}
    if major in _MOVING:
        raise Refusal("image.animated")
    if {major, *others} & _HEIC:
        return "heic"
    raise Refusal("image.kind")


def webp_size(head: bytes) -> tuple[int, int]:
    """Width and height as a WebP's first chunk says them: Pillow makes room for all pixels as it opens one."""
    name, body = head[12:16], head[20:30].ljust(10, b"\0")
    if name == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if name == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF


def check_size(width: int, height: int) -> None:
    """Before anything is decoded. Raises Refusal image.pixels."""
    if width * height > MOST_PIXELS:
        raise Refusal("image.pixels")
