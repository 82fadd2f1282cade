"""What `capture` yields: what was said, assertions about it, and its delivery."""

from collections.abc import Iterable
from typing import ClassVar, Unpack

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import Error

from notifications.live.breaker import breaker
from notifications.models import Notification, Outbox
from notifications.services import audience
from notifications.services.audience import Recipients
from notifications.services.relay import relay_batch
from notifications.testing.outgoing import newest, rows_after, sendings
from notifications.testing.report import Claim, listing
from notifications.testing.sending import Expected, Sending, named


class Sent:
    """What was said since it was made, until `end`; what was rolled back is not in it.

    Assertions raise `AssertionError` with a list of what was said instead. Those that take
    `times` want exactly so many, without it one or more; `language` is the one in which `title`
    and `body` are expected, without it the active one.
    """

    # Those that still listen: whoever delivers takes rows away from all of them.
    _listening: ClassVar[list["Sent"]] = []

    def __init__(self) -> None:
        """Begin to listen."""
        self._after = newest()
        self._kept: dict[int, Outbox] = {}
        self._listening.append(self)

    def end(self) -> None:
        """Stop listening. Raises nothing: the test may have broken its transaction."""
        try:
            self._keep()
        except Error:
            # It will be rolled back, so nothing was said.
            self._kept = {}
        finally:
            self._listening.remove(self)

    def _keep(self) -> None:
        self._kept |= rows_after(self._after)

    # --- Looking ---------------------------------------------------------------------------------

    @property
    def everything(self) -> list[Sending]:
        """All of it, in the order in which it was said."""
        waiting = rows_after(self._after) if self in self._listening else {}
        return sendings((self._kept | waiting).values())

    @property
    def notifications(self) -> list[Sending]:
        """What was said to people."""
        return self._of(Outbox.Kind.ITEMS)

    @property
    def broadcasts(self) -> list[Sending]:
        """What was said to topics."""
        return self._of(Outbox.Kind.LOG)

    @property
    def updates(self) -> list[Sending]:
        """What was said before and reads differently now."""
        return self._of(Outbox.Kind.UPDATE)

    @property
    def retractions(self) -> list[Sending]:
        """What was said before and is taken back, from these people or, without any, from all."""
        return self._of(Outbox.Kind.RETRACT)

    def _of(self, kind: Outbox.Kind) -> list[Sending]:
        return [sending for sending in self.everything if sending.kind == kind]

    def to(self, user: AbstractBaseUser) -> list[Sending]:
        """What was said to this person. Broadcasts are not among it."""
        [key] = audience.of_users(user)
        return [sending for sending in self.notifications if key in sending.user_keys]

    # --- Assertions ------------------------------------------------------------------------------

    def assert_notified(
        self,
        recipients: Recipients,
        *,
        times: int | None = None,
        language: str | None = None,
        **expected: Unpack[Expected],
    ) -> None:
        """Assert that this person, or each of these, was notified like that."""
        __tracebackhide__ = True
        people = list(audience.of_users(recipients))
        if not people:
            raise AssertionError("There is nobody who could have been notified.")
        said = self.notifications
        for key in people:
            user = named([key])
            claim = Claim(user, "was notified", times, language, expected)
            self._check(claim, [sending for sending in said if key in sending.user_keys])

    def assert_not_notified(
        self, recipients: Recipients, *, language: str | None = None, **expected: Unpack[Expected]
    ) -> None:
        """Assert that this person, or each of these, was not notified, or not like that.

        Broadcasts do not count: they have `assert_not_broadcast`.
        """
        __tracebackhide__ = True
        self.assert_notified(recipients, times=0, language=language, **expected)

    def assert_broadcast(
        self,
        topic: str,
        *,
        times: int | None = None,
        language: str | None = None,
        **expected: Unpack[Expected],
    ) -> None:
        """Assert that something like that was said to this topic."""
        __tracebackhide__ = True
        claim = Claim(f"Topic {topic}", "was told", times, language, expected)
        self._check(claim, [sending for sending in self.broadcasts if sending.topic == topic])

    def assert_not_broadcast(
        self, topic: str, *, language: str | None = None, **expected: Unpack[Expected]
    ) -> None:
        """Assert that nothing, or nothing like that, was said to this topic."""
        __tracebackhide__ = True
        self.assert_broadcast(topic, times=0, language=language, **expected)

    def assert_updated(
        self,
        notification: Notification,
        *,
        times: int | None = None,
        language: str | None = None,
        **expected: Unpack[Expected],
    ) -> None:
        """Assert that this notification was updated, and reads like that now."""
        __tracebackhide__ = True
        name = f"Notification {notification.pk}"
        claim = Claim(name, "was updated", times, language, expected)
        self._check(claim, _about(notification, self.updates))

    def assert_retracted(
        self, notification: Notification, recipient: AbstractBaseUser | None = None
    ) -> None:
        """Assert that this notification was taken back from everybody, or from this person."""
        __tracebackhide__ = True
        name = f"Notification {notification.pk}"
        keys = [] if recipient is None else list(audience.of_users(recipient))
        claim = Claim(name, "was retracted" + (f" from {recipient}" if keys else ""))
        found = _about(notification, self.retractions)
        # Those without people concern everybody.
        self._check(
            claim, [it for it in found if not it.user_keys or set(keys) & set(it.user_keys)]
        )

    def assert_nothing(self) -> None:
        """Assert that nothing at all was said, updated or retracted."""
        __tracebackhide__ = True
        if said := self.everything:
            raise AssertionError(f"Nothing was to be sent.\n{listing(said)}")

    def _check(self, claim: Claim, candidates: list[Sending]) -> None:
        __tracebackhide__ = True
        if problem := claim.problem(candidates):
            raise AssertionError(f"{problem}\n{claim.compared(self.everything, candidates)}")

    # --- Delivery --------------------------------------------------------------------------------

    def deliver(self) -> None:
        """Put all that waits into inboxes and the log as the relay does; nothing is published.

        Raises `AssertionError` for what cannot be delivered.
        """
        __tracebackhide__ = True
        for sent in self._listening:
            sent._keep()  # noqa: SLF001 (of our own class)
        with breaker.held_open():
            while sum(relay_batch(lane) for lane in Outbox.Lane):
                pass
        failed = [row for row in rows_after(self._after).values() if row.error]
        if failed:
            reasons = "\n".join(f"  {row}: {row.error}" for row in failed)
            raise AssertionError(f"Could not be delivered:\n{reasons}")


def _about(notification: Notification, among: Iterable[Sending]) -> list[Sending]:
    return [sending for sending in among if sending.notification.pk == notification.pk]
