"""Who is missing when beat has not been heard."""

import time
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from notifications.live.breaker import breaker
from notifications.models import Heard
from notifications.selectors.silence import silence

pytestmark = pytest.mark.django_db(transaction=True)


def heard(ago: float) -> None:
    Heard.objects.update_or_create(name="beat", defaults={"at": Now() - timedelta(seconds=ago)})


@pytest.fixture(autouse=True)
def _broker(redis_server):
    breaker.reset()
    yield
    breaker.reset()


def test_nothing_to_say():
    heard(ago=20)
    found = silence()
    assert 20 <= found.seconds < 25
    assert not found.warning


@pytest.mark.any_database
def test_no_worker():
    found = silence()
    assert found.seconds is None
    assert found.warning == (
        "No worker answers: what is sent waits until one is started."
        " The sweep has not been heard yet."
    )


@pytest.mark.any_database
def test_workers_without_beat(worker):
    heard(ago=3 * 3600)
    assert silence().warning == (
        "Workers answer, but beat does not ring: schedules wait until it is started."
        " The sweep has not been heard for 3 hours."
    )


@pytest.mark.any_database
@pytest.mark.parametrize("hangs", [False, True], ids=["is down", "hangs"])
def test_the_broker(redis_server, hangs):
    heard(ago=90)
    redis_server.freeze() if hangs else redis_server.stop()
    try:
        for most in (3.0, 0.1):
            began = time.monotonic()
            assert silence().warning == (
                "The broker cannot be reached: what is sent waits until it is back."
                " The sweep has not been heard for a minute."
            )
            assert time.monotonic() - began < most, "after a failure it is left alone"
    finally:
        redis_server.thaw() if hangs else redis_server.start()
