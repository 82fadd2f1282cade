"""The opening handshake: what we answer ourselves, and what websockets answers."""

import re

import pytest

from tests.server.conftest import Server

pytestmark = pytest.mark.any_database

GOOD = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("plain") / "log", ws="websockets-sansio", http="")
    yield server
    server.process.kill()


def request(target="/", more="", **changes):
    changed = GOOD | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [f"{name}: {value}" for name, value in changed.items() if value is not None]
    return "\r\n".join([f"GET {target} HTTP/1.1", *lines, *more.splitlines(), "", ""]).encode(
        "latin-1"
    )


REQUESTS = {
    "usual": request(),
    "browser": request(
        "/a%20b/?cursor=1.2.3&x=%C3%A4",
        Connection="keep-alive, Upgrade",
        Origin="http://127.0.0.1",
        Cookie="a=b; c=d",
        Sec_WebSocket_Protocol="clarion.v1, ticket.abc~def",
        Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits",
    ),
    "no key": request(Sec_WebSocket_Key=None),
    "short key": request(Sec_WebSocket_Key="dGhlIHNhbXBsZQ=="),
    "wrong key": request(Sec_WebSocket_Key="!" * 22 + "=="),
    "two keys": request(more="Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
    "version 8": request(Sec_WebSocket_Version="8"),
    "no version": request(Sec_WebSocket_Version=None),
    "two origins": request(Origin="http://a", more="Origin: http://b"),
    "wrong subprotocol": request(Sec_WebSocket_Protocol="a b, =c"),
    "two subprotocol lines": request(Sec_WebSocket_Protocol="a", more="Sec-WebSocket-Protocol: b"),
    "latin-1": request(Cookie="name=\xe4"),
    "odd connection": request(Connection="Upgrade, HTTP2-Settings"),
    "lines": request(more="\n".join(f"X-{number}: y" for number in range(100))),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_answered_as_uvicorn_does(server, plain, name):
    answers = []
    for each in (server, plain):
        answer = each.raw(REQUESTS[name])
        answers.append(re.sub(rb"(?i)\r\ndate: [^\r]+", b"", answer))
    assert answers[0] == answers[1]
    assert answers[0].startswith(b"HTTP/1.1 ")


def test_too_long(server):
    answer = server.raw(request(Cookie="a=" + "b" * 10_000))
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_scope_is_uvicorns(server, plain):
    """But for the extension."""
    scopes = []
    for each in (server, plain):
        with each.socket(
            "scope/%C3%A4?a=b&scope=1",
            subprotocols=["one", "two"],
            additional_headers={"Cookie": "a=b", "X-Other": "\xe4"},
            user_agent_header="test",
        ) as socket:
            scope = each.get("/scope")
            assert socket.subprotocol is None
        scope["extensions"].pop("clarion.frame", None)
        scope["headers"] = [
            pair for pair in scope["headers"] if pair[0] not in ("host", "sec-websocket-key")
        ]
        scope["client"].pop()
        scope["server"].pop()
        scopes.append(scope)
    assert scopes[0] == scopes[1]


def test_application_adds_headers(server, plain):
    answers = [
        each.raw(request("/headers?header=1", Sec_WebSocket_Protocol="one, two"))
        for each in (server, plain)
    ]
    answers = [re.sub(rb"(?i)\r\ndate: [^\r]+", b"", answer) for answer in answers]
    assert b"x-more: value\r\n" in answers[0]
    assert b"Sec-WebSocket-Protocol: two\r\n" in answers[0]
    assert answers[0] == answers[1]


def test_header_injection(server):
    """An application that copies what somebody sent into a header splits no response."""
    answer = server.raw(request("/injection?injection=1"))
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"evil" not in answer


def test_log_says_nothing_of_tickets(server):
    with server.socket("log?ticket=7777777"):
        server.wait_for("log", lambda state: True)
    assert "7777777" not in server.process.output()
