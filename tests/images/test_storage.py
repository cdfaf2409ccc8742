"""Clean pictures are kept and erased alike in a folder and in a bucket, here of a real S3 server on this machine (moto)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from consult.images import storage
from tests.live import free_port, wait_for


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(url, timeout=5).status_code < 500
        except httpx.TransportError:
            return False

    assert wait_for(answers, 120)
    assert httpx.put(f"{url}/pictures", headers={"Authorization": "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request"}).status_code == 200
    yield url
    server.terminate()
    server.wait(timeout=30)


@pytest.fixture(params=["a folder", "a bucket"])
def place(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> str:
    settings.IMAGES_DIR = str(tmp_path / "images")
    if request.param == "a bucket":
        settings.IMAGES_S3, settings.IMAGES_S3_ENDPOINT = "s3://pictures/consult", request.getfixturevalue("s3")
        settings.IMAGES_S3_KEY = settings.IMAGES_S3_SECRET = "testing"
    return str(request.param)


def test_kept_read_and_erased(place: str, tmp_path: Path) -> None:
    for size in storage.SIZES:
        (tmp_path / f"{size}.webp").write_bytes(size.encode() * 1000)
    storage.put("one/first", tmp_path)
    storage.put("one/second", tmp_path)
    assert [storage.read("one/first", size) for size in storage.SIZES] == [size.encode() * 1000 for size in storage.SIZES]
    assert (storage.kept() / "one").exists() == (place == "a folder")
    storage.erase(["one/first", "never/there"])
    for size in storage.SIZES:
        with pytest.raises(FileNotFoundError):
            storage.read("one/first", size)
    assert storage.read("one/second", "room") == b"room" * 1000
    storage.erase(["one/second"])
    assert not [p for p in storage.kept().rglob("*") if p.is_file()]


def test_nobody_else_on_the_machine_reads_them(tmp_path: Path, settings: Any) -> None:
    settings.IMAGES_DIR = str(tmp_path / "images")
    assert storage.kept().stat().st_mode & 0o077 == 0 and storage.incoming().stat().st_mode & 0o077 == 0
