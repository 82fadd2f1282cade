"""Who exists in the demo, and what is prepared for them. The password is the name."""

import json

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django_celery_beat.models import IntervalSchedule, PeriodicTask

PEOPLE = ("demo", "ada", "bob", "ops")
OPERATOR = "ops"
TEAM = ("demo", "ada")


def make_people() -> None:
    """Make the people and the group `team`; whoever exists stays as they are."""
    users = get_user_model()
    team, _ = Group.objects.get_or_create(name="team")
    for name in PEOPLE:
        if users.objects.filter(username=name).exists():
            continue
        make = users.objects.create_superuser if name == OPERATOR else users.objects.create_user
        person = make(name, email=f"{name}@example.com", password=name)
        if name in TEAM:
            person.groups.add(team)


def make_minute_broadcast() -> None:
    """Make the broadcast that an operator may switch on in the admin of django-celery-beat."""
    minute, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.MINUTES)
    PeriodicTask.objects.get_or_create(
        name="Demo: a broadcast every minute",
        defaults={
            "task": "notifications.broadcast",
            "interval": minute,
            "args": json.dumps(["everyone", "message"]),
            "kwargs": json.dumps({"title": "Another minute has passed"}),
            "enabled": False,
        },
    )
