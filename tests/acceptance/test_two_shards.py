"""Two web processes, and a channel layer on two Redis servers."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from channels.layers import get_channel_layer

from notifications import broadcast, notify
from notifications.live.breaker import breaker
from notifications.services.relay import relay
from tests.support.redis import RedisProcess

pytestmark = [pytest.mark.promise_2, pytest.mark.promise_4, pytest.mark.any_database]


@pytest.fixture
def second_redis(tmp_path):
    server = RedisProcess(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def both_sites(processes, redis_server, second_redis, settings):
    """Two web processes that hardly compare with the database: what is live is seen to be."""
    urls = [redis_server.url, second_redis.url]
    layer = settings.CHANNEL_LAYERS["default"]
    config = layer["CONFIG"] | {"hosts": urls}
    settings.CHANNEL_LAYERS = {"default": layer | {"CONFIG": config}}
    env = {"CLARION_LAYER_URLS": ",".join(urls), "CLARION_HEARTBEAT_SECONDS": "3600"}
    with ThreadPoolExecutor(2) as threads:
        sites = [threads.submit(processes.web, **env) for _ in range(2)]
    yield [site.result() for site in sites]
    get_channel_layer().close()


def test_everybody_hears_of_everything(both_sites, second_redis, redis_server, many, crowd):
    people = crowd(12)
    here, there = (many.join(site, people) for site in both_sites)

    def say(*titles):
        for title in titles:
            broadcast("everyone", "message", title=f"All {title}")
            notify(people, "message", title=title)
            relay()

    def all_have(*titles):
        wanted = {f"{whom}{title}" for title in titles for whom in ("", "All ")}
        many.wait_for(lambda: all(wanted <= member.titles() for member in many.members), titles)

    for server in (redis_server, second_redis):
        with server.client() as client:
            assert len(client.pubsub_channels("clarion__group__user.*")) >= 2, "groups on both"
    say("One", "Two")
    all_have("One", "Two")

    # What one does on a device here, the device there shows.
    for mine, other in zip(here, there, strict=True):
        (known,) = (key for key, item in mine.known.items() if item["title"] == "One")
        mine.browser.post("/api/v1/inbox/read", {"ids": [known]})
        many.wait_for(lambda o=other, k=known: o.known[k]["read_at"], "a change of state")

    # One of the two goes, with what was said meanwhile; nobody needs a heartbeat to be told.
    second_redis.stop()
    say("Lost")
    second_redis.start()
    all_have("Lost")
    breaker.reset()
    say("Three")
    all_have("Three")
    assert not any(member.codes for member in many.members)
    many.converge()
