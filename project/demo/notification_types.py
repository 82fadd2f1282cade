"""What the demo says by itself, a rule on one of Django's own signals; and its topics."""

from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from notifications import NotificationType, notify_on, register, register_topic

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
