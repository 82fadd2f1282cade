"""Who is missing when beat has not been heard."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from notifications.live.breaker import breaker
from notifications.models import Heard
from notifications.selectors.silence import silence
from tests.support.waiting import wait_until

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


def said_in_the_end(warning: str) -> bool:
    """Whether this is the warning once the broker, and a worker that is there, are in time."""

    def said() -> bool:
        breaker.reset()
        return silence().warning == warning

    return wait_until(said, what=warning)


@pytest.mark.any_database
def test_no_worker():
    assert silence().seconds is None
    assert said_in_the_end(
        "No worker answers: what is sent waits until one is started."
        " The sweep has not been heard yet."
    )


@pytest.mark.any_database
def test_workers_without_beat(worker):
    heard(ago=3 * 3600)
    assert said_in_the_end(
        "Workers answer, but beat does not ring: schedules wait until it is started."
        " The sweep has not been heard for 3 hours."
    )


@pytest.mark.any_database
@pytest.mark.parametrize("hangs", [False, True], ids=["is down", "hangs"])
def test_the_broker(redis_server, hangs, monkeypatch, caplog):
    monkeypatch.setattr("notifications.live.breaker.OPEN_SECONDS", 60.0)
    heard(ago=90)
    redis_server.freeze() if hangs else redis_server.stop()
    try:
        for _ in range(2):
            assert silence().warning == (
                "The broker cannot be reached: what is sent waits until it is back."
                " The sweep has not been heard for a minute."
            )
            assert caplog.text.count("Asking for workers failed") == 1, "then it is left alone"
    finally:
        redis_server.thaw() if hangs else redis_server.start()
