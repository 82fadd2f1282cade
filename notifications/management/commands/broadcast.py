from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from notifications.exceptions import ClarionError
from notifications.management.arguments import add_content, content, refused
from notifications.services.broadcast import broadcast


class Command(BaseCommand):
    """`manage.py broadcast TOPIC TITLE`: say something to a topic."""

    help = "Say something to a topic: everyone, staff or auth_group.<id>."

    def add_arguments(self, parser: CommandParser) -> None:
        """The topic and what to say."""
        parser.add_argument("topic", help="everyone, staff or auth_group.<id>")
        add_content(parser)

    def handle(self, *args: object, **options: Any) -> None:
        """Exit code 2 for a topic or content that is refused."""
        try:
            notification = broadcast(options["topic"], options["type"], **content(options))
        except ClarionError as error:
            raise refused(error) from error
        self.stdout.write(f"Notification {notification.pk} to {options['topic']}.")
