"""One private Redis (or Valkey) on a unix socket. It keeps nothing: the log in PostgreSQL is the truth."""

import signal
import socket
from pathlib import Path

from . import binaries
from .errors import LocalError
from .postgres import tail
from .supervise import Child, Family

START_S = 15
ENDING = ((signal.SIGTERM, 2),)


def start(family: Family, folder: Path) -> tuple[Child, str]:
    """The child and its URL. The folder is this start's own."""
    server = binaries.redis()
    folder.mkdir(mode=0o700)
    path, log_path = folder / "redis.sock", folder / "redis.log"
    # Port 0: no TCP. Saving is off: what a start leaves behind would only be stale presence.
    options: dict[str, str | Path] = {
        "--port": "0",
        "--unixsocket": path,
        "--unixsocketperm": "700",
        "--save": "",
        "--appendonly": "no",
        "--daemonize": "no",
        "--dir": folder,
    }
    argv: list[str | Path] = [server.path]
    for pair in options.items():
        argv.extend(pair)
    with open(log_path, "ab") as log:
        child = family.start("Redis", argv, cwd=folder, log=log, ending=ENDING)
    try:
        ready = family.until(lambda: not child.alive() or answers(path), seconds=START_S)
    except BaseException:
        family.stop(child)
        raise
    if not ready or not child.alive():
        family.stop(child)
        raise LocalError(f"{server} did not start; its log ends with:\n{tail(log_path)}")
    return child, f"unix://{path}"


def answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
