"""Many clients at once, which read all the time: on one event loop, in a thread of its own."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Self, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.acceptance.screen import FIRST_PAGE, glimpsed, shown
from tests.support.client import ReferenceClient
from tests.support.site import Browser, Frame, Site
from tests.support.waiting import PATIENCE, wait_until

T = TypeVar("T")
# Seconds between two questions of a client, as client.js has it.
RESUME_SECONDS = 5


class Member(ReferenceClient):
    """A client that does what frames ask for, and comes back where it is told to."""

    def __init__(self, browser: Browser) -> None:
        """Nothing is connected yet."""
        super().__init__()
        self.browser = browser
        self.frames: list[Frame] = []
        # First pages that it has loaded.
        self.pages: list[dict[str, Any]] = []
        # How its sockets ended, in order.
        self.codes: list[int] = []
        # Where to go when a socket is closed; nowhere if None, once it was greeted.
        self.refuge: Site | None = None
        self.is_open = False
        self.lock = threading.Lock()
        self._asked_at = 0.0
        self._connection: ClientConnection | None = None

    @property
    def came(self) -> list[str]:
        """Types of the frames so far that say something, heartbeats and greetings left out."""
        return [f["type"] for f in self.frames if f["type"] not in ("hello", "heartbeat")]

    def titles(self) -> set[str]:
        """What is in the list."""
        with self.lock:
            return {item["title"] for item in self.listed().values()}

    def shows(self) -> tuple[dict[str, Any], int, int]:
        """What a reader sees; see `screen.shown`."""
        with self.lock:
            return shown(self)

    async def live(self) -> None:
        """Load the page unless that is done, connect, and follow until closed for good."""
        if self.wants_page:
            self._load(await asyncio.to_thread(self.browser.get, FIRST_PAGE))
        while True:
            async with await self._connect() as self._connection:
                try:
                    while True:
                        await self._follow(json.loads(await self._connection.recv()))
                except ConnectionClosed as closed:
                    self.is_open = False
                    self.codes.append(closed.rcvd.code if closed.rcvd else 1006)
            if self.refuge is not None:
                self.browser = Browser(self.refuge, self.browser.session_key)
            elif self.frames:
                return
            # Else the site was too busy to greet it, and it tries again.

    async def leave(self) -> None:
        """Close politely."""
        self.refuge = None
        if self._connection is not None:
            await self._connection.close()

    def stumble(self) -> None:
        """Lose the connection without a word."""
        if self._connection is not None:
            self._connection.transport.abort()

    async def _connect(self) -> ClientConnection:
        site = self.browser.site
        cookies = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        return await connect(
            f"{site.ws_url}/ws/notifications/?cursor={self.cursor}",
            origin=site.url,  # type: ignore[arg-type]
            subprotocols=["clarion.v1"],  # type: ignore[list-item]
            additional_headers={"Cookie": cookies},
            compression=None,
            open_timeout=PATIENCE,
        )

    def _load(self, page: dict[str, Any]) -> None:
        self.pages.append(page)
        with self.lock:
            self.load(page)

    async def _follow(self, frame: Frame) -> None:
        self.is_open = True
        self.frames.append(frame)
        with self.lock:
            self.take(frame)
        if self.wants_page:
            self._load(await asyncio.to_thread(self.browser.get, FIRST_PAGE))
        now = asyncio.get_running_loop().time()
        if self.wants_resume and now > self._asked_at + RESUME_SECONDS:
            self.wants_resume = False
            self._asked_at = now
            cursor = {"epoch": self.epoch, "seq": self.seq, "position": self.position}
            if self._connection is not None:
                with suppress(ConnectionClosed):
                    await self._connection.send(json.dumps({"type": "resume", **cursor}))


class Crowd:
    """Members, and the thread in which they live."""

    def __init__(self) -> None:
        """Nobody is there yet."""
        self.members: list[Member] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._tasks: list[asyncio.Task[None]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._run(self._disperse())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def join(self, site: Site, users: Iterable[Any], *, new: bool = False) -> list[Member]:
        """Connect one client for each of the users; returns them when all are greeted.

        `new`: nobody has said anything yet, so that all begin with the same page.
        """
        newcomers = [Member(site.browser(user)) for user in users]
        if new:
            page = newcomers[0].browser.get(FIRST_PAGE)
            for member in newcomers:
                member.load(page)
        self.members += newcomers
        self._run(self._settle(newcomers))
        self.wait_for(lambda: all(member.is_open for member in newcomers), "greetings")
        return newcomers

    def stumble(self, member: Member) -> None:
        """Have a member lose its connection; it comes back where it is told to."""
        self._loop.call_soon_threadsafe(member.stumble)

    def wait_for(
        self, condition: Callable[[], object], what: str, timeout: float = PATIENCE
    ) -> None:
        """Return when the condition holds; fails at once when a member fails."""

        def holds_or_failed() -> object:
            for task in self._tasks:
                if task.done():
                    task.result()
            return condition()

        wait_until(holds_or_failed, timeout, what=what)

    def converge(self, timeout: float = PATIENCE) -> None:
        """Return when each shows what a fresh page shows; asserts that they do."""
        wanted = {member: shown(glimpsed(member.browser)) for member in self.members}
        with suppress(TimeoutError):
            self.wait_for(
                lambda: all(member.shows() == wanted[member] for member in self.members),
                "what a fresh page shows",
                timeout,
            )
        for member in self.members:
            shows = member.shows()
            (there, *badges), (here, *our_badges) = wanted[member], shows
            missing, extra = dict(there.items() - here.items()), dict(here.items() - there.items())
            told = f"missing {missing}, extra {extra}, badges {our_badges} for {badges}"
            assert shows == wanted[member], f"{told}; came: {member.frames[-10:]}"

    async def _settle(self, newcomers: list[Member]) -> None:
        self._tasks += [asyncio.create_task(member.live()) for member in newcomers]

    async def _disperse(self) -> None:
        await asyncio.gather(*(member.leave() for member in self.members))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._loop.shutdown_default_executor()

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)
