"""The log: an error is a fault of ours, and no line holds what a stranger wrote."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.test import Client

from consult.logs import JSONLines, Strangers


@pytest.fixture
def lines(request: pytest.FixtureRequest) -> Any:
    """What the handler of settings.LOGGING would write."""
    kept: list[dict[str, Any]] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(json.loads(JSONLines().format(record)))

    handler = Keeping()
    handler.addFilter(Strangers())
    logging.getLogger().addHandler(handler)
    yield kept
    logging.getLogger().removeHandler(handler)


def test_the_handler_has_the_filter(settings: Any) -> None:
    assert settings.LOGGING["handlers"]["stderr"]["filters"] == ["strangers"]


def test_a_strange_host_is_no_error(lines: list[dict[str, Any]]) -> None:
    logging.getLogger("django.security.DisallowedHost").setLevel(logging.INFO)
    assert Client().get("/healthz", headers={"host": "planted.example"}).status_code == 400
    assert [(line["level"], line["event"]) for line in lines if line["logger"].startswith("django.security")] == [("INFO", "a request names a host that is not ours")]
    assert "planted" not in json.dumps(lines)


def test_text_that_is_not_utf8_is_no_error(lines: list[dict[str, Any]]) -> None:
    logger = logging.getLogger("uvicorn.error")
    try:
        b"\xff".decode()
    except UnicodeDecodeError:
        logger.exception("Invalid UTF-8 sequence received from client.")
    logger.error("another")
    assert [(line["level"], "where" in line) for line in lines if line["logger"] == "uvicorn.error"] == [("INFO", False), ("ERROR", False)]
