"""Everything the protocol does not define: signing in, listing, leaving and joining rooms, one message over HTTP.

Adjust this file to the server under test; nothing else should need a change.
`http` is an httpx.AsyncClient whose base_url is the server. An auth is {"headers": {...}, "cookies": {...}}.
"""


async def sign_in(http, user):
    """A native client's session: django-allauth headless, app client."""
    r = await http.post("/_allauth/app/v1/auth/login", json={"email": user["email"], "password": user["password"]})
    if r.status_code != 200:
        raise RuntimeError(f"sign-in of {user['email']}: HTTP {r.status_code} {r.text[:200]}")
    return {"headers": {"X-Session-Token": r.json()["meta"]["session_token"]}, "cookies": {}}


async def browser_sign_in(http, user):
    """A browser's session cookie (allauth headless, browser client), or None where the server has none.

    `http` is fresh, with an empty cookie jar."""
    await http.get("/_allauth/browser/v1/config")
    csrf = http.cookies.get("csrftoken", "")
    r = await http.post(
        "/_allauth/browser/v1/auth/login",
        json={"email": user["email"], "password": user["password"]},
        headers={"X-CSRFToken": csrf, "Referer": str(http.base_url)},
    )
    if r.status_code == 404:
        return None
    if r.status_code != 200:
        raise RuntimeError(f"browser sign-in of {user['email']}: HTTP {r.status_code} {r.text[:200]}")
    return {"headers": {"X-CSRFToken": http.cookies.get("csrftoken", "")}, "cookies": dict(http.cookies)}


async def sign_out(http, auth):
    """Ends the session of `auth` (app client)."""
    r = await http.request("DELETE", "/_allauth/app/v1/auth/session", headers=auth["headers"])
    if r.status_code not in (200, 204, 401):  # allauth answers 401 once signed out
        raise RuntimeError(f"sign-out: HTTP {r.status_code}")


async def session_alive(http, auth):
    """What a client asks that three times did not reach hello."""
    kind = "browser" if auth.get("cookies") else "app"
    r = await http.get(f"/_allauth/{kind}/v1/auth/session", headers=auth["headers"])
    return r.status_code not in (401, 410)


async def leave_room(http, auth, room):
    """Ends this person's own membership; False where the server has no such request."""
    r = await http.post(f"/api/v1/rooms/{room}/leave", headers=auth["headers"], json={})
    return r.status_code < 300


async def join_room(http, auth, room):
    r = await http.post(f"/api/v1/rooms/{room}/join", headers=auth["headers"], json={})
    return r.status_code < 300


async def list_rooms(http, auth):
    """Rooms this person is a member of, as [{"id", "title"}]."""
    rooms, url = [], "/api/v1/rooms"
    while url:
        r = await http.get(url, headers=auth["headers"])
        if r.status_code in (401, 403):
            return []
        r.raise_for_status()
        page = r.json()
        if isinstance(page, list):
            items, url = page, None
        else:
            items = next((page[k] for k in ("rooms", "items", "results") if k in page), [])
            url = page.get("next") if isinstance(page.get("next"), str) and page["next"].startswith(("/", "http")) else None
        for x in items:
            member = x.get("member", x.get("membership", x.get("role", True)))
            if member not in (False, None) and x["kind"] != "case":  # the worker writes into cases too: nobody else may meanwhile
                rooms.append({"id": x["id"], "title": x.get("title") or x.get("name") or ""})
    return rooms


def allowed_origin(base):
    return base


def events_of(payload):
    return payload.get("events")


def head_of(page):
    """`head` of a page of events: a seq, or {"epoch", "seq"}."""
    head = page.get("head")
    return head.get("seq") if isinstance(head, dict) else head


def refusal_of(response):
    """The refusal inside an HTTP answer: {"code", "message", "temporary", "retry_after_ms"}."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def message_of(event):
    """The message an event is about."""
    return (event.get("data") or {}).get("message")


def body_of(event):
    return (event.get("data") or {}).get("body")


def withheld_of(event):
    return (event.get("data") or {}).get("withheld")


def without_content(event):
    """An event as a client keeps it once its message was edited, retracted or hidden."""
    return {**event, "data": {**event["data"], "body": None, "mentions": None, "withheld": "superseded"}}


def messages_of(payload):
    """The messages of GET …/messages: [{"id", "seq", "body", "withheld", "edited", "reactions": {code: n}, "mine": [code]}]."""
    out = []
    for m in payload.get("messages", []):
        r = m.get("reactions") or {}
        if isinstance(r, list):  # [{"reaction", "count", "mine"}]
            m = {**m, "mine": [x["reaction"] for x in r if x.get("mine")]}
            r = {x["reaction"]: x["count"] for x in r}
        out.append(
            {
                "id": m.get("message", m.get("id")),
                "seq": m.get("seq"),
                "body": m.get("body"),
                "withheld": m.get("withheld"),
                "edited": m.get("edited_seq") is not None,
                "reactions": {k: n for k, n in r.items() if n},
                "mine": sorted(m.get("mine", m.get("my_reactions")) or []),
            }
        )
    return out


def marked_by(event):
    """`read.marked` in the personal room: (room, seq)."""
    return event["data"].get("room"), event["data"].get("seq")
