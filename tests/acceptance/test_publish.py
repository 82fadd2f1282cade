"""Publishing to the real layer: what cannot be sent harms nobody else."""

import pytest

from notifications.live.breaker import breaker
from notifications.live.publish import publish_many
from tests.support.waiting import wait_until


@pytest.mark.promise_2
def test_an_event_that_cannot_be_serialised_does_not_silence_the_others(redis_server):
    breaker.reset()
    with redis_server.client() as client, client.pubsub() as listener:
        listener.psubscribe("*user.*")
        wait_until(lambda: (listener.get_message() or {}).get("type") == "psubscribe")
        assert publish_many([("user.1", {"type": "x", "n": 2**70}), ("user.2", {"type": "x"})])
        message = wait_until(lambda: listener.get_message())
    assert message["channel"].endswith(b"user.2")
    assert not breaker.is_open
