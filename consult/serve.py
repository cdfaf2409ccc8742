"""`python -m consult.serve`: the web process of the Procfile, one worker or several that share a listening socket."""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NEVER_SERVED = 3  # and would not the next time: nothing starts it again


def main() -> None:
    parser = argparse.ArgumentParser(prog="consult.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or "8000"))
    parser.add_argument("--uds", metavar="PATH", help="listen at this unix socket instead of a port, for a proxy of the same machine; one process a socket")
    parser.add_argument("--workers", type=int, default=int(os.environ.get("WEB_CONCURRENCY") or "1"))
    parser.add_argument("--fd", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.uds and args.workers > 1:
        parser.error("--uds is one process: start more of them, each at its own socket, and name all to the proxy")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consult.settings")
    if args.workers > 1:
        sys.exit(supervise(args.host, args.port, args.workers))
    import django

    django.setup()
    if misconfigured():
        sys.exit(NEVER_SERVED)
    from consult.server import Server, config

    _all_descriptors()
    sys.setswitchinterval(0.0005)  # a lane that waits for the interpreter holds its rooms' locks meanwhile
    server = Server(config(**_place(args)))
    server.config.load()
    _collect_seldom()
    server.run()
    sys.exit(0 if server.started else NEVER_SERVED)


def _place(args: argparse.Namespace) -> dict[str, Any]:
    """Where to listen, as uvicorn calls it."""
    if args.fd is not None:
        return {"fd": args.fd}
    if args.uds:
        # Who may open this file is a proxy of this machine; over TCP, 127.0.0.1 is believed or what FORWARDED_ALLOW_IPS names.
        return {"uds": args.uds, "forwarded_allow_ips": "*"}
    return {"host": args.host, "port": args.port}


def misconfigured() -> bool:
    """Says what the system checks found, a line each; whether any of it would break a promise. They ask neither PostgreSQL nor Redis."""
    from django.core import checks

    found = checks.run_checks()
    for message in found:
        print(f"consult: {message.msg} ({message.id})", file=sys.stderr, flush=True)
    return any(message.is_serious() and not message.is_silenced() for message in found)


def _collect_seldom() -> None:
    """Garbage of cycles: what is loaded by now stays and is not looked through again, and all that came since is, a third as often as Python would.

    With a thousand sockets under load a full collection stopped everything for a quarter of a second, at most half a one, every three seconds
    (decision 12). Never would be too seldom: a closed connection is such garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 5, 20)


def _all_descriptors() -> None:
    """A socket is a descriptor, and the usual soft limit is 1,024 of them: takes what the hard limit allows."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def supervise(host: str, port: int, workers: int) -> int:
    """Starts the workers on one socket, starts a dead one again, passes SIGTERM on and waits for their drain."""
    figures = _folder_of_figures()
    listening = socket.create_server((host, port), backlog=2048)
    listening.set_inheritable(True)
    command = [sys.executable, "-m", "consult.serve", "--workers", "1", "--fd", str(listening.fileno())]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, pass_fds=[listening.fileno()])

    children, stopping = [start() for _ in range(workers)], False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        for child in children:
            child.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not stopping or any(child.poll() is None for child in children):  # all may die in one moment
        time.sleep(0.2)
        for i, child in enumerate(children):
            if child.poll() is not None and not stopping:
                _forget(figures, child.pid)
                if child.returncode == NEVER_SERVED:  # it never served, and would not the next time
                    stop()
                    return NEVER_SERVED
                children[i] = start()
    return 0


def _folder_of_figures() -> Path:
    """Where the workers share their figures, empty: what an earlier run left would be counted again."""
    given = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    folder = Path(given or tempfile.mkdtemp(prefix="consult-metrics-"))
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink()
    if not given:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _forget(figures: Path, pid: int) -> None:
    """What a dead worker had open is not open any more (prometheus_client.multiprocess.mark_process_dead, for all live modes)."""
    for gauge in figures.glob(f"gauge_live*_{pid}.db"):
        gauge.unlink()


if __name__ == "__main__":
    main()
