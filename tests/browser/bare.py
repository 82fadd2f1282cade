"""Chromium without Playwright, which makes all pages visible: here tabs hide and freeze."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

from tests.support.waiting import wait_until

# seconds
TIMEOUT = 20
INBOX = "document.querySelector('main notification-inbox').shadowRoot"


class Refused(Exception):
    """What Chromium says of a command that it did not carry out."""


class BareChromium:
    """One browser, one window. Spoken to by the DevTools protocol."""

    def __init__(self, folder: Path, arguments: list[str]) -> None:
        """Start it with a profile in `folder`."""
        path = shutil.which("chromium")
        assert path, "The browser tests need chromium on the PATH: make chromium"
        log = folder / "chromium.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    *(path, "--headless=new", "--remote-debugging-port=0"),
                    *(f"--user-data-dir={folder / 'profile'}", *arguments, "about:blank"),
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        address = wait_until(
            lambda: re.search(r"DevTools listening on (ws://\S+)", log.read_text(errors="replace")),
            TIMEOUT,
            what="Chromium",
        )
        self._wire: ClientConnection = connect(address[1], max_size=None, legacy=True)
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._wire.close()
        self._process.terminate()
        self._process.wait(TIMEOUT)

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Return the result of a command."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters}
        self._wire.send(json.dumps(command | ({"sessionId": session} if session else {})))
        while True:
            answer = json.loads(self._wire.recv(TIMEOUT))
            if answer.get("id") == number:
                if "error" in answer:
                    raise Refused(answer["error"]["message"])
                result: dict[str, Any] = answer["result"]
                return result

    def sign_in(self, url: str, name: str, value: str) -> None:
        """Set the cookie of a login session."""
        self.call("Storage.setCookies", cookies=[{"url": url, "name": name, "value": value}])

    def tab(self, url: str) -> BareTab:
        """Return a new tab, in front of the others."""
        return BareTab(self, self.call("Target.createTarget", url=url)["targetId"])


class BareTab:
    """One tab."""

    def __init__(self, chromium: BareChromium, target: str) -> None:
        self._chromium = chromium
        self._session: str = chromium.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression; None where it fails, as while the page loads."""
        try:
            answer = self._chromium.call(
                "Runtime.evaluate", self._session, expression=expression, returnByValue=True
            )
        except Refused:
            # The page that it was asked of has just been replaced.
            return None
        return answer["result"].get("value")

    def expect(self, expression: str, value: object) -> None:
        """Wait until an expression has this value."""
        wait_until(lambda: self.evaluate(expression) == value, TIMEOUT, what=expression)

    def expect_titles(self, *titles: str) -> None:
        """Wait until exactly these are listed."""
        shown = f"[...{INBOX}.querySelectorAll('.item > .content > .title > .open')]"
        self.expect(f"{shown}.map((each) => each.textContent)", list(titles))

    def expect_status(self, status: str) -> None:
        """Wait until the page says that its connection is so."""
        self.expect(f"{INBOX}.getElementById('status').dataset.status", status)

    def freeze(self) -> None:
        """Have the browser stop this page, which must be behind another one."""
        self.expect("document.visibilityState", "hidden")
        self._chromium.call("Page.setWebLifecycleState", self._session, state="frozen")

    def thaw(self) -> None:
        """Have it go on."""
        self._chromium.call("Page.setWebLifecycleState", self._session, state="active")
