"""A running site as a person's browser meets it: HTTP with a session cookie, and sockets."""

from __future__ import annotations

import http.cookiejar
import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sessions.backends.db import SessionStore
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.waiting import PATIENCE

if TYPE_CHECKING:
    from tests.support.processes import Process

Frame = dict[str, Any]


def login_session(user: AbstractBaseUser) -> str:
    """Return the key of a new login session, made without signing in (no signal, no hashing)."""
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    assert store.session_key
    return store.session_key


class Site:
    """One web process."""

    def __init__(self, port: int, process: Process) -> None:
        """Name the site at this port of the loopback interface."""
        self.port = port
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}"

    def browser(self, user: AbstractBaseUser | None = None) -> Browser:
        """Return a new browser, signed in as `user` if there is one."""
        return Browser(self, login_session(user) if user else "")


class Browser:
    """Keeps cookies, sends the CSRF token, opens sockets."""

    def __init__(self, site: Site, session_key: str = "") -> None:
        """Begin with the cookie of a login session, if there is one."""
        self.site = site
        self.session_key = session_key
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self._jar), _EveryStatus()
        )

    @property
    def cookies(self) -> dict[str, str]:
        """Return the cookies by name."""
        kept = {cookie.name: cookie.value or "" for cookie in self._jar}
        if self.session_key:
            kept[settings.SESSION_COOKIE_NAME] = self.session_key
        return kept

    def sign_in(self, name: str, password: str) -> int:
        """Sign in through the login page; returns the status (302 when it worked)."""
        _, page = self.request("GET", "/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token, page
        form = {"username": name, "password": password, "csrfmiddlewaretoken": token[1]}
        status, _ = self.request(
            "POST",
            "/accounts/login/",
            urllib.parse.urlencode(form).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        return status

    def get(self, path: str) -> Any:
        """Return the JSON of a GET; fails unless it is answered with 200."""
        status, body = self.request("GET", path)
        assert status == 200, (status, body)
        return json.loads(body)

    def post(self, path: str, data: Any, *, expect: int = 200) -> Any:
        """Send JSON with the CSRF token; returns the JSON of the answer."""
        token = "t" * 32
        status, body = self.request(
            "POST",
            path,
            json.dumps(data).encode(),
            {"Content-Type": "application/json", "X-CSRFToken": token},
            {settings.CSRF_COOKIE_NAME: token},
        )
        assert status == expect, (status, body)
        return json.loads(body)

    def request(
        self,
        method: str,
        path: str,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        cookies: dict[str, str] | None = None,
    ) -> tuple[int, str]:
        """Return status and text of the answer; redirects are not followed."""
        request = urllib.request.Request(self.site.url + path, data, method=method)
        all_headers = {"Origin": self.site.url, "Cookie": _header(self.cookies | (cookies or {}))}
        for name, value in (all_headers | (headers or {})).items():
            if value:
                request.add_header(name, value)
        with self._opener.open(request, timeout=PATIENCE) as response:
            return response.status, response.read().decode()

    def ticket(self) -> str:
        """Return a ticket to open sockets with."""
        ticket: str = self.post("/api/v1/ticket", None)["ticket"]
        return ticket

    def socket(
        self, cursor: str = "", *, ticket: str = "", language: str = "", **options: Any
    ) -> Socket:
        """Open a socket from this cursor on, perhaps showing a ticket, or asking for a language.

        Options go to `websockets.sync.client.connect`.
        """
        query = f"?{urllib.parse.urlencode({'cursor': cursor})}" if cursor else ""
        headers = {"Cookie": _header(self.cookies)}
        if language:
            headers["Accept-Language"] = language
        options.setdefault("origin", self.site.url)
        options.setdefault("subprotocols", ["clarion.v1"])
        if ticket:
            options["subprotocols"] = [*options["subprotocols"], f"ticket.{ticket}"]
        return Socket(
            connect(
                f"{self.site.ws_url}/ws/notifications/{query}",
                additional_headers=headers,
                compression=None,
                legacy=True,  # a socket outlives the statement that opens it
                open_timeout=PATIENCE,
                close_timeout=10,  # what a server that was killed costs
                **options,
            )
        )


class Socket:
    """A connected socket that remembers every frame."""

    def __init__(self, connection: ClientConnection) -> None:
        """Wrap an open connection."""
        self.connection = connection
        self.frames: list[Frame] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def send(self, frame: Frame) -> None:
        """Send a frame."""
        self.connection.send(json.dumps(frame))

    def recv(self, timeout: float = PATIENCE) -> Frame:
        """Return the next frame; raises `TimeoutError` or `ConnectionClosed`."""
        frame: Frame = json.loads(self.connection.recv(timeout))
        self.frames.append(frame)
        return frame

    def recv_until(
        self, wanted: str | Callable[[Frame], object], timeout: float = PATIENCE
    ) -> Frame:
        """Return the first frame of this type, or for which `wanted` holds; others are kept too.

        Raises `TimeoutError` with what came instead.
        """
        deadline = time.monotonic() + timeout
        seen: list[Frame] = []
        while (left := deadline - time.monotonic()) > 0:
            try:
                frame = self.recv(left)
            except TimeoutError:
                break
            if frame["type"] == wanted if isinstance(wanted, str) else wanted(frame):
                return frame
            seen.append(frame)
        raise TimeoutError(f"{wanted!r} did not come within {timeout} s; came: {seen}")

    def closed(self, timeout: float = PATIENCE) -> int:
        """Read until the server closes; returns the close code."""
        deadline = time.monotonic() + timeout
        try:
            while True:
                self.recv(max(deadline - time.monotonic(), 0))
        except ConnectionClosed as error:
            return error.rcvd.code if error.rcvd else 1006

    def close(self) -> None:
        """Close politely."""
        self.connection.close()

    def abort(self) -> None:
        """Vanish without a close frame, as a laptop that goes to sleep."""
        self.connection.socket.close()


class _EveryStatus(urllib.request.HTTPErrorProcessor):
    """Hands every answer back as it is, redirects and errors too."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


def _header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())
