"""From a press on a notification to the missed messages: what passes over the line, counted where it passes. The seconds are in seconds.py."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Demo, Devices
from tests.browser.pages import PATIENCE, Tab, eventually, heard, rows, stored, watched
from tests.live import CHECKOUT
from tests.proxy import Link, Proxy

ASKED = re.compile(rb"^(GET|HEAD|POST|PUT|PATCH|DELETE) (\S+) HTTP/1\.1\r$", re.M)
MISSED = 50
WORDS = "Deux semaines de bulles tendues sur les avant-bras, prurit intense, pas d’atteinte muqueuse ; la gliptine est prise depuis huit mois. Biopsie prévue jeudi."


# Whether the words stood in the page before it opened its first socket.
SOCKET = """self.WebSocket = class extends WebSocket {
  constructor(...words) {
    self.before ??= [...document.querySelectorAll("article.msg")].some((one) => one.textContent.replace(/\\u00a0/g, " ").includes(%s));
    super(...words);
  }
}"""


# When the words first stood in the page.
SIGHT = """(() => {
  const seen = new MutationObserver(() => {
    if (![...document.querySelectorAll("article.msg")].some((one) => one.textContent.replace(/\\u00a0/g, " ").includes(%s))) return;
    self.sight = Date.now();
    seen.disconnect();
  });
  seen.observe(document, { childList: true, subtree: true, characterData: true });
})()"""


@dataclass
class Count:
    requests: list[str] = field(default_factory=list)
    bytes: int = 0
    # Each piece that passed: when, how large it is, and what it asks for.
    passed: list[tuple[float, int, list[str]]] = field(default_factory=list)

    def until(self, moment: float) -> tuple[list[str], int]:
        """What had been asked for by then, and how much had passed."""
        before = [(size, asked) for at, size, asked in list(self.passed) if at <= moment]
        return [one for _, asked in before for one in asked], sum(size for size, _ in before)


class Counting(Link):
    """A line that counts what both ends say."""

    def count(self) -> Count:
        counts: Count = self.proxy.counts  # type: ignore[attr-defined]
        return counts

    def noted(self, data: bytes, asked: list[str]) -> None:
        counts = self.count()
        counts.bytes += len(data)
        counts.requests += asked
        counts.passed.append((time.time(), len(data), asked))

    async def forth(self) -> None:
        while data := await self.near_reader.read(65536):
            self.noted(data, [found[2].decode() for found in ASKED.finditer(data)])
            self.far.write(data)
            await self.far.drain()

    async def back(self) -> None:
        while data := await self.far_reader.read(65536):
            self.noted(data, [])
            self.near.write(data)
            await self.near.drain()


def counted(cable: Proxy) -> Count:
    cable.counts = Count()  # type: ignore[attr-defined]
    cable.link = Counting
    cable.drop()
    return cable.counts  # type: ignore[attr-defined, no-any-return]


def missing(device: Devices, demo: Demo) -> tuple[Tab, str]:
    """A phone that has the app and read a room, closed it, and was away for fifty messages."""
    room = demo.fresh_room("nadia", "camille", title="Cinquante messages")
    demo.many(room, "camille", [f"Avant {n} : {WORDS}" for n in range(1, 41)])
    made = watched(device(viewport=PHONE, has_touch=True, is_mobile=True))
    tab = made.tab().sign_in("nadia").inside()
    tab.page.wait_for_function("() => navigator.serviceWorker.controller?.state === 'activated'", timeout=PATIENCE)
    tab.go(f"/rooms/{room}")
    tab.page.get_by_role("button", name="Derniers messages").click()
    expect(tab.message("Avant 40 :")).to_be_in_viewport(timeout=PATIENCE)
    eventually(lambda: demo.sql("SELECT max(seq) FROM rooms_readmark WHERE room_id = %s", room) == [(40,)])
    # The page of a room is kept, and the list with its read mark, a moment later. The page's own timer: those that it set before have run by then.
    tab.page.evaluate("() => new Promise((ok) => setTimeout(ok, 3000))")
    stored(tab)
    eventually(lambda: rows(tab, demo.cast["nadia"].id)["cache"] == 3)
    tab.page.goto("about:blank")
    demo.many(room, "camille", [f"Manqué {n} : {WORDS}" for n in range(1, MISSED + 1)])
    made.cut_once = True
    return tab, room


def test_from_the_press_to_the_messages(device: Devices, demo: Demo) -> None:
    tab, room = missing(device, demo)
    head = demo.sql("SELECT last_seq FROM rooms_room WHERE id = %s", room)[0][0]
    # Looked at in the page itself, as it opens its socket: from here a moment has gone by whenever something is seen.
    tab.page.add_init_script(SOCKET % json.dumps(f"Manqué {MISSED} :"))
    tab.page.add_init_script(SIGHT % json.dumps(f"Manqué {MISSED} :"))
    counts = counted(tab.device.cable)
    # As the service worker opens it (frontend/src/worker/clicks.ts).
    tab.page.goto(f"{tab.device.base}/rooms/{room}?at={head}&new=1", wait_until="commit")
    expect(tab.message(f"Manqué {MISSED} :")).to_be_attached(timeout=PATIENCE)
    # Up to that moment in the page: Playwright looks only now and then, and a little later the page rightly asks for more.
    requests, size = counts.until(tab.page.evaluate("() => self.sight") / 1000)
    # By the cursor that was kept, and over HTTP before there is a socket.
    assert f"/api/v1/rooms/{room}/events?after=40&limit=200" in requests
    assert tab.page.evaluate("() => self.before") is True, "a socket was opened before the messages were there"
    print(f"tap: {len(requests)} requests, {size} bytes: {requests}")
    expect(tab.message("Manqué 1 :")).to_be_in_viewport(timeout=PATIENCE)
    assert len(requests) <= 3, requests
    assert size <= 60_000, size
    # Only then all the rest, and in the end the room is live.
    expect(tab.page.locator(".bars .bar")).to_have_count(0, timeout=PATIENCE)
    expect(tab.message("Manqué")).to_have_count(MISSED)
    eventually(lambda: any("/ws/v1/" in one for one in list(counts.requests)))


@pytest.mark.parametrize("kind", ["group", "case"])
def test_a_cold_visit_to_a_room_stays_small(device: Devices, demo: Demo, kind: str) -> None:
    """All script and style that a browser without anything asks for until it stands in a room, live, with no press: as the server sends it, heads of answers
    included. The service worker, and the shell that it keeps for later, come after that and are no part of it; a wide screen, for that has the sheet of the case as well.
    """
    room = demo.group("DER") if kind == "group" else demo.case("Pemphigoïde sous gliptine ?")
    cookies = device().tab().sign_in("nadia").inside().device.context.cookies()
    made = device()
    made.context.add_cookies(cookies)  # the same host, whatever the port
    tab = made.tab()
    cdp = made.context.new_cdp_session(tab.page)
    asked: dict[str, str] = {}
    encoded: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def answered(said: dict[str, Any]) -> None:
        if said["type"] in ("Script", "Stylesheet"):
            asked[said["requestId"]] = said["response"]["url"].rpartition("/")[2]
            encoded[said["requestId"]] = {name.lower(): value for name, value in said["response"]["headers"].items()}["content-encoding"]

    cdp.on("Network.responseReceived", answered)
    cdp.on("Network.loadingFinished", lambda said: sizes.update({said["requestId"]: int(said["encodedDataLength"])}))
    cdp.send("Network.enable")
    tab.go(f"/rooms/{room}").live()
    expect(tab.log.locator("article.msg").first).to_be_visible()
    if kind == "case":
        expect(tab.page.locator("aside.panel")).to_contain_text("Ranger")
    heard(tab.page, lambda: set(asked) <= set(sizes))
    found = {name: sizes[id] for id, name in asked.items()}
    print(f"cold, {kind}: {sum(found.values())} bytes in {len(found)} answers: {found}")
    assert len(found) >= 4 and set(encoded.values()) == {"br"}
    assert not any(name.startswith("find-") for name in found), "the rules come with the first letter that is written"
    assert sum(found.values()) <= 100_000, found


def test_a_cold_load_stays_small() -> None:
    """The entry and what it imports, compressed as the poorer of the two; what is loaded when it is first opened (the moderators' console) does not count."""
    dist = CHECKOUT / "frontend" / "dist"
    manifest = json.loads((dist / ".vite" / "manifest.json").read_text())
    asked, due = {"sw.js"}, [key for key, chunk in manifest.items() if chunk.get("isEntry")]
    while due:
        chunk = manifest[due.pop()]
        asked |= {chunk["file"], *chunk.get("css", [])}
        due += [key for key in chunk.get("imports", []) if manifest[key]["file"] not in asked]
    assert len(asked) >= 3, "the build has no entry"
    assert sum((dist / f"{name}.gz").stat().st_size for name in asked) <= 100_000
    console = manifest["src/views/moderation/Console.tsx"]
    assert console["isDynamicEntry"] and console["file"] not in asked
