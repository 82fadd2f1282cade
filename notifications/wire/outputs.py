"""What a session wants done."""

from dataclasses import dataclass

from notifications.wire.close_codes import CloseCode
from notifications.wire.cursor import Cursor
from notifications.wire.frames import Frame


@dataclass(frozen=True)
class Send:
    """Write this frame."""

    frame: Frame


@dataclass(frozen=True)
class Fetch:
    """Read a page of what changed after this cursor and pass both to `fetched`."""

    cursor: Cursor


@dataclass(frozen=True)
class Close:
    """Close the socket."""

    code: CloseCode


Output = Send | Fetch | Close
