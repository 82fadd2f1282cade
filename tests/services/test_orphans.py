"""Notifications that nobody has any more go, and no other."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from notifications import broadcast, notify
from notifications.models import Announcement, IdempotencyKey, Item, LogEntry, Notification, Outbox
from notifications.services import orphans
from notifications.services.announcements import announce_to
from notifications.services.pruning import prune

pytestmark = pytest.mark.django_db(transaction=True)


def age(notification_ids, by):
    moment = timezone.now() - by
    Notification.objects.filter(pk__in=notification_ids).update(created_at=moment)


@pytest.fixture
def said(ada, relay_all):
    """Six things said to Ada two days ago; their ids."""
    ids = [notify(ada, "message", title=f"{n}").pk for n in range(6)]
    relay_all()
    age(ids, timedelta(days=2))
    return ids


def test_those_that_nobody_has(said, relay_all):
    Item.objects.filter(notification__in=said[:5]).delete()
    of = [Notification.objects.get(pk=pk) for pk in said]
    Outbox.objects.create(kind="items", lane="direct", notification=of[0], due_at=None)
    IdempotencyKey.objects.create(key="k", fingerprint="f", notification=of[1])
    Announcement.objects.create(notification=of[2])
    fresh = broadcast("everyone", "message", title="T")
    relay_all()
    LogEntry.objects.update(notification=of[3])
    age([fresh.pk], timedelta(hours=23))
    assert prune() == 1
    left = set(Notification.objects.values_list("pk", flat=True))
    assert left == {*said, fresh.pk} - {said[4]}


def test_in_pages(said, monkeypatch):
    monkeypatch.setattr(orphans, "PAGE", 2)
    Item.objects.exclude(notification=said[2]).delete()
    assert prune() == 5
    assert list(Notification.objects.values_list("pk", flat=True)) == [said[2]]


def test_not_what_comes_to_be_needed_meanwhile(ada, said):
    """Between finding it and deleting it."""
    Item.objects.all().delete()
    needed = []

    def need(execute, sql, params, many, context):
        if not needed:
            needed.append(said[0])
            Outbox.objects.create(
                kind="items", lane="direct", notification_id=said[0], recipients=[str(ada.pk)]
            )
        return execute(sql, params, many, context)

    with connection.execute_wrapper(need):
        orphans._delete(said)
    assert list(Notification.objects.values_list("pk", flat=True)) == said[:1]
    assert Outbox.objects.count() == 1


def test_every_table_that_refers_to_notifications_is_asked(said):
    """Also of other apps: a deletion that a foreign key refuses would stop the whole page."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        refer = {
            table
            for table in tables
            for _, (_, other) in connection.introspection.get_relations(cursor, table).items()
            if other == Notification._meta.db_table
        }
    assert {rows.model._meta.db_table for rows in orphans._references()} == refer
    assert len(refer) == 6


def test_what_operators_announced_stays(ada, relay_all):
    """It is the history of what they said."""
    sent = announce_to(User.objects.filter(pk=ada.pk), {"title": "T"}, by=None)
    relay_all()
    age([sent.notification_id], timedelta(days=366))
    assert prune() == 1
    sent.refresh_from_db()
    assert sent.notification is not None
