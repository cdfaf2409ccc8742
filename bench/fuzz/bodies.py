"""The HTTP fuzzer: every write door of the OpenAPI document, and sign-in's, with bodies that are nearly right."""

from __future__ import annotations

import re
from typing import Any

import httpx

from bench.fuzz.frames import UUID0, Frames, dumps
from bench.fuzz.judge import Judge
from bench.fuzz.samples import samples
from tests.live import Node, Someone

WRITES = ("post", "patch", "put", "delete")
LOGIN = {"email": "writer1@example.org", "password": "wrong-horse-battery"}
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
        return samples(f, r, room, message).get(path.removeprefix("/api/v1"))

    def path(self, path: str) -> str:
        f, r = self.frames, self.random
        room, message, _ = f.message()
        odd = r.choice(["x", "%00", "%FF", UUID0, f.uuid(), "..%2F", "%20", "a" * 300, "%F0%9F%A9%BA", "%ED%A0%80"])
        known = {"room": room, "message": message, "person": r.choice(f.world.people), "code": "SM15"}
        sound = r.random() < 0.8
        return re.sub(r"\{(\w+)\}", lambda m: known[m[1]] if sound and m[1] in known else r.choice([UUID0, odd]), path)

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
