"""The stacks of whole paths, for what other teams build on."""

from tests.paths.conftest import cast, clean_cache, own_services, stack

__all__ = ["cast", "clean_cache", "own_services", "stack"]
