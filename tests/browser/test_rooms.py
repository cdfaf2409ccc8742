"""Rights, counts, search, keys, languages and long rooms, as one person sees them."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

from playwright.sync_api import Route, expect

from tests.browser.conftest import Demo, Devices
from tests.browser.pages import PATIENCE, eventually


def test_a_newcomer_waits_and_is_let_in_on_the_open_page(device: Devices, demo: Demo) -> None:
    laptop = device()
    # The address she is let in at is a group that she has not joined: the server says room.not_member, the page offers to join.
    laptop.expects(f"/api/v1/rooms/{demo.group('DER')}/messages")
    newcomer = laptop.tab().sign_in("yann")
    expect(newcomer.page.get_by_role("heading", name="Votre compte attend sa vérification")).to_be_visible()
    expect(newcomer.page.locator("nav.list")).to_have_count(0)
    expect(newcomer.page.get_by_label("Prénom")).to_have_value("Yann")
    # No room by its address either.
    newcomer.go(f"/rooms/{demo.group('DER')}")
    expect(newcomer.page.get_by_role("heading", name="Votre compte attend sa vérification")).to_be_visible()
    newcomer.page.wait_for_timeout(1000)
    demo.manage("verify", "yann@example.org")
    expect(newcomer.page.get_by_role("navigation", name="Salles").first).to_be_visible(timeout=PATIENCE)
    expect(newcomer.page.get_by_text("Votre compte est vérifié.").first).to_be_visible()
    # For whoever comes after in this demo, a newcomer again.
    demo.sql("UPDATE standing_standing SET verification = 'pending', register = '' WHERE person_id = %s", demo.cast["yann"].id)


def test_who_is_removed_loses_the_room_on_the_open_page(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("camille", "nadia", owner=demo.cast["camille"], title="Salle fermée à Nadia")
    laptop = device()
    laptop.expects("/api/v1/rooms/")  # the room is not hers any more, says the server
    nadia, camille = laptop.tab().sign_in("nadia").inside().room(room), device().tab().sign_in("camille").inside().room(room)
    camille.write("entre nous")
    nadia.sees("entre nous")
    # No button for it yet: the act itself, in a process of its own.
    ids = {"person_id": demo.cast["camille"].id, "room_id": uuid.UUID(room), "member": demo.cast["nadia"].id}
    demo.manage("shell", "-c", f"from uuid import UUID; from consult.rooms.actions import membership; membership.remove(**{ids!r})")
    expect(nadia.page.get_by_text(re.compile("Vous n’avez plus accès|n’existe pas"))).to_be_visible(timeout=PATIENCE)
    expect(nadia.page.locator("body")).not_to_contain_text("entre nous")
    expect(nadia.item("Salle fermée à Nadia")).to_have_count(0)
    expect(camille.log).to_contain_text("ne fait plus partie de la salle", timeout=PATIENCE)


def test_unread_counts_agree_on_two_devices(device: Devices, demo: Demo) -> None:
    title = f"Avis {uuid.uuid4().hex[:5]}"
    room = demo.fresh_room("nadia", "camille", title=title)
    other = demo.fresh_room("nadia")
    desk, phone = device().tab().sign_in("nadia").inside().room(other), device().tab().sign_in("nadia").inside().room(other)
    camille = device().tab().sign_in("camille").inside().room(room)
    camille.write("un").write("deux").write("trois").sees("trois")
    for tab in (desk, phone):
        expect(tab.item(title).locator(".count")).to_contain_text("3 non lus", timeout=PATIENCE)
        expect(tab.item(title)).to_contain_text("Dr Aubrac : trois")
    desk.page.bring_to_front()
    desk.item(title).click()
    desk.sees("un", "deux", "trois")
    expect(desk.log).to_contain_text("Nouveau depuis")
    for tab in (desk, phone):
        expect(tab.item(title).locator(".count")).to_have_count(0, timeout=PATIENCE)
    eventually(
        lambda: (
            demo.sql(
                "SELECT count(*) FROM rooms_event e JOIN rooms_room r ON r.id = e.room_id WHERE r.owner_id = %s AND e.kind = 'read.marked' AND e.data->>'room' = %s",
                demo.cast["nadia"].id,
                room,
            )[0][0]
            >= 1
        )
    )


def test_search_ignores_accents_and_jumps_to_the_place(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille", title="Salle à chercher")
    demo.many(room, "camille", [f"ligne {n} sans rapport" for n in range(150)] + ["L’érythème polymorphe récidivant"] + [f"suite {n}" for n in range(400)])
    nadia = device().tab().sign_in("nadia").inside()
    nadia.go("/search")
    nadia.page.get_by_role("searchbox").fill("erytheme polymorphes")
    hit = nadia.page.locator("li.found").filter(has_text="Salle à chercher")
    expect(hit).to_have_count(1, timeout=PATIENCE)
    expect(hit.locator("mark").first).to_have_text(re.compile("érythème", re.I))
    hit.get_by_role("link").click()
    expect(nadia.message("L’érythème polymorphe récidivant")).to_be_in_viewport(timeout=PATIENCE)
    expect(nadia.message("ligne 149")).to_be_in_viewport()
    expect(nadia.message("suite 0")).to_have_count(1)
    # From there, back to now.
    nadia.page.locator(".log-wrap .pill").click()
    expect(nadia.message("suite 399")).to_be_in_viewport(timeout=PATIENCE)


def test_a_room_of_ten_thousand_messages_stays_light(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille", title="Dix mille")
    demo.many(room, "camille", [f"message numéro {n}." for n in range(1, 10_001)])
    nadia = device().tab().sign_in("nadia").inside()
    nadia.go(f"/rooms/{room}")
    expect(nadia.log.locator("article.msg").first).to_be_visible()
    # Up through several pages, a turn of the wheel at a time: no hole, and never more than a bounded page.
    nadia.log.hover()
    low, most = 10_000, 0
    until = time.monotonic() + 3 * PATIENCE / 1000
    while time.monotonic() < until:
        nadia.page.mouse.wheel(0, -1800)
        nadia.page.wait_for_timeout(40)
        seen = nadia.page.evaluate(
            """() => { const log = document.getElementById('log');
            return { parts: log.querySelectorAll('*').length, numbers: [...log.querySelectorAll('article.msg')].map((m) => Number(/numéro (\\d+)/.exec(m.textContent)?.[1])) }; }"""
        )
        numbers = seen["numbers"]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "a hole"
        low, most = min(low, numbers[0]), max(most, seen["parts"])
        if low < 9_000:
            break
    assert low < 9_000 and most < 12_000, (low, most)
    nadia.page.locator(".log-wrap .pill").click()
    expect(nadia.message("message numéro 10000.")).to_be_in_viewport(timeout=PATIENCE)
    # And to the very top, by a jump.
    nadia.go(f"/rooms/{room}?at=1")
    expect(nadia.message("message numéro 1.")).to_be_in_viewport(timeout=PATIENCE)
    expect(nadia.log).to_contain_text("Début de la salle")


def test_by_the_keyboard_alone(device: Devices, demo: Demo) -> None:
    title = f"Clavier {uuid.uuid4().hex[:5]}"
    room = demo.fresh_room("nadia", "camille", title=title)
    demo.many(room, "camille", ["premier message", "second message"])
    nadia = device().tab().sign_in("nadia").inside()
    page, press = nadia.page, nadia.page.keyboard.press
    # The list is reached by Tab, after the skip link and the rail.
    page.evaluate("() => document.activeElement.blur()")
    for _ in range(20):
        press("Tab")
        if page.evaluate("() => document.activeElement.matches('nav.list .item')"):
            break
    else:
        raise AssertionError("Tab never reached the list")
    press("Control+k")
    page.keyboard.type(title)
    expect(page.locator("#switch-0")).to_contain_text(title)
    press("Enter")
    expect(page).to_have_url(re.compile(room))
    nadia.live()
    expect(nadia.composer).to_be_focused()
    page.keyboard.type("écrit au clavier")
    press("Enter")
    nadia.sees("écrit au clavier")
    # Into the log (one stop), up, and the menu with its reactions.
    press("Shift+Tab")
    expect(nadia.message("écrit au clavier")).to_be_focused()
    press("k")
    expect(nadia.message("second message")).to_be_focused()
    press("Enter")
    expect(page.get_by_role("menuitemcheckbox", name="D’accord")).to_be_focused()
    press("ArrowDown")
    press("Enter")
    expect(nadia.message("second message").get_by_role("button", name="Utile 1")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)
    expect(nadia.message("second message")).to_be_focused()
    press("r")
    expect(nadia.composer).to_be_focused()
    expect(page.get_by_text("En réponse à")).to_be_visible()
    press("Escape")
    # The map of keys, and out of the room.
    nadia.message("second message").focus()
    press("?")
    expect(page.get_by_role("dialog", name="Clavier")).to_be_visible()
    press("Escape")
    expect(nadia.message("second message")).to_be_focused()
    press("Control+k")
    page.keyboard.type("dermato")
    press("Enter")
    expect(page).not_to_have_url(re.compile(room))
    assert demo.bodies(room)[-1] == "écrit au clavier"


def test_the_language_changes_at_once_and_stays(device: Devices, demo: Demo) -> None:
    laptop = device()
    tab = laptop.tab().sign_in("maelle").inside().go("/me")
    tab.page.get_by_role("radio", name="English").click()
    expect(tab.page.get_by_role("heading", level=1, name="Me")).to_be_visible()
    expect(tab.page.locator("html")).to_have_attribute("lang", "en")
    tab.go("/")
    expect(tab.page.get_by_role("heading", name="Rooms").first).to_be_visible()
    eventually(lambda: demo.sql("SELECT locale FROM clinicians_person WHERE email = 'maelle@example.org'") == [("en",)])
    # On another device too, for it is the person's own.
    expect(device().tab().sign_in("maelle").page.get_by_role("heading", name="Rooms").first).to_be_visible()


def test_an_answer_from_before_a_choice_does_not_undo_it(device: Devices, demo: Demo) -> None:
    """The page asks who it is while it tells the server of a language that was chosen before: the answer may be from before that."""
    demo.sql("UPDATE clinicians_person SET locale = 'fr' WHERE email = 'maelle@example.org'")
    tab = device().tab().sign_in("maelle").inside()
    tab.page.reload()
    expect(tab.page.get_by_role("heading", name="Salles").first).to_be_visible()
    tab.page.evaluate("localStorage.setItem('consult.locale.chosen', 'en')")
    held: list[Any] = []
    told: list[Route] = []  # the choice, on its way to the server: it gets there after the question

    def answer(route: Route) -> None:
        if held:
            route.continue_()
        elif route.request.method != "GET":
            told.append(route)
        else:
            held.append((route, route.fetch()))
            for one in told:
                one.continue_()

    tab.page.context.route("**/api/v1/me", answer)
    with tab.page.expect_response(lambda r: r.url.endswith("/api/v1/me") and r.request.method == "PATCH"):
        tab.page.reload()
    eventually(lambda: demo.sql("SELECT locale FROM clinicians_person WHERE email = 'maelle@example.org'") == [("en",)])
    expect(tab.page.get_by_role("heading", name="Rooms").first).to_be_visible()
    assert held and held[0][1].json()["me"]["locale"] == "fr"
    held[0][0].fulfill(response=held[0][1])
    tab.page.wait_for_timeout(500)
    expect(tab.page.get_by_role("heading", name="Rooms").first).to_be_visible()


def test_slow_mode_and_silence_at_the_composer(device: Devices, demo: Demo) -> None:
    room = demo.fresh_room("nadia", "camille")
    demo.sql("UPDATE rooms_room SET slow_mode = 15 WHERE id = %s", room)
    nadia = device().tab().sign_in("nadia").inside().room(room)
    nadia.write("une").sees("une")
    nadia.composer.fill("deux")
    send = nadia.page.locator(".composer .send")
    expect(send).to_have_text(re.compile(r"^\d+ s$"))
    expect(send).to_be_disabled()
    expect(send).to_have_text("Envoyer", timeout=2 * PATIENCE)
    send.click()
    nadia.sees("une", "deux")
    demo.sql("UPDATE rooms_membership SET silenced_until = now() + interval '1 hour' WHERE room_id = %s AND person_id = %s", room, demo.cast["nadia"].id)
    nadia.go(f"/rooms/{room}")
    expect(nadia.page.get_by_role("alert").filter(has_text="Vous pourrez écrire à")).to_be_visible()
    expect(nadia.composer).to_have_count(0)
