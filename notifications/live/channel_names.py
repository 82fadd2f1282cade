"""Names of channels that say so when nobody has them any more."""

from collections.abc import Callable


class ChannelName(str):
    """The name of a channel, held by its consumer.

    A consumer may die without telling its layer: by an exception, or cancelled just after it took
    a message (django/channels#1466). Its name dies with it, and calls `gone` with a plain copy,
    in whatever thread drops it last.
    """

    __slots__ = ("_gone",)

    _gone: Callable[[str], None]

    @classmethod
    def of(cls, name: str, gone: Callable[[str], None]) -> "ChannelName":
        """The name that calls `gone` in the end."""
        self = cls(name)
        self._gone = gone
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Copies and pickles are plain strings: caches keep names."""
        return str, (str.__str__(self),)

    def __del__(self) -> None:
        """Tell."""
        self._gone(str.__str__(self))
