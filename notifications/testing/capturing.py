"""`capture` and `quiet`: where a test begins to listen, and where it ends."""

from contextlib import AbstractContextManager, ExitStack
from types import TracebackType

from asgiref.sync import sync_to_async

from notifications.live.breaker import breaker
from notifications.testing.sent import Sent


def capture() -> "Capture":
    """A context in which what is said is captured, as a `Sent`; `async with` works, too.

    It is read from the outbox, so validation, rollbacks and idempotency keys are those of
    production. Redis and the broker are left alone meanwhile, see `quiet`.
    """
    return Capture()


def quiet() -> AbstractContextManager[None]:
    """A context in which no thread touches Redis or the broker on our account; may be nested.

    Everything is written as ever, but no relay is woken and nothing is published.
    """
    return breaker.held_open()


class Capture:
    """The context that `capture` makes; to be entered once."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Sent:
        with ExitStack() as stack:
            stack.enter_context(quiet())
            sent = Sent()
            stack.callback(sent.end)
            self._stack = stack.pop_all()
        return sent

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    async def __aenter__(self) -> Sent:
        return await sync_to_async(self.__enter__)()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await sync_to_async(self.__exit__)(kind, error, traceback)
