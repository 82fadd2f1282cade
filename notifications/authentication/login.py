"""What a socket knows of the login session it was opened with."""

from dataclasses import dataclass, field

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from notifications.authentication.digest import digest
from notifications.authentication.handshake import Scope
from notifications.authentication.sessions import is_row, latest_expiry
from notifications.services.audience import UserKey

# Where the middleware leaves the login in the scope.
SCOPE_KEY = "clarion.login"


@dataclass(frozen=True, slots=True)
class Login:
    """A login session and its person, as of the handshake.

    `password_mark` changes with the password (`password_mark`); `inbox_id` is None where it was
    not looked up, `expires_at` (Unix time) where only the row of the login session tells.
    """

    user_id: UserKey
    # As good as a password, so it does not get into logs.
    session_key: str = field(repr=False)
    password_mark: str = ""
    inbox_id: int | None = None
    expires_at: float | None = None

    @property
    def id(self) -> str:
        """The name of the login session among processes; empty if there is none."""
        return login_id(self.session_key)

    def load_user(self) -> AbstractBaseUser | AnonymousUser:
        """The person as of now, read from the database."""
        found = get_user_model()._default_manager.filter(pk=self.user_id).first()
        return found or AnonymousUser()


def login_of(scope: Scope) -> Login | None:
    """The login that a socket was opened with; None if nobody may use it.

    Set by `Authenticate`; behind Channels' `AuthMiddlewareStack` it is made of the user and the
    session that this one found.
    """
    login: Login | None = scope.get(SCOPE_KEY)
    if login is not None:
        return login
    user = scope.get("user")
    if user is None or not may_enter(user):
        return None
    session = scope.get("session")
    if session is None:
        return Login(user.pk, "", mark_of(user))
    # The user was found in it, so it is loaded; rows would have to be read once more.
    expires_at = None if is_row(session) else latest_expiry(session)
    return Login(user.pk, session.session_key or "", mark_of(user), None, expires_at)


def may_enter(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether this is somebody who is signed in, and active: backends may sign in others, too."""
    return user.is_authenticated and user.is_active


def mark_of(user: AbstractBaseUser) -> str:
    """The mark of a user's password; empty where users have none."""
    password: str | None = getattr(user, "password", None)
    return "" if password is None else password_mark(password)


def password_mark(password: str) -> str:
    """What tells one value of the password column (a hash already) from the next.

    16 hexadecimal digits that say nothing about it to whoever reads them.
    """
    return digest("password", password, 8).hex()


def login_id(session_key: str | None) -> str:
    """What names a login session among processes without giving it away; empty for none."""
    return digest("login", session_key, 20).hex() if session_key else ""
