"""Who may open a socket, decided before the consumer exists."""

from notifications.authentication.handshake import (
    Application,
    Receive,
    Scope,
    Send,
    not_found,
    offered_subprotocol,
    refuse,
)
from notifications.authentication.language import language_of
from notifications.authentication.login import (
    Login,
    login_id,
    login_of,
    mark_of,
    may_enter,
    password_mark,
)
from notifications.authentication.middleware import Authenticate, RequireUser
from notifications.authentication.origin import SameOrigin, is_same_origin

__all__ = [
    "Application",
    "Authenticate",
    "Login",
    "Receive",
    "RequireUser",
    "SameOrigin",
    "Scope",
    "Send",
    "is_same_origin",
    "language_of",
    "login_id",
    "login_of",
    "mark_of",
    "may_enter",
    "not_found",
    "offered_subprotocol",
    "password_mark",
    "refuse",
]
