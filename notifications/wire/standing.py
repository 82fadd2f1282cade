"""What a session is told of the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from notifications.wire import frames
from notifications.wire.choices import Choices
from notifications.wire.frames import Counters


@dataclass(frozen=True)
class Standing:
    """Where an inbox and the log are, read at one moment.

    `topics` maps the ids of the inbox's topics to the position since which they concern it.
    `choices` is None for whoever made none.
    """

    epoch: str
    seq: int
    position: int
    counters: Counters
    topics: Mapping[int, int]
    choices: Choices | None = None


@dataclass(frozen=True)
class Page:
    """What changed after a cursor: one page, oldest first. `seq` and `position` end it.

    `reset` instead says why the cursor cannot be resumed from; the rest is then where to go on.
    """

    standing: Standing
    seq: int
    position: int
    items: list[frames.Item] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    more: bool = False
    reset: str = ""
