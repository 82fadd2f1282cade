import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from notifications.exceptions import ClarionError
from notifications.management.arguments import add_said, refused
from notifications.management.schedules import fields, in_words, shown
from notifications.models import Schedule
from notifications.services import schedules

COUNT = 5


class Command(BaseCommand):
    """`manage.py schedule_broadcast add|list|show|pause|resume|delete|next`."""

    help = "Broadcasts that go out by themselves: once, every so often, or by a crontab."

    def add_arguments(self, parser: CommandParser) -> None:
        """One subcommand for each thing to do; all of them take --json."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

        def action(name: str, run: Callable[..., None], text: str) -> ArgumentParser:
            added: ArgumentParser = actions.add_parser(name, help=text)
            added.add_argument("--json", action="store_true", help="for programs")
            added.set_defaults(run=run)
            return added

        _add_options(action("add", self.add, "make one, and say what was understood"))
        action("list", self.list, "all of them")
        for name, run, text in (
            ("show", self.show, "one of them, with its next times"),
            ("pause", self.pause, "send nothing until it is resumed"),
            ("resume", self.resume, "go on with the next slot from now on"),
            ("delete", self.delete, "delete it; what it sent stays"),
            ("next", self.next, "when it goes out next"),
        ):
            one = action(name, run, text)
            one.add_argument("id", type=int, help="as `list` has it")
            if name == "next":
                one.add_argument("--count", type=int, default=COUNT, help=f"how many ({COUNT})")

    def handle(self, *args: object, run: Callable[..., None], **options: Any) -> None:
        """Exit code 1 for a schedule that is not there, 2 for what is refused."""
        try:
            run(**options)
        except ClarionError as error:
            raise refused(error) from error

    def add(self, **options: Any) -> None:
        """Make one."""
        self._show(schedules.create(fields(options), None), options)

    def list(self, **options: Any) -> None:
        """All, in the order in which they were made."""
        rows = Schedule.objects.order_by("pk")
        if options["json"]:
            self._json([shown(row) for row in rows])
        else:
            self.stdout.write("\n\n".join(in_words(row, 1) for row in rows) or "No schedules.")

    def show(self, **options: Any) -> None:
        """One, with its next times."""
        self._show(_find(options["id"]), options)

    def pause(self, **options: Any) -> None:
        """Pause it."""
        self._show(schedules.pause(_find(options["id"])), options)

    def resume(self, **options: Any) -> None:
        """Resume it."""
        self._show(schedules.resume(_find(options["id"])), options)

    def delete(self, **options: Any) -> None:
        """Delete it."""
        schedule = _find(options["id"])
        schedules.delete(schedule)
        if options["json"]:
            self._json({"deleted": options["id"]})
        else:
            self.stdout.write(f"Deleted “{schedule}”.")

    def next(self, **options: Any) -> None:
        """Its next times, one a line."""
        schedule = _find(options["id"])
        if options["json"]:
            self._json(shown(schedule, options["count"])["next"])
        else:
            self.stdout.write(in_words(schedule, options["count"]).partition("\nNext: ")[2])

    def _show(self, schedule: Schedule, options: dict[str, Any]) -> None:
        if options["json"]:
            self._json(shown(schedule, COUNT))
        else:
            self.stdout.write(in_words(schedule, COUNT))

    def _json(self, value: object) -> None:
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False))


def _add_options(parser: Any) -> None:
    parser.add_argument("topic", help="everyone, staff, auth_group.<id>, or a declared one")
    add_said(parser)
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument("--cron", help='five fields: "0 9 * * 1-5"')
    when.add_argument("--every", help="15m, 2h, 1d: minutes, hours, days")
    when.add_argument("--at", help="once: 2026-12-24T18:00")
    zone = timezone.get_default_timezone_name()
    parser.add_argument("--tz", default=zone, help=f"zone of all times here ({zone})")
    parser.add_argument("--from", dest="starts", help="nothing before; --every counts from it")
    parser.add_argument("--until", help="nothing after")
    parser.add_argument(
        "--missed", default="skip", choices=Schedule.Missed.values,
        help="slots while nothing ran: leave them out, or send the last one late",
    )  # fmt: skip
    parser.add_argument("--paused", action="store_true", help="do not begin yet")


def _find(pk: int) -> Schedule:
    schedule = Schedule.objects.filter(pk=pk).first()
    if schedule is None:
        raise CommandError(f"There is no schedule {pk}.")
    return schedule
