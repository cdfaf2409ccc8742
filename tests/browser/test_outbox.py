"""Nothing typed is lost, and nothing arrives twice: no network, reloads, crashes, several tabs, several people."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Demo, Devices
from tests.browser.pages import PATIENCE, Tab, eventually, rows, stored, watched


def arrived(demo: Demo, room: str, *texts: str) -> None:
    """In the server's log each once, in this order, under one client id each."""
    eventually(lambda: len(demo.bodies(room)) >= len(texts))
    assert demo.bodies(room) == list(texts)
    ids = demo.sql("SELECT client_id FROM rooms_message WHERE room_id = %s", room)
    assert len(set(ids)) == len(texts)


def badge(tab: Tab, n: int) -> None:
    """The bar counts what waits."""
    expect(tab.bar).to_contain_text(re.compile(rf"\b{n} (message|à envoyer)"), timeout=PATIENCE)


def test_written_without_network_arrives_once_in_order(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille")
    phone = device()
    nadia, camille = phone.tab().sign_in("nadia").inside().room(room), device().tab().sign_in("camille").inside().room(room)
    nadia.write("avant")
    camille.sees("avant")
    # Shown as arrived as soon as its event is there; its row goes with the answer, and until then it counts as unsent.
    nadia.sees("avant")
    eventually(lambda: rows(nadia, demo.cast["nadia"].id)["outbox"] == 0)

    phone.cut()
    nadia.write("pendant, un").write("pendant, deux")
    nadia.waits("pendant, un", "pendant, deux")
    expect(nadia.bar).to_contain_text("Reconnexion… 2 à envoyer", timeout=PATIENCE)
    camille.write("entre-temps").sees("entre-temps")
    assert demo.bodies(room) == ["avant", "entre-temps"]

    phone.mend()
    nadia.sees("avant", "entre-temps", "pendant, un", "pendant, deux")
    camille.sees("avant", "entre-temps", "pendant, un", "pendant, deux")
    nadia.live()
    expect(nadia.bar).to_have_count(0, timeout=PATIENCE)
    arrived(demo, room, "avant", "entre-temps", "pendant, un", "pendant, deux")


def test_the_bar_tells_the_truth(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille")
    laptop = device()
    nadia = laptop.tab().sign_in("nadia").inside().room(room)
    expect(nadia.bar).to_have_count(0)
    # Every state it passes through, with its words.
    nadia.page.evaluate(
        """() => { window.told = []; const bars = document.querySelector('.room .bars');
        new MutationObserver(() => { const now = bars.innerText.trim(); if (now !== window.told.at(-1)) window.told.push(now); }).observe(bars, { childList: true, subtree: true, characterData: true }); }"""
    )

    laptop.cut()
    expect(nadia.bar).to_contain_text("Reconnexion", timeout=PATIENCE)
    expect(nadia.page.locator(".room-head .facts")).not_to_contain_text("En direct")
    # Missed meanwhile, so that there is something to catch up with.
    demo.many(room, "camille", [f"manqué {n}" for n in range(150)])
    laptop.mend()
    nadia.sees("manqué 149").live()
    expect(nadia.bar).to_have_count(0, timeout=PATIENCE)

    laptop.offline()
    expect(nadia.bar).to_have_text("Hors ligne. Ce que vous écrivez partira au retour du réseau.", timeout=PATIENCE)
    nadia.write("un")
    expect(nadia.bar).to_have_text("Hors ligne. 1 message partira au retour du réseau.")
    nadia.write("deux")
    expect(nadia.bar).to_have_text("Hors ligne. 2 messages partiront au retour du réseau.")
    laptop.online()
    nadia.sees("un", "deux").live()
    told = " / ".join(nadia.page.evaluate("() => window.told"))
    assert re.search(r"Reconnexion.*Rattrapage.*Hors ligne", told, re.S), told


def test_a_reload_without_network_keeps_what_was_written(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia")
    laptop = device()
    nadia = laptop.tab().sign_in("nadia").inside().room(room)
    nadia.page.wait_for_function("() => navigator.serviceWorker.controller?.state === 'activated'")
    laptop.cut()
    nadia.write("gardé, un").write("gardé, deux")
    nadia.waits("gardé, un", "gardé, deux")
    eventually(lambda: rows(nadia, demo.cast["nadia"].id)["outbox"] == 2)
    nadia.page.reload()  # the service worker has the app
    nadia.waits("gardé, un", "gardé, deux")
    laptop.mend()
    nadia.sees("gardé, un", "gardé, deux")
    arrived(demo, room, "gardé, un", "gardé, deux")


def test_a_crash_keeps_what_was_written_and_the_draft(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia")
    laptop = watched(device())
    nadia = laptop.tab().sign_in("nadia").inside().room(room)
    laptop.cut()
    nadia.write("avant la panne")
    nadia.waits("avant la panne")
    nadia.composer.fill("encore en train d’écrire")
    one_of_each(nadia, demo)
    nadia.crash()
    assert demo.bodies(room) == []
    laptop.mend()
    again = laptop.tab().room(room)
    again.sees("avant la panne")
    expect(again.composer).to_have_value("encore en train d’écrire")
    arrived(demo, room, "avant la panne")


def test_two_tabs_share_one_outbox(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia")
    laptop = device()
    first = laptop.tab().sign_in("nadia").inside().room(room)
    second = laptop.tab().room(room)
    laptop.cut()
    first.write("du premier onglet")
    second.waits("du premier onglet").write("du second onglet")
    first.waits("du premier onglet", "du second onglet")
    badge(first, 2)
    badge(second, 2)
    laptop.mend()
    for tab in (first, second):
        tab.sees("du premier onglet", "du second onglet").live()
    arrived(demo, room, "du premier onglet", "du second onglet")
    # The tab that sends goes; the other one takes over.
    first.page.close()
    second.write("après la fermeture").sees("après la fermeture")
    arrived(demo, room, "du premier onglet", "du second onglet", "après la fermeture")


def leave_unsent(laptop: object, nadia: Tab, *texts: str) -> None:
    laptop.cut()  # type: ignore[attr-defined]
    for text in texts:
        nadia.write(text)
    nadia.waits(*texts)


def one_of_each(nadia: Tab, demo: Demo) -> None:
    """A message and a draft lie on the disk, the draft as it was typed last."""
    stored(nadia)
    eventually(lambda: {"drafts": 1, "outbox": 1}.items() <= rows(nadia, demo.cast["nadia"].id).items())


def ask_to_leave(nadia: Tab) -> None:
    nadia.page.get_by_role("link", name="Moi").first.click()
    nadia.page.get_by_role("button", name="Se déconnecter").click()


def test_the_next_person_never_meets_the_first_ones_words(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille")
    shared = watched(device())
    shared.expects("/api/v1/rooms")  # 401 to what was still being asked for as somebody left
    nadia = shared.tab().sign_in("nadia").inside().room(room)
    leave_unsent(shared, nadia, "secret de l’ornithorynque")
    nadia.composer.fill("brouillon de l’ornithorynque")
    one_of_each(nadia, demo)
    # The page dies, and the session with it, as on a workstation whose cookies are cleared.
    nadia.crash()
    shared.context.clear_cookies()
    shared.mend()

    camille = shared.tab().sign_in("camille").inside().room(room)
    expect(camille.log).not_to_contain_text("secret de l’ornithorynque")
    expect(camille.composer).to_have_value("")
    camille.write("c’est Camille").sees("c’est Camille")
    expect(camille.page.locator("body")).not_to_contain_text("ornithorynque")
    expect(camille.bar).to_have_count(0)
    assert demo.bodies(room) == ["c’est Camille"]
    # Nothing of hers is asked about at the door, and she leaves at once.
    ask_to_leave(camille)
    expect(camille.page.get_by_role("button", name="Se connecter")).to_be_visible()
    assert demo.bodies(room) == ["c’est Camille"]

    camille.sign_in("nadia").inside().room(room).sees("c’est Camille", "secret de l’ornithorynque")
    expect(camille.composer).to_have_value("brouillon de l’ornithorynque")
    assert demo.sql("SELECT p.email, m.body FROM rooms_message m JOIN clinicians_person p ON p.id = m.author_id WHERE m.room_id = %s ORDER BY m.seq", room) == [
        ("camille@example.org", "c’est Camille"),
        ("nadia@example.org", "secret de l’ornithorynque"),
    ]


def test_another_persons_sign_in_in_a_second_tab_takes_the_first_tab_along(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille")
    shared = device()
    shared.expects("/api/v1/rooms")  # 401 to what the first tab asks for before it knows
    nadia = shared.tab().sign_in("nadia").inside().room(room)
    shared.context.clear_cookies()
    camille = shared.tab().sign_in("camille").inside()
    expect(nadia.page.get_by_role("link", name="Moi").first.locator(".avatar")).to_have_text("CA", timeout=PATIENCE)
    nadia.room(room).write("qui écrit ?").sees("qui écrit ?")
    camille.room(room).sees("qui écrit ?")
    assert demo.sql("SELECT p.email FROM rooms_message m JOIN clinicians_person p ON p.id = m.author_id WHERE m.room_id = %s", room) == [("camille@example.org",)]


@pytest.mark.parametrize("choice", ["send", "keep", "delete"])
def test_signing_out_with_unsent_text_asks(device: Devices, demo: Demo, choice: str) -> None:
    room = demo.fresh_room("nadia")
    shared = device()
    shared.expects("/_allauth/browser/v1/auth/session$")
    shared.expects("/api/v1/rooms")  # 401 to what was still being asked for as she left
    nadia = shared.tab().sign_in("nadia").inside().room(room)
    # Slow mode alone keeps them here, for longer than any of this takes; the answer to signing out can come.
    demo.sql("UPDATE rooms_room SET slow_mode = 600 WHERE id = %s", room)
    nadia.room(room)
    nadia.write("premier").sees("premier")
    nadia.page.evaluate(
        """async ([room]) => { const names = await indexedDB.databases(); const open = indexedDB.open(names.find((d) => d.name.startsWith('consult-')).name);
        const db = await new Promise((ok) => (open.onsuccess = () => ok(open.result)));
        const tx = db.transaction('outbox', 'readwrite');
        for (const body of ['reste, un', 'reste, deux']) tx.objectStore('outbox').add({ id: crypto.randomUUID(), person: db.name.slice(8), room, body, replyTo: null, mentions: [], at: new Date().toISOString(), failed: null });
        await new Promise((ok) => (tx.oncomplete = ok)); db.close(); }""",
        [room],
    )
    nadia.room(room).waits("reste, deux")
    ask_to_leave(nadia)
    asked = nadia.page.get_by_role("dialog")
    expect(asked).to_contain_text(re.compile("n’est pas parti|ne sont pas partis"))
    asked.get_by_role("button", name={"send": "L’envoyer", "keep": "Le garder pour moi", "delete": "Le supprimer"}[choice]).click()
    if choice == "send":
        # With the next connection what had to wait is tried at once (frontend/src/outbox.ts).
        demo.sql("UPDATE rooms_room SET slow_mode = 0 WHERE id = %s", room)
        shared.cut_once = True
        shared.cable.drop()
    expect(nadia.page.get_by_role("button", name="Se connecter")).to_be_visible(timeout=30_000)
    if choice == "send":
        arrived(demo, room, "premier", "reste, un", "reste, deux")
        return
    assert demo.bodies(room) == ["premier"]
    demo.sql("UPDATE rooms_room SET slow_mode = 0 WHERE id = %s", room)
    nadia.sign_in("nadia").inside().room(room)
    if choice == "keep":
        nadia.sees("premier", "reste, un", "reste, deux")
        arrived(demo, room, "premier", "reste, un", "reste, deux")
    else:
        nadia.sees("premier")
        expect(nadia.message("reste, deux")).to_have_count(0)
        nadia.page.wait_for_timeout(1500)
        assert demo.bodies(room) == ["premier"]


def test_a_refused_message_says_so_and_can_go_again(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille")
    laptop = device()
    nadia = laptop.tab().sign_in("nadia").inside().room(room)
    laptop.cut()
    nadia.write("trop tard").write("aussi")
    nadia.waits("trop tard", "aussi")
    demo.sql("UPDATE rooms_room SET lock_reason = 'hors sujet' WHERE id = %s", room)
    laptop.mend()
    for text in ("trop tard", "aussi"):
        expect(nadia.message(text)).to_contain_text("Non envoyé", timeout=PATIENCE)
    assert demo.bodies(room) == []
    nadia.message("aussi").get_by_role("button", name="Supprimer").click()
    expect(nadia.message("aussi")).to_have_count(0)
    demo.sql("UPDATE rooms_room SET lock_reason = NULL WHERE id = %s", room)
    nadia.message("trop tard").get_by_role("button", name="Réessayer").click()
    nadia.sees("trop tard")
    arrived(demo, room, "trop tard")
