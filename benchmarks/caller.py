"""The process that calls `notify()`, or the textbook's task: `python -m benchmarks.caller SIDE`.

As a web view or a script would be, it is neither the web process nor the worker. Both sides have
the same commands, so that a scenario is written once.
"""

import os
import sys
import time
from abc import ABC, abstractmethod
from typing import Any

import django

from benchmarks.remote import serve

# Sessions and users made per INSERT.
CHUNK = 500
STORED_SECONDS = 240
BODY = "Somebody answered in a thread that you follow; have a look when you have a minute."


class Caller(ABC):
    """What can be asked of a side."""

    def __init__(self) -> None:
        self.people: list[Any] = []
        self.stored_before = 0

    def migrate(self) -> None:
        """Make the tables."""
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        self.make_tables()

    def prepare(self, people: int, connected: int) -> list[str]:
        """Make so many people; the keys of login sessions of the first of them."""
        from django.contrib.auth import get_user_model

        users = get_user_model().objects
        users.bulk_create([users.model(username=f"person-{n}") for n in range(people)], CHUNK)
        self.people = list(users.order_by("pk"))
        self.make_inboxes()
        return [login_session(user) for user in self.people[:connected]]

    def one_by_one(self, number: int, count: int, to: int) -> dict[str, float]:
        """Call `count` times, going round the first `to` people; when that began and ended."""
        people = self.people[:to]
        began = time.monotonic()
        for serial in range(count):
            self.tell(people[serial % to], f"benchmark {number}-{serial}")
        return {"began": began, "ended": time.monotonic()}

    def bulk(self, number: int, to: int, how: str) -> dict[str, float]:
        """Tell the first `to` people; when that began and ended."""
        from django.contrib.auth import get_user_model

        people = get_user_model().objects.filter(pk__lte=self.people[to - 1].pk)
        self.stored_before = self.newest()
        began = time.monotonic()
        self.tell_all(people, f"benchmark {number}-0", how)
        return {"began": began, "ended": time.monotonic()}

    def wait_stored(self, count: int) -> float:
        """When so many rows of the last bulk were in the database, to within a twentieth."""
        began = time.monotonic()
        while self.stored(self.stored_before) < count:
            waited = time.monotonic() - began
            if waited > STORED_SECONDS:
                raise TimeoutError(f"{self.stored(self.stored_before)} of {count} rows")
            time.sleep(max(0.005, waited / 20))
        return time.monotonic()

    @abstractmethod
    def make_tables(self) -> None:
        """Make what migrations do not."""

    @abstractmethod
    def make_inboxes(self) -> None:
        """Bring people made in bulk to where people are who were there before."""

    @abstractmethod
    def tell(self, user: Any, title: str) -> None:
        """Tell one person."""

    @abstractmethod
    def tell_all(self, people: Any, title: str, how: str) -> None:
        """Tell everybody in a queryset."""

    @abstractmethod
    def newest(self) -> int:
        """The highest primary key in the inboxes."""

    @abstractmethod
    def stored(self, after: int) -> int:
        """How many rows are in the inboxes with a higher primary key."""


class Clarion(Caller):
    """Ours."""

    def make_tables(self) -> None:
        pass

    def make_inboxes(self) -> None:
        from django.db import transaction

        from notifications.services.inboxes import ensure_locked

        keys = [user.pk for user in self.people]
        for start in range(0, len(keys), CHUNK):
            with transaction.atomic():
                ensure_locked(keys[start : start + CHUNK])

    def tell(self, user: Any, title: str) -> None:
        from notifications import notify

        notify(user, "message", title=title, body=BODY, url="/inbox/")

    def tell_all(self, people: Any, title: str, how: str) -> None:
        from notifications import notify

        notify(people, "message", title=title, body=BODY, url="/inbox/")

    def newest(self) -> int:
        from notifications.models import Item

        return Item.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def stored(self, after: int) -> int:
        from notifications.models import Item

        return Item.objects.filter(pk__gt=after).count()


class Textbook(Caller):
    """Theirs."""

    def make_tables(self) -> None:
        from django.db import connection

        from benchmarks.textbook import Notification

        with connection.schema_editor() as editor:
            editor.create_model(Notification)

    def make_inboxes(self) -> None:
        pass

    def tell(self, user: Any, title: str) -> None:
        from benchmarks.textbook import send_notification

        send_notification.delay(user.pk, title, BODY)

    def tell_all(self, people: Any, title: str, how: str) -> None:
        from benchmarks.textbook import send_notification, send_to_all

        keys = people.values_list("pk", flat=True)
        if how == "one task":
            send_to_all.delay(list(keys), title, BODY)
        else:
            for key in keys:
                send_notification.delay(key, title, BODY)

    def newest(self) -> int:
        from benchmarks.textbook import Notification

        return Notification.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def stored(self, after: int) -> int:
        from benchmarks.textbook import Notification

        return Notification.objects.filter(pk__gt=after).count()


def login_session(user: Any) -> str:
    """The key of a new login session, made without signing in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


SIDES = {"clarion": Clarion, "textbook": Textbook}


def main(side: str) -> None:
    django.setup()
    if side == "clarion":
        # As in any process of the site: `notify` enqueues through the site's Celery application.
        import workers  # noqa: F401
    caller = SIDES[side]()
    names = ("migrate", "prepare", "one_by_one", "bulk", "wait_stored")
    serve({name: getattr(caller, name) for name in names})


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    main(sys.argv[1])
