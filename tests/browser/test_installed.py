"""The installed app: its shell without a network, a new version, captive portals, and notifications from push to room."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Worker, expect

from tests.browser.conftest import Demo, Devices
from tests.browser.pages import PATIENCE, Device, Tab, eventually, rows, stored, watched
from tests.live import CHECKOUT, wait_for
from tests.proxy import Link

DIST = CHECKOUT / "frontend" / "dist"
PORTAL = "<!doctype html><title>Wi-Fi</title><h1>Acceptez les conditions</h1>"
SHOWN = "() => navigator.serviceWorker.ready.then((r) => r.getNotifications()).then((all) => all.map((n) => ({ body: n.body, tag: n.tag, title: n.title, lang: n.lang, data: n.data })))"
REMEMBERED = """async () => {
  const open = await new Promise((yes, no) => { const r = indexedDB.open("consult-worker"); r.onsuccess = () => yes(r.result); r.onerror = () => no(r.error) });
  const all = await new Promise((yes) => { const r = open.transaction("shown").objectStore("shown").getAll(); r.onsuccess = () => yes(r.result) });
  open.close();
  return all;
}"""
FORGET = """async (room) => {
  if (!(await indexedDB.databases()).some((one) => one.name === "consult-worker")) return; // opened here, it would be without its stores
  const open = await new Promise((yes, no) => { const r = indexedDB.open("consult-worker"); r.onsuccess = () => yes(r.result); r.onerror = () => no(r.error) });
  if (open.objectStoreNames.contains("shown"))
    await new Promise((yes, no) => { const t = open.transaction("shown", "readwrite"); t.objectStore("shown").delete(room); t.oncomplete = yes; t.onerror = () => no(t.error) });
  open.close();
}"""
KEPT = "async () => { const out = {}; for (const name of await caches.keys()) out[name] = (await (await caches.open(name)).keys()).map((r) => new URL(r.url).pathname).sort(); return out }"


@pytest.fixture
def chromium(whole_chromium: Browser) -> Browser:
    return whole_chromium


def installed(tab: Tab) -> Tab:
    """The worker is there, has kept the shell and holds this page."""
    tab.page.wait_for_function("() => navigator.serviceWorker.controller?.state === 'activated'", timeout=PATIENCE)
    return tab


def shown(tab: Tab) -> list[dict[str, Any]]:
    return list(tab.page.evaluate(SHOWN))


def worker_of(device: Device) -> Worker:
    eventually(lambda: len(device.context.service_workers) > 0)
    return device.context.service_workers[-1]


class Push:
    """Delivers what a push service would, through the browser's own door."""

    def __init__(self, tab: Tab) -> None:
        self.tab, self.origin = tab, tab.device.base
        self.session = tab.device.context.new_cdp_session(tab.page)
        self.registration = ""
        self.session.on("ServiceWorker.workerRegistrationUpdated", self._heard)
        self.session.send("ServiceWorker.enable")
        deadline = 100
        while not self.registration and deadline:
            tab.page.wait_for_timeout(50)
            deadline -= 1
        assert self.registration, "the browser names no registration"

    def _heard(self, said: dict[str, Any]) -> None:
        for one in said["registrations"]:
            if not one["isDeleted"] and one["scopeURL"].startswith(self.origin):
                self.registration = one["registrationId"]

    def send(self, room: str | None, seq: int, reason: str = "mention", badge: int = 1) -> None:
        self.raw(json.dumps({"v": 1, "room": room, "seq": seq, "reason": reason, "badge": badge}))

    def until(self, send: Callable[[], None], told: Callable[[], bool]) -> None:
        """Sends until it is told of: the browser's door answers nothing, and on a busy machine it has dropped a push."""
        for _ in range(4):
            send()
            if wait_for(told, PATIENCE / 4000):
                return
        raise AssertionError(f"told: {shown(self.tab)}")

    def wake(self, room: str, seq: int) -> None:
        """Sends until one notification stands; once the browser dropped one that the worker had shown (this Chromium has no desktop to put it on).
        What is sent again is news to the worker again.
        """
        for attempt in range(4):
            if attempt:
                self.tab.page.evaluate(FORGET, room)
            self.send(room, seq)
            if wait_for(lambda: len(shown(self.tab)) == 1, PATIENCE / 4000):
                return
        raise AssertionError(f"nothing is shown; the worker remembers {self.tab.page.evaluate(REMEMBERED)}")

    def raw(self, data: str) -> None:
        self.session.send("ServiceWorker.deliverPushMessage", {"origin": self.origin, "registrationId": self.registration, "data": data})


CLICK = """async (tag) => {
  const [notification] = await self.registration.getNotifications(tag ? { tag } : {});
  const event = new NotificationEvent("notificationclick", { notification });
  let work; Object.defineProperty(event, "waitUntil", { value: (promise) => { work = promise } });
  const opened = [];
  // Only a real press lets a window be opened; where to is what counts here.
  Clients.prototype.openWindow = async (url) => { opened.push(url); return null };
  self.dispatchEvent(event);
  await work;
  return opened;
}"""


@pytest.fixture
def nadia(device: Devices, demo: Demo) -> Tab:
    made = watched(device())
    made.context.grant_permissions(["notifications"], origin=made.base)
    return installed(made.tab().sign_in("nadia").inside())


# The shell


def test_it_is_installable(device: Devices, demo: Demo) -> None:
    tab = installed(device().tab().go())
    found = tab.page.evaluate("async () => { const r = await fetch(document.querySelector('link[rel=manifest]').href); return [r.headers.get('content-type'), await r.json()] }")
    assert found[0] == "application/manifest+json" and found[1]["lang"] == "fr" and [one["name"] for one in found[1]["shortcuts"]] == ["Demander", "Salles"]
    cdp = tab.device.context.new_cdp_session(tab.page)
    assert cdp.send("Page.getInstallabilityErrors")["installabilityErrors"] in ([], [{"errorId": "in-incognito", "errorArguments": []}])
    for icon in found[1]["icons"]:
        got = tab.page.evaluate(
            "async (url) => { const r = await fetch(url); const b = r.ok && await createImageBitmap(await r.blob()).catch(() => null); return [r.status, r.headers.get('content-type'), b && b.width] }",
            icon["src"],
        )
        assert got[:2] == [200, icon["type"]] and (icon["sizes"] == "any" or got[2] == int(icon["sizes"].split("x")[0])), (icon, got)


def test_precompressed_and_for_ever(demo: Demo) -> None:
    import urllib.request

    for path in (DIST / "assets").glob("*.js"):
        ask = urllib.request.Request(f"http://127.0.0.1:{demo.nodes[0].port}/static/assets/{path.name}", headers={"Accept-Encoding": "br"})
        with urllib.request.urlopen(ask) as answer:
            assert answer.headers["Content-Encoding"] == "br" and "immutable" in answer.headers["Cache-Control"]
            assert len(answer.read()) == path.with_name(path.name + ".br").stat().st_size
    with urllib.request.urlopen(f"http://127.0.0.1:{demo.nodes[0].port}/sw.js") as answer:
        assert answer.headers["Cache-Control"] == "no-cache" and answer.headers["Service-Worker-Allowed"] == "/" and answer.headers["ETag"]


def test_only_the_built_shell_is_kept(nadia: Tab, demo: Demo) -> None:
    nadia.room(demo.group("DER")).go("/me").go("/directory")
    kept = nadia.page.evaluate(KEPT)
    # But for what moderators alone use, and only with a network.
    chunks = json.loads((DIST / ".vite" / "manifest.json").read_text()).values()
    apart = {chunk["file"] for chunk in chunks if re.fullmatch(r"src/views/moderation/(Console|Rules|Tray)\.tsx", chunk.get("src", ""))}
    assert len(apart) == 3
    built = {"/"} | {f"/static/assets/{path.name}" for path in (DIST / "assets").iterdir() if path.suffix in (".js", ".css") and f"assets/{path.name}" not in apart}
    assert [set(paths) for paths in kept.values()] == [built], kept


def test_it_opens_offline_with_what_was_seen(nadia: Tab, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille", title="Sans réseau")
    demo.many(room, "camille", ["Lu avant le tunnel."])
    nadia.room(room).sees("Lu avant le tunnel.")
    eventually(lambda: rows(nadia, demo.cast["nadia"].id)["cache"] == 3)  # the page of a room is kept a moment after it changed
    stored(nadia)
    nadia.device.offline()
    nadia.page.goto(f"{nadia.device.base}/rooms/{room}")
    expect(nadia.message("Lu avant le tunnel.")).to_be_visible(timeout=PATIENCE)
    expect(nadia.bar).to_contain_text("Hors ligne", timeout=PATIENCE)
    nadia.page.goto(f"{nadia.device.base}/")
    expect(nadia.item("Sans réseau")).to_be_visible(timeout=PATIENCE)
    nadia.page.goto(f"{nadia.device.base}/rooms/{room}")
    nadia.write("Écrit dans le tunnel.").waits("Écrit dans le tunnel.")
    nadia.device.online()
    nadia.live().sees("Lu avant le tunnel.", "Écrit dans le tunnel.")


def test_a_captive_portal_is_neither_kept_nor_shown(device: Devices, demo: Demo) -> None:
    """At the first visit the worker may not install from a portal's answers; later they may not come between."""
    made = device()
    portal = lambda route: route.fulfill(status=200, content_type="text/html", body=PORTAL)  # noqa: E731
    # The worker's own requests for the shell are the portal's.
    made.context.route(re.compile("/static/assets/.*|/$"), lambda route: portal(route) if route.request.service_worker else route.continue_())
    tab = made.tab().sign_in("camille").inside()
    tab.page.wait_for_timeout(2500)
    assert not any(tab.page.evaluate(KEPT).values()), "something of a portal was kept"
    assert tab.page.evaluate("() => navigator.serviceWorker.controller") is None
    made.context.unroute_all()
    tab.go("/")
    installed(tab)
    made.context.route(re.compile(".*"), portal)
    tab.page.goto(f"{made.base}/directory")
    expect(tab.page.get_by_role("heading", name="Annuaire")).to_be_visible(timeout=PATIENCE)
    assert "Wi-Fi" not in tab.page.content()
    made.said.clear()  # JSON that is not JSON, sockets that do not open: the portal's noise
    made.cut_once = True


class NextDeploy(Link):
    """The line to a server with the next version: its worker differs by its name, and nobody has it yet."""

    async def forth(self) -> None:
        while data := await self.near_reader.read(65536):
            self.far.write(data.replace(b"If-None-Match", b"X-None-Match-"))
            await self.far.drain()

    async def back(self) -> None:
        built = re.search(r"version:.(\w{12})", (DIST / "sw.js").read_text())
        assert built, "the worker names no version"
        while data := await self.far_reader.read(65536):
            self.near.write(data.replace(built[1].encode(), b"feedfeedfeed"))
            await self.near.drain()


def test_a_new_version_is_told_and_taken_at_the_next_start(nadia: Tab, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille")
    nadia.room(room)
    nadia.composer.fill("Au milieu d’une phrase")
    nadia.page.wait_for_timeout(500)
    nadia.device.cut_once = True
    nadia.device.cable.link = NextDeploy
    nadia.device.cable.drop()
    nadia.page.evaluate("() => { self.alive = true; return navigator.serviceWorker.ready.then((r) => r.update()).then(() => true) }")
    expect(nadia.page.locator(".toast")).to_contain_text("nouvelle version", timeout=PATIENCE)
    nadia.page.wait_for_timeout(1000)
    assert nadia.page.evaluate("() => self.alive"), "the page was reloaded under who writes"
    expect(nadia.composer).to_have_value("Au milieu d’une phrase")
    nadia.page.reload()
    expect(nadia.composer).to_have_value("Au milieu d’une phrase", timeout=PATIENCE)
    eventually(lambda: list(nadia.page.evaluate(KEPT)) == ["consult-shell-feedfeedfeed"])


# Notifications


def test_a_push_shows_its_reason_and_nothing_older(nadia: Tab, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille", title="Un titre qui ne se montre pas")
    push = Push(nadia)
    push.wake(room, 121)
    (one,) = shown(nadia)
    assert (one["title"], one["body"], one["tag"], one["lang"]) == ("Consult", "On vous cite dans une salle.", room, "fr")
    assert one["data"] == {"room": room, "seq": 121, "reason": "mention"}
    push.send(room, 120, "urgent")
    push.send(room, 121, "reply")
    nadia.page.wait_for_timeout(500)
    assert [n["body"] for n in shown(nadia)] == ["On vous cite dans une salle."]
    push.until(lambda: push.send(room, 130, "reply"), lambda: [n["body"] for n in shown(nadia)] == ["On vous a répondu."])
    push.until(lambda: push.raw("<html>"), lambda: sorted(n["body"] for n in shown(nadia)) == ["Du nouveau dans une salle.", "On vous a répondu."])


def test_no_notification_for_the_room_one_looks_at(nadia: Tab, demo: Demo) -> None:
    room, other = demo.fresh_room("nadia", "camille"), demo.fresh_room("nadia", "camille")
    nadia.room(room).page.bring_to_front()
    push = Push(nadia)
    push.send(room, 900)
    push.until(lambda: push.send(other, 900), lambda: [n["tag"] for n in shown(nadia)] == [other])


def test_a_press_goes_to_the_room_in_the_open_window(nadia: Tab, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille", title="On vous y attend")
    demo.many(room, "camille", [f"Message {n}." for n in range(1, 41)])
    nadia.go("/directory")
    installed(nadia)
    nadia.page.evaluate("() => { self.alive = true }")
    Push(nadia).wake(room, 40)
    opened = worker_of(nadia.device).evaluate(CLICK, room)
    expect(nadia.page).to_have_url(re.compile(f"/rooms/{room}\\?at=40&new=1$"), timeout=PATIENCE)
    assert opened == [] and nadia.page.evaluate("() => self.alive"), "the page was loaded again"
    # The first unread line is in sight, not the last one.
    expect(nadia.message("Message 1.")).to_be_in_viewport(timeout=PATIENCE)
    assert shown(nadia) == []


# The list of rooms is still on its way, and the answer about this room comes a second after its messages could.
SLOW_LIST = """const real = self.fetch;
  self.fetch = async (...asked) => {
    const { pathname, search } = new URL(asked[0].url ?? asked[0], location.href);
    if (pathname === "/api/v1/rooms" && search.includes("limit")) await new Promise(() => undefined);
    if (/^.api.v1.rooms.[0-9a-f-]{36}$/.test(pathname)) await new Promise((done) => setTimeout(done, 1000));
    return real(...asked);
  };"""


def test_a_press_before_the_list_has_come_goes_to_the_first_unread_line_too(nadia: Tab, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille", title="On vous y attend")
    demo.many(room, "camille", [f"Message {n}." for n in range(1, 41)])
    nadia.page.add_init_script(SLOW_LIST)
    installed(nadia.go("/directory"))
    Push(nadia).wake(room, 40)
    worker_of(nadia.device).evaluate(CLICK, room)
    expect(nadia.message("Message 1.")).to_be_in_viewport(timeout=PATIENCE)
    expect(nadia.log.locator(".divider.new")).to_contain_text("40")
    nadia.page.wait_for_timeout(1500)
    expect(nadia.message("Message 1.")).to_be_in_viewport()


def test_a_press_without_a_window_opens_one(nadia: Tab, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille")
    Push(nadia).wake(room, 7)
    worker = worker_of(nadia.device)
    nadia.page.goto("about:blank")
    assert worker.evaluate(CLICK, room) == [f"/rooms/{room}?at=7&new=1"]


def test_reading_takes_the_notification_away(nadia: Tab, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille", title="À lire")
    demo.many(room, "camille", ["Lisez-moi."])
    nadia.go("/directory")
    Push(installed(nadia)).wake(room, 1)
    nadia.room(room).sees("Lisez-moi.")
    eventually(lambda: shown(nadia) == [])


REGISTER = """async () => {
  const { publicKey } = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
  const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
  const address = { endpoint: "https://fcm.googleapis.com/fcm/send/" + crypto.randomUUID(), p256dh: text(await crypto.subtle.exportKey("raw", publicKey)), auth: text(crypto.getRandomValues(new Uint8Array(16))) };
  const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
  const answer = await fetch("/api/v1/devices", { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": token }, body: JSON.stringify({ id: crypto.randomUUID(), courier: "web", label: "Chrome, Linux", address }) });
  const { device } = await answer.json();
  return device;
}"""


LATE_LIST = """const real = self.fetch, wait = new Promise((come) => { self.letItCome = come; });
  self.fetch = async (...asked) => {
    const { pathname, search } = new URL(asked[0].url ?? asked[0], location.href), answer = await real(...asked);
    if (pathname === "/api/v1/rooms" && search.includes("limit")) await wait;
    return answer;
  };"""


def test_wishes_levels_and_devices_are_kept_by_the_server(nadia: Tab, demo: Demo) -> None:
    """The address is made up, the rest is real; what turns it on is in test_enrolment.py."""
    page = nadia.page
    demo.sql("DELETE FROM push_device WHERE person_id = %s", demo.cast["nadia"].id)  # other tests' browsers
    device = page.evaluate(REGISTER)
    nadia.go("/me")
    part = page.locator("#notifications")
    expect(part.get_by_role("button", name="Activer sur cet appareil")).to_be_visible(timeout=PATIENCE)
    expect(part.locator(".devices li")).to_contain_text("cet appareil")
    part.get_by_role("switch", name="Mes cas", exact=True).uncheck()
    part.get_by_role("switch", name="Se taire la nuit").check()
    part.get_by_label("Fuseau horaire").select_option("Indian/Mauritius")
    part.get_by_label("De", exact=True).fill("21:30")
    part.get_by_label("De", exact=True).blur()
    part.get_by_role("radio", name="Chaque heure").click()
    want = {"off": ["my_case"], "quiet_from": "21:30", "quiet_to": "07:00", "zone": "Indian/Mauritius", "digest": "hourly"}
    kept = lambda: page.evaluate("() => fetch('/api/v1/wishes').then((r) => r.json())")  # noqa: E731
    eventually(lambda: {name: kept()[name] for name in want} == want)
    page.reload()
    expect(part.get_by_role("switch", name="Mes cas", exact=True)).not_to_be_checked(timeout=PATIENCE)
    expect(part.get_by_label("De", exact=True)).to_have_value("21:30")
    part.get_by_role("button", name="Enlever Chrome, Linux").click()
    expect(part.get_by_text("Aucun appareil ne reçoit")).to_be_visible(timeout=PATIENCE)
    assert demo.sql("SELECT count(*) FROM push_device WHERE id = %s", device) == [(0,)]
    group = demo.group("DER")
    nadia.room(group)
    page.locator(".room-head").get_by_role("button", name="Notifications de la salle : Mentions et questions").click()
    page.get_by_role("menuitemcheckbox", name="Rien").click()
    expect(page.locator(".room-head").get_by_role("button", name="Notifications de la salle : Rien")).to_be_visible(timeout=PATIENCE)
    stored(nadia)
    # The list of rooms as it was before the next choice comes after it, and is not the last word.
    page.add_init_script(LATE_LIST)
    page.reload()
    page.locator(".room-head").get_by_role("button", name="Notifications de la salle : Rien").click(timeout=PATIENCE)
    page.get_by_role("menuitemcheckbox", name="Mentions et questions").click()
    chosen = page.locator(".room-head").get_by_role("button", name="Notifications de la salle : Mentions et questions")
    page.wait_for_timeout(500)
    page.evaluate("() => self.letItCome()")
    expect(chosen).to_be_visible(timeout=PATIENCE)


def test_permission_is_asked_for_at_a_press_alone_and_a_refusal_is_explained(device: Devices, demo: Demo) -> None:
    made = device()
    tab = installed(made.tab().sign_in("nadia").inside())
    # Without a person before it the browser refuses by itself; here it is made to ask first.
    tab.page.evaluate(
        """() => {
          self.asked = 0; let permission = "default";
          Object.defineProperty(Notification, "permission", { get: () => permission });
          Notification.requestPermission = async () => { self.asked++; return (permission = "denied") };
        }"""
    )
    tab.page.locator("a[href='/me']").first.click()
    part = tab.page.locator("#notifications")
    expect(part.get_by_role("button", name="Activer sur cet appareil")).to_be_visible(timeout=PATIENCE)
    assert tab.page.evaluate("() => self.asked") == 0
    part.get_by_role("button", name="Activer sur cet appareil").click()
    expect(part.get_by_text("Ce navigateur refuse les notifications")).to_be_visible(timeout=PATIENCE)
    assert tab.page.evaluate("() => self.asked") == 1


def test_signing_out_leaves_nothing(nadia: Tab, demo: Demo) -> None:
    device = nadia.page.evaluate(REGISTER)
    Push(nadia).wake(demo.fresh_room("nadia", "camille"), 3)
    nadia.go("/me").page.get_by_role("button", name="Se déconnecter").click()
    expect(nadia.page.get_by_label("Adresse e-mail")).to_be_visible(timeout=PATIENCE)
    eventually(lambda: shown(nadia) == [])
    assert nadia.page.evaluate("() => localStorage.getItem('consult.me')") is None
    eventually(lambda: demo.sql("SELECT count(*) FROM push_device WHERE id = %s", device) == [(0,)])
    # And without a network the door is shown, not the rooms of who left.
    nadia.device.offline()
    nadia.page.goto(nadia.device.base + "/")
    expect(nadia.page.get_by_text("Le serveur ne répond pas")).to_be_visible(timeout=PATIENCE)
