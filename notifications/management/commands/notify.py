from contextlib import suppress
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from notifications.exceptions import ClarionError, InvalidNotification
from notifications.management.arguments import add_content, content, refused
from notifications.services.audience import primary_key
from notifications.services.notify import notify


class Command(BaseCommand):
    """`manage.py notify USER TITLE`: notify one person."""

    help = "Notify one person, named by username, e-mail address or id."

    def add_arguments(self, parser: CommandParser) -> None:
        """The person and what to say."""
        parser.add_argument("user", help="username, e-mail address or id")
        add_content(parser)

    def handle(self, *args: object, **options: Any) -> None:
        """Exit code 1 for a person that is not there or not unique, 2 for refused content."""
        user = find_user(options["user"])
        try:
            notification = notify(user, options["type"], **content(options))
        except ClarionError as error:
            raise refused(error) from error
        self.stdout.write(f"Notification {notification.pk} to {user}.")


def find_user(text: str) -> AbstractBaseUser:
    """The one user of this name, else of this e-mail address, else of this id.

    Raises `CommandError`.
    """
    model = get_user_model()
    by_email = getattr(model, "EMAIL_FIELD", "email")
    lookups = [Q(**{model.USERNAME_FIELD: text})]
    if "@" in text and any(field.name == by_email for field in model._meta.fields):
        lookups.append(Q(**{f"{by_email}__iexact": text}))
    with suppress(InvalidNotification):
        lookups.append(Q(pk=primary_key(text)))
    for lookup in lookups:
        found = list(model._default_manager.filter(lookup)[:2])
        if len(found) > 1:
            raise CommandError(f"Several users have {text!r}; give the username or id.")
        if found:
            return found[0]
    raise CommandError(f"There is no user with username, e-mail address or id {text!r}.")
