"""What a browser keeps of a person: readable while their session lasts, to nobody after it, and back when they come back."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.conftest import CHROMIUM, DESKTOP, FLAGS, Demo, Devices
from tests.browser.pages import PATIENCE, Device, Tab, eventually, heard, rows, stored, watched
from tests.browser.test_installed import Push, installed
from tests.browser.test_outbox import arrived
from tests.browser.test_pictures import attach, photo
from tests.live import wait_for

# Where in all that a page can read of this origin's storage one of these words stands. Bytes are read as text, too.
PLACES = """async (words) => {
  const found = [];
  const look = (where, text) => { for (const word of words) if (text.toLowerCase().includes(word.toLowerCase())) found.push(`${word} in ${where}`) };
  const text = (value) => JSON.stringify(value, (_, v) => v instanceof ArrayBuffer || ArrayBuffer.isView(v) ? new TextDecoder().decode(v) : v) ?? "";
  const asked = (request) => new Promise((ok, no) => { request.onsuccess = () => ok(request.result); request.onerror = () => no(request.error) });
  for (const { name } of await indexedDB.databases()) {
    look("database names", name);
    const db = await asked(indexedDB.open(name));
    for (const store of db.objectStoreNames) {
      const objects = db.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([asked(objects.getAllKeys()), asked(objects.getAll())]);
      look(`${name}/${store}`, text(keys) + text(values));
    }
    db.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    // The app's own scripts, byte for byte as built (test_installed.py), know common names of people.
    for (const request of await cache.keys()) look(`cache ${request.url}`, request.url + (new URL(request.url).pathname.startsWith("/static/assets/") ? "" : await (await cache.match(request)).text()));
  }
  look("localStorage", JSON.stringify({ ...localStorage }));
  look("sessionStorage", JSON.stringify({ ...sessionStorage }));
  look("cookies", document.cookie);
  look("history", text(history.state) + document.title);
  look("page", document.documentElement.outerHTML + document.body.innerText);
  return found;
}"""
LIVE = """async () => {
  const open = indexedDB.open("consult-vaults");
  const db = await new Promise((ok) => (open.onsuccess = () => ok(open.result)));
  const all = db.transaction("vaults").objectStore("vaults").getAll();
  const rows = await new Promise((ok) => (all.onsuccess = () => ok(all.result)));
  db.close();
  return rows.map((row) => [row.person, !!row.live, !!row.wrapped, row.live?.extractable ?? null]);
}"""
SEEN, FIRST, SECOND, DRAFT, TITLE = "nephrocalcinose vue", "premier-jamais-parti", "second-jamais-parti", "brouillon-inacheve", "Salle-au-titre-secret"
NAME = "Ferrand"
WORDS = [SEEN, FIRST, SECOND, DRAFT, TITLE, NAME]


@pytest.fixture
def chromium(whole_chromium: Browser) -> Browser:
    return whole_chromium


def kept(tab: Tab, *words: str) -> list[str]:
    return list(tab.page.evaluate(PLACES, list(words or WORDS)))


def end_sessions(demo: Demo, device: Device) -> None:
    """As an administrator does, or the person from another device."""
    key = next(one["value"] for one in device.context.cookies() if one["name"] == "sessionid")
    assert demo.sql("DELETE FROM django_session WHERE session_key = %s RETURNING 1", key) == [(1,)]


def leave_two_unsent(shared: Device, demo: Demo) -> tuple[Tab, str]:
    room = demo.fresh_room("nadia", "idris", title=TITLE)
    demo.many(room, "idris", [SEEN])
    nadia = installed(watched(shared).tab().sign_in("nadia").inside()).room(room).sees(SEEN)
    her = demo.cast["nadia"].id
    eventually(lambda: rows(nadia, her)["cache"] == 3)  # the page of a room is kept a moment after it changed
    shared.cut()
    nadia.write(FIRST).write(SECOND).waits(FIRST, SECOND)
    nadia.composer.fill(DRAFT)
    stored(nadia)
    eventually(lambda: rows(nadia, her) == {"cache": 3, "drafts": 1, "outbox": 2, "pictures": 0})
    return nadia, room


def out(tab: Tab) -> None:
    """Signs out once "Me" has read what it shows: what is still being asked for when the session ends is rightly refused."""
    asking: set[Any] = set()
    tab.page.on("request", lambda one: asking.add(one))
    tab.page.on("requestfinished", lambda one: asking.discard(one))
    tab.page.on("requestfailed", lambda one: asking.discard(one))
    tab.page.get_by_role("link", name="Moi").first.click()
    expect(tab.page.locator("#notifications").get_by_role("heading", name="Vos appareils")).to_be_visible(timeout=PATIENCE)
    heard(tab.page, lambda: not asking)
    tab.page.get_by_role("button", name="Se déconnecter").click()
    expect(tab.page.get_by_label("Adresse e-mail")).to_be_visible(timeout=PATIENCE)


def test_two_unsent_a_session_that_was_revoked_and_another_person(device: Devices, demo: Demo) -> None:
    shared = device()
    shared.expects("/api/v1/rooms/")  # 401 to who was signed out, 404 to who may not know of the room
    nadia, room = leave_two_unsent(shared, demo)
    her = str(demo.cast["nadia"].id)
    assert rows(nadia, her) == {"cache": 3, "drafts": 1, "outbox": 2, "pictures": 0}
    assert nadia.page.evaluate(LIVE) == [[her, True, True, False]]
    # Even now nothing lies readable outside the page that shows it.
    assert [one for one in kept(nadia) if not one.endswith((" in page", " in history"))] == []

    end_sessions(demo, shared)
    shared.mend()
    expect(nadia.page.get_by_text("Votre session a pris fin")).to_be_visible(timeout=PATIENCE)
    eventually(lambda: nadia.page.evaluate(LIVE) == [[her, False, True, None]])
    eventually(lambda: rows(nadia, her) == {"cache": 0, "drafts": 1, "outbox": 2, "pictures": 0})
    assert kept(nadia) == []
    assert demo.bodies(room) == [SEEN]
    # Without a network either: the door, and nobody's name.
    shared.offline()
    nadia.page.reload()
    expect(nadia.page.get_by_text("Le serveur ne répond pas")).to_be_visible(timeout=PATIENCE)
    assert kept(nadia) == []
    shared.online()

    camille = nadia.sign_in("camille").inside()
    for path in ("/", "/cases", "/ask", "/me", f"/rooms/{room}"):
        camille.page.goto(shared.base + path)
        expect(camille.page.locator(".app")).to_be_visible(timeout=PATIENCE)
        camille.page.wait_for_timeout(500)
        assert kept(camille, SEEN, FIRST, SECOND, DRAFT, TITLE) == [], path
    expect(camille.bar).to_have_count(0, timeout=PATIENCE)
    # The worker may be called now: it finds Camille's key, and nothing of Nadia's to send.
    assert {row[0]: row[1] for row in camille.page.evaluate(LIVE)} == {her: False, str(demo.cast["camille"].id): True}
    worker = Push(camille)
    worker.session.send("ServiceWorker.dispatchSyncEvent", {"origin": shared.base, "registrationId": worker.registration, "tag": "consult-outbox", "lastChance": False})
    camille.page.wait_for_timeout(1500)
    assert demo.bodies(room) == [SEEN]
    camille.go("/")
    out(camille)
    # What was in sight goes first, the key right after it.
    eventually(lambda: not any(live for _, live, _, _ in camille.page.evaluate(LIVE)))
    assert kept(camille, *WORDS, "Aubrac") == []

    nadia = camille.sign_in("nadia").inside().room(room).sees(SEEN, FIRST, SECOND)
    expect(nadia.composer).to_have_value(DRAFT)
    arrived(demo, room, SEEN, FIRST, SECOND)
    nadia.page.wait_for_timeout(1500)
    arrived(demo, room, SEEN, FIRST, SECOND)
    assert demo.sql("SELECT p.email FROM rooms_message m JOIN clinicians_person p ON p.id = m.author_id WHERE m.room_id = %s AND m.body = ANY(%s)", room, [FIRST, SECOND]) == [
        ("nadia@example.org",),
        ("nadia@example.org",),
    ]
    eventually(lambda: rows(nadia, her)["outbox"] == 0)


def test_a_question_being_written_is_kept_under_the_same_lock(device: Devices, demo: Demo) -> None:
    shared = watched(device())
    nadia = installed(shared.tab().sign_in("nadia").inside())
    # As an earlier version left it.
    nadia.page.evaluate(
        "([me, words]) => localStorage.setItem(`consult.ask.${me}`, JSON.stringify({ id: crypto.randomUUID(), question: words, context: '', specialty: '', urgency: 'today', audience: 'all', group: '', people: [] }))",
        [str(demo.cast["nadia"].id), DRAFT],
    )
    nadia.go("/ask")
    question = nadia.page.locator("#ask-question")
    expect(question).to_have_value(DRAFT, timeout=PATIENCE)
    question.fill(f"{DRAFT}, suite")
    stored(nadia)
    assert {one for one in kept(nadia, DRAFT) if " in page" not in one} == set()
    nadia.go("/ask")
    expect(question).to_have_value(f"{DRAFT}, suite", timeout=PATIENCE)
    question.fill("")
    stored(nadia)


def test_a_wipe_from_another_device_takes_all_that_a_lost_phone_keeps(device: Devices, demo: Demo) -> None:
    lost = device()
    nadia, room = leave_two_unsent(lost, demo)
    her = str(demo.cast["nadia"].id)
    wiped = demo.sql("SELECT id FROM standing_vault WHERE person_id = %s ORDER BY opened_at DESC LIMIT 1", her)[0][0]
    here = device().tab().sign_in("nadia").inside().go("/me")
    part = here.page.locator("#kept")
    expect(part.get_by_role("listitem").first).to_be_visible(timeout=PATIENCE)
    part.locator(f"[data-vault='{wiped}']").get_by_role("button", name=re.compile("Effacer")).click()
    here.page.get_by_role("dialog").get_by_role("button", name="Effacer cet appareil").click()
    expect(part.locator(f"[data-vault='{wiped}']")).to_have_count(0, timeout=PATIENCE)
    assert demo.sql("SELECT secret, wiped_at IS NOT NULL FROM standing_vault WHERE id = %s", wiped) == [(None, True)]
    here.page.get_by_role("link", name="Salles").first.click()
    here.inside()

    lost.mend()
    expect(nadia.page.get_by_label("Adresse e-mail")).to_be_visible(timeout=PATIENCE)
    eventually(lambda: nadia.page.evaluate(LIVE) == [])
    eventually(lambda: f"consult-{her}" not in nadia.page.evaluate("async () => (await indexedDB.databases()).map((one) => one.name)"))
    assert kept(nadia) == []
    nadia.sign_in("nadia").inside().room(room).sees(SEEN)
    expect(nadia.composer).to_have_value("")
    nadia.page.wait_for_timeout(1500)
    assert demo.bodies(room) == [SEEN]


@pytest.fixture
def profile(chromium: Browser, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser that keeps its profile in a folder, to be read as a thief would."""
    context = chromium.browser_type.launch_persistent_context(
        tmp_path / "profile", executable_path=CHROMIUM, args=FLAGS, viewport=DESKTOP, locale="fr-FR", timezone_id="Europe/Paris"
    )
    yield context
    context.close()


def files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """What a living browser takes away meanwhile is not there."""
    for at, _, names in os.walk(folder):
        for path in (Path(at) / name for name in names):
            data = None
            with contextlib.suppress(FileNotFoundError):
                data = path.read_bytes() if path.is_file() else None
            if data is not None:
                yield path, data


def on_disk(folder: Path, *words: str) -> list[str]:
    """Storage alone: what a browser keeps to restore a window is its own."""
    found = []
    for part in ("IndexedDB", "Local Storage", "Session Storage", "Service Worker", "Cache", "Code Cache", "blob_storage", "databases"):
        for path, data in files(folder / "Default" / part):
            # The app's own scripts lie in two of them, and know common names of people.
            sought = [word for word in words if word != NAME or part not in ("Service Worker", "Code Cache")]
            found += [f"{word} in {path.relative_to(folder)}" for word in sought if word.encode() in data or word.encode("utf-16-le") in data]
    return found


def test_nothing_readable_ever_reaches_the_disk(profile: BrowserContext, demo: Demo, tmp_path: Path) -> None:
    disk = Device(profile, demo.nodes[0])
    try:
        leave_two_unsent(disk, demo)
        databases = tmp_path / "profile" / "Default" / "IndexedDB"
        eventually(lambda: sum(len(data) for _, data in files(databases)) > 5000)
        time.sleep(1)
        assert on_disk(tmp_path / "profile", *WORDS) == []
        # The look itself is not blind: what the browser does write in the clear is found.
        assert on_disk(tmp_path / "profile", "consult-vaults")
    finally:
        disk.cable.drop()
        disk.cable.close()


def synced(tab: Tab) -> list[Any]:
    return list(tab.page.evaluate("() => navigator.serviceWorker.ready.then((r) => r.sync.getTags())"))


def called(worker: Push, sent: Callable[[], bool], *, at_once: int = 1) -> None:
    """The browser calls the worker for Background Sync, and calls again: while an earlier call holds the lock, a later one does nothing."""
    sync = {"origin": worker.origin, "registrationId": worker.registration, "tag": "consult-outbox", "lastChance": False}
    for _ in range(4):
        for _ in range(at_once):
            worker.session.send("ServiceWorker.dispatchSyncEvent", sync)
        if wait_for(sent, PATIENCE / 4000):
            return
    raise AssertionError("the worker was called, and not all has left")


def test_what_was_left_unsent_leaves_without_the_app(device: Devices, demo: Demo) -> None:
    phone = device()
    phone.context.grant_permissions(["background-sync"])
    nadia, room = leave_two_unsent(phone, demo)
    eventually(lambda: synced(nadia) == ["consult-outbox"])
    worker = Push(nadia)
    nadia.page.goto("about:blank")
    sync = {"origin": phone.base, "registrationId": worker.registration, "tag": "consult-outbox", "lastChance": False}
    worker.session.send("ServiceWorker.dispatchSyncEvent", sync)  # too early: nothing is lost by it
    nadia.page.wait_for_timeout(500)
    assert demo.bodies(room) == [SEEN]
    phone.mend()
    called(worker, lambda: len(demo.bodies(room)) >= 3, at_once=2)
    arrived(demo, room, SEEN, FIRST, SECOND)
    nadia.room(room).sees(SEEN, FIRST, SECOND)
    eventually(lambda: rows(nadia, demo.cast["nadia"].id)["outbox"] == 0)
    arrived(demo, room, SEEN, FIRST, SECOND)


@pytest.mark.parametrize("by", ["tab", "worker"])
def test_marks_of_a_message_outlive_the_tab_that_sent_it(device: Devices, demo: Demo, tmp_path: Path, by: str) -> None:
    """Drawn before it was sent, they lie with the message until both are there, whoever brings them."""
    phone = device()
    phone.context.grant_permissions(["background-sync"])
    room = demo.fresh_room("nadia", "camille")
    nadia = installed(phone.tab().sign_in("nadia").inside()).room(room)
    attach(nadia, photo(tmp_path))
    for tool in ("Flèche", "Numéro"):
        nadia.page.get_by_role("button", name=tool, exact=True).click()
        nadia.page.get_by_role("application").press("Enter")
    nadia.page.get_by_role("button", name="Garder").click()
    nadia.composer.fill("Plaque du bras")
    expect(nadia.page.get_by_role("button", name="Envoyer")).to_be_enabled(timeout=3 * PATIENCE)
    phone.cut()
    nadia.page.get_by_role("button", name="Envoyer").click()
    nadia.waits("Plaque du bras")
    eventually(lambda: rows(nadia, demo.cast["nadia"].id)["outbox"] == 1)
    worker = Push(nadia)
    nadia.page.goto("about:blank")
    assert demo.bodies(room) == []
    phone.mend()
    marks = "SELECT m.drawn->>'kind', m.image_id = ANY(w.images) FROM rooms_mark m JOIN rooms_message w ON w.id = m.message_id WHERE w.room_id = %s ORDER BY m.seq"
    both = [("arrow", True), ("number", True)]
    if by == "tab":
        nadia.go("/")  # the room itself is not opened
        eventually(lambda: demo.sql(marks, room) == both)
    else:
        called(worker, lambda: demo.sql(marks, room) == both)
    arrived(demo, room, "Plaque du bras")
    nadia.go("/me")
    eventually(lambda: rows(nadia, demo.cast["nadia"].id)["outbox"] == 0)


def test_two_tabs_and_a_worker_never_send_twice(device: Devices, demo: Demo) -> None:
    laptop = device()
    laptop.context.grant_permissions(["background-sync"])
    room = demo.fresh_room("nadia")
    first = installed(laptop.tab().sign_in("nadia").inside()).room(room)
    second = laptop.tab().room(room)
    worker = Push(first)
    sync = {"origin": laptop.base, "registrationId": worker.registration, "tag": "consult-outbox", "lastChance": False}
    texts: list[str] = []
    for round in range(4):
        laptop.cut()
        for at, (tab, other) in enumerate(((first, second), (second, first), (first, second))):
            texts.append(f"tour {round}, {at}")
            tab.write(texts[-1])
            other.waits(texts[-1])  # once it is stored: the order is that of the disk
        first.waits(*texts[-3:])
        laptop.mend()
        for _ in range(3):
            worker.session.send("ServiceWorker.dispatchSyncEvent", sync)
        for tab in (first, second):
            tab.page.evaluate("() => dispatchEvent(new Event('online'))")
        eventually(lambda: len(demo.bodies(room)) >= len(texts))
        arrived(demo, room, *texts)
        first.live()
        second.live()
    for tab in (first, second):
        tab.sees(*texts)
