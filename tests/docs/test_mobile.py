"""docs/mobile.md is true: every exchange in it is run, in its order, against a real server."""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.urls import resolve
from websockets.asyncio.client import connect

from consult import web
from tests.clinicians.oidc import RPPS, Provider, claims
from tests.live import CHECKOUT, Someone, Stack, http
from tests.people import PASSWORD
from tests.push.fcm_service import FcmService

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
TEXT = (CHECKOUT / "docs" / "mobile.md").read_text()
BLOCKS = re.findall(r"^```(http|ws)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
NAME = re.compile(r"\{(\w+)\}")


class Reader:
    """What a reader of the page would keep in mind: the values of its names."""

    def __init__(self, base: str, **known: Any) -> None:
        self.base, self.known = base, known

    def filled(self, text: str) -> str:
        return NAME.sub(lambda name: str(self.known[name[1]]) if name[1] in self.known else name[0], text)

    def compare(self, shown: Any, found: Any, where: str = "$") -> None:
        """Objects may hold more than is shown; lists, texts and numbers are as shown, but for what is kept or may be anything."""
        if isinstance(shown, dict):
            assert isinstance(found, dict), f"{where}: {found}"
            for key, value in shown.items():
                assert key in found, f"{where}: no {key} in {found}"
                self.compare(value, found[key], f"{where}.{key}")
        elif isinstance(shown, list):
            assert isinstance(found, list) and len(found) == len(shown), f"{where}: {found}"
            for n, (one, other) in enumerate(zip(shown, found, strict=True)):
                self.compare(one, other, f"{where}[{n}]")
        elif isinstance(shown, str) and (kept := re.fullmatch(r"\{(\w+)=\}", shown)):
            self.known[kept[1]] = found
        elif isinstance(shown, str) and (name := NAME.fullmatch(shown)):
            assert found == self.known[name[1]], f"{where}: {found}, not {self.known[name[1]]}"
        elif shown != "…":
            assert found == shown, f"{where}: {found}"

    def come_back(self) -> None:
        """The person signs in at Pro Santé Connect, and the app's callback address is opened."""
        answer = httpx.get(self.known["location"], trust_env=False)
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        self.known |= {"psc_code": query["code"][0], "psc_state": query["state"][0]}

    async def http(self, block: str) -> None:
        asked, answered = block.strip().split("\n\n")
        [first, *lines] = asked.splitlines()
        method, path = self.filled(first).split(" ")
        headers = dict(line.split(": ", 1) for line in map(self.filled, lines) if not line.startswith("{"))
        body = next((self.filled(line) for line in lines if line.startswith("{")), None)
        async with httpx.AsyncClient(base_url=self.base, trust_env=False, timeout=30) as client:
            answer = await client.request(method, path, headers=headers, **({} if body is None else {"json": json.loads(body)}))
        status, _, shown = answered.partition("\n")
        assert answer.status_code == int(status), f"{first}: {answer.status_code} {answer.text[:500]}"
        self.compare(json.loads(shown), answer.json(), first)

    async def ws(self, block: str) -> None:
        async with connect(self.base.replace("http", "ws") + "/ws/v1/", proxy=None) as socket:
            waiting: list[dict[str, Any]] = []
            for line in block.strip().splitlines():
                way, text = line.split(" ", 1)
                if way == ">":
                    await socket.send(self.filled(text))
                    continue
                shown = json.loads(text)
                key = ("ref", shown["ref"]) if "ref" in shown else ("type", shown["type"])
                while not (met := next((f for f in waiting if f.get(key[0]) == key[1]), None)):
                    heard = json.loads(await socket.recv())
                    waiting += heard if isinstance(heard, list) else [heard]
                waiting.remove(met)
                self.compare(shown, met, text)


def test_there_is_something_to_run() -> None:
    assert len([b for kind, b in BLOCKS if kind == "http"]) >= 15 and len([b for kind, b in BLOCKS if kind == "ws"]) == 1


async def test_every_exchange_is_as_it_stands(stack: Stack, cast: dict[str, Someone]) -> None:
    provider = Provider()
    with FcmService() as google, contextlib.closing(provider):
        node = stack.node(env={**google.env, **provider.env, "PSC_APP_CALLBACK": "https://consult.example/app/sign-in"})
        room = stack.room(cast["camille"], cast["nadia"], title="Dermatologie")
        for body in ("Avis ?", "Une plaque du mollet."):
            answer = await http(node, cast["camille"], "POST", f"/api/v1/rooms/{room}/messages", json={"id": str(uuid.uuid4()), "body": body})
            assert answer.status_code == 201
        ids = {name: str(uuid.uuid4()) for name in ("uuid", "other_uuid", "third_uuid", "device_uuid")}
        reader = Reader(node.base, email="nadia@example.org", password=PASSWORD, room=room, fcm_token=google.install(), **ids)
        provider.claims = claims(family="FERRAND", given="NADIA")
        stack.sql("UPDATE standing_standing SET register = %s WHERE person_id = %s", RPPS, cast["nadia"].id)
        for kind, block in BLOCKS:
            if "{psc_code}" in block and "psc_code" not in reader.known:
                reader.come_back()
            await (reader.http(block) if kind == "http" else reader.ws(block))
    assert stack.bodies(room) == ["Avis ?", "Une plaque du mollet.", "Mycose ?", "Écrit depuis l'écran verrouillé."]


def test_what_it_names_exists() -> None:
    from consult.errors import CODES

    for path in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (CHECKOUT / "docs" / path).exists(), path
    assert {code for code in re.findall(r"`([a-z]+\.[a-z_]+)`", TEXT) if code.split(".")[0] in ("session", "room", "account", "psc")} <= set(CODES)
    named = re.findall(r"`(?:GET|POST|PATCH|DELETE)(?:`? and `?[A-Z]+)? (/[^`?]+)`", TEXT)
    assert len(named) >= 4
    for path in named:
        assert resolve(re.sub(r"\{\w+\}", str(uuid.uuid4()), path)).func is not web.no_such_door, path
