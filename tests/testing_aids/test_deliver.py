"""`deliver` puts what was said into inboxes and the log, as the relay does."""

import pytest
from django.db import connection

from notifications import broadcast, notify
from notifications.models import Inbox, Item, LogEntry, Notification, Outbox
from notifications.testing import capture
from tests.testing_aids.conftest import both


@both
def test_into_inboxes_and_the_log(commits, network, ada, bob, client):
    with capture() as sent:
        notify([ada, bob], "message", title="For you")
        broadcast("everyone", "message", title="For all")
        sent.deliver()
        assert not Outbox.objects.exists()
        assert set(Item.objects.values_list("inbox__user", flat=True)) == {ada.pk, bob.pk}
        inbox = Inbox.objects.get(user=ada)
        assert (inbox.unread, inbox.unseen, inbox.seq) == (1, 1, 1)
        assert LogEntry.objects.count() == 1
        client.force_login(ada)
        page = client.get("/api/v1/inbox/").json()
        assert [item["title"] for item in page["items"]] == ["For all", "For you"]
        # It is still what was said.
        sent.assert_notified([ada, bob], title="For you", times=1)
        notify(ada, "message", title="More")
        sent.deliver()
    assert [sending.title for sending in sent.everything] == ["For you", "For all", "More"]
    assert network == []


@both
def test_after_the_block(commits, network, ada):
    with capture() as sent:
        notify(ada, "message", title="T")
    sent.deliver()
    assert Item.objects.filter(inbox__user=ada).count() == 1
    sent.assert_notified(ada, title="T", times=1)
    assert network == []


@both
def test_by_one_of_two_who_listen(commits, ada):
    with capture() as outer:
        with capture() as inner:
            notify(ada, "message", title="T")
            inner.deliver()
        outer.assert_notified(ada, title="T", times=1)
    outer.assert_notified(ada, title="T", times=1)
    inner.assert_notified(ada, title="T", times=1)


@both
def test_campaigns(commits, make_user):
    people = [make_user(f"p{number}") for number in range(30)]
    with capture() as sent:
        for number in range(5):
            notify(people, "message", title=f"{number}")
        sent.deliver()
    assert Item.objects.count() == 150
    assert set(Inbox.objects.values_list("unread", flat=True)) == {5}


@both
def test_what_cannot_be_delivered(commits, ada, bob):
    with capture() as sent:
        bad = notify(ada, "message", title="Bad")
        notify(bob, "message", title="Good")
        # What the wire cannot hold.
        column = connection.ops.quote_name("recipients")
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE clarion_outbox SET {column} = '7' WHERE notification_id = %s", [bad.pk]
            )
        with pytest.raises(AssertionError, match=f"items of notification {bad.pk}: TypeError"):
            sent.deliver()
    assert Item.objects.get().inbox.user == bob
    assert Notification.objects.count() == 2
