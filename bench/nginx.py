"""nginx as docs/operating.md has it, before any servers; and two nodes behind it, which share nothing but PostgreSQL and Redis."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from consult.local.stack import free_port
from consult.local.supervise import Child, Family

from . import debian
from .generator.sockets import wait_for
from .stack import FOLDER, HOST, BenchError, Server, Stack, unix_socket

HOME = FOLDER / "nginx"
CONFIG = """
daemon off;
pid @HOME@/nginx.pid;
error_log @HOME@/error.log warn;
worker_processes 1;
worker_rlimit_nofile 65536;
events { worker_connections 30000; }
http {
    access_log off;
    client_body_temp_path @HOME@/body; proxy_temp_path @HOME@/proxy; fastcgi_temp_path @HOME@/fastcgi; uwsgi_temp_path @HOME@/uwsgi; scgi_temp_path @HOME@/scgi;
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    upstream consult { @NODES@ keepalive 32; }
    server {
        listen @HOST@:@PORT@ backlog=4096;
        client_max_body_size 1m;
        proxy_http_version 1.1;
        proxy_connect_timeout 2s;
        proxy_set_header Host              $http_host;
        proxy_set_header X-Forwarded-For   $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Upgrade           $http_upgrade;
        proxy_set_header Connection        $connection_upgrade;
        location / { proxy_pass http://consult; }
        location = /ws/v1/ {
            proxy_pass http://consult;
            proxy_read_timeout @SILENT_S@s;
            proxy_send_timeout @SILENT_S@s;
            proxy_buffering off;
        }
    }
}
"""


@dataclass
class Nodes(Server):
    """nginx, and the servers behind it: theirs is the CPU that counts as the server's."""

    behind: list[Server] = field(default_factory=list)

    @property
    def roots(self) -> list[int]:
        return [pid for node in self.behind for pid in node.roots]

    @property
    def beside(self) -> dict[str, list[int]]:
        return {"nginx": [self.child.pid]}


def program() -> Path:
    """The machine's own, or Debian's unpacked into .bench/."""
    found = shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin")
    if found:
        return Path(found)
    unpacked = HOME / "root" / "usr" / "sbin" / "nginx"
    return unpacked if unpacked.exists() else debian.unpack(["nginx-light"], HOME) / "usr" / "sbin" / "nginx"


def version() -> str:
    return subprocess.run([program(), "-v"], check=True, capture_output=True, text=True).stderr.strip().rpartition("/")[2]


def launch(family: Family, home: Path, port: int, nodes: Sequence[int | Path], *, silent_s: int, env: Mapping[str, str] | None = None) -> Child:
    """nginx on `port`, before servers at these ports or unix sockets. A socket that is silent for `silent_s` is cut, and a dead node is tried again after 1 s."""
    home.mkdir(exist_ok=True)
    servers = " ".join(f"server {f'unix:{node}' if isinstance(node, Path) else f'{HOST}:{node}'} max_fails=1 fail_timeout=1s;" for node in nodes)
    text = CONFIG
    for name, value in {"HOME": str(home), "HOST": HOST, "PORT": str(port), "NODES": servers, "SILENT_S": str(silent_s)}.items():
        text = text.replace(f"@{name}@", value)
    config = home / "nginx.conf"
    config.write_text(text)
    with open(home / "said.log", "ab") as log:
        return family.start("nginx", [program(), "-p", home, "-c", config, "-e", home / "error.log"], env=env, cwd=home, log=log)


def start(stack: Stack, *, core: int | None = None) -> Nodes:
    program()  # or nothing is started
    behind = [stack.start("consult-unix", core=core, TRUSTED_PROXIES="1") for _ in range(2)]
    port = free_port(HOST, 0)
    # No heartbeat comes for the length of a run.
    child = launch(stack.family, HOME, port, [unix_socket(node.port) for node in behind], silent_s=3600, env=stack.env)
    try:
        wait_for((HOST, port), 10)
    except OSError as error:
        raise BenchError("nginx did not start; see .bench/nginx/") from error
    return Nodes("consult-nodes", port, child, behind)


def stop(stack: Stack, nodes: Nodes) -> None:
    for server in (nodes, *nodes.behind):
        stack.stop(server)
