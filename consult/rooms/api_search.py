"""The HTTP door to finding messages and tags."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["search"])
