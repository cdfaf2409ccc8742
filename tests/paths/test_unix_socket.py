"""`consult.serve --uds`: a web process at a unix socket, as a proxy of the same machine speaks to it."""

from __future__ import annotations

import secrets
import socket
import sys
from pathlib import Path

import httpx
import pytest

from tests.live import CHECKOUT, Services, Stack, wait_for


@pytest.mark.slow
def test_at_a_unix_socket_the_proxy_is_believed(own_services: Services, tmp_path: Path) -> None:
    stack, place = Stack(own_services), tmp_path / "web.sock"
    env = {
        **own_services.env(stack.database, stack.redis_url),
        "CONSULT_LOCAL": "0",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": "consult.example",
        "TRUSTED_PROXIES": "1",
    }
    env.pop("PROMETHEUS_MULTIPROC_DIR", None)
    with open(tmp_path / "web.log", "ab") as log:
        web = own_services.family.start("web", [sys.executable, "-m", "consult.serve", "--uds", str(place)], env=env, cwd=CHECKOUT, log=log)
    try:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(place)), base_url="http://consult.example", timeout=10) as proxy:
            assert wait_for(place.exists, 60) and web.alive(), (tmp_path / "web.log").read_text()
            assert wait_for(lambda: proxy.get("/readyz").status_code == 200, 30)
            passed_on = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
            cookie = proxy.get("/_allauth/browser/v1/config", headers=passed_on).headers["set-cookie"]
            assert "Secure" in cookie, "told that the proxy's own side is TLS"
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(place))
            upgrade = (
                "GET /ws/v1/ HTTP/1.1",
                "Host: consult.example",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            )
            line.sendall("\r\n".join([*upgrade, *(f"{k}: {v}" for k, v in passed_on.items()), "", ""]).encode())
            assert line.recv(4096).startswith(b"HTTP/1.1 101")
    finally:
        own_services.family.stop(web)
        stack.stop()
