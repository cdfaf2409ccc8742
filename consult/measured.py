"""HTTP as those outside see it: how long a request took and how it ended, by door. A path holds ids, so it is no label."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from consult import figures

App = Callable[[Any, Any, Any], Awaitable[None]]

# By the first part of the path; all other paths are views of the page.
DOORS = {"api": "api", "_allauth": "sign-in", "static": "static", "admin": "admin", "healthz": "operator", "readyz": "operator", "metrics": "operator"}
for _door in {*DOORS.values(), "page"}:
    figures.http_answers.labels(_door, "5xx")  # what an alert asks for is there from the start


def measured(app: App) -> App:
    """The same application, with its requests timed from the first byte to the last, the wait for a thread included."""

    async def http(scope: Any, receive: Any, send: Any) -> None:
        status = "gone"  # unless it is answered: who asked has left before

        async def noting(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = f"{message['status'] // 100}xx"
            await send(message)

        # A target may be `*`, without any slash.
        door = DOORS.get(scope["path"].removeprefix("/").partition("/")[0], "page")
        began = time.perf_counter()
        figures.http_running.inc()
        try:
            await app(scope, receive, noting)
        finally:
            figures.http_running.dec()
            figures.http_seconds.labels(door).observe(time.perf_counter() - began)
            figures.http_answers.labels(door, status).inc()

    return http
