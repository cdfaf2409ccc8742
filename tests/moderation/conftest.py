"""Fixtures of the rooms' tests, which these need as well: a quick flush, a hub of their own."""

from tests.rooms.conftest import *  # noqa: F403
