"""A small ASGI application that does with its sockets what it is told over HTTP or over them.

A socket is named by its path. `GET /state` tells about all of them; `GET /do/<name>/<what>?n=..&
size=..` has one write or close.
"""

import asyncio
import json
import os
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from notifications.live import linger
from notifications.live.ceiling import Ceiling
from notifications.live.framing import framed
from notifications.live.server import statistics

Message = dict[str, Any]
ceiling = Ceiling(limit=int(os.environ.get("TEST_CEILING", "100_000_000")))
linger.LINGER_SECONDS = float(os.environ.get("TEST_LINGER_SECONDS", "30"))
scopes: list[Message] = []
sockets: dict[str, "Socket"] = {}


class Socket:
    """One socket and what happened to it."""

    def __init__(self, handle: Any, send: Any) -> None:
        self.handle = handle
        self.send = send
        self.taken = self.refused = 0
        self.events: list[str] = []
        self.disconnect: Message | None = None
        self.ended = ""
        self.heard: list[str] = []
        self.may_accept = asyncio.Event()

    def state(self) -> Message:
        return {
            "taken": self.taken,
            "refused": self.refused,
            "events": self.events,
            "buffered": self.handle.buffered if self.handle else None,
            "disconnect": self.disconnect,
            "ended": self.ended,
            "heard": self.heard,
        }

    def write(self, number: int, size: int) -> None:
        for _ in range(number):
            if self.handle.write(framed(b"x" * size)):
                self.taken += 1
            else:
                self.refused += 1


async def application(scope: Message, receive: Any, send: Any) -> None:
    """The ASGI application."""
    if scope["type"] == "http":
        answer = await http(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
    elif scope["type"] == "websocket":
        await websocket(scope, receive, send)


async def http(scope: Message) -> object:
    """Do what the path says."""
    _, *parts = scope["path"].split("/")
    query = {
        key: int(values[0]) for key, values in parse_qs(scope["query_string"].decode()).items()
    }
    match parts:
        case ["state"]:
            kept = ("limit", "used", "peak", "over_budget", "over_ceiling", "refused")
            return {
                "sockets": {name: socket.state() for name, socket in sockets.items()},
                "ceiling": {name: getattr(ceiling, name) for name in kept},
                "tasks": len(asyncio.all_tasks()),
            }
        case ["do", name, "write"]:
            sockets[name].write(query["n"], query["size"])
        case ["do", name, "close"]:
            sockets[name].handle.close(query.get("code", 1000), "told to")
        case ["do", name, "send-close"]:
            await sockets[name].send({"type": "websocket.close", "code": query.get("code", 1000)})
        case ["do", name, "send"]:
            await sockets[name].send({"type": "websocket.send", "text": "y" * query["size"]})
        case ["scope"]:
            return json.loads(json.dumps(scopes[-1], default=readable))
        case ["statistics"]:
            return {"sockets": statistics.sockets, "refused": statistics.refused}
        case ["do", name, "accept"]:
            sockets[name].may_accept.set()
        case ["do", name, "abort"]:
            sockets[name].handle.abort()
    return None


def readable(value: object) -> str:
    """JSON for what is in a scope."""
    return value.decode("latin-1") if isinstance(value, bytes) else repr(value)


def detached(socket: Socket, event: Message) -> None:
    """Echo what comes."""
    if event["type"] == "websocket.disconnect":
        assert socket.disconnect is None, "it comes once"
        socket.disconnect = {key: event.get(key) for key in ("code", "reason")}
    elif event["text"] == "raise":
        raise ValueError("told to")
    elif event["text"] == "close":
        socket.handle.close(4001, "asked to")
        assert socket.disconnect is None, "never from within a call"
    else:
        socket.handle.write(framed(event["text"].encode()))


async def websocket(scope: Message, receive: Any, send: Any) -> None:
    """Accept, listen, echo what comes."""
    name = scope["path"].strip("/")
    query = {
        key: int(values[0])
        for key, values in parse_qs(scope["query_string"].decode()).items()
        if values[0].isdigit()
    }
    handle = scope["extensions"].get("clarion.frame", {}).get("socket")
    socket = sockets[name] = Socket(handle, send)
    assert (await receive())["type"] == "websocket.connect"
    if handle:
        socket.write(1, 10)  # before accept: not taken
    if "scope" in query:
        scopes.append(scope)
    if "slow" in query:
        await socket.may_accept.wait()
    accept: Message = {"type": "websocket.accept"}
    if "header" in query:
        accept |= {"headers": [(b"X-More", b"value")], "subprotocol": "two"}
    if "injection" in query:
        accept["headers"] = [(b"X-More", b"value\r\nSet-Cookie: evil=1")]
    await send(accept)
    if handle:
        socket.write(1, 10)  # before listen: not taken
    if handle and query.get("listen", 1):
        handle.listen(
            query.get("budget", 65536),
            ceiling,
            lambda: socket.events.append("full"),
            lambda: socket.events.append("drained"),
        )
    if "detach" in query:
        handle.detach(partial(detached, socket))
    else:
        await echo(socket, receive)


async def echo(socket: Socket, receive: Any) -> None:
    """Send back what comes."""
    try:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                socket.disconnect = {key: message.get(key) for key in ("code", "reason")}
                return
            socket.heard.append(message["text"])
            await socket.send({"type": "websocket.send", "text": message["text"]})
    finally:
        socket.ended = "yes"
