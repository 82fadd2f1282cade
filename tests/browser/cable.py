"""A network cable between a browser and the site, which tests pull, and plug in again."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self

CHUNK = 65536
# seconds; how soon a waiting thread notices that the cable is gone
PAUSE = 0.1


class Cable:
    """Forwards TCP connections from a port of its own to the site's.

    `cut` ends all connections and refuses new ones, as a network that the machine knows is gone.
    `hang` keeps them open and lets nothing through, as one that nobody told about: only silence
    gives it away. `mend` ends both.
    """

    def __init__(self, port: int) -> None:
        """Lead to this port of the loopback interface."""
        self._target = port
        self._through = threading.Event()
        self._through.set()
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.port = 0
        self._plug_in()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.cut()
        self._through.set()

    @property
    def url(self) -> str:
        """Return the site's address through the cable."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        with self._lock:
            listener, self._listener = self._listener, None
            ended, self._sockets = self._sockets, set()
        if listener:
            _end(listener)
        for connection in ended:
            _end(connection)

    def hang(self) -> None:
        """Let nothing through any more, without telling anybody."""
        self._through.clear()

    def mend(self) -> None:
        """Let everything through again. What hung meanwhile is lost."""
        if not self._through.is_set():
            self.cut()
            self._through.set()
        if self._listener is None:
            self._plug_in()

    def _plug_in(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            except OSError:
                _end(near)
                continue
            far.settimeout(None)
            with self._lock:
                if self._listener is not listener:
                    _end(near)
                    _end(far)
                    return
                self._sockets |= {near, far}
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                while not self._through.wait(PAUSE):
                    if source.fileno() == -1:
                        return
                target.sendall(data)
        with self._lock:
            self._sockets -= {source, target}
        _end(source)
        _end(target)


def _end(connection: socket.socket) -> None:
    # Shutting down wakes the thread that reads from it, which closing alone does not.
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
