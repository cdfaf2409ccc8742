"""The whole of Consult on one machine: services, migrations, the demo, web and worker."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .errors import LocalError, say
from .places import Home
from .services import own_services, wanted
from .supervise import Family

READY_S = 120
# Longer than the drain that web answers SIGTERM with.
WEB_ENDING = ((signal.SIGTERM, 30),)
WORKER_ENDING = ((signal.SIGTERM, 15),)


@dataclass(frozen=True)
class Wish:
    """What the command line asked for."""

    host: str
    port: int  # 0: any free one
    throwaway: bool
    workers: int | None = None
    # Run beside the ready stack, which ends with it; without one it runs until a signal, or until a child dies.
    command: tuple[str, ...] = ()


def up(family: Family, wish: Wish, home: Home | None = None) -> int:
    home = home or Home()
    if wish.throwaway or not wanted():
        return _up(family, wish, home)
    with home.taken() as mine:
        if not mine:
            pid = home.running().get("pid", "?")
            raise LocalError(f"this checkout already runs (process {pid}); stop that one first")
        return _up(family, wish, home)


def _up(family: Family, wish: Wish, home: Home) -> int:
    host, port = wish.host, free_port(wish.host, wish.port)
    with own_services(family, throwaway=wish.throwaway, home=home) as added:
        env = {**os.environ, **added, "PORT": str(port)}
        manage = [sys.executable, str(home.checkout / "manage.py")]
        say("bringing the database up to date …")
        _step(family, env, home.checkout, [*manage, "migrate", "--no-input", "--verbosity", "0"])
        say("seeding the demo …")
        _step(family, env, home.checkout, [*manage, "seed_demo"])
        accounts = _accounts(env, home.checkout, manage)
        web = [sys.executable, "-m", "consult.serve", "--host", host, "--port", str(port)]
        if wish.workers:
            web += ["--workers", str(wish.workers)]
        family.start("web", web, env=env, cwd=home.checkout, ending=WEB_ENDING)
        family.start("worker", [*manage, "worker"], env=env, cwd=home.checkout, ending=WORKER_ENDING)
        address = f"http://{'127.0.0.1' if host in ('0.0.0.0', '') else host}:{port}"
        _wait_until_ready(family, f"{address}/readyz")
        print(f"Consult runs at {address} - sign in as {', '.join(accounts)}", flush=True)
        if wish.command:
            return family.wait(family.start("the command", wish.command, env={**env, "CONSULT_URL": address}))
        while True:
            family.pause(1)
            family.notice_deaths()


def free_port(host: str, port: int) -> int:
    """This port, or any free one for 0; one that somebody listens on is refused before anything starts."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise LocalError(f"port {port} is not free ({error.strerror}); choose another: make run PORT={port + 1}") from error
        return int(probe.getsockname()[1])


def _step(family: Family, env: dict[str, str], checkout: Path, argv: list[str]) -> None:
    name = argv[2]
    code = family.wait(family.start(name, argv, env=env, cwd=checkout))
    if code:
        raise LocalError(f"{name} failed (exit code {code})")


def _accounts(env: dict[str, str], checkout: Path, manage: list[str]) -> list[str]:
    argv = [*manage, "seed_demo", "--accounts"]
    done = subprocess.run(argv, check=False, env=env, cwd=checkout, capture_output=True, text=True)
    if done.returncode:
        raise LocalError(f"seed_demo --accounts failed:\n{done.stderr.strip()}")
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def _wait_until_ready(family: Family, url: str) -> None:
    # No proxy of the environment between us and ourselves.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    last = "no answer"

    def ready() -> bool:
        nonlocal last
        family.notice_deaths()
        try:
            with opener.open(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            last = f"{error.code}: {error.read(300).decode(errors='replace')}"
        except OSError:
            pass
        return False

    if not family.until(ready, seconds=READY_S):
        raise LocalError(f"web did not get ready within {READY_S} s; {url} said {last}")
