"""Anything may arrive from Redis: nobody is disconnected for it, and the next event comes live."""

import msgpack
import pytest
from django.conf import settings

from notifications import broadcast, notify
from notifications.models import Inbox
from notifications.services.relay import relay
from notifications.wire import events

pytestmark = [pytest.mark.promise_2, pytest.mark.any_database]

ENVELOPE = {"type": events.TYPE, "v": events.VERSION}
COUNTERS = [0, 0, 0]

# What no version of ours has sent: not to be read at all.
NOISE = [
    b"",
    b"\xc1",
    b"not msgpack",
    b"\x00" * 1000,
    # A map of two entries that ends after one; a string that says it is 4 GB long.
    b"\x82\xa1a\x01",
    b"\xdb\xff\xff\xff\xffabc",
    # Arrays in arrays, past what any decoder takes.
    b"\x91" * 100_000,
    msgpack.packb({1: 2}),
    *(msgpack.packb(odd) for odd in (None, 5, "text", [], [ENVELOPE], {}, True, 1.5)),
]
# What might be of another version, or of somebody else who uses the prefix.
STRANGE = [
    {"type": "unheard.of"},
    {"type": None},
    {"type": 5},
    {"type": events.TYPE},
    # Names of Channels' own: they must not be obeyed.
    {"type": "websocket.disconnect", "code": 1000},
    {"type": "websocket.close"},
    {"type": "websocket.receive", "text": "{}"},
    {"type": "websocket.send", "text": "{}"},
    {"type": "http.disconnect"},
    {"type": events.TYPE, "v": 2, "kind": "inbox", "frame": "notifications", "since": 0, "seq": 1},
    {"type": events.TYPE, "v": "1", "kind": "signed_out"},
    {"type": events.TYPE, "v": [], "kind": []},
    ENVELOPE,
    ENVELOPE | {"kind": "unheard of"},
    ENVELOPE | {"kind": None},
    ENVELOPE | {"kind": ["inbox"]},
    ENVELOPE | {"kind": "signed_out"},
    ENVELOPE | {"kind": "signed_out", "login": "somebody else's"},
    ENVELOPE | {"kind": "recheck", "more": 1},
    ENVELOPE | {"kind": "log"},
    ENVELOPE | {"kind": "log", "entries": 5},
    ENVELOPE | {"kind": "log", "entries": []},
    ENVELOPE | {"kind": "log", "entries": [5]},
    ENVELOPE | {"kind": "log", "entries": [[1, 2]]},
    ENVELOPE | {"kind": "log", "entries": [["x", "y", "new", {}]]},
    ENVELOPE | {"kind": "log", "entries": [[0, 1, "new", {}], [-1, 1, "new", {}]]},
    # Far ahead of the log: what it waits for never comes.
    ENVELOPE | {"kind": "log", "entries": [[10**12, 1, "new", {}]]},
    ENVELOPE | {"kind": "inbox"},
    ENVELOPE | {"kind": "inbox", "frame": "unheard of"},
    ENVELOPE | {"kind": "inbox", "frame": ["notifications"]},
    *(
        ENVELOPE | {"kind": "inbox", "frame": "notifications", "removed": []} | odd
        for odd in (
            {"since": 0, "seq": "much", "counters": COUNTERS, "items": []},
            {"since": None, "seq": 1, "counters": COUNTERS, "items": []},
            {"since": 0, "seq": 1, "counters": [], "items": 5},
            {"since": 0, "seq": 1, "counters": [1, 2, 3, 4], "items": []},
            {"since": 0, "seq": 1, "counters": COUNTERS, "items": None},
            {"since": 0, "seq": 1, "counters": COUNTERS, "items": [], "topics": 5},
            {"since": -5, "seq": -4, "counters": COUNTERS, "items": []},
        )
    ),
]


@pytest.mark.parametrize("where", ["user", "log"])
def test_nobody_is_harmed(patient_site, redis_server, many, ada, bob, where):
    """No heartbeat helps: what comes, comes as it happens."""
    hers, _, his = many.join(patient_site, [ada, ada, bob])
    inbox = Inbox.objects.get(user=ada)
    group = events.user_group(inbox.pk) if where == "user" else events.LOG_GROUP
    name = f"{settings.CHANNEL_LAYERS['default']['CONFIG']['prefix']}__group__{group}"
    with redis_server.client() as client:
        for number, payload in enumerate([*NOISE, *map(msgpack.packb, STRANGE)]):
            listeners = client.publish(name, payload)
            assert listeners == 1, "the web process hears it"
            if number % 10 == 0:
                notify([ada, bob], "message", title=f"Between {number}")
                broadcast("everyone", "message", title=f"All between {number}")
                relay()
    notify([ada, bob], "message", title="Afterwards")
    broadcast("everyone", "message", title="All afterwards")
    relay()
    many.wait_for(
        lambda: all({"Afterwards", "All afterwards"} <= m.titles() for m in many.members), "all"
    )
    for member in many.members:
        assert member.codes == []
        assert set(member.came) == {"notifications", "broadcast"}
        assert member.shows() == (hers if member is not his else his).shows()
    many.converge()


def test_a_change_from_far_ahead(patient_site, redis_server, many, ada):
    """What it waits for never comes; the database says so, and all goes on."""
    (hers,) = many.join(patient_site, [ada])
    inbox = Inbox.objects.get(user=ada)
    name = f"{settings.CHANNEL_LAYERS['default']['CONFIG']['prefix']}__group__user.{inbox.pk}"
    ahead = {"frame": "notifications", "since": 10**9, "seq": 10**9 + 1}
    empty = {"kind": "inbox", "counters": COUNTERS, "items": [], "removed": []}
    with redis_server.client() as client:
        assert client.publish(name, msgpack.packb(ENVELOPE | empty | ahead)) == 1
    many.wait_for(lambda: hers.came == ["sync"], "a look at the database")
    notify(ada, "message", title="Afterwards")
    relay()
    many.wait_for(lambda: "notifications" in hers.came, "the next one")
    assert hers.codes == []
    many.converge()
