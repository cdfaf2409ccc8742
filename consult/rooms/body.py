"""Reads the body of an HTTP request as strictly as a frame: what is not sound JSON is `frame.invalid`, never a fault later on."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from consult.rooms import parsing


class StrictJSON(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        """ninja answers any exception raised here as a body that cannot be read."""
        if not request.body:
            return {}  # no field given: whatever is required is then named
        value = parsing.decode(request.body.decode("utf-8"))
        if not isinstance(value, dict):
            raise ValueError("not an object")
        return value
