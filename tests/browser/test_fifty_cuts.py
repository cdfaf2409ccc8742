"""Fifty cuts in odd places: nothing is lost, nothing is doubled, and the connection bar never says what is not so."""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import DESKTOP, Demo
from tests.browser.pages import PATIENCE, Device, Tab, eventually
from tests.browser.test_installed import PORTAL, installed
from tests.live import Node, wait_for
from tests.proxy import Link

ROUNDS = int(os.environ.get("CUTS", "50"))
LIVE = re.compile("En direct|Live")
# Silence of two heartbeats is the end of a connection; so much longer a busy machine may take to see it.
HEARTBEAT_MS, NOTICED_S = 2000, PATIENCE / 1000
STARTED_S = 15 * NOTICED_S  # a server starts in two seconds, and in a hundred times that on a machine that runs everything else as well
DEPLOYS = 3
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /portal\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HTML = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(PORTAL.encode())}\r\nConnection: close\r\n\r\n{PORTAL}".encode()

# Whenever the page begins to say that it is live, half a second later it must show all that had been written before it opened that connection.
WITNESS = """() => {
  window.must = []; window.lies = []; window.said = 0; let was = true, opened = [];
  window.WebSocket = class extends window.WebSocket {
    constructor(...to) { super(...to); opened = [...window.must]; }
  };
  const live = () => /En direct/.test(document.querySelector('.room-head .facts')?.innerText ?? '');
  const look = () => {
    const now = live();
    if (now && !was) {
      window.said++;
      const must = opened;
      setTimeout(() => {
        const shown = document.querySelector('[role=log]')?.innerText ?? '';
        if (live()) for (const text of must) if (!shown.includes(text)) window.lies.push(text);
      }, 500);
    }
    was = now;
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""
# The waits between two tries are drawn evenly from zero to a bound; here from its first tenth.
HASTE = "() => { const draw = Math.random; Math.random = () => draw() * 0.1 }"


class Faulty(Link):
    """A line that can break where the proxy's `fault` says; each such fault happens once, at the next connection or frame that it fits."""

    @property
    def fault(self) -> str:
        return str(getattr(self.proxy, "fault", ""))

    def took(self) -> None:
        self.proxy.fault = ""  # type: ignore[attr-defined]
        self.proxy.faults = getattr(self.proxy, "faults", 0) + 1  # type: ignore[attr-defined]

    async def run(self) -> None:
        if self.fault in ("moved", "html"):
            await self.near_reader.readuntil(b"\r\n\r\n")
            self.near.write(MOVED if self.fault == "moved" else HTML)
            await self.near.drain()
            self.near.close()
            return
        await super().run()

    async def forth(self) -> None:
        socket = False
        while data := await self.near_reader.read(65536):
            await self.proxy.thawed.wait()
            if socket and self.fault == "hello":
                return self.took()  # the upgrade went through, the hello does not
            socket = socket or b" /ws/v1/" in data[:200]
            self.far.write(data)
            await self.far.drain()
            if socket and self.fault == "post" and b"HTTP/1.1" not in data:
                return self.took()  # it may have arrived; nobody will say so

    async def back(self) -> None:
        socket = False
        while data := await self.far_reader.read(65536):
            await self.proxy.thawed.wait()
            upgrade = b"101 Switching" in data[:64]
            socket = socket or upgrade
            if socket and not upgrade and self.fault in ("frame", "catch-up"):
                # Half of it, and no more: a frame, or what was missed, is cut in two.
                self.near.write(data[: max(1, len(data) // 2)])
                await self.near.drain()
                return self.took()
            self.near.write(data)
            await self.near.drain()


class Camille:
    """The colleague: over HTTP, straight to the server."""

    def __init__(self, node: Node, room: str) -> None:
        self.base, self.room = node.base, room
        answer = httpx.post(f"{self.base}/_allauth/app/v1/auth/login", json={"email": "camille@example.org", "password": "demo-camille"}, trust_env=False, timeout=60)
        self.headers = {"X-Session-Token": answer.json()["meta"]["session_token"]}

    def write(self, id: str, text: str) -> None:
        def written() -> bool:
            try:
                answer = httpx.post(f"{self.base}/api/v1/rooms/{self.room}/messages", json={"id": id, "body": text}, headers=self.headers, trust_env=False, timeout=60)
            except httpx.HTTPError:
                return False
            return answer.status_code in (200, 201)

        assert wait_for(written, 60)


@pytest.fixture
def node(demo: Demo) -> Iterator[Node]:
    """A server of this test's own: it is restarted, and its heart beats faster."""
    made = demo.node(env={"HEARTBEAT_MS": str(HEARTBEAT_MS), "DRAIN_S": "1"})
    yield made
    demo.nodes.remove(made)
    made.stop()


@pytest.fixture
def laptop(chromium: Browser, node: Node) -> Iterator[Device]:
    made = Device(chromium.new_context(viewport=DESKTOP, locale="fr-FR", timezone_id="Europe/Paris"), node)
    made.cut_once = True
    made.cable.link = Faulty
    yield made
    made.close()


class Story:
    """One round after the other, by ten kinds of fault."""

    def __init__(self, tab: Tab, node: Node, camille: Camille) -> None:
        self.tab, self.page, self.device, self.cable, self.node, self.camille = tab, tab.page, tab.device, tab.device.cable, node, camille
        self.cdp = self.device.context.new_cdp_session(self.page)
        self.mine: list[str] = []
        self.theirs: list[str] = []
        self.asleep = False

    def notices(self) -> None:
        """While nothing passes, the page may not go on saying that it is live."""
        expect(self.page.locator(".room-head .facts")).not_to_contain_text(LIVE, timeout=NOTICED_S * 1000)

    def writes(self, n: int) -> None:
        self.mine.append(f"de Nadia, {n}.")
        self.tab.write(self.mine[-1])

    def hears(self, n: int) -> None:
        self.theirs.append(f"de Camille, {n}.")
        self.camille.write(f"00000000-0000-4000-8000-{n:012d}", self.theirs[-1])
        if not self.asleep:
            self.must()

    def must(self) -> None:
        """From now on the page may not say that it is live without what the colleague wrote."""
        self.page.evaluate("(texts) => { window.must = texts }", self.theirs[-3:])

    def happened(self) -> None:
        """A fault that strikes once has struck."""
        eventually(lambda: self.cable.fault == "")  # type: ignore[attr-defined]

    # The faults, with what is written meanwhile

    def cable_cut(self, n: int) -> None:
        self.device.cut()
        self.writes(n)
        self.hears(n)
        self.notices()
        expect(self.tab.bar).to_contain_text(re.compile(r"Reconnexion… 1 à envoyer"), timeout=PATIENCE)

    def known_offline(self, n: int) -> None:
        self.device.offline()
        self.writes(n)
        self.hears(n)
        self.notices()
        expect(self.tab.bar).to_contain_text("Hors ligne. 1 message", timeout=PATIENCE)

    def swallowed(self, n: int) -> None:
        """Nothing passes, nothing is closed."""
        self.cable.freeze()
        self.writes(n)
        self.hears(n)
        self.notices()
        self.cable.drop()

    def mid_frame(self, n: int) -> None:
        self.cable.fault = "frame"  # type: ignore[attr-defined]
        self.hears(n)
        self.happened()
        self.writes(n)

    def in_catch_up(self, n: int) -> None:
        self.device.cut()
        self.hears(n)
        self.writes(n)
        self.cable.fault = "catch-up"  # type: ignore[attr-defined]
        self.device.mend()
        self.happened()

    def in_hello(self, n: int) -> None:
        self.cable.fault = "hello"  # type: ignore[attr-defined]
        self.cable.drop()
        self.writes(n)
        self.hears(n)
        self.happened()

    def in_post(self, n: int) -> None:
        self.cable.fault = "post"  # type: ignore[attr-defined]
        self.writes(n)
        self.happened()
        self.hears(n)

    def portal(self, n: int) -> None:
        self.cable.fault = "moved" if n % 2 else "html"  # type: ignore[attr-defined]
        self.cable.drop()
        self.writes(n)
        self.hears(n)
        self.notices()
        assert "Wi-Fi" not in self.page.content()

    def deploy(self, n: int) -> None:
        """The server is told to go, drains, and another takes its place."""
        self.node.term()
        self.writes(n)
        self.node.child.process.wait(60)
        self.node.stack.services.family.forget(self.node.child)
        self.notices()
        self.node.launch()
        assert wait_for(self.serves, STARTED_S), "the next server did not start"
        self.hears(n)

    def serves(self) -> bool:
        try:
            return httpx.get(f"{self.node.base}/readyz", trust_env=False, timeout=10).status_code == 200
        except httpx.HTTPError:
            return False

    def sleep(self, n: int) -> None:
        """The lid is closed: the page stands still, and its connections are long dead when it opens."""
        self.writes(n)
        self.cdp.send("Page.setWebLifecycleState", {"state": "frozen"})
        self.asleep = True
        self.cable.freeze()
        self.hears(n)
        time.sleep(2 * HEARTBEAT_MS / 1000)
        self.cable.drop()
        self.cable.thaw()
        self.cdp.send("Page.setWebLifecycleState", {"state": "active"})
        self.asleep = False

    def mended(self) -> None:
        self.must()
        self.cable.fault = ""  # type: ignore[attr-defined]
        self.device.online()
        self.tab.sees(self.theirs[-1]).live()
        expect(self.tab.message(self.mine[-1])).to_have_count(1)
        expect(self.tab.message(self.mine[-1]).locator(".sent-state")).to_have_count(0, timeout=PATIENCE)
        expect(self.tab.bar).to_have_count(0, timeout=PATIENCE)
        assert self.page.evaluate("() => window.lies") == [], "it said live, and did not show what had been written"


@pytest.mark.timeout(1800)
def test_fifty_cuts(laptop: Device, node: Node, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille", title="Cinquante coupures")
    nadia = installed(laptop.tab().sign_in("nadia").inside()).room(room)
    nadia.page.evaluate(HASTE)
    nadia.page.evaluate(WITNESS)
    story = Story(nadia, node, Camille(node, room))
    faults: list[Callable[[int], Any]] = [
        story.cable_cut, story.known_offline, story.swallowed, story.mid_frame, story.in_catch_up, story.in_hello, story.in_post, story.portal, story.sleep,
    ]  # fmt: skip
    order = [story.deploy] * DEPLOYS + [faults[n % len(faults)] for n in range(ROUNDS - DEPLOYS)]
    random.Random(4).shuffle(order)
    for n, fault in enumerate(order):
        begun = time.monotonic()
        fault(n)
        story.mended()
        print(f"{n}: {fault.__name__}, {time.monotonic() - begun:.1f} s")
    found = demo.bodies(room)
    assert sorted(found) == sorted(story.mine + story.theirs), "something was lost or came twice"
    assert [one for one in found if one in story.mine] == story.mine and [one for one in found if one in story.theirs] == story.theirs
    assert nadia.page.evaluate("() => window.said") >= ROUNDS // 2, "the witness saw no connection come back"
    # As it stands after all that, and as a page that starts anew shows it.
    shown = nadia.log.locator("article.msg").all_inner_texts()
    assert all(sum(text in one.replace("\u00a0", " ") for one in shown) <= 1 for text in found)
    again = laptop.tab().room(room).sees(*found[-10:])
    again.page.close()
    assert not [line for line in laptop.errors() if line.startswith("uncaught")]
