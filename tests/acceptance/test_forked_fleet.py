"""A worker forks processes that publish: every event arrives, no connection is shared."""

import threading
from collections import Counter, defaultdict

import pytest
from celery import current_app
from channels.layers import get_channel_layer
from django.conf import settings

from notifications import notify
from notifications.models import Inbox
from tests.acceptance.test_redelivery import children
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.promise_2, pytest.mark.any_database]

CHILDREN = 3
TASKS = 60
# What the parent publishes before it forks.
BEFORE = 3
PREFIX = settings.CHANNEL_LAYERS["default"]["CONFIG"]["prefix"]
GROUP = f"{PREFIX}__group__fleet"


class Publishers:
    """Which connections published under which names, as the server sees it."""

    def __init__(self, server):
        self.names_of = defaultdict(set)
        self.published = Counter()
        self._server = server
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def _listen(self):
        with self._server.client() as client, client.monitor() as monitor:
            self._listening.set()
            for command in monitor.listen():
                words = command["command"].split()
                if words[0] == "PUBLISH" and words[1].startswith(GROUP):
                    if words[1] == f"{GROUP}.end":
                        return
                    self.names_of[command["client_port"]].add(words[1])
                    self.published[words[1]] += 1

    def __enter__(self):
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def __exit__(self, *exc):
        with self._server.client() as client:
            client.publish(f"{GROUP}.end", "")
        self._thread.join()


@pytest.fixture(scope="module")
def _fleet(_module_processes, _redis_process):
    with Publishers(_redis_process) as publishers:
        lines = _module_processes.lines
        command = lines["worker"].replace("-A workers", "-A tests.acceptance.forking_fleet")
        worker = _module_processes.start("fleet", command, WORKER_CONCURRENCY=str(CHILDREN))
        worker.wait_for(lambda: " ready." in worker.output(), "readiness")
        yield worker, publishers


@pytest.fixture
def fleet(_fleet, transactional_db, redis_server):
    """A worker of several processes, whose parent has published before; and who publishes what."""
    return _fleet


def test_each_process_has_connections_of_its_own(fleet, redis_server):
    worker, publishers = fleet
    with redis_server.client() as client, client.pubsub() as listener:
        listener.subscribe(GROUP)
        wait_until(listener.get_message)
        heard = []

        def all_heard():
            while message := listener.get_message():
                heard.append(message["data"])
            return len(heard) == TASKS

        for number in range(TASKS):
            current_app.send_task("tests.publish", [number])
        wait_until(all_heard)
    assert len(set(heard)) == TASKS
    wait_until(lambda: publishers.published[GROUP] == BEFORE + TASKS)
    names = {f"{GROUP}.{pid}" for pid in (worker.pid, *children(worker))}
    assert names == set(publishers.published) - {GROUP}, "all of the fleet published"
    for port, used in publishers.names_of.items():
        assert len(used - {GROUP}) == 1, f"port {port} is one process's"


def test_what_a_fleet_relays_comes_live(fleet, patient_site, many, crowd, redis_server):
    """No heartbeat helps: each event has to arrive. Late, it may come as a page, but once."""
    people = crowd(9)
    many.join(patient_site, people)
    with redis_server.client() as client, client.pubsub() as listener:
        for inbox in Inbox.objects.filter(user__in=people):
            listener.subscribe(f"{PREFIX}__group__user.{inbox.pk}")
        for number in range(TASKS):
            notify(people, "message", title=f"In a task {number}")
            args = [[person.pk for person in people], "message"]
            title = f"By a task {number}"
            current_app.send_task("notifications.notify", args, {"title": title})
        says = Counter(f"{how} a task {number}" for number in range(TASKS) for how in ("In", "By"))
        many.wait_for(lambda: all(m.titles() == set(says) for m in many.members), "all", 20)
        steps = defaultdict(list)
        wait_until(lambda: covered(listener, steps) == len(people) * 2 * TASKS, what=steps)
    for member in many.members:
        assert set(member.came) <= {"notifications", "sync"}
        assert Counter(i["title"] for f in member.frames for i in f.get("items", ())) == says


def covered(listener, steps):
    """How many seqs of all inboxes have been published up to here, without a gap."""
    while message := listener.get_message():
        if message["type"] == "message":
            event = get_channel_layer().deserialize(message["data"])
            steps[message["channel"]].append((event["since"], event["seq"]))
    total = 0
    for pairs in steps.values():
        reached = 0
        for since, seq in sorted(pairs):
            # A batch too large for an event says only where it ends.
            reached = seq if since in (reached, seq) else reached
        total += reached
    return total
