from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.push.services import Service, web_push


@pytest.fixture
def service(settings: Any) -> Iterator[Service]:
    settings.PUSH_HOSTS = ["push.example.org", "*.push.example.net", "127.0.0.1"]
    with web_push() as made:
        yield made
