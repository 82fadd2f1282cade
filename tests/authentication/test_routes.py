"""`Routes` finds what Channels' `URLRouter` finds."""

import pytest
from channels.routing import URLRouter
from django.urls import path, re_path

from notifications.routing import Routes

pytestmark = pytest.mark.any_database


def application(name):
    async def run(scope, receive, send):
        await send((name, scope["path_remaining"], scope["url_route"]))

    return run


ROUTES = [
    path("rooms/<int:number>/", application("room"), {"kind": "chat"}),
    re_path(r"^files/(\w+)$", application("file")),
    path("", application("root")),
    re_path(r"^", application("other")),
]


@pytest.mark.parametrize("root", ["", "/mounted"])
@pytest.mark.parametrize(
    "address", ["/rooms/7/", "/rooms/x/", "/files/abc", "/files/a/b", "/", "//rooms/7/", "/nothing"]
)
async def test_the_same_as_channels(root, address):
    told = []

    async def send(message):
        told.append(message)

    for router in (Routes(ROUTES), URLRouter(ROUTES)):
        scope = {"type": "websocket", "path": root + address, "root_path": root}
        await router(scope, None, send)
    assert told[0] == told[1]


async def test_nothing_matches():
    with pytest.raises(ValueError, match="No route"):
        await Routes(ROUTES[:1])({"type": "websocket", "path": "/elsewhere"}, None, None)
