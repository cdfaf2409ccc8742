"""Where clean pictures are kept: a local folder, or a bucket that speaks S3. obstore speaks to both; this file names which.

Keys are `FOLDER/SIZE.webp`, FOLDER being made for one developing of one picture, so that nothing kept is ever overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

import obstore
from django.conf import settings
from obstore.store import LocalStore, S3Store

SIZES = ("zoom", "room", "list")


def incoming() -> Path:
    """The folder of uploads that are not worked on yet: the only place where an original ever is."""
    return _folder("incoming")


def kept() -> Path:
    """The folder of clean pictures, where they are not in a bucket."""
    return _folder("kept")


def _folder(name: str) -> Path:
    path = Path(settings.IMAGES_DIR) / name
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _store() -> LocalStore | S3Store:
    return _named(settings.IMAGES_S3, settings.IMAGES_S3_ENDPOINT, settings.IMAGES_DIR)


@cache
def _named(bucket: str, endpoint: str, folder: str) -> LocalStore | S3Store:
    if not bucket:
        return LocalStore(kept(), automatic_cleanup=True)
    name, _, prefix = bucket.removeprefix("s3://").partition("/")
    return S3Store(
        name,
        prefix=prefix or None,
        region=settings.IMAGES_S3_REGION,
        access_key_id=settings.IMAGES_S3_KEY,
        secret_access_key=settings.IMAGES_S3_SECRET,
        virtual_hosted_style_request=False,
        client_options={"allow_http": endpoint.startswith("http://"), "timeout": "30s"},
        config={"endpoint": endpoint} if endpoint else None,
    )


def key(folder: str, size: str) -> str:
    return f"{folder}/{size}.webp"


def put(folder: str, files: Path) -> None:
    """Keeps the sizes that stand in the folder `files`."""
    for size in SIZES:
        obstore.put(_store(), key(folder, size), (files / f"{size}.webp").read_bytes())


def read(folder: str, size: str) -> bytes:
    """One size. Raises FileNotFoundError where it was erased."""
    return bytes(obstore.get(_store(), key(folder, size)).bytes())


def erase(folders: Iterable[str]) -> None:
    """Every size of these; what is gone is gone."""
    for folder in folders:
        for size in SIZES:
            with suppress(FileNotFoundError):
                obstore.delete(_store(), key(folder, size))
