"""One person at one browser, as the journeys tell it: what they do, what they see, and what their console says."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Locator, Page, expect

from tests.live import Node, wait_for
from tests.proxy import Proxy

PATIENCE = 1000 * float(os.environ.get("BROWSER_PATIENCE", "20"))  # ms: the machine that runs the tests may be slow
expect.set_options(timeout=PATIENCE)
# The questions "who am I?" and "is this still my vault?" are answered 401 where nobody is signed in; the browser writes that down as an error.
SESSION_PROBE = re.compile(r"/api/v1/me$|/api/v1/vaults$|/_allauth/browser/v1/auth/session$")
NETWORK = re.compile(r"net::ERR_|WebSocket connection to .* failed|WebSocket is closed|error occurred when fetching the script")
# How many rows each store of a person's database has.
COUNT = """async () => {
  const open = indexedDB.open(`consult-${%r}`);
  const db = await new Promise((ok) => (open.onsuccess = () => ok(open.result)));
  const out = {};
  for (const store of db.objectStoreNames) out[store] = await new Promise((ok) => { const all = db.transaction(store).objectStore(store).count(); all.onsuccess = () => ok(all.result) });
  db.close();
  return out;
}"""
# Counts what a page seals, opens, reads and stores: what it has begun in all, and what of it is under way.
DISK = """(() => {
  const disk = (self.disk = { begun: 0, open: 0 });
  const begin = () => { disk.begun++; disk.open++; };
  const end = () => { disk.open--; };
  const counted = (of, name) => {
    const run = Object.getOwnPropertyDescriptor(of, name).value;
    if (name === "constructor" || typeof run !== "function") return;
    of[name] = function (...words) { const said = run.apply(this, words); begin(); Promise.resolve(said).then(end, end); return said; };
  };
  if (self.SubtleCrypto) for (const name of Object.getOwnPropertyNames(SubtleCrypto.prototype)) counted(SubtleCrypto.prototype, name);
  counted(Blob.prototype, "arrayBuffer");
  const transaction = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (...words) {
    const made = transaction.apply(this, words);
    begin();
    made.addEventListener("complete", end);
    made.addEventListener("abort", end);
    return made;
  };
})()"""
# Nothing is under way, and nothing was begun in three pauses, each as long as a draft waits for the next key. The page's own timers, so that those that
# it set before have run by then, however busy the machine is: an effect after a change, and the draft that it saves.
QUIET = """async () => {
  const { begun, open } = self.disk;
  if (open) return false;
  for (let n = 0; n < 3; n++) await new Promise((ok) => setTimeout(ok, 100));
  return self.disk.open === 0 && self.disk.begun === begun;
}"""


class Device:
    """A browser profile behind a cable of its own: cookies, storage, any number of tabs."""

    def __init__(self, context: BrowserContext, node: Node) -> None:
        self.context, self.node = context, node
        context.set_default_timeout(PATIENCE)
        self.cable = Proxy(lambda: asyncio.open_connection("127.0.0.1", node.port))
        self.base = f"http://127.0.0.1:{self.cable.port}"
        self.said: list[str] = []
        self.cut_once = False
        self.refused: list[re.Pattern[str]] = [SESSION_PROBE]
        context.on("console", self._console)
        context.on("weberror", lambda error: self.said.append(f"uncaught: {error.error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        where = (message.location or {}).get("url", "")
        if re.search("status of 4(0[01349]|10)", message.text) and any(known.search(where) for known in self.refused):
            return
        if self.cut_once and NETWORK.search(message.text):
            return
        self.said.append(f"{message.text} ({where})")

    def expects(self, address: str) -> None:
        """A refusal at this address is part of the story."""
        self.refused.append(re.compile(address))

    def tab(self) -> Tab:
        return Tab(self, self.context.new_page())

    # The network

    def cut(self) -> None:
        """The cable is pulled; the browser is not told."""
        self.cut_once = True
        self.cable.refuse()
        self.cable.drop()

    def mend(self) -> None:
        self.cable.well()

    def offline(self) -> None:
        """The cable is pulled, and the browser knows."""
        self.cut_once = True
        self.context.set_offline(True)
        self.cut()

    def online(self) -> None:
        self.mend()
        self.context.set_offline(False)

    def close(self) -> None:
        # The connections that end with the page are not news.
        self.cut_once = True
        self.context.close()
        self.cable.drop()
        self.cable.close()

    def errors(self) -> list[str]:
        return self.said


class Tab:
    def __init__(self, device: Device, page: Page) -> None:
        self.device, self.page = device, page

    # Coming in

    def go(self, path: str = "/") -> Tab:
        self.page.goto(self.device.base + path)
        return self

    def sign_in(self, name: str, password: str | None = None) -> Tab:
        """At the door, as anyone does."""
        if self.page.url == "about:blank":
            self.go()
        self.page.get_by_label("Adresse e-mail").fill(f"{name}@example.org")
        self.page.get_by_label("Mot de passe", exact=True).fill(password or f"demo-{name}")
        self.page.get_by_role("button", name="Se connecter").click()
        return self

    def inside(self) -> Tab:
        expect(self.page.locator("nav.list .item").first).to_be_visible(timeout=PATIENCE)
        return self

    def room(self, id: str) -> Tab:
        """Opens a room by its address, and waits until it is live."""
        self.go(f"/rooms/{id}")
        expect(self.composer).to_be_visible(timeout=PATIENCE)
        return self.live()

    def live(self) -> Tab:
        expect(self.page.locator(".room-head .facts")).to_contain_text(
            re.compile("En direct|Live|présent|present"), timeout=PATIENCE
        )  # a phone has room for who is there, while it is live
        return self

    # The room

    @property
    def composer(self) -> Locator:
        return self.page.locator("textarea#composer")

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def bar(self) -> Locator:
        return self.page.locator(".bars .bar")

    def message(self, text: str) -> Locator:
        return self.log.locator("article.msg").filter(has_text=text)

    def write(self, text: str) -> Tab:
        self.composer.fill(text)
        # Under a finger Enter begins a new line.
        self.composer.press("Control+Enter")
        expect(self.composer).to_have_value("")
        return self

    def sees(self, *texts: str) -> Tab:
        """Each once, in this order, and arrived."""
        for text in texts:
            expect(self.message(text)).to_have_count(1, timeout=PATIENCE)
            expect(self.message(text).locator(".sent-state")).to_have_count(0, timeout=PATIENCE)
        shown = [one.replace("\u00a0", " ") for one in self.log.locator("article.msg").all_inner_texts()]
        at = [next(i for i, one in enumerate(shown) if text in one) for text in texts]
        assert at == sorted(at), f"shown in another order: {at}"
        return self

    def waits(self, *texts: str) -> Tab:
        """Shown, and not yet gone."""
        for text in texts:
            expect(self.message(text)).to_have_count(1, timeout=PATIENCE)
            expect(self.message(text).locator(".sent-state")).to_be_visible(timeout=PATIENCE)
        return self

    def menu(self, text: str, item: str, role: Any = "menuitem") -> Tab:
        """Opens a message's menu and picks from it."""
        self.message(text).hover()
        self.message(text).focus()  # a line that comes meanwhile moves it from under the pointer
        self.message(text).get_by_role("button", name=re.compile("^(Actions|Actions,)")).click()
        self.page.get_by_role(role, name=item, exact=True).click()
        return self

    def item(self, title: str) -> Locator:
        """A room in the list."""
        return self.page.locator("nav.list .item").filter(has_text=title)

    def focus(self) -> Any:
        return self.page.evaluate("() => { const a = document.activeElement; return a ? (a.id || a.dataset.key || a.getAttribute('aria-label') || a.tagName) : null }")

    def crash(self) -> None:
        """The renderer dies; nothing of the page runs any more."""
        with contextlib.suppress(Error):
            self.page.goto("chrome://crash", timeout=5_000)
        self.page.close()


def eventually(what: Any, seconds: float = PATIENCE / 1000) -> None:
    assert wait_for(what, seconds), "did not come true in time"


def watched(device: Device) -> Device:
    """Pages that are opened from now on count what they do with the disk, for `stored`."""
    device.context.add_init_script(DISK)
    return device


def stored(tab: Tab) -> None:
    """What was typed and done so far lies on the disk, sealed. For pages of a device that is `watched`."""
    eventually(lambda: tab.page.evaluate(QUIET))


def rows(tab: Tab, person: object) -> dict[str, int]:
    """What the device keeps of this person: how many rows in each store."""
    return dict(tab.page.evaluate(COUNT % str(person)))


def still(page: Page) -> None:
    """What rises, fades or slides has come to rest; what pulses for ever does not count."""
    page.wait_for_timeout(300)
    page.wait_for_function("() => document.getAnimations().every((one) => one.playState !== 'running' || one.effect.getComputedTiming().iterations === Infinity)")


def heard(page: Page, what: Any, seconds: float = PATIENCE / 1000) -> None:
    """`eventually`, for what routes and the browser's events tell: they are dispatched while Playwright is at work, not while this thread sleeps."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "was not told in time"
        page.wait_for_timeout(50)
