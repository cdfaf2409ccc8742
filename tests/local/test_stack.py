"""`up`: the order of the steps, one line at the end, and what stops it. Web and worker are pretended."""

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from .conftest import HAS_PROC, Checkout, eventually

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not HAS_PROC, reason="looks for survivors in /proc")]

MANAGE = """
import os, sys, time
with open("steps.txt", "a") as file:
    print(*sys.argv[1:], file=file)
if sys.argv[1:] == ["seed_demo", "--accounts"]:
    print("anne@example.org / demo-anne")
    print("bruno@example.org / demo-bruno")
if sys.argv[1] == "migrate" and os.environ.get("MIGRATE_FAILS"):
    sys.exit("no such column")
if sys.argv[1] == "worker":
    time.sleep(300)
"""
SERVE = """
import http.server, os, sys
if os.environ.get("WEB_FAILS"):
    sys.exit(3)
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
    def log_message(self, *words):
        pass
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Ready).serve_forever()
"""


@pytest.fixture
def site(checkout: Checkout) -> Checkout:
    (checkout.path / "manage.py").write_text(MANAGE)
    (checkout.path / "consult/serve.py").write_text(SERVE)
    return checkout


def ready_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_one_line_with_address_and_accounts_then_a_calm_end(site: Checkout) -> None:
    running = site.start("up", "--port", "0")
    line = ready_line(running)
    assert re.fullmatch(
        r"Consult runs at http://127\.0\.0\.1:\d+ - sign in as "
        r"anne@example.org / demo-anne, bruno@example.org / demo-bruno\n",
        line,
    )
    steps = (site.path / "steps.txt").read_text().splitlines()
    assert [step.split()[0] for step in steps[:3]] == ["migrate", "seed_demo", "seed_demo"]
    assert eventually(lambda: "worker" in (site.path / "steps.txt").read_text())
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=60)
    assert (running.returncode, out) == (0, "")
    assert site.nobody_left()


def test_kill_9_leaves_nobody_and_the_next_start_works(site: Checkout) -> None:
    running = site.start("up", "--port", "0")
    assert ready_line(running)
    running.kill()
    again = site.start("up", "--port", "0")
    assert ready_line(again)
    again.terminate()
    again.communicate(timeout=60)
    assert site.nobody_left(), site.living()


def test_a_second_up_in_one_checkout_says_so(site: Checkout) -> None:
    running = site.start("up", "--port", "0")
    assert ready_line(running)
    code, _, err = site.call("up", "--port", "0")
    assert code == 1
    assert f"already runs (process {running.pid})" in err
    assert running.poll() is None


def test_a_taken_port_is_one_clear_line(site: Checkout) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, out, err = site.call("up", "--port", str(port))
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert f"port {port} is not free" in err
    assert f"PORT={port + 1}" in err


@pytest.mark.parametrize(("word", "name"), [("consult.serve", "web"), ("worker", "worker"), ("postgres -D", "PostgreSQL")])
def test_a_child_that_dies_is_named_and_all_stops(site: Checkout, word: str, name: str) -> None:
    running = site.start("up", "--port", "0")
    assert ready_line(running)
    assert eventually(lambda: any(word in line for line in site.living().values()))
    os.kill(site.find(word), signal.SIGKILL)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 1
    assert f"{name} died (signal SIGKILL)" in err
    assert site.nobody_left()


def test_web_that_ends_before_it_is_ready(site: Checkout) -> None:
    code, _, err = site.call("up", "--port", "0", WEB_FAILS="1")
    assert code == 1
    assert "web died (exit code 3)" in err


def test_a_step_that_fails_stops_all(site: Checkout) -> None:
    code, _, err = site.call("up", "--port", "0", MIGRATE_FAILS="1")
    assert code == 1
    assert "migrate failed (exit code 1)" in err
    assert "Traceback" not in err
    assert site.nobody_left()


def test_a_command_runs_beside_the_ready_stack(site: Checkout) -> None:
    code, out, err = site.call("up", "--throwaway", "--port", "0", "--", "sh", "-c", 'echo "at $CONSULT_URL"; exit 5')
    assert code == 5, err
    assert re.search(r"^at http://127\.0\.0\.1:\d+$", out, re.MULTILINE)
    assert not (site.path / ".local/postgres").exists()
    assert site.nobody_left()


def test_wrong_options_are_refused(site: Checkout) -> None:
    assert site.call("up", "--port", "many")[0] == 2
    assert not Path(site.path / ".local/postgres").exists()
