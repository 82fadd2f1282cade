"""What frames are in bytes, for all sockets that are to get the same."""

from collections.abc import Sequence
from functools import partial

from notifications.live.framing import framed
from notifications.rendering import rendered
from notifications.wire import frames
from notifications.wire.frames import Frame

Encoded = bytes | list[str]


class Dialect:
    """A language, and whether sockets take framed bytes or texts."""

    def __init__(self, language: str, *, framed: bool) -> None:
        self.language = language
        self._framed = framed
        self._last: Frame | None = None
        self._encoded: Encoded = b""

    def encode(self, frame: Frame) -> Encoded:
        """The frame as these sockets take it; encoded once for those who get it in a row."""
        if frame is not self._last:
            text = frames.encode(frame, partial(rendered, language=self.language))
            self._encoded = framed(text.encode()) if self._framed else [text]
            self._last = frame
        return self._encoded

    def encode_all(self, several: Sequence[Frame]) -> Encoded:
        """Several frames, to be written at once."""
        if len(several) == 1:
            return self.encode(several[0])
        encoded = [self.encode(frame) for frame in several]
        if self._framed:
            return b"".join(part for part in encoded if isinstance(part, bytes))
        return [text for part in encoded if isinstance(part, list) for text in part]
