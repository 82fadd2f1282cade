#!/usr/bin/env python3
"""Django's command line for this site."""

import os
import sys


def main() -> None:
    """Run the command given on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        from django.core.management import execute_from_command_line
        from environs import EnvError
    except ModuleNotFoundError:
        sys.exit("Django is missing here: run `make run` once, then .venv/bin/python manage.py ...")
    try:
        execute_from_command_line(sys.argv)
    except EnvError as error:
        # The name of the variable is all there is to know; a traceback would bury it.
        sys.exit(f"{error} (while reading project/settings.py)")


if __name__ == "__main__":
    main()
