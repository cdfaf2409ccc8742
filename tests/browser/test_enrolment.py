"""Turning notifications on, as a person does: from the press to a notification that a push service carried, a new address, and off again.

Chromium's own subscribe() asks Google's push service, which a closed machine cannot reach. It alone is stood in for, by a subscription at
a push service of this machine, which decrypts what the server sends as a browser would (RFC 8291).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Demo, Devices
from tests.browser.pages import Tab, eventually
from tests.browser.test_installed import CLICK, Push, installed, shown, worker_of
from tests.push.services import Browser as Subscriber
from tests.push.services import Service, web_push

# What a browser keeps of its one subscription lies in `store`; `addresses` are what its push service gives the next ones, the last of them for good.
SUBSCRIBED = """(store, addresses) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const held = () => {
    const kept = JSON.parse(store.getItem("subscription"));
    return kept && {
      endpoint: kept.endpoint, expirationTime: null, options: { userVisibleOnly: true, applicationServerKey: bytes(kept.key) },
      toJSON: () => ({ endpoint: kept.endpoint, expirationTime: null, keys: { p256dh: kept.p256dh, auth: kept.auth } }),
      unsubscribe: async () => { store.removeItem("subscription"); return true },
    };
  };
  PushManager.prototype.getSubscription = async () => held();
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    if (!userVisibleOnly || Notification.permission !== "granted") throw new DOMException("no permission", "NotAllowedError");
    const point = new Uint8Array(applicationServerKey);
    await crypto.subtle.importKey("raw", point, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]); // a key that is none is refused
    const address = addresses.length > 1 ? addresses.shift() : addresses[0];
    store.setItem("subscription", JSON.stringify({ ...address, key: btoa(String.fromCharCode(...point)) }));
    return held();
  };
}"""
# The browser took its subscription away: the worker hears of it, and what it subscribed to then is the browser's.
CHANGED = """async (address) => {
  const kept = new Map(), store = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: (name) => kept.delete(name) };
  (%s)(store, [address]);
  const event = new ExtendableEvent("pushsubscriptionchange");
  let work; Object.defineProperty(event, "waitUntil", { value: (promise) => { work = promise } });
  self.dispatchEvent(event);
  await work;
  return store.getItem("subscription");
}"""

# A registration waits until it is let go; and, if so, the first look at this device is answered once one has begun.
HELD = """(look) => {
  const real = self.fetch, atRegistration = new Promise((come) => { self.registering = come });
  const letGo = new Promise((come) => { self.letGo = come });
  let asked = 0;
  self.fetch = async (...what) => {
    const { pathname } = new URL(what[0].url ?? what[0], location.href), method = what[1]?.method ?? what[0].method ?? "GET";
    if (look && pathname === "/api/v1/push" && asked++ === 0) {
      await atRegistration;
      const answer = await real(...what);
      self.answered = true;
      return answer;
    }
    if (pathname === "/api/v1/devices" && method === "POST") { self.registering(); self.begun = true; await letGo }
    return real(...what);
  };
}"""


@pytest.fixture
def chromium(whole_chromium: Browser) -> Browser:
    return whole_chromium


@pytest.fixture
def service() -> Iterator[Service]:
    with web_push() as made:
        yield made


def subscribing(device: Devices, *addresses: dict[str, str]) -> Tab:
    """Nadia's laptop, whose next subscriptions will be these."""
    made = device()
    made.context.grant_permissions(["notifications"], origin=made.base)
    made.context.add_init_script(
        f"({SUBSCRIBED})({{ getItem: (n) => localStorage.getItem(n), setItem: (n, v) => localStorage.setItem(n, v), removeItem: (n) => localStorage.removeItem(n) }}, {json.dumps(addresses)})"
    )
    return installed(made.tab().sign_in("nadia").inside())


def changed(tab: Tab, address: dict[str, str]) -> None:
    """The same in worker and page: one browser has one subscription."""
    kept = worker_of(tab.device).evaluate(CHANGED % SUBSCRIBED, address)
    tab.page.evaluate("(kept) => kept === null ? localStorage.removeItem('subscription') : localStorage.setItem('subscription', kept)", kept)


def registered(demo: Demo) -> list[str]:
    return [label for (label,) in demo.sql("SELECT label FROM push_device WHERE person_id = %s", demo.cast["nadia"].id)]


def carried(service: Service, subscriber: Subscriber, room: str) -> dict[str, Any]:
    """What the push service was given for this subscription and room, decrypted. Others of the demo may wake her as well."""
    found = lambda: [one for one in service.payloads(subscriber.name) if one["room"] == room]  # noqa: E731
    eventually(found)
    return found()[-1]


def test_turned_on_by_a_press_woken_by_a_push_and_turned_off(device: Devices, demo: Demo, service: Service) -> None:
    first, second = service.browser("first"), service.browser("second")
    demo.sql("DELETE FROM push_device WHERE person_id = %s", demo.cast["nadia"].id)
    room = demo.fresh_room("nadia", "camille", title="Réveil")
    nadia = subscribing(device, first.address())
    page = nadia.page
    part = page.locator("#notifications")

    page.locator("a[href='/me']").first.click()
    expect(part.get_by_role("status")).to_contain_text("ne vous prévient pas")
    assert service.asked == [] and registered(demo) == []
    part.get_by_role("button", name="Activer sur cet appareil").click()
    expect(part.get_by_text("Activées sur cet appareil.")).to_be_visible()
    expect(part.locator(".devices li")).to_contain_text("cet appareil")
    assert registered(demo) == ["Chrome, Linux"]

    # The test button: through the server, the worker and the push service, back to the screen, and the press.
    push = Push(nadia)
    part.get_by_role("button", name="Envoyer un essai").click()
    tried = carried(service, first, demo.cast["nadia"].personal)
    assert tried == {"v": 1, "room": demo.cast["nadia"].personal, "seq": tried["seq"], "reason": "test", "badge": tried["badge"]}
    push.until(lambda: push.raw(json.dumps(tried)), lambda: [one["body"] for one in shown(nadia)] == ["Cet appareil reçoit les notifications."])
    page.locator("a[href='/directory']").first.click()
    assert worker_of(nadia.device).evaluate(CLICK, "test") == []
    expect(page).to_have_url(re.compile("/me$"))

    # A message that wakes: the press leads to it.
    demo.many(room, "camille", ["Pouvez-vous regarder ?"])
    woken = carried(service, first, room)
    assert (woken["room"], woken["seq"], woken["reason"]) == (room, 1, "direct")
    push.until(lambda: push.raw(json.dumps(woken)), lambda: [(one["body"], one["tag"]) for one in shown(nadia)] == [("Un message privé vous attend.", room)])
    assert worker_of(nadia.device).evaluate(CLICK, room) == []
    expect(page).to_have_url(re.compile(f"/rooms/{room}\\?at=1&new=1$"))
    expect(nadia.message("Pouvez-vous regarder ?")).to_be_in_viewport()

    # The browser changes its address with no page's help: the new one is registered, and the old one goes once its service says so.
    nadia.go("/directory")
    changed(nadia, second.address())
    assert registered(demo) == ["Chrome, Linux"] * 2
    service.answers["first"] = [410] * 10
    demo.many(room, "camille", ["Et maintenant ?"])
    assert carried(service, second, room)["seq"] == 2
    eventually(lambda: len(registered(demo)) == 1)

    # The page registers again at its next start, whatever became of the server's row.
    demo.sql("DELETE FROM push_device WHERE person_id = %s", demo.cast["nadia"].id)
    nadia.go("/me")
    expect(part.get_by_text("Activées sur cet appareil.")).to_be_visible()
    eventually(lambda: registered(demo) == ["Chrome, Linux"])

    # Two rows again, of which neither is left; and a change of address brings nothing back.
    changed(nadia, first.address())
    assert len(registered(demo)) == 2
    part.get_by_role("button", name="Désactiver ici").click()
    expect(part.get_by_role("button", name="Activer sur cet appareil")).to_be_visible()
    expect(part.get_by_text("Aucun appareil ne reçoit")).to_be_visible()
    assert registered(demo) == [] and page.evaluate("() => localStorage.getItem('subscription')") is None
    changed(nadia, second.address())
    assert registered(demo) == [] and page.evaluate("() => localStorage.getItem('subscription')") is None


def test_a_press_during_the_look_is_on_once_the_server_knows(device: Devices, demo: Demo, service: Service) -> None:
    demo.sql("DELETE FROM push_device WHERE person_id = %s", demo.cast["nadia"].id)
    nadia = subscribing(device, service.browser("only").address())
    page, part = nadia.page, nadia.page.locator("#notifications")
    page.locator("a[href='/me']").first.click()
    expect(part.get_by_role("button", name="Activer sur cet appareil")).to_be_visible()
    page.locator("a[href='/directory']").first.click()
    expect(part).to_have_count(0)
    page.evaluate(HELD, True)
    page.locator("a[href='/me']").first.click()
    part.get_by_role("button", name="Activer sur cet appareil").click()
    page.wait_for_function("() => self.answered")
    page.wait_for_timeout(300)  # what a browser needs to read and draw it, were it taken
    expect(part.get_by_role("status")).to_contain_text("ne vous prévient pas")
    assert registered(demo) == []
    page.evaluate("() => self.letGo()")
    expect(part.get_by_text("Activées sur cet appareil.")).to_be_visible()
    assert registered(demo) == ["Chrome, Linux"]


def test_turned_off_while_it_is_renewed_it_stays_off(device: Devices, demo: Demo, service: Service) -> None:
    demo.sql("DELETE FROM push_device WHERE person_id = %s", demo.cast["nadia"].id)
    nadia = subscribing(device, service.browser("kept").address())
    page, part = nadia.page, nadia.page.locator("#notifications")
    nadia.go("/me")
    part.get_by_role("button", name="Activer sur cet appareil").click()
    expect(part.get_by_text("Activées sur cet appareil.")).to_be_visible()
    page.add_init_script(f"({HELD})(false)")
    page.reload()
    expect(part.get_by_role("button", name="Désactiver ici")).to_be_visible()
    page.wait_for_function("() => self.begun")  # a moment after the start
    part.get_by_role("button", name="Désactiver ici").click()
    page.wait_for_timeout(300)  # turned off at once, it would be by now
    page.evaluate("() => self.letGo()")
    expect(part.get_by_role("button", name="Activer sur cet appareil")).to_be_enabled()
    expect(part.get_by_text("Aucun appareil ne reçoit")).to_be_visible()
    assert registered(demo) == [] and page.evaluate("() => localStorage.getItem('subscription')") is None


def test_an_address_that_somebody_else_holds_under_other_keys_is_given_up_for_another(device: Devices, demo: Demo, service: Service) -> None:
    """Who only learnt an endpoint may have registered it, with keys of their own; that must not keep its browser out."""
    first, second = service.browser("taken"), service.browser("free")
    demo.sql("DELETE FROM push_device WHERE person_id = %s", demo.cast["nadia"].id)
    marc = device().tab().sign_in("marc").inside()
    forged = {**service.browser("forger").address(), "endpoint": first.address()["endpoint"]}
    answer = marc.page.evaluate(
        """async (address) => (await fetch("/api/v1/devices", { method: "POST", body: JSON.stringify({ id: crypto.randomUUID(), ...address }),
          headers: { "Content-Type": "application/json", "X-CSRFToken": document.cookie.match(/csrftoken=([^;]+)/)[1] } })).status""",
        {"courier": "web", "address": forged, "label": "forged"},
    )
    assert answer == 201
    nadia = subscribing(device, first.address(), second.address())
    nadia.device.expects("/api/v1/devices")  # refuses the first
    nadia.page.locator("a[href='/me']").first.click()
    part = nadia.page.locator("#notifications")
    part.get_by_role("button", name="Activer sur cet appareil").click()
    expect(part.get_by_text("Activées sur cet appareil.")).to_be_visible()
    assert registered(demo) == ["Chrome, Linux"]
    room = demo.fresh_room("nadia", "camille", title="Adresse neuve")
    demo.many(room, "camille", ["Pouvez-vous regarder ?"])
    assert carried(service, second, room)["reason"] == "direct"
    demo.sql("DELETE FROM push_device WHERE person_id = %s", demo.cast["marc"].id)
