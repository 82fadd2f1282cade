"""Beat: the sweep, and broadcasts that operators schedule in django-celery-beat's own admin."""

import json
import urllib.parse

import pytest
from django.conf import settings
from django_celery_beat.models import IntervalSchedule

from notifications import broadcast, notify
from notifications.live.breaker import breaker
from notifications.models import Outbox
from notifications.services import relay
from tests.support.waiting import wait_until


def form(**fields):
    """What the admin's form sends."""
    return urllib.parse.urlencode(
        fields | {"csrfmiddlewaretoken": "t" * 32, "headers": "{}", "enabled": "on"}
    ).encode()


@pytest.mark.any_database
@pytest.mark.promise_1
@pytest.mark.promise_6
def test_sweep_and_an_operators_broadcast(live_site, processes, screen, make_user, ada):
    """One start of beat for both, which take their time."""
    page = screen(ada)
    # Rows of a process that could not wake anybody: beat's sweep is all that can find them.
    breaker.trip("Waking the relay", OSError("away"))
    notify(ada, "message", title="Forgotten")
    broadcast("everyone", "message", title="All forgotten")
    breaker.reset()
    assert Outbox.objects.count() == 2
    processes.worker()
    processes.beat()
    page.follow_until("Forgotten", "All forgotten", timeout=40)

    # Beat, which runs, learns of a schedule that an operator adds.
    every_second = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.SECONDS)
    ops = live_site.browser(make_user("ops", is_staff=True, is_superuser=True))
    status, answer = ops.request(
        "POST",
        "/admin/django_celery_beat/periodictask/add/",
        form(
            name="An operator's",
            regtask="",
            task="notifications.broadcast",
            interval=every_second.pk,
            args=json.dumps(["everyone", "message"]),
            kwargs=json.dumps({"title": "On schedule"}),
            start_time_0="",
        ),
        {"Content-Type": "application/x-www-form-urlencoded"},
        {settings.CSRF_COOKIE_NAME: "t" * 32},
    )
    assert status == 302, answer
    page.follow(lambda p: p.titles.count("On schedule") >= 2, 40)


@pytest.mark.promise_1
def test_sweep_leaves_what_is_on_its_way(redis_server, transactional_db, ada, monkeypatch):
    """A row that has just been written is left to the relay that was woken for it."""
    notify(ada, "message", title="On its way")
    with monkeypatch.context() as patch:
        patch.setattr(relay, "SWEEP_AGE", 60.0)
        relay.sweep()
    assert Outbox.objects.count() == 1
    wait_until(lambda: relay.sweep() or not Outbox.objects.exists())
