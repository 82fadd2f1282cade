"""What callers can catch.

ClarionError
├── InvalidNotification   the content or the audience cannot be sent as it is
│   ├── UnknownType
│   └── UnknownTopic
├── InvalidSchedule       it cannot recur like that, or never would
├── InvalidChoice         no such category, or more than can be kept
├── InvalidMoment         a moment that has passed, or is too far away
├── InvalidCursor         a cursor that this database did not give out
├── IdempotencyConflict   the key was used for something else
├── AlreadyGone           it was retracted, or has expired
├── NotAllowed            the topic, or category, is not for this person to choose
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


class InvalidSchedule(ClarionError, ValueError):
    """It cannot be said so often, or would never be; the message says why."""


class InvalidChoice(ClarionError, ValueError):
    """Nobody can choose this; the message says why."""


class InvalidMoment(ClarionError, ValueError):
    """A moment that something cannot be put off to."""


class InvalidCursor(ClarionError, ValueError):
    """Not a cursor, or one of another database or of the future."""


class IdempotencyConflict(ClarionError):
    """The idempotency key was used before, for other content or another audience."""


class AlreadyGone(ClarionError):
    """The notification was retracted or has expired; what is to be said now is a new one."""


class NothingToCancel(ClarionError):
    """No row of the outbox was left of what was to be cancelled."""


class NotAllowed(ClarionError):
    """A topic that this person may not subscribe to; a topic or category that nobody chooses."""
