"""The stacks that whole paths run on. The two nodes of `pair` are shared; a test leaves them as it found them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consult.local.errors import LocalError
from tests.live import OUTCOME_S, Node, Services, Stack, services

HERE = Path(__file__).parent
logging.getLogger("httpx").setLevel(logging.WARNING)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What restarts the cluster that all of these share comes last: it ends the others' sessions as well."""
    items.sort(key=lambda item: item.path.parent == HERE and item.name.startswith("test_restart"))


@pytest.fixture(autouse=True)
def clean_cache() -> None:
    """Not needed here: the servers' caches are their own."""


@pytest.fixture(scope="session")
def own_services() -> Iterator[Services]:
    try:
        with services() as made:
            yield made
    except LocalError as error:
        pytest.skip(f"these tests start servers of their own: {error}")


@pytest.fixture(scope="session")
def shared_pair(own_services: Services) -> Iterator[Stack]:
    stack = Stack(own_services)
    try:
        stack.node()
        stack.node()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def pair(shared_pair: Stack) -> Iterator[Stack]:
    """Two nodes on one database and one Redis."""
    yield shared_pair
    shared_pair.heal()


@pytest.fixture(scope="session")
def shared_proxied(own_services: Services) -> Iterator[Stack]:
    stack = Stack(own_services)
    try:
        for _ in range(2):
            _, url = stack.proxy()
            stack.node(database_url=url, env={"OUTCOME_S": str(OUTCOME_S)})
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def proxied(shared_proxied: Stack) -> Iterator[Stack]:
    """Two nodes, each with a way of its own to PostgreSQL: `proxies[i]` is that of `nodes[i]`."""
    yield shared_proxied
    shared_proxied.heal()


@pytest.fixture
def stack(own_services: Services) -> Iterator[Stack]:
    """A database and a Redis with no server yet."""
    made = Stack(own_services)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def nodes(pair: Stack) -> tuple[Node, Node]:
    return pair.nodes[0], pair.nodes[1]


@pytest.fixture
def cast(own_services: Services) -> dict[str, Any]:
    return own_services.people
