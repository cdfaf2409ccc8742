"""HTTP: signing in by session token, tickets, pages of a room, posting without a socket, devices. Every refusal is one `Refused`."""

from __future__ import annotations

from typing import Any

import httpx

Frame = dict[str, Any]
SIGN_IN = "/_allauth/app/v1/auth/login"
SESSION = "/_allauth/app/v1/auth/session"


class Refused(Exception):
    """What the server will not do. `temporary`: the same again later may pass, no sooner than `wait_s`."""

    def __init__(self, code: str, *, temporary: bool = False, wait_s: float = 0, status: int = 0) -> None:
        super().__init__(code)
        self.code, self.temporary, self.wait_s, self.status = code, temporary, wait_s, status

    @classmethod
    def of(cls, frame: Frame, status: int = 0) -> Refused:
        return cls(frame["code"], temporary=frame["temporary"], wait_s=frame["retry_after_ms"] / 1000, status=status)


class Doors:
    """`token` is the session's: it stands in a header of every request, and never in a URL."""

    def __init__(self, base: str, token: str = "", locale: str = "fr") -> None:
        self.token = token
        self.http = httpx.AsyncClient(base_url=base, timeout=httpx.Timeout(15), headers={"Accept-Language": locale}, trust_env=False)

    async def close(self) -> None:
        await self.http.aclose()

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        """The JSON of a 2xx. Raises Refused: also for a network without an answer, which is `network.lost` and temporary."""
        try:
            answer = await self.http.request(method, path, headers={"X-Session-Token": self.token} if self.token else {}, **more)
            if answer.is_success:
                return answer.json()
        except (httpx.HTTPError, ValueError) as error:  # ValueError: a captive portal's page in place of JSON
            raise Refused("network.lost", temporary=True) from error
        try:
            frame = answer.json()
            code = frame["code"]
        except (ValueError, KeyError, TypeError):
            # allauth's answers and a proxy's pages carry no code of ours.
            known = {401: "session.none", 410: "session.none", 429: "rate.account"}
            code = known.get(answer.status_code, f"http.{answer.status_code}")
            raise Refused(code, temporary=answer.status_code == 429 or answer.status_code >= 500, status=answer.status_code) from None
        assert isinstance(code, str)
        raise Refused.of(frame, answer.status_code)

    # --- the session --------------------------------------------------------------------

    async def sign_in(self, email: str, password: str) -> str:
        """The session token: good until it expires (14 days), is signed out or ended from another device, or the password changes."""
        answer = await self.ask("POST", SIGN_IN, json={"email": email, "password": password})
        self.token = answer["meta"]["session_token"]
        return self.token

    async def sign_out(self) -> None:
        """allauth answers a sign-out with 401: there is no session any more."""
        try:
            await self.ask("DELETE", SESSION)
        except Refused as refusal:
            if refusal.code != "session.none":
                raise
        self.token = ""

    async def is_signed_in(self) -> bool | None:
        """None: nobody could say."""
        try:
            await self.ask("GET", SESSION)
        except Refused as refusal:
            return False if refusal.code == "session.none" else None
        return True

    async def me(self) -> Frame:
        """{"me", "personal"}."""
        found: Frame = await self.ask("GET", "/api/v1/me")
        return found

    async def ticket(self) -> str:
        """For one hello, within 30 s."""
        return str((await self.ask("POST", "/api/v1/tickets"))["ticket"])

    # --- rooms --------------------------------------------------------------------------

    async def rooms(self) -> list[Frame]:
        found: list[Frame] = []
        path: str | None = "/api/v1/rooms"
        while path:
            answer = await self.ask("GET", path)
            found += answer["rooms"]
            path = answer["next"]
        return found

    async def events(self, room: str, after: Frame, limit: int = 200) -> Frame:
        """{"epoch","head","events"} after the cursor. Refused `room.epoch` where that is of another life of the log."""
        found: Frame = await self.ask("GET", f"/api/v1/rooms/{room}/events", params={"after": after["seq"], "epoch": after["epoch"], "limit": limit})
        return found

    async def newest(self, room: str, before: int | None = None, limit: int = 100) -> Frame:
        """{"as_of","messages",…}: messages as they stand now; `before` a seq for who scrolls up."""
        found: Frame = await self.ask("GET", f"/api/v1/rooms/{room}/messages", params={"limit": limit} | ({} if before is None else {"before": before}))
        return found

    async def around(self, room: str, seq: int) -> Frame:
        found: Frame = await self.ask("GET", f"/api/v1/rooms/{room}/messages", params={"around": seq, "limit": 1})
        return found

    async def post(self, room: str, id: str, body: str, reply_to: str | None) -> Frame:
        """The HTTP twin of message.post, for a phone that was woken for a moment and opens no socket."""
        found: Frame = await self.ask("POST", f"/api/v1/rooms/{room}/messages", json={"id": id, "body": body, "reply_to": reply_to})
        return found

    # --- devices ------------------------------------------------------------------------

    async def register(self, id: str, courier: str, address: Frame, label: str) -> Frame:
        """Sent at each start of the app: the same address again is the same device, and a token that the system renewed replaces the old one."""
        found: Frame = await self.ask("POST", "/api/v1/devices", json={"id": id, "courier": courier, "address": address, "label": label})
        return found

    async def unregister(self, device: str) -> None:
        await self.ask("DELETE", f"/api/v1/devices/{device}")
