"""No two routers share an address: the one that comes second would answer 405 for methods that only it knows."""

from __future__ import annotations

from collections import Counter

from consult.api import api


def test_each_address_stands_in_one_router() -> None:
    import consult.urls  # noqa: F401  hangs the routers

    paths = Counter(path for _, router in api._routers for path in router.path_operations)
    assert len(paths) > 50 and [path for path, routers in paths.items() if routers > 1] == []
