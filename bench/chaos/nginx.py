"""nginx before the web nodes, with a configuration as an operator would write it."""

from __future__ import annotations

import shutil
from pathlib import Path

from consult.local.errors import LocalError
from consult.local.supervise import Child, Family

CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    upstream consult {{
{servers}
        keepalive 32;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://consult;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_connect_timeout 2s;
            proxy_read_timeout 75s;
        }}
    }}
}}
"""


def start(family: Family, folder: Path, port: int, nodes: list[int]) -> Child:
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if binary is None:
        raise LocalError("no nginx on this machine (Debian, Ubuntu: apt-get install nginx-light)")
    folder.mkdir()
    servers = "\n".join(f"        server 127.0.0.1:{node} max_fails=1 fail_timeout=1s;" for node in nodes)
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, servers=servers))
    with open(folder / "out.log", "ab") as log:
        return family.start("nginx", [binary, "-c", config, "-e", folder / "nginx.log"], log=log)
