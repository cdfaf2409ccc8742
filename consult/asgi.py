"""The ASGI application: HTTP to Django, /ws/v1/ to the live rooms. Serves under uvicorn (consult.serve) and Daphne alike."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consult.settings")
http = get_asgi_application()

from consult import process  # noqa: E402  needs the apps
from consult.measured import measured  # noqa: E402
from consult.rooms.consumer import Consumer  # noqa: E402

process.watch()


async def no_such_socket(scope, receive, send):  # type: ignore[no-untyped-def]
    """Any other address refuses the upgrade."""
    await send({"type": "websocket.close", "code": 4404})


application = ProtocolTypeRouter({"http": measured(http), "websocket": URLRouter([path("ws/v1/", Consumer.as_asgi()), path("<path:rest>", no_such_socket)])})
