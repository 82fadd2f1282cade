"""ASGI lifespan: lets uvicorn run with `--lifespan on`, so that a broken start-up is fatal.

Channels' router raises for scopes that it does not know, and Django only knows `http`.
"""

from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]


async def lifespan(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Answer start-up and shutdown. Importing `asgi` has by then loaded all that can fail."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
