"""Who is shown on `/demo/`, and what opens their inboxes there."""

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import check_password

from notifications.authentication import token
from notifications.authentication.token import Issued
from notifications.models import ApiKey
from notifications.services import api_keys

# Of the people of `project.local.people`.
CAST = ("ada", "bob")
# Who looks at the list of keys should know what this one is for. Nobody has its secret.
KEY = "The page /demo/"


def member(name: str) -> AbstractBaseUser | None:
    """One of the two; None for anybody else, and where the demo's people have not been made."""
    users = get_user_model()._default_manager.filter(is_active=True)
    return users.filter(username=name).first() if name in CAST else None


def issue(person: AbstractBaseUser) -> Issued | None:
    """A token for this person's inbox, or None.

    Only where the password is the name: then it opens nothing that signing in would not. Somebody
    real, on a site that runs with DEBUG by mistake, is not given away by being called Ada.
    """
    if not check_password(person.get_username(), person.password):
        return None
    return token.issue(_key(), person.pk)


def _key() -> ApiKey:
    keys = ApiKey.objects.filter(name=KEY, may_embed=True, revoked_at=None, expires_at=None)
    return keys.first() or api_keys.create(ApiKey(name=KEY, may_embed=True), by=None).key
