"""`notify_on`: notifications that follow from Django signals, declared in one statement."""

from collections.abc import Callable
from typing import Any

from django.dispatch import Signal

from notifications.services.notify import notify

Value = Callable[..., Any]


def notify_on(
    signal: Signal,
    *,
    type: str,
    to: Value,
    sender: object = None,
    when: Value | None = None,
    **fields: Any,
) -> Callable[..., None]:
    """Notify whenever a signal is sent: post_save, m2m_changed, any of your own.

    `to`, `when` and each of the fields of `notify` may be a function of the signal's keyword
    arguments (`lambda instance, **_: instance.owner`); other values of fields are used as they
    are. `when` must return true for the rule to act. A `sender` may be given as
    "app_label.Model" for model signals. Rows that fixtures load (`raw`) are passed over.

    The notification is written where the signal is sent, in the same transaction, and delivered
    once that has committed: what is rolled back reaches nobody, and a process that dies right
    after the commit has lost nothing. Hence also: an error in the rule is the sender's error.

    Returns the connected receiver. Raises `UnknownType` when the type is used and not known.
    """

    def receiver(**arguments: Any) -> None:
        arguments.pop("signal", None)
        if arguments.get("raw") or not (when is None or when(**arguments)):
            return
        said = {
            name: value(**arguments) if callable(value) else value for name, value in fields.items()
        }
        recipients = to(**arguments)
        if recipients is not None:
            notify(recipients, type, **said)

    receiver.__name__ = f"notify_on_{type}"
    signal.connect(receiver, sender=sender, weak=False)
    return receiver
