"""A studio of the tests' own, started once: what opens pictures in the tests is what opens them in service."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from consult.images.darkroom import Darkroom, Developed, Refused

Develop = Callable[..., tuple[Developed | Refused, Path]]


@pytest.fixture(scope="session")
def darkroom() -> Iterator[Darkroom]:
    with contextlib.closing(Darkroom()) as made:
        yield made


@pytest.fixture
def develop(darkroom: Darkroom, tmp_path: Path) -> Develop:
    """Develops the bytes of a file; answers what became of it and the folder of its sizes."""

    def act(data: bytes, **options: object) -> tuple[Developed | Refused, Path]:
        folder = tmp_path / uuid.uuid4().hex
        folder.mkdir()
        source = tmp_path / "upload"
        source.write_bytes(data)
        return darkroom.develop(source, folder, **options), folder  # type: ignore[arg-type]

    return act
