"""What callers can catch.

ClarionError
├── InvalidNotification   the content or the audience cannot be sent as it is
│   ├── UnknownType
│   ├── UnknownTopic
│   └── NoRecipients      of those named, nobody is known
├── InvalidSchedule       it cannot recur like that, or never would
├── InvalidChoice         no such category, or more than can be kept
├── InvalidMoment         a moment that has passed, or is too far away
├── InvalidCursor         a cursor that this database did not give out
├── CursorReset           a cursor that nothing can be resumed from any more
├── IdempotencyConflict   the key was used for something else
├── InProgress            the same is being done at this moment; ask again
├── AlreadyGone           it was retracted, or has expired
├── NotAllowed            the topic, or category, is not for this person to choose
│   └── OutOfScope        the API key is not for this
└── NothingToCancel       everybody concerned has it already
"""


class ClarionError(Exception):
    """Base of everything Clarion raises on purpose."""


class InvalidNotification(ClarionError, ValueError):
    """The content or the audience cannot be sent; the message says which field and why."""


class UnknownType(InvalidNotification):
    """No notification type is registered under this key."""


class UnknownTopic(InvalidNotification):
    """No such audience."""


class NoRecipients(InvalidNotification):
    """Of those who were named, nobody is known."""


class InvalidSchedule(ClarionError, ValueError):
    """It cannot be said so often, or would never be; the message says why."""


class InvalidChoice(ClarionError, ValueError):
    """Nobody can choose this; the message says why."""


class InvalidMoment(ClarionError, ValueError):
    """A moment that something cannot be put off to."""


class InvalidCursor(ClarionError, ValueError):
    """Not a cursor, or one of another database or of the future."""


class CursorReset(ClarionError):
    """Nothing can be resumed from this cursor; `reason` is that of the socket's `reset` frame."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Nothing can be resumed from this cursor ({reason}).")
        self.reason = reason


class IdempotencyConflict(ClarionError):
    """The idempotency key was used before, for other content or another audience."""


class AlreadyGone(ClarionError):
    """The notification was retracted or has expired; what is to be said now is a new one."""


class InProgress(ClarionError):
    """What this idempotency key stands for is being done at this moment."""


class NothingToCancel(ClarionError):
    """No row of the outbox was left of what was to be cancelled."""


class NotAllowed(ClarionError):
    """A topic that this person may not subscribe to; a topic or category that nobody chooses."""


class OutOfScope(NotAllowed):
    """The API key was not given this type, this topic, or the right to notify people."""
