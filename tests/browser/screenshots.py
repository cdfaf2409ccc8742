"""Pictures of the main screens, for people to look at: `make screenshots` fills .screenshots/ (ARGS="-k phone" for some)."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, TABLET, Demo, Devices
from tests.browser.pages import Device, Tab
from tests.browser.test_pictures import FACE, attach, photo, send
from tests.clinicians.oidc import Provider, claims
from tests.live import CHECKOUT, Node

FOLDER = CHECKOUT / ".screenshots"
SIZES = {"phone": PHONE, "tablet": TABLET, "desktop": DESKTOP}
CASE = "Pemphigoïde sous gliptine ?"
Shot = Callable[[Page, str], Path]


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["fr", "en"])
def locale(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=list(SIZES))
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shot(size: str, theme: str, locale: str) -> Shot:
    FOLDER.mkdir(exist_ok=True)

    def take(page: Page, name: str) -> Path:
        page.wait_for_timeout(250)
        path = FOLDER / f"{name}-{size}-{theme}-{locale}.png"
        page.screenshot(path=path)
        return path

    return take


@pytest.fixture
def profile(device: Devices, demo: Demo, size: str, theme: str, locale: str) -> Iterator[Callable[[str], Device]]:
    """A browser of this size, theme and language. The language of who is signed in is kept by the server."""

    def make(name: str, node: Node | None = None) -> Device:
        demo.sql("UPDATE clinicians_person SET locale = %s WHERE email = %s", locale, f"{name}@example.org")
        touch = {"has_touch": True, "is_mobile": True} if size == "phone" else {}
        return device(node, viewport=SIZES[size], color_scheme=theme, locale={"fr": "fr-FR", "en": "en-GB"}[locale], **touch)

    yield make


def enter(made: Device, name: str, locale: str) -> Tab:
    tab = made.tab().go()
    tab.page.locator("#email").fill(f"{name}@example.org")
    tab.page.locator("#password").fill(f"demo-{name}")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#email")).to_have_count(0)
    return tab


def test_screens(profile: Callable[[str], Device], demo: Demo, shot: Shot, size: str, theme: str, locale: str) -> None:
    made = profile("nadia")
    door = made.tab().go()
    expect(door.page.locator("#email")).to_be_visible()
    shot(door.page, "01-door")
    door.page.close()
    tab = enter(made, "nadia", locale)
    page = tab.page
    if size != "tablet":
        expect(page.locator("nav.list .item").first).to_be_visible()
    page.wait_for_timeout(500)
    shot(page, "02-rooms")
    case = demo.case(CASE)
    tab.go(f"/rooms/{case}")
    expect(page.locator("article.msg").first).to_be_visible()
    expect(page.locator(".room-head .facts")).to_contain_text(re.compile(r"présent|present"))
    page.wait_for_timeout(400)
    shot(page, "03-case")
    if size == "phone":
        page.locator(".strip").click()
        shot(page, "04-case-sheet")
        page.keyboard.press("Escape")
    elif size == "tablet":
        page.locator(".room-head .icon-btn[aria-pressed]").nth(1).click()
        shot(page, "04-case-sheet")
        page.keyboard.press("Escape")
        page.locator("#log [data-key][tabindex='0']").focus()
        page.keyboard.press("[")
        expect(page.locator("dialog .item").first).to_be_visible()
        shot(page, "05-drawer")
        page.keyboard.press("Escape")
    page.locator("article.msg").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu")).to_be_visible()
    shot(page, "06-menu")
    page.keyboard.press("Escape")
    tab.go(f"/rooms/{demo.group('DER')}")
    expect(page.locator(".case-card").first).to_be_visible()
    page.wait_for_timeout(400)
    shot(page, "07-group")
    for name, path, wait in (
        ("08-ask", "/ask?group=" + demo.group("DER"), "#ask-question"),
        ("09-cases", "/cases", ".item, .found, .empty"),
        ("09-case-search", "/cases?in=search&q=gliptine", ".case-found"),
        ("09-follows", "/cases?in=follows", ".me-part"),
        ("09-collections", "/cases?in=collections", "form.make"),
        ("10-directory", "/directory", ".entry-row"),
        ("11-groups", "/directory?tab=groups", ".entry-row"),
        ("12-search", "/search?q=corticoides", "li.found"),
        ("13-me", "/me", ".me-card"),
    ):
        tab.go(path)
        expect(page.locator(f"main :is({wait})").first).to_be_visible()
        page.wait_for_timeout(300)
        shot(page, name)
    page.keyboard.press("Control+k")
    expect(page.locator("#switch-0")).to_be_visible()
    shot(page, "14-switcher")


def test_states(profile: Callable[[str], Device], demo: Demo, shot: Shot, size: str, theme: str, locale: str) -> None:
    """What is seldom seen: no network, refused, slow, silenced, locked, an editor, a mention, waiting."""
    room = demo.fresh_room("nadia", "camille", title="Prurit nocturne en établissement")
    demo.many(room, "camille", ["Prurit nocturne depuis deux semaines chez trois résidents, un soignant touché.", "Traiter aussi les contacts, ou seulement les symptomatiques ?"])
    made = profile("nadia")
    tab = enter(made, "nadia", locale).go(f"/rooms/{room}")
    page = tab.page
    expect(page.locator("article.msg")).to_have_count(2)
    tab.write("Dermoscopie avant tout : sillons et aile delta ?")
    tab.sees("Dermoscopie avant tout")
    page.locator("#composer").press("ArrowUp")
    shot(page, "20-editing")
    page.keyboard.press("Escape")
    page.locator("#composer").fill("Oui, @cam")
    expect(page.get_by_role("option").first).to_be_visible()
    shot(page, "21-mention")
    page.locator("#composer").fill("")
    made.cut()
    tab.write("Ivermectine pour tous le même jour, literie comprise.").write("Et revoir à J14.")
    expect(tab.bar).to_be_visible()
    shot(page, "22-reconnecting")
    made.context.set_offline(True)
    expect(tab.bar).to_have_class(re.compile("offline"))
    shot(page, "23-offline")
    demo.sql("UPDATE rooms_room SET lock_reason = 'hors sujet' WHERE id = %s", room)
    made.online()
    expect(page.locator(".sent-state.failed")).to_have_count(2)
    tab.go(f"/rooms/{room}")
    expect(page.locator(".sent-state.failed")).to_have_count(2)
    page.wait_for_timeout(500)
    shot(page, "24-failed-locked")
    demo.sql("UPDATE rooms_room SET lock_reason = NULL, slow_mode = 90 WHERE id = %s", room)
    tab.go(f"/rooms/{room}")
    expect(page.locator(".send.counting")).to_be_visible()
    shot(page, "25-slow")
    demo.sql("UPDATE rooms_membership SET silenced_until = now() + interval '1 hour' WHERE room_id = %s AND person_id = %s", room, demo.cast["nadia"].id)
    tab.go(f"/rooms/{room}")
    expect(page.locator(".composer .note")).to_be_visible()
    shot(page, "26-silenced")
    made.expects("/api/v1/rooms/")
    tab.go(f"/rooms/{demo.group('DER')[:-4]}0000")
    expect(page.locator(".empty")).to_be_visible()
    shot(page, "27-not-found")
    yann = enter(profile("yann"), "yann", locale)
    expect(yann.page.locator(".entry-in.wide")).to_be_visible()
    shot(yann.page, "28-waiting")


def test_moderation(profile: Callable[[str], Device], demo: Demo, shot: Shot, size: str, theme: str, locale: str) -> None:
    """The console, an item, the way in, the tray; and what everyone sees of it: a flag, a receipt, the record."""
    demo.sql("TRUNCATE moderation_item CASCADE")
    flags = [("identifies_patient", 3, 2), ("dangerous_advice", 2, 3), ("disrespect", 1, 1), ("advertising", 1, 1), ("disrespect", 1, 2), ("not_clinician", 2, 1), ("other", 1, 1)]
    said = "SELECT m.id, m.room_id, m.author_id FROM rooms_message m JOIN rooms_room r ON r.id = m.room_id WHERE r.kind IN ('case', 'group') AND m.withheld IS NULL AND m.form <> 'question' ORDER BY m.at DESC LIMIT 7"
    for n, ((message, room, author), (category, urgency, count)) in enumerate(zip(demo.sql(said), flags, strict=True)):
        item = uuid.uuid4()
        demo.sql(
            "INSERT INTO moderation_item (id, kind, object, urgency, at, room_id, message_id, person_id, categories, count, weight, announced) "
            "VALUES (%s, 'report', %s, %s, now() - %s * interval '7 minutes', %s, %s, %s, ARRAY[%s]::varchar[], %s, 1, true)",
            item, str(message), urgency, n + 1, room, message, author, category, count,
        )  # fmt: skip
        demo.sql(
            "INSERT INTO moderation_report (id, item_id, object, reporter_id, category, note, at, pardoned, told) VALUES (gen_random_uuid(), %s, %s, %s, %s, '', now(), false, true)",
            item, str(message), demo.cast["nadia"].id, category,
        )  # fmt: skip
    tab = enter(profile("sacha"), "sacha", locale).go("/moderation")
    page = tab.page
    expect(page.locator(".queue-row").first).to_be_visible()
    expect(page.locator(".tile").first).to_be_visible()
    if size != "phone":
        expect(page.locator(".detail .msg.flagged")).to_be_visible()
    page.wait_for_timeout(500)
    shot(page, "30-console")
    page.locator(".queue-row").first.click()
    expect(page.locator(".detail .msg.flagged")).to_be_visible()
    shot(page, "31-item")
    page.locator(".item-head .btn.mod").click()
    page.locator("dialog .chip").first.click()
    shot(page, "32-way-in")
    page.locator("dialog .btn.mod").click()
    expect(page.locator(".visiting")).to_be_visible()
    page.wait_for_timeout(400)
    shot(page, "33-visit")
    page.locator("article.msg:not(.own)").last.focus()
    page.keyboard.press("Shift+M")
    expect(page.locator("dialog .tools")).to_be_visible()
    shot(page, "34-tray")
    page.keyboard.press("Escape")
    page.locator(".visiting button").last.click()
    nadia = enter(profile("nadia"), "nadia", locale).go(f"/rooms/{demo.group('MG')}").page
    nadia.locator("article.msg:not(.own)").last.focus()
    nadia.keyboard.press("Enter")
    nadia.get_by_role("menuitem", name=re.compile("^(Signaler|Report)$")).click()
    nadia.locator(".choices input").first.check()
    shot(nadia, "35-report")


def test_held_and_hidden(profile: Callable[[str], Device], demo: Demo, shot: Shot, size: str, theme: str, locale: str) -> None:
    """A held picture, for its author and in the console; a diagnosis and a reference hidden from a case's sheet; a suspension told; an agreed reading."""
    demo.sql("TRUNCATE moderation_item CASCADE")
    room = demo.fresh_room("camille", "nadia", kind="group", title="Dermatologie" if locale == "fr" else "Dermatology")
    mine = enter(profile("camille"), "camille", locale).go(f"/rooms/{room}")
    with mine.page.expect_file_chooser() as chooser:
        mine.page.get_by_role("button", name={"fr": "Joindre une photo", "en": "Attach a picture"}[locale]).click()
    chooser.value.set_files([str(FACE)])
    mine.page.get_by_role("button", name={"fr": "Garder", "en": "Keep"}[locale], exact=True).click()
    expect(mine.page.locator(".tray")).to_contain_text({"fr": "vous seul voyez", "en": "you alone see"}[locale], timeout=30_000)
    mine.page.locator("textarea#composer").fill({"fr": "Photo de presse, avec l’accord de la personne.", "en": "A press picture, with the person’s consent."}[locale])
    mine.page.locator(".composer .send").click()
    held = mine.page.locator("article.msg").filter(has=mine.page.locator(".held-acts"))
    held.locator("button.link").first.click()
    held.locator(".release").scroll_into_view_if_needed()
    shot(mine.page, "40-held-mine")
    demo.sql(
        "INSERT INTO moderation_item (id, kind, object, urgency, at, room_id, message_id, image_id, person_id, categories, count, weight, announced) "
        "SELECT gen_random_uuid(), 'image', images[1]::text, 2, now() - interval '9 minutes', room_id, id, images[1], author_id, '{}', 1, 0, true FROM rooms_message WHERE room_id = %s",
        room,
    )
    tab = enter(profile("sacha"), "sacha", locale).go("/moderation")
    page = tab.page
    page.locator(".queue-row").first.click()
    expect(page.locator(".detail .author")).to_be_visible()
    page.wait_for_timeout(400)
    shot(page, "41-held-item")
    private = demo.fresh_room("nadia", "camille")
    demo.many(private, "camille", ["Doublez la dose de nuit."])
    demo.sql(
        "WITH m AS (SELECT id, author_id FROM rooms_message WHERE room_id = %s), "
        "i AS (INSERT INTO moderation_item (id, kind, object, urgency, at, room_id, message_id, person_id, moderator_id, categories, count, weight, announced, decision, decided_at) "
        "SELECT gen_random_uuid(), k.kind, m.id || k.kind, 3, now() - interval '20 minutes', %s, m.id, m.author_id, k.by, '{dangerous_advice}', 1, 1, true, k.decision, k.at "
        "FROM m, (VALUES ('report', NULL::uuid, NULL, NULL::timestamptz), ('reading', %s, 'agree', now())) k(kind, by, decision, at) RETURNING id, kind, object, at), "
        "f AS (INSERT INTO moderation_report (id, item_id, object, reporter_id, category, note, at, pardoned, told) "
        "SELECT gen_random_uuid(), id, object, %s, 'dangerous_advice', '', at, false, true FROM i WHERE kind = 'report' RETURNING id) "
        "INSERT INTO moderation_reading (item_id, report_id, room_id, asker_id, reason, agreed_at, until, told) "
        "SELECT i.id, f.id, %s, %s, 'pour comprendre', now(), now() + interval '1 hour', true FROM i, f WHERE i.kind = 'reading'",
        private, private, demo.cast["sacha"].id, demo.cast["nadia"].id, private, demo.cast["sacha"].id,
    )  # fmt: skip
    tab.go("/moderation")
    page.locator(".queue-row").first.click()
    page.locator(".detail .note.good").scroll_into_view_if_needed()
    page.wait_for_timeout(400)
    shot(page, "46-agreed-reading")
    case = str(demo.sql("SELECT case_id FROM cases_differential WHERE withheld IS NULL GROUP BY case_id ORDER BY count(*) DESC LIMIT 1")[0][0])
    tab.device.expects(f"/api/v1/(rooms|cases)/{case}")
    tab.go(f"/rooms/{case}")
    page.locator(".room .btn.mod, .strip, .case-tabs, .room-head").first.wait_for()
    if page.locator(".empty .btn.mod").count():
        page.locator(".empty .btn.mod").click()
        page.locator("dialog .chip").first.click()
        page.locator("dialog .btn.mod").click()
    if page.locator(".strip").count():
        page.locator(".strip").click()
    hides = page.locator(".backable .link.reach")
    hides.first.scroll_into_view_if_needed()
    shot(page, "42-sheet-of-a-moderator")
    hides.last.click()
    page.locator("dialog .chip").nth(2).click()
    shot(page, "43-hide")
    page.locator("dialog .btn.mod").click()
    hidden = page.locator(".backable .gone")
    expect(hidden.first).to_be_visible()
    hidden.first.scroll_into_view_if_needed()
    page.wait_for_timeout(800)
    shot(page, "44-hidden")
    if page.locator(".sheet-panel").count():
        page.keyboard.press("Escape")
    someone = demo.cast["helene"].id
    order = f"from uuid import UUID, uuid4; from consult.rooms.actions import suspension as s; who = dict(person_id=UUID('{demo.cast['sacha'].id}'), target=UUID('{someone}'), reason='faux soignant')"
    demo.manage("shell", "-c", f"{order}; s.suspend(client_id=uuid4(), seconds=600, room_id=UUID('{case}'), **who); s.lift(client_id=uuid4(), **who)")
    expect(page.locator(".notice").filter(has_text=re.compile("suspen", re.IGNORECASE)).first).to_be_visible()
    page.locator(".log").press("End")
    shot(page, "45-told")


def test_outcomes(profile: Callable[[str], Device], demo: Demo, shot: Shot, device: Devices, tmp_path: Path, size: str, theme: str, locale: str) -> None:
    """What became of one's flags and appeals; a rule's hint; pictures in the tray; flags that no longer count; a suspended person's answer."""
    demo.sql("TRUNCATE moderation_item, moderation_rule CASCADE")
    room = demo.fresh_room("camille", "nadia", kind="group", title="Dermatologie" if locale == "fr" else "Dermatology")
    cast = {name: str(who.id) for name, who in demo.cast.items()}
    demo.many(room, "camille", ["Quelle idée stupide.", "Doublez la dose.", "Voici le lien.", "Encore un."])
    lines = [
        "from uuid import UUID, uuid4", "from consult.moderation import appeals, claims", "from consult.moderation.models import Item, Rule", "from consult.rooms.actions import hiding, suspension",
        "from consult.rooms.models import Message, Remit", f"who = {cast!r}", "p = lambda name: UUID(who[name])",
        "Remit.objects.get_or_create(person_id=p('marc'), group=None)",
        "Rule.objects.create(name_fr='produit sans autorisation', name_en='product without a licence', kind='words', data={'words': ['zorglubol']}, action='hint', live=True)",
        f"said = list(Message.objects.filter(room_id='{room}').order_by('seq'))",
        "acts = [hiding.hide(room_id=m.room_id, message_id=m.id, reason='propos déplacés', person_id=p('sacha'))['act'] for m in said[:2]]",
        "acts.append(suspension.suspend(person_id=p('sacha'), client_id=uuid4(), target=p('helene'), seconds=864000, reason='publicité répétée')['act'])",
        "[appeals.appeal(person_id=p(by), client_id=uuid4(), act=act, text='Je citais une recommandation.') for act, by in zip(acts, ('camille', 'camille', 'helene'))]",
        "[claims.decide(person_id=p('marc'), client_id=uuid4(), item=str(Item.objects.get(kind='appeal', act_id=act).pk), decision='uphold', note='Le lien menait à une boutique.') for act in acts[1:]]",
    ]  # fmt: skip
    demo.manage("shell", "-c", "; ".join(lines))
    french = device().tab().sign_in("camille").inside().room(room)
    attach(french, photo(tmp_path))
    french.page.get_by_role("button", name="Garder").click()
    send(french, "La plaque du jour")
    expect(french.page.locator(".pictures img")).to_be_visible(timeout=60_000)
    french.page.close()

    camille = enter(profile("camille"), "camille", locale).go("/me")
    camille.page.get_by_role("button", name=re.compile("Mes signalements et recours|My reports and appeals")).click()
    camille.page.locator("dialog .act-row").last.scroll_into_view_if_needed()
    shot(camille.page, "47-my-appeals")
    camille.go(f"/rooms/{room}")
    camille.page.locator("textarea#composer").fill("Essayez le zorglubol, chez une patiente de 92 ans.")
    expect(camille.page.locator("#composer-hints p")).to_be_visible()
    shot(camille.page, "48-hint")

    demo.sql(
        "WITH i AS (INSERT INTO moderation_item (id, kind, object, urgency, at, room_id, message_id, person_id, categories, count, weight, announced, decision, decided_at) "
        "SELECT gen_random_uuid(), 'report', m.id::text || n, 1, now() - interval '9 minutes', m.room_id, m.id, m.author_id, '{disrespect}', 1, 0, true, CASE WHEN n < 4 THEN 'dismiss' END, CASE WHEN n < 4 THEN now() END "
        "FROM (SELECT * FROM rooms_message WHERE room_id = %s ORDER BY seq DESC LIMIT 1) m, generate_series(1, 4) n RETURNING id, object) "
        "INSERT INTO moderation_report (id, item_id, object, reporter_id, category, note, at, pardoned, told) SELECT gen_random_uuid(), id, object, %s, 'disrespect', '', now(), false, true FROM i",
        room, cast["nadia"],
    )  # fmt: skip
    sacha = enter(profile("sacha"), "sacha", locale).go("/moderation")
    sacha.page.locator(".queue-row").filter(has_text="plaque").first.click()
    expect(sacha.page.locator(".detail .act-row").first).to_be_visible()
    sacha.page.wait_for_timeout(400)
    shot(sacha.page, "49-weightless")
    sacha.page.locator("#decide-note").scroll_into_view_if_needed()
    shot(sacha.page, "49-note")
    sacha.device.expects("/api/v1/(rooms|images)")
    sacha.go(f"/rooms/{room}")
    sacha.page.locator(".empty .btn.mod").click()
    sacha.page.locator("dialog .chip").first.click()
    sacha.page.locator("dialog .btn.mod").click()
    expect(sacha.page.locator(".visiting")).to_be_visible()
    expect(sacha.page.locator(".pictures img")).to_be_visible(timeout=60_000)
    for name in ("51-tray-picture", "52-tray-veiled"):
        sacha.page.locator("article.msg:not(.own)").last.focus()
        sacha.page.keyboard.press("Shift+M")
        expect(sacha.page.locator("dialog .tools")).to_be_visible()
        sacha.page.wait_for_timeout(600)
        shot(sacha.page, name)
        sacha.page.locator("dialog .chip").first.click()
        sacha.page.locator("dialog .tool", has_text=re.compile("Masquer une photo|Hide a picture|Rétablir une|Restore a")).click()
        expect(sacha.page.locator("dialog .tools")).to_have_count(0)
    made = profile("helene")
    made.expects("")
    helene = made.tab().go()
    helene.page.locator("#email").fill("helene@example.org")
    helene.page.locator("#password").fill("demo-helene")
    helene.page.keyboard.press("Enter")
    expect(helene.page.locator(".card .list-size").first).to_be_visible()
    shot(helene.page, "53-suspended-answered")
    demo.sql("UPDATE standing_standing SET suspended_until = NULL WHERE person_id = %s", cast["helene"])


def test_kept_and_covered(profile: Callable[[str], Device], demo: Demo, shot: Shot, size: str, theme: str, locale: str) -> None:
    """What devices keep, the question before one is wiped, and the idle cover."""
    enter(profile("nadia"), "nadia", locale).page.close()
    tab = enter(profile("nadia"), "nadia", locale).go("/me")
    page, part = tab.page, tab.page.locator("#kept")
    expect(part.get_by_role("listitem").nth(1)).to_be_visible()
    part.get_by_role("radio").nth(2).click()
    part.scroll_into_view_if_needed()
    part.evaluate("(part) => part.scrollIntoView()")
    shot(page, "29-kept")
    part.get_by_role("listitem").nth(1).get_by_role("button").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    shot(page, "30-wipe")
    page.keyboard.press("Escape")
    page.evaluate("() => { localStorage.setItem('consult.active', '1'); document.dispatchEvent(new Event('visibilitychange')) }")
    expect(page.locator("#uncover")).to_be_visible()
    shot(page, "31-covered")
    tab.device.expects("/_allauth/browser/v1/auth/reauthenticate$")
    page.locator("#uncover").fill("x")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    shot(page, "32-covered-wrong")


def test_readme_picture(device: Devices, demo: Demo) -> None:
    """docs/room.png: a case room, by day, in French, at a desk."""
    others = [device().tab().sign_in(name).inside().room(demo.case(CASE)) for name in ("camille", "idris")]
    tab = device(viewport={"width": 1280, "height": 800}).tab().sign_in("nadia").inside().room(demo.case(CASE))
    expect(tab.page.locator(".room-head .facts")).to_contain_text("3 présents")
    others[0].composer.press_sequentially("J’ad")
    tab.page.wait_for_timeout(600)
    FOLDER.mkdir(exist_ok=True)
    tab.page.screenshot(path=FOLDER / "room.png")


def test_pro_sante(profile: Callable[..., Device], demo: Demo, shot: Shot, locale: str) -> None:
    with contextlib.closing(Provider()) as provider:
        node = demo.node(env=provider.env)
        made = profile("soizic", node)
        made.expects("/psc/return$")
        tab = made.tab().go()
        by = tab.page.get_by_role("button", name=re.compile("Pro Santé Connect"))
        expect(by).to_be_visible()
        shot(tab.page, "60-pro-sante-door")
        provider.wrong.token = {"nonce": "another"}
        by.click()
        expect(tab.page.get_by_role("alert")).to_be_visible()
        shot(tab.page, "61-pro-sante-refused")
        provider.reset()
        provider.claims = claims(f"1{uuid.uuid4().int % 10**10:010}")
        tab.page.locator("button.primary").click()
        expect(tab.page.locator("#address")).to_be_focused()
        shot(tab.page, "62-pro-sante-address")
        tab.go()
        enter(made, "soizic", locale).go("/me")
        tab.go("/me").page.locator("#pro-sante button").click()
        expect(tab.page.get_by_role("dialog")).to_be_visible()
        tab.page.wait_for_function("() => !document.getAnimations().length")
        shot(tab.page, "63-pro-sante-link")
        demo.nodes.remove(node)
        node.stop()
