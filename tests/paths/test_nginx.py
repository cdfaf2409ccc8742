"""docs/nginx.conf, started as it is before a real node: pictures by rights, with nginx sending the bytes; pieces of 2 MB and sockets pass."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import ssl
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image
from websockets.sync.client import connect

from consult.images.uploads import PIECE
from consult.local import postgres
from consult.rooms.pictures_api import GUARDED
from tests.live import CHECKOUT, Node, Services, Someone, Stack, free_port, wait_for

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SITE = CHECKOUT / "docs" / "nginx.conf"
pytestmark = pytest.mark.skipif(NGINX is None, reason="there is no nginx on this machine (Debian: nginx-light)")


@dataclass
class Front:
    stack: Stack
    node: Node
    base: str
    kept: Path

    def ask(self, who: Someone | None, method: str, path: str, base: str | None = None, **more: object) -> httpx.Response:
        headers = {**(who.headers if who else {}), **more.pop("headers", {})}  # type: ignore[dict-item]
        return httpx.request(method, (base or self.base) + path, headers=headers, verify=False, trust_env=False, timeout=60, **more)  # type: ignore[arg-type]


def certificate(folder: Path) -> tuple[Path, Path]:
    """A key, and a certificate that it signed itself."""
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "consult.example")]), datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - datetime.timedelta(days=1), now + datetime.timedelta(days=1)).sign(
        key, hashes.SHA256()
    )
    pem, secret = folder / "consult.pem", folder / "consult.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return pem, secret


def site(port: int, node: Node, kept: Path, pem: Path, secret: Path) -> str:
    """The file of the documents, with this machine's places; each of them must be there to be replaced."""
    text = SITE.read_text()
    for there, here in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("127.0.0.1:8000", f"127.0.0.1:{node.port}"),
        ("/etc/ssl/consult.example.pem", str(pem)),
        ("/etc/ssl/consult.example.key", str(secret)),
        ("/var/lib/consult/images/kept/", f"{kept}/"),
    ):
        assert text.count(there) == 1, there
        text = text.replace(there, here)
    return text


@pytest.fixture(scope="module")
def front(own_services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder, stack = tmp_path_factory.mktemp("nginx"), Stack(own_services)
    env = own_services.env(stack.database, stack.redis_url)
    kept = Path(env["IMAGES_DIR"]) / "kept"
    worker = nginx = None
    try:
        node = stack.node(env={"IMAGES_ACCEL": "/_pictures/", "TRUSTED_PROXIES": "1"})
        with open(folder / "worker.log", "ab") as log:
            worker = own_services.family.start("worker", [sys.executable, "manage.py", "worker"], env=env, cwd=CHECKOUT, log=log)
        port = free_port()
        (folder / "site.conf").write_text(site(port, node, kept, *certificate(folder)))
        # Workers run as whoever started this: the folders of the tests are theirs alone.
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = "".join(f"{name}_temp_path {folder / name}; " for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(
            f"{user} daemon off; pid {folder / 'pid'}; error_log {folder / 'error.log'}; events {{}}\n"
            f"http {{ access_log off; default_type application/octet-stream; {temporary} include {folder / 'site.conf'}; }}\n"
        )
        words = [str(NGINX), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        tried = subprocess.run([*words, "-t"], capture_output=True, text=True, timeout=60, check=False)
        assert tried.returncode == 0, tried.stderr
        with open(folder / "nginx.log", "ab") as log:
            nginx = own_services.family.start("nginx", words, cwd=folder, log=log)
        made = Front(stack, node, f"https://127.0.0.1:{port}", kept)

        def answers() -> bool:
            assert nginx is not None and nginx.alive(), postgres.tail(folder / "error.log", 20)
            try:
                return made.ask(None, "GET", "/readyz").status_code == 200
            except httpx.TransportError:
                return False

        assert wait_for(answers, 60), postgres.tail(folder / "error.log", 20)
        yield made
    finally:
        for child in (nginx, worker):
            if child is not None:
                own_services.family.stop(child)
        stack.stop()


def photo(folder: Path) -> bytes:
    """A photo of more than one piece, whatever encodes it."""
    Image.frombytes("RGB", (1400, 1000), os.urandom(1400 * 1000 * 3)).save(folder / "photo.png")
    content = (folder / "photo.png").read_bytes()
    assert len(content) > PIECE
    return content


def posted(front: Front, who: Someone, room: str, content: bytes) -> str:
    """A picture that was brought through nginx in pieces as large as they may be, in a message of this room."""
    begun = front.ask(who, "POST", "/api/v1/images", json={"id": str(uuid.uuid4()), "size": len(content)})
    assert begun.status_code == 201, begun.text
    image = begun.json()["image"]
    for start in range(0, len(content), PIECE):
        answer = front.ask(
            who,
            "PATCH",
            f"/api/v1/images/{image}",
            content=content[start : start + PIECE],
            headers={"Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"},
        )
        assert answer.status_code == 204, answer.text
    assert wait_for(lambda: front.ask(who, "GET", f"/api/v1/images/{image}").json()["state"] == "ready", 120)
    said = front.ask(who, "POST", f"/api/v1/rooms/{room}/messages", json={"id": str(uuid.uuid4()), "body": "Plaque", "images": [image]})
    assert said.status_code in (200, 201), said.text
    return str(image)


def test_pictures_by_rights_with_their_bytes_from_nginx(front: Front, tmp_path: Path) -> None:
    camille, nadia, helene = (front.stack.people[name] for name in ("camille", "nadia", "helene"))
    room = front.stack.room(camille, nadia, owner=camille)
    image = posted(front, camille, room, photo(tmp_path))
    path = f"/api/v1/images/{image}/room"

    # Consult says where it lies, and sends no byte of it.
    straight = front.ask(nadia, "GET", path, base=front.node.base)
    where = straight.headers["X-Accel-Redirect"]
    assert (straight.status_code, straight.content, where.startswith("/_pictures/")) == (200, b"", True)
    file = front.kept / where.removeprefix("/_pictures/")

    seen = front.ask(nadia, "GET", path)
    assert (seen.status_code, seen.headers["Content-Type"], seen.headers["Server"].split("/")[0]) == (200, "image/webp", "nginx")
    assert seen.content == file.read_bytes() and seen.content[8:12] == b"WEBP"
    assert {name: seen.headers.get_list(name) for name in GUARDED} == {name: [value] for name, value in GUARDED.items()}
    assert "X-Accel-Redirect" not in seen.headers

    for stranger, code in ((helene, 404), (None, 401)):
        refused = front.ask(stranger, "GET", path)
        assert refused.status_code == code and b"WEBP" not in refused.content
    # The place itself is nobody's to ask for, with or without a session.
    for who in (nadia, None):
        for direct in (where, "/_pictures/", f"/_pictures/../_pictures/{where.removeprefix('/_pictures/')}"):
            refused = front.ask(who, "GET", direct)
            assert refused.status_code == 404 and b"WEBP" not in refused.content, direct

    # Taken back, it is gone with the next question, whatever nginx saw before.
    (message,) = front.stack.sql("SELECT id FROM rooms_message WHERE room_id = %s", room)[0]
    front.stack.sql("UPDATE rooms_message SET withheld = 'retracted' WHERE id = %s", message)
    assert front.ask(nadia, "GET", path).status_code == 404


def test_sockets_pass_and_figures_do_not(front: Front) -> None:
    ticket = front.ask(front.stack.people["camille"], "POST", "/api/v1/tickets").json()["ticket"]
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    with connect(f"wss://{front.base.removeprefix('https://')}/ws/v1/", ssl=trust, proxy=None, open_timeout=30) as socket:
        socket.send(json.dumps({"type": "hello", "ref": 1, "protocols": [1], "ticket": ticket, "client": "nginx/1"}))
        answer = json.loads(socket.recv(timeout=30))
        assert answer["type"] == "ok", answer
    assert front.ask(None, "GET", "/metrics").status_code == 403
    assert front.ask(None, "GET", "/metrics", base=front.node.base).status_code == 200
