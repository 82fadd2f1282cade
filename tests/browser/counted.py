"""The site, which also says how many sockets it has open: for tests that count them."""

from typing import Any

from asgi import application as site
from notifications.live.statistics import statistics


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer `/sockets` with a number; everything else is the site's."""
    if scope["type"] != "http" or scope["path"] != "/sockets":
        await site(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(statistics.sockets).encode()})
