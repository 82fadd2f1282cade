"""`manage.py demo_data`: the demo people and the minute broadcast, only with DEBUG."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from project.local.people import PEOPLE, make_minute_broadcast, make_people


class Command(BaseCommand):
    """Makes what is missing of the demo; running it again changes nothing."""

    help = "Make the demo people (password: the name), their group and a switched-off broadcast."

    def handle(self, *args: Any, **options: Any) -> None:
        """Raise `CommandError` without DEBUG: everybody knows these passwords."""
        if not settings.DEMO:
            raise CommandError("The demo people exist only with DEBUG.")
        make_people()
        make_minute_broadcast()
        if options["verbosity"]:
            self.stdout.write("There are " + ", ".join(PEOPLE) + ".")
