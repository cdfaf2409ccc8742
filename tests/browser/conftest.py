"""Real browsers on a real server with the demo. Without Chromium these tests are reported as not run."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, sync_playwright

from consult.local.errors import LocalError
from tests.browser.pages import Device
from tests.live import CHECKOUT, MIGRATED, Node, Services, Someone, Stack, services

HERE = Path(__file__).resolve().parent
CHROMIUM = os.environ.get("CONSULT_CHROMIUM", "")
# Debian's other package of it: the same engine without a window, at less than half the processor time. It shows no notification and
# knows no Background Sync, so the tests of those take the whole browser (`whole_chromium`).
SHELL = os.environ.get("CONSULT_CHROMIUM_SHELL") or CHROMIUM
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PHONE, TABLET, DESKTOP = {"width": 360, "height": 740}, {"width": 800, "height": 1000}, {"width": 1440, "height": 1000}
DEMO = "demo"
# Google's, which no test calls, and one on this machine (tests/push/services.py).
PUSH = {"PUSH_HOSTS": "fcm.googleapis.com,127.0.0.1"}
# For each test with its servers and browsers, whatever else runs on the machine; what it waits for has bounds of its own.
LONGEST_S = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LONGEST_S))


@pytest.fixture(autouse=True)
def clean_cache() -> None:
    """Not needed here: the server's cache is its own."""


@pytest.fixture(scope="package", autouse=True)
def built() -> None:
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine (CONSULT_CHROMIUM is empty): browser tests are not run")
    if not (CHECKOUT / "frontend" / "dist" / ".vite" / "manifest.json").exists():
        pytest.fail("frontend/dist is not built (make frontend)")


@pytest.fixture(scope="package")
def browser_services(built: None) -> Iterator[Services]:
    try:
        with services() as made:
            yield made
    except LocalError as error:
        pytest.skip(f"these tests start servers of their own: {error}")


class Demo(Stack):
    """The demo's database with a server and a worker before it."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        services.admin(f"CREATE DATABASE {DEMO} TEMPLATE {MIGRATED}")
        self.database = DEMO
        self.manage("seed_demo")
        self.node(env=PUSH)
        self.work()
        rows = self.sql("SELECT p.id, p.email, r.id FROM clinicians_person p LEFT JOIN rooms_room r ON r.owner_id = p.id AND r.kind = 'personal'")
        self.cast = {email.partition("@")[0]: Someone(email.partition("@")[0], id, str(room), "") for id, email, room in rows}

    def work(self, **settings: str) -> None:
        """Starts the worker."""
        env = {**self.services.env(self.database, self.redis_url), **PUSH, **settings}
        with open(self.folder / "worker.log", "ab") as log:
            self.worker = self.services.family.start("worker", [sys.executable, "manage.py", "worker"], env=env, cwd=CHECKOUT, log=log)

    def manage(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=CHECKOUT,
            env=self.services.env(self.database, self.redis_url),
            check=False,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def group(self, code: str) -> str:
        return str(self.sql("SELECT id FROM rooms_room WHERE kind = 'group' AND code = %s", code)[0][0])

    def case(self, title: str) -> str:
        return str(self.sql("SELECT id FROM rooms_room WHERE kind = 'case' AND title = %s", title)[0][0])

    def fresh_room(self, *names: str, title: str = "", **more: Any) -> str:
        """A room for one test alone."""
        return self.room(*(self.cast[name] for name in names), title=title or f"Salle {uuid.uuid4().hex[:6]}", **more)

    def many(self, room: str, name: str, bodies: list[str]) -> None:
        """Written straight into the log, through the one door there is."""
        import json

        batch = [{"room": room, "person": str(self.cast[name].id), "id": str(uuid.uuid4()), "body": body} for body in bodies]
        plan = {"threads": 1, "batches": [batch[at : at + 200] for at in range(0, len(batch), 200)]}
        done = subprocess.run(
            [sys.executable, "-m", "tests.live", "batches"],
            cwd=CHECKOUT,
            env=self.services.env(self.database, self.redis_url),
            input=json.dumps(plan),
            check=False,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="package")
def demo(browser_services: Services) -> Iterator[Demo]:
    made = Demo(browser_services)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="package")
def browsers(built: None) -> Iterator[BrowserType]:
    # Not pytest-playwright's own fixtures: those live for the whole session, and their loop would be in the way of async tests.
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="package")
def chromium(browsers: BrowserType) -> Iterator[Browser]:
    browser = browsers.launch(executable_path=SHELL, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def whole_chromium(browsers: BrowserType) -> Iterator[Browser]:
    browser = browsers.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


Devices = Callable[..., Device]


@pytest.fixture
def device(chromium: Browser, demo: Demo) -> Iterator[Devices]:
    """Makes browser profiles; in the end their consoles must have been quiet, which is also how a broken CSP would be heard."""
    made: list[Device] = []

    def make(node: Node | None = None, **options: Any) -> Device:
        context = chromium.new_context(**{"viewport": DESKTOP, "locale": "fr-FR", "timezone_id": "Europe/Paris", **options})
        made.append(Device(context, node or demo.nodes[0]))
        return made[-1]

    yield make
    said = [line for one in made for line in one.errors()]
    for one in made:
        one.close()
    assert not said, f"the console said: {said}"
