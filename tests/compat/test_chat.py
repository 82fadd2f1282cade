"""Other people's projects, unchanged, on our layer and our server.

Each test runs on stock parts too, which shows that it asks for nothing but what they promise.
"""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from project.local.redis_server import free_port
from tests.conftest import STARTED
from tests.support.processes import Processes, answers

STOCK_LAYER = "channels_redis.pubsub.RedisPubSubChannelLayer"
OUR_LAYER = "notifications.live.layer.LiveChannelLayer"
STOCK_SERVER = "websockets-sansio"
OUR_SERVER = "notifications.live.server:LiveWebSocketProtocol"
# Layer and server of the process that people connect to, layer of the other one.
SITES = {
    "stock parts": (STOCK_LAYER, STOCK_SERVER, STOCK_LAYER),
    "our layer": (OUR_LAYER, STOCK_SERVER, OUR_LAYER),
    "our layer and server": (OUR_LAYER, OUR_SERVER, OUR_LAYER),
    # In the middle of a deploy.
    "ours beside stock": (OUR_LAYER, OUR_SERVER, STOCK_LAYER),
    "stock beside ours": (STOCK_LAYER, STOCK_SERVER, OUR_LAYER),
}


@pytest.fixture(scope="module", params=SITES)
def site(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    _redis_process: object,
) -> Iterator[SimpleNamespace]:
    """A site of two processes; `url` of one, `other_url` of the other."""
    layer, server, other_layer = SITES[request.param]
    processes = Processes(tmp_path_factory.mktemp("compat"))
    groups = request.session.stash.setdefault(STARTED, [])
    groups.append(processes)
    urls = []
    try:
        for name, backend in (("web", layer), ("other", other_layer)):
            port = free_port()
            urls.append(f"127.0.0.1:{port}")
            processes.start(
                name,
                f"uvicorn tests.compat.chat.asgi:application --ws {server} --port {port}",
                DJANGO_SETTINGS_MODULE="tests.compat.chat.settings",
                CHANNEL_LAYER=backend,
                CHANNEL_PREFIX=f"compat{urls[0][-5:]}",
                REDIS_URL=settings.REDIS_URL,
            )
        for url, process in zip(urls, processes.started, strict=True):
            process.wait_for(lambda url=url: answers(f"http://{url}/"), "readiness")
        mixed = layer != other_layer
        yield SimpleNamespace(url=urls[0], other_url=urls[1], mixed=mixed)
    finally:
        groups.remove(processes)
        processes.end()


@pytest.fixture
def join(site: SimpleNamespace) -> Iterator[Any]:
    """Opens sockets, which are closed after the test."""
    with ExitStack() as stack:

        def join(path: str, url: str = "", **options: Any) -> ClientConnection:
            return stack.enter_context(connect(f"ws://{url or site.url}/ws/{path}", **options))

        yield join


def said(socket: ClientConnection) -> Any:
    return json.loads(socket.recv(10))


@pytest.mark.parametrize("kind", ["chat", "async"])
def test_what_one_says_reaches_everybody_in_the_room(site, join, kind):
    room, elsewhere = f"{kind}/lobby/", f"{kind}/garden/"
    sockets = [join(room), join(room), join(room, site.other_url)]
    other = join(elsewhere)
    for number in range(20):
        sockets[number % 3].send(json.dumps({"message": number}))
        for socket in sockets:
            assert said(socket) == {"message": number}
    other.send(json.dumps({"message": "alone"}))
    assert said(other) == {"message": "alone"}


@pytest.mark.parametrize("kind", ["chat", "async"])
def test_a_burst_arrives_whole_and_in_order(site, join, kind):
    speaker, listener = join(f"{kind}/burst/"), join(f"{kind}/burst/", site.other_url)
    for number in range(60):
        speaker.send(json.dumps({"message": number}))
    for socket in (speaker, listener):
        assert [said(socket)["message"] for _ in range(60)] == list(range(60))


@pytest.mark.parametrize("kind", ["chat", "async"])
def test_who_left_is_not_missed(site, join, kind):
    gone, here = join(f"{kind}/hall/"), join(f"{kind}/hall/")
    gone.close()
    here.send(json.dumps({"message": "still here"}))
    assert said(here) == {"message": "still here"}


@pytest.mark.parametrize("kind", ["chat", "async"])
def test_a_sync_view_speaks_to_a_room(site, join, kind):
    socket = join(f"{kind}/square/")
    for url in (site.url, site.other_url):
        with urllib.request.urlopen(f"http://{url}/say/square/?message=hear") as answer:
            assert answer.read() == b"said"
        assert said(socket) == {"message": "hear"}


def test_a_message_to_one_channel(site, join):
    ada, bob, eve = (join("operators/") for _ in range(3))
    channels = [said(socket)["channel"] for socket in (ada, bob, eve)]
    ada.send(json.dumps({"to": channels[1], "text": "psst"}))
    assert said(bob) == {"type": "operator.told", "text": "psst", "seen": True}
    if not site.mixed:
        far = join("operators/", site.other_url)
        assert said(far)
        far.send(json.dumps({"to": channels[0], "text": "from afar"}))
        assert said(ada)["text"] == "from afar"
    with pytest.raises(TimeoutError):
        eve.recv(0)


@pytest.mark.parametrize("size", [0, 126, 65536, 300_000])
def test_bytes_of_any_size(join, size):
    socket = join("operators/", max_size=None)
    said(socket)
    socket.send(bytes(range(256)) * (size // 256 + 1))
    assert socket.recv(10) == (bytes(range(256)) * (size // 256 + 1))[::-1]


def test_subprotocols_and_refusals(join):
    assert join("operators/", subprotocols=["chat.v2", "chat.v1"]).subprotocol == "chat.v2"
    with pytest.raises(InvalidStatus) as refusal:
        join("operators/?refused")
    assert refusal.value.response.status_code == 403


@pytest.mark.parametrize(("frame", "code"), [({"close": 4321}, 4321), ({"fail": 1}, 1006)])
def test_close_codes(join, frame, code):
    socket = join("operators/")
    said(socket)
    socket.send(json.dumps(frame))
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(10)
    assert (closed.value.rcvd.code if closed.value.rcvd else 1006) == code
