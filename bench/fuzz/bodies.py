"""The HTTP fuzzer: every write door of the OpenAPI document, and sign-in's, with bodies that are nearly right."""

from __future__ import annotations

from typing import Any

import httpx

from bench.fuzz.frames import ODD_TEXT, UUID0, Frames, dumps
from bench.fuzz.judge import Judge
from tests.live import Node, Someone

WRITES = ("post", "patch", "put", "delete")
LOGIN = {"email": "writer1@example.org", "password": "wrong-horse-battery"}
POINT = "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"  # the generator of P-256
AUTH = ("/_allauth/app/v1/auth/login", "/_allauth/app/v1/auth/signup", "/_allauth/app/v1/auth/password/request", "/_allauth/app/v1/auth/session", "/_allauth/app/v1/account/email")
TYPES = ["application/json"] * 12 + ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "", "é/ü"]


class Bodies:
    """`who` may lose rooms and standing on the way: they are not the people of the sockets."""

    def __init__(self, frames: Frames, who: list[Someone], node: Node) -> None:
        self.frames, self.who, self.random = frames, who, frames.random
        document = httpx.get(f"{node.base}/api/v1/openapi.json", trust_env=False).json()
        self.doors = [(method, path) for path, methods in document["paths"].items() for method in methods if method in WRITES]
        unknown = [path for _, path in self.doors if self.sample(path) is None]
        if unknown or len(self.doors) < 10:
            raise AssertionError(f"doors without a sample body (add them in bench/fuzz/bodies.py): {unknown}, of {len(self.doors)}")

    def sample(self, path: str) -> dict[str, Any] | None:
        """A body as a client would send it."""
        f, r = self.frames, self.random
        room, message, _ = f.message()
        samples: dict[str, dict[str, Any]] = {
            "/tickets": {},
            "/me": {"given_name": "Essai", "place": r.choice(["Lorient", *ODD_TEXT]), "specialty": r.choice(["SM15", "SM54", "??"])},
            "/rooms/{room}/messages": {"id": f.uuid(), "body": "Avis ?", "reply_to": r.choice([None, message])},
            "/rooms/{room}/join": {},
            "/rooms/{room}/leave": {},
            "/rooms/{room}/mute": {"muted": True},
            "/rooms/{room}/members": {"id": f.uuid(), "person": r.choice(f.world.people)},
            "/conversations": {"id": f.uuid(), "people": r.sample(f.world.people, r.choice([1, 2, 3])), "title": r.choice(["", "Avis", *ODD_TEXT])},
            "/cases": {"id": f.uuid(), "title": "Lésion", "question": "Avis ?", "specialty": "SM15", "urgency": r.choice(["hour", "today", "week", "vital", "??"]), "group": r.choice([None, room]), "people": r.choice([None, f.world.people[:1]])},
            "/rooms/{room}/notices": {"level": r.choice(["all", "mentions", "none", None, "??"])},
            "/devices": {"id": f.uuid(), "courier": r.choice(["web", "fcm", "??"]), "label": r.choice(["Chrome", *ODD_TEXT]), "address": {"endpoint": r.choice(["https://fcm.googleapis.com/x", "https://[::1", *ODD_TEXT]), "p256dh": POINT, "auth": "A" * 22, "expires_at": r.choice([None, "2030-01-01T00:00:00Z", "2030-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2020-02-30T00:00:00Z", 4102444800, *ODD_TEXT])}},
            "/devices/{device}": {},
            "/devices/{device}/test": {},
            "/wishes": {"off": [r.choice(["reply", "??"])], "quiet_from": r.choice(["22:00", "29:99", None]), "quiet_to": "07:00", "zone": r.choice(["Europe/Paris", "../x", *ODD_TEXT])},
            "/messages/{message}/case": {"id": f.uuid(), "title": "Lésion", "specialty": "SM15", "urgency": "week"},
            "/cases/{room}/status": {"id": f.uuid(), "status": r.choice(["open", "answered", "consensus", "closed"])},
        }  # fmt: skip
        return samples.get(path.removeprefix("/api/v1"))

    def path(self, path: str) -> str:
        f, r = self.frames, self.random
        room, message, _ = f.message()
        odd = r.choice(["x", "%00", "%FF", UUID0, f.uuid(), "..%2F", "%20", "a" * 300, "%F0%9F%A9%BA", "%ED%A0%80"])
        chosen = {"room": room, "message": message} if r.random() < 0.8 else {"room": odd, "message": odd}
        return path.replace("{room}", chosen["room"]).replace("{message}", chosen["message"]).replace("{device}", r.choice([UUID0, odd]))

    async def one(self, client: httpx.AsyncClient, judge: Judge) -> None:
        r, f = self.random, self.frames
        if r.random() < 0.1:
            method, path, ours, sample = r.choice(["post", "delete", "put"]), r.choice(AUTH), False, {**LOGIN, "username": "x"}
        else:
            method, template = r.choice(self.doors)
            path, ours, sample = self.path(template), True, self.sample(template) or {}
        chance, token = r.random(), r.choice(self.who).token if ours else "x"  # signed out, the callers would reach nothing more
        body: bytes = (
            dumps(sample).encode()
            if chance < 0.3
            else f.mutated(sample).encode("utf-8", "surrogatepass")
            if chance < 0.9
            else r.choice([r.randbytes(r.randrange(300)), b'{"id": "' + b"x" * 3_000_000 + b'"}', b"[" * 120_000])
        )
        headers = {"Content-Type": r.choice(TYPES).encode("latin-1"), "X-Session-Token": token.encode()}
        if r.random() < 0.1:
            headers |= r.choice(
                [
                    {"X-Session-Token": b"x"},
                    {"X-Session-Token": b"\xff\x01"},
                    {"Cookie": b"sessionid=x; csrftoken=\xe9"},
                    {"Accept-Language": b"\xff"},
                    {"Content-Encoding": b"gzip"},
                    {"X-Forwarded-For": b"1, \xff"},
                    {"X-HTTP-Method-Override": b"PUT"},
                ]
            )
        asked = {"method": method, "path": path, "body": body[:1500], "headers": headers}
        try:
            answer = await client.request(method.upper(), path, content=body, headers=headers)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
            return judge.note(f"HTTP cut ({type(error).__name__})") if len(body) > 131_072 else judge.find("a request was cut", {"asked": asked, "error": repr(error)})
        except (httpx.InvalidURL, httpx.LocalProtocolError):
            return  # what no client can send
        except httpx.TimeoutException:
            return judge.find("a request was not answered", asked)
        judge.http(answer.status_code, answer.content, asked, ours=ours)
