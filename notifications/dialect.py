"""What a frame is in bytes, for all sockets that are to get the same."""

from functools import partial

from notifications.live.framing import framed
from notifications.rendering import rendered
from notifications.wire import frames
from notifications.wire.frames import Frame


class Dialect:
    """A language, and whether sockets take framed bytes or text."""

    def __init__(self, language: str, *, framed: bool) -> None:
        self.language = language
        self._framed = framed
        self._last: Frame | None = None
        self._encoded: bytes | str = ""

    def encode(self, frame: Frame) -> bytes | str:
        """The frame as these sockets take it; encoded once for those who get it in a row."""
        if frame is not self._last:
            text = frames.encode(frame, partial(rendered, language=self.language))
            self._encoded = framed(text.encode()) if self._framed else text
            self._last = frame
        return self._encoded
