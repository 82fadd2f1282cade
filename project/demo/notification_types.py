"""What the demo says, what makes it say so by itself, and its categories and topics."""

from django.contrib.auth.signals import user_logged_in
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from notifications import (
    Action,
    NotificationType,
    notify_on,
    register,
    register_category,
    register_topic,
)

register_category(
    "security", _("Your account"), _("New sign-ins; nobody can turn these off"), mandatory=True
)
register_category("orders", _("Orders"), _("What you bought, and where it is"))
register_category("comments", _("Comments"), _("What others say to what you wrote"))

NOTE = register(NotificationType(key="demo.note", category="messages", example={}))
SHIPPED = register(
    NotificationType(
        key="demo.shipped",
        category="orders",
        title=_("Order {number} is on its way"),
        body=_("It should be there the day after tomorrow."),
        level="success",
        example={"number": "A-1001"},
    )
)
PAID = register(
    NotificationType(
        key="demo.paid",
        category="orders",
        title=_("Order {number} is paid"),
        body=_("A Django signal said so."),
        level="success",
        example={"number": "A-1001"},
    )
)
COMMENT = register(
    NotificationType(
        key="demo.comment",
        category="comments",
        title=_("{name} has commented on {document}"),
        example={"name": "Grace", "document": "the plan"},
    )
)
INVITATION = register(
    NotificationType(
        key="demo.invitation",
        category="messages",
        title=_("{name} invites you to lunch"),
        body=_("Tomorrow at noon, at the usual place."),
        actions=[
            Action(_("Accept"), "/inbox/choices/?accepted"),
            Action(_("Decline"), "/inbox/choices/?declined"),
        ],
        example={"name": "Ada"},
    )
)
SIGNED_IN = register(
    NotificationType(
        key="demo.signed_in",
        category="security",
        title=_("New sign-in"),
        body=_("From {address}. If that was not you, change your password."),
        example={"address": "192.0.2.7"},
    )
)

NEWS = register_topic(
    "product.news",
    _("Product news"),
    _("What we are working on, now and then"),
    default=True,
)
RELEASES = register_topic("releases", _("Releases"), _("Each version, when it is out"))

# Sent with `customer` and `number`.
order_paid = Signal()

notify_on(
    order_paid,
    type=PAID.key,
    to=lambda customer, **_: customer,
    data=lambda number, **_: {"number": number},
)


def _over_http(request: HttpRequest | None, **_: object) -> bool:
    # Tests and shells sign people in without a client, whose address the text is about.
    return request is not None and "REMOTE_ADDR" in request.META


notify_on(
    user_logged_in,
    type=SIGNED_IN.key,
    to=lambda user, **_: user,
    when=_over_http,
    data=lambda request, **_: {"address": request.META["REMOTE_ADDR"]},
)
