"""What our protocol relies on inside uvicorn and websockets, and whether it is still there."""

import dis
from importlib import import_module
from types import FunctionType

MADE_FOR = {"uvicorn": "0.54.0", "websockets": "17."}
_PROTOCOL = "uvicorn.protocols.websockets.websockets_sansio_impl:WebSocketsSansIOProtocol"

# What is called, overridden or read, by where it is.
RELIED_ON = {
    _PROTOCOL: (
        "connection_lost", "connection_made", "data_received", "eof_received", "handle_close",
        "handle_connect", "handle_events", "handle_parser_exception", "handle_ping",
        "handle_pong",
        "keepalive_timeout", "pause_writing", "receive", "resume_writing", "run_asgi", "send",
        "send_500_response", "send_receive_event_to_app", "shutdown", "start_keepalive",
        "stop_keepalive",
    ),
    "uvicorn.protocols.http.auto:AutoHTTPProtocol": ("connection_made", "data_received"),
    "uvicorn.protocols.utils": (
        "ClientDisconnected", "get_client_addr", "get_path_with_query_string",
    ),
    "uvicorn.logging": ("TRACE_LOG_LEVEL",),
    "websockets.datastructures:Headers": ("__setitem__", "serialize"),
    "websockets.extensions.permessage_deflate": ("ServerPerMessageDeflateFactory",),
    "websockets.protocol": ("OPEN",),
    "websockets.server:ServerProtocol": (
        "data_to_send", "events_received", "receive_data", "reject", "send_close",
        "send_response", "state",
    ),
}  # fmt: skip

# What uvicorn's protocol sets when it is made; ours sets the same, without calling it.
ATTRIBUTES = frozenset(
    {
        "app", "app_state", "asgi_version", "client", "close_sent", "close_timeout", "close_timer",
        "config", "conn", "connections", "curr_msg_data_type", "default_headers", "disconnected",
        "frames", "handshake_complete", "handshake_initiated", "initial_response", "last_ping_rtt",
        "logger", "loop", "pending_ping_payload", "ping_interval", "ping_sent_at", "ping_timeout",
        "ping_timer", "pong_timer", "queue", "read_paused", "root_path", "scheme", "server",
        "tasks", "transport", "writable",
    }
)  # fmt: skip


def moved() -> list[str]:
    """Return what is not as our protocol needs it, in words; empty if all is well."""
    problems = [
        f"{name} is {found}, and the protocol was made for {wanted}"
        for name, wanted in MADE_FOR.items()
        if not (found := _version(name)).startswith(wanted)
    ]
    for where, names in RELIED_ON.items():
        try:
            home = _load(where)
        except (ImportError, AttributeError):
            problems.append(f"{where} is gone")
            continue
        problems += [f"{where} has no {name}" for name in names if not hasattr(home, name)]
        if where == _PROTOCOL:
            problems += [
                f"{where} sets other attributes: {name}"
                for name in sorted(_attributes(home) ^ ATTRIBUTES)
            ]
    return problems


def _version(package: str) -> str:
    try:
        return str(import_module(package).__version__)
    except (ImportError, AttributeError):
        return "missing"


def _load(where: str) -> object:
    module, _, name = where.partition(":")
    found = import_module(module)
    return getattr(found, name) if name else found


def _attributes(protocol: object) -> set[str]:
    """Return the names that the class's `__init__` assigns on anything."""
    init = getattr(protocol, "__init__", None)
    if not isinstance(init, FunctionType):
        return set()
    return {str(step.argval) for step in dis.get_instructions(init) if step.opname == "STORE_ATTR"}
