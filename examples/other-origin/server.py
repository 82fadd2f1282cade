"""The shop's backend: serves its page, and asks Clarion for tokens with an API key.

Only the standard library. Environment: CLARION_URL, CLARION_KEY (an API key that may show inboxes),
SHOP_USER (the primary key, at Clarion, of whoever is signed in; empty for nobody), PORT.
"""

import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError

CLARION = os.environ.get("CLARION_URL", "http://127.0.0.1:8000")
FOLDER = Path(__file__).parent
FILES = {
    "/": ("index.html", "text/html"),
    "/shop.js": ("shop.js", "text/javascript"),
    "/shop.css": ("shop.css", "text/css"),
}


def signed_in() -> str:
    """Who is there, by the shop's own login. Here: one and the same person."""
    return os.environ.get("SHOP_USER", "")


def token_for(user: str) -> bytes:
    """Clarion's answer, to be passed on as it is. Raises `URLError`."""
    request = urllib.request.Request(
        f"{CLARION}/api/v1/tokens",
        json.dumps({"user_id": user}).encode(),
        {
            "Authorization": f"Bearer {os.environ['CLARION_KEY']}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        body: bytes = answer.read()
        return body


class Shop(BaseHTTPRequestHandler):
    """Three files, and the tokens of whoever is signed in."""

    def do_GET(self) -> None:
        """A file."""
        name, kind = FILES.get(self.path, ("", ""))
        if not name:
            self._answer(404)
            return
        text = (FOLDER / name).read_text().replace("http://127.0.0.1:8000", CLARION)
        self._answer(200, text.encode(), kind)

    def do_POST(self) -> None:
        """A token. Pages of other origins cannot read the answer: it allows them nothing."""
        if self.path != "/clarion-token":
            self._answer(404)
        elif not (user := signed_in()):
            self._answer(401)
        else:
            try:
                self._answer(200, token_for(user), "application/json")
            except URLError:
                self._answer(502)

    def _answer(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        # Scripts and connections: of the shop, and of Clarion.
        self.send_header(
            "Content-Security-Policy",
            f"default-src 'self'; script-src 'self' {CLARION}; "
            f"connect-src 'self' {CLARION} {CLARION.replace('http', 'ws', 1)}",
        )
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8100"))), Shop).serve_forever()
