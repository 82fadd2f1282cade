"""The process that calls `notify()`, or the textbook's task: `python -m benchmarks.caller SIDE`.

As a web view or a script would be, it is neither the web process nor the worker. Both sides have
the same commands, so that a scenario is written once.
"""

import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

from benchmarks.remote import serve

# Sessions and users made per INSERT.
CHUNK = 500
STORED_SECONDS = 240
SESSION_SECONDS = 24 * 3600
BODY = "Somebody answered in a thread that you follow; have a look when you have a minute."


class Caller(ABC):
    """What can be asked of a side."""

    def __init__(self) -> None:
        self.people: list[Any] = []
        self.keys: list[str] = []
        self.stored_before = 0

    def migrate(self) -> None:
        """Make the tables."""
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        self.make_tables()

    def prepare(self, people: int) -> list[str]:
        """Make so many people; the keys of their login sessions."""
        from django.contrib.auth import get_user_model

        users = get_user_model().objects
        users.bulk_create([users.model(username=f"person-{n}") for n in range(people)], CHUNK)
        self.meet()
        self.make_inboxes()
        self.keys = login_sessions(self.people)
        return self.keys

    def meet(self) -> None:
        """Load the people who are there."""
        from django.contrib.auth import get_user_model

        self.people = list(get_user_model().objects.order_by("pk"))

    def tickets(self, count: int) -> list[str] | None:
        """Tickets for the login sessions of the first people; nothing if the side has none."""
        return None

    def one_by_one(
        self, number: int, first: int, stop: int, step: int, to: int
    ) -> dict[str, float]:
        """Call once per serial number, going round the first `to` people; when, from and to."""
        people = self.people[:to]
        began = time.monotonic()
        for serial in range(first, stop, step):
            self.tell(people[serial % to], f"benchmark {number}-{serial}")
        return {"began": began, "ended": time.monotonic()}

    def paced(
        self, number: int, count: int, to: int, per_second: float, first: int = 0
    ) -> list[float]:
        """As `one_by_one`, on a clock; when (monotonic clock) each call's transaction committed.

        To people from this one on.

        Both sides' calls are made in a transaction, as a web view's are, and start their work
        when that has committed.
        """
        from django.db import transaction

        committed: list[float] = []
        began = time.monotonic()
        for serial in range(count):
            time.sleep(max(0.0, began + serial / per_second - time.monotonic()))
            with transaction.atomic():
                # First, so it runs before anything else that waits for the commit.
                transaction.on_commit(lambda: committed.append(time.monotonic()))
                person = self.people[first + serial % to]
                self.tell_in_transaction(person, f"benchmark {number}-{serial}")
        return committed

    def fill(self, number: int, count: int, to: int) -> None:
        """Put so many tasks into the queue, each telling one person."""
        for serial in range(count):
            self.enqueue(self.people[serial % to], f"benchmark {number}-{serial}")

    def broadcasts(self, number: int, first: int, count: int) -> float:
        """Tell everybody so many times; when that began (monotonic clock)."""
        began = time.monotonic()
        for serial in range(first, first + count):
            self.broadcast(f"benchmark {number}-{serial}")
        return began

    def crowd(self, people: int) -> None:
        """Make people, who never sign in, until there are so many."""
        from django.contrib.auth import get_user_model

        users = get_user_model().objects
        first = len(self.people)
        users.bulk_create(
            [users.model(username=f"person-{n}") for n in range(first, people)], CHUNK
        )
        self.meet()
        self.make_inboxes()

    def to_everyone(self, number: int) -> float:
        """Tell everybody, to be found later by whoever is away; when that began."""
        self.stored_before = self.newest_said()
        began = time.monotonic()
        self.broadcast_and_keep(f"benchmark {number}-0")
        return began

    def wait_said(self, count: int) -> float:
        """When the rows of the last `to_everyone` were in the database, to within a twentieth."""
        return wait_for_rows(self.said, self.stored_before, count)

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
        return wait_for_rows(self.stored, self.stored_before, count)

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
    def tell_in_transaction(self, user: Any, title: str) -> None:
        """Tell one person when the transaction around this has committed."""

    @abstractmethod
    def enqueue(self, user: Any, title: str) -> None:
        """Enqueue a task that tells one person."""

    @abstractmethod
    def broadcast(self, title: str) -> None:
        """Tell everybody who is connected."""

    @abstractmethod
    def broadcast_and_keep(self, title: str) -> None:
        """Tell everybody, connected or not."""

    @abstractmethod
    def newest_said(self) -> int:
        """The highest key of what everybody is told."""

    @abstractmethod
    def said(self, after: int) -> int:
        """How many rows everybody was told by, with a higher key."""

    @abstractmethod
    def tell_all(self, people: Any, title: str, how: str) -> None:
        """Tell everybody in a queryset, each in the inbox."""

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

    def tickets(self, count: int) -> list[str] | None:
        from notifications.authentication import ticket
        from notifications.authentication.login import Login, mark_of
        from notifications.models import Inbox

        people = self.people[:count]
        inboxes = dict(Inbox.objects.values_list("user_id", "pk"))
        ends = time.time() + SESSION_SECONDS
        return [
            ticket.issue(Login(user.pk, key, mark_of(user), inboxes[user.pk], ends))
            for user, key in zip(people, self.keys, strict=False)
        ]

    def tell(self, user: Any, title: str) -> None:
        from notifications import notify

        notify(user, "message", title=title, body=BODY, url="/inbox/")

    tell_in_transaction = tell

    def enqueue(self, user: Any, title: str) -> None:
        from workers import app

        app.send_task(
            "notifications.notify",
            args=[[user.pk], "message"],
            kwargs={"title": title, "body": BODY, "url": "/inbox/"},
        )

    def broadcast(self, title: str) -> None:
        from notifications import broadcast

        broadcast("everyone", "message", title=title, body=BODY, url="/inbox/")

    broadcast_and_keep = broadcast

    def newest_said(self) -> int:
        from notifications.models import LogEntry

        return LogEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def said(self, after: int) -> int:
        from notifications.models import LogEntry

        return LogEntry.objects.filter(pk__gt=after).count()

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

    enqueue = tell

    def tell_in_transaction(self, user: Any, title: str) -> None:
        from django.db import transaction

        transaction.on_commit(lambda: self.tell(user, title))

    def broadcast(self, title: str) -> None:
        from benchmarks.textbook import send_to_everyone

        send_to_everyone.delay(title, BODY)

    def broadcast_and_keep(self, title: str) -> None:
        from benchmarks.textbook import announce

        announce.delay(title, BODY)

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

    newest_said, said = newest, stored


def wait_for_rows(found: Callable[[int], int], after: int, count: int) -> float:
    """When there were so many rows with a higher key, to within a twentieth."""
    began = time.monotonic()
    while (rows := found(after)) < count:
        waited = time.monotonic() - began
        if waited > STORED_SECONDS:
            raise TimeoutError(f"{rows} of {count} rows")
        time.sleep(max(0.005, waited / 20))
    return time.monotonic()


def login_sessions(people: list[Any]) -> list[str]:
    """The keys of new login sessions, made without signing in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone
    from django.utils.crypto import get_random_string

    store = SessionStore()
    expire_date = timezone.now() + timedelta(seconds=SESSION_SECONDS)
    sessions = [
        Session(
            session_key=get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789"),
            session_data=store.encode(
                {
                    SESSION_KEY: str(user.pk),
                    BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                    HASH_SESSION_KEY: user.get_session_auth_hash(),
                }
            ),
            expire_date=expire_date,
        )
        for user in people
    ]
    Session.objects.bulk_create(sessions, CHUNK)
    return [session.session_key for session in sessions]


SIDES = {"clarion": Clarion, "textbook": Textbook}
COMMANDS = (
    "migrate",
    "prepare",
    "meet",
    "tickets",
    "one_by_one",
    "paced",
    "fill",
    "broadcasts",
    "bulk",
    "wait_stored",
    "crowd",
    "to_everyone",
    "wait_said",
)


def main(side: str) -> None:
    django.setup()
    if side == "clarion":
        # As in any process of the site: `notify` enqueues through the site's Celery application.
        import workers  # noqa: F401
    caller = SIDES[side]()
    serve({name: getattr(caller, name) for name in COMMANDS})


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    main(sys.argv[1])
