"""What the commands that say something have in common."""

import json
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError, CommandParser

from notifications.models import Level

OPTIONS = ("title", "body", "url", "level")


def add_content(parser: CommandParser) -> None:
    """The title, the options for the rest of a notification, and its key."""
    add_said(parser)
    parser.add_argument("--key", help="idempotency key: the same one again says nothing new")


def add_said(parser: CommandParser) -> None:
    """The title and the options for the rest of a notification."""
    parser.add_argument("title", nargs="?", default="", help="not needed with --type and --data")
    parser.add_argument("--body", default="")
    parser.add_argument("--url", default="", help="a path, or http(s)://")
    parser.add_argument("--level", default="", choices=["", *Level.values], metavar="LEVEL")
    parser.add_argument("--type", default="message", help="a registered type (message)")
    parser.add_argument("--data", type=_mapping, default={}, help="a JSON object for the type")


def content(options: dict[str, Any]) -> dict[str, Any]:
    """The fields for `notify` and `broadcast`, from parsed options."""
    return {
        **{name: options[name] for name in OPTIONS},
        "data": options["data"],
        "idempotency_key": options["key"],
    }


def refused(error: Exception) -> CommandError:
    """The error of a command whose input was refused: exit code 2, as for wrong arguments."""
    return CommandError(str(error), returncode=2)


def _mapping(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ArgumentTypeError(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ArgumentTypeError("must be a JSON object")
    return value
