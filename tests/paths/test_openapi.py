"""Whatever is sent to the doors that /api/v1/openapi.json describes, none answers 5xx."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.live import Node, Someone, Stack, sockets

EXAMPLES = 10  # of each of some hundred doors


@pytest.mark.timeout(300)
async def test_no_door_answers_5xx(pair: Stack, nodes: tuple[Node, Node], cast: dict[str, Someone]) -> None:
    """Half of the examples name a room, a message and a person that exist."""
    sacha, node = cast["sacha"], nodes[0]
    room = pair.room(sacha, cast["nadia"], kind="group", owner=sacha)
    async with sockets((node, sacha)) as (one,):
        await one.enter(room)
        posted = await one.post(room, "Une question #schema")
    real = {"room": room, "message": posted["message"], "person": str(cast["nadia"].id)}
    try:
        failures = await asyncio.to_thread(attack, node, sacha, real)
    finally:  # the stack is shared, and the last door made her unverified
        pair.sql("UPDATE standing_standing SET verification = 'verified' WHERE person_id = %s", sacha.id)
    assert not failures, "\n".join(failures)


def attack(node: Node, who: Someone, real: dict[str, str]) -> list[str]:
    schema = schemathesis.openapi.from_url(f"{node.base}/api/v1/openapi.json")
    failures: dict[str, str] = {}
    tried = 0
    with httpx.Client(base_url=node.base, trust_env=False, timeout=30) as client:
        for result in schema.get_all_operations():
            operation = result.ok()
            if (operation.method.upper(), operation.path) == ("PATCH", "/api/v1/me"):
                continue  # it would make the attacker unverified; tried in the end
            tried += 1
            try_operation(client, operation, who, real, failures)
        for result in schema.get_all_operations():
            operation = result.ok()
            if (operation.method.upper(), operation.path) == ("PATCH", "/api/v1/me"):
                try_operation(client, operation, who, real, failures)
    assert tried >= 15
    return [f"{name}: {answer}" for name, answer in failures.items()]


def try_operation(client: httpx.Client, operation: Any, who: Someone, real: dict[str, str], failures: dict[str, str]) -> None:
    @given(case=operation.as_strategy(), existing=st.booleans(), id=st.uuids(version=4))
    @settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    def tried(case: Any, existing: bool, id: uuid.UUID) -> None:
        if existing:
            case.path_parameters.update({k: v for k, v in real.items() if k in (case.path_parameters or {})})
            if isinstance(case.body, dict):
                case.body.update({k: v for k, v in {**real, "id": str(id)}.items() if k in case.body})
        request = case.as_transport_kwargs(base_url=str(client.base_url))
        request.pop("cookies", None)
        headers = {**{k: v for k, v in (request.pop("headers", None) or {}).items() if k.lower() != "x-session-token"}, **who.headers}
        try:
            answer = client.request(headers=headers, **{k: v for k, v in request.items() if k in ("method", "url", "params", "json", "data", "content")})
        except (httpx.InvalidURL, UnicodeEncodeError, ValueError):
            return  # what no client can send
        if answer.status_code >= 500:
            failures.setdefault(f"{case.method} {operation.path}", f"{answer.status_code} to {request!r}: {answer.text[:300]}")

    tried()
