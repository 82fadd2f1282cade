"""A worker forks processes that publish: every event arrives, no connection is shared."""

import threading
from collections import Counter, defaultdict

import pytest
from celery import current_app
from django.conf import settings

from notifications import notify
from tests.acceptance.test_redelivery import children
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.promise_2, pytest.mark.any_database]

CHILDREN = 3
TASKS = 60
# What the parent publishes before it forks.
BEFORE = 3
GROUP = f"{settings.CHANNEL_LAYERS['default']['CONFIG']['prefix']}__group__fleet"


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


@pytest.fixture
def fleet(processes):
    """Starts a worker of several processes; its parent publishes first."""

    def start():
        line = processes.lines["worker"].replace("-A workers", "-A tests.acceptance.forking_fleet")
        worker = processes.start("worker", line, WORKER_CONCURRENCY=str(CHILDREN))
        worker.wait_for(lambda: " ready." in worker.output(), "readiness")
        return worker

    return start


def test_each_process_has_connections_of_its_own(fleet, redis_server):
    with redis_server.client() as client, client.pubsub() as listener:
        listener.subscribe(GROUP)
        heard = []

        def all_heard():
            while message := listener.get_message(ignore_subscribe_messages=True):
                heard.append(message["data"])
            return len(heard) == BEFORE + TASKS

        with Publishers(redis_server) as publishers:
            worker = fleet()
            for number in range(TASKS):
                current_app.send_task("tests.publish", [number])
            wait_until(all_heard, 20)
            pids = {worker.pid, *children(worker)}
    names = {f"{GROUP}.{pid}" for pid in pids}
    assert names == set(publishers.published) - {GROUP}, "all of the fleet published"
    assert publishers.published[GROUP] == BEFORE + TASKS
    for port, used in publishers.names_of.items():
        assert len(used - {GROUP}) == 1, f"port {port} is one process's"
    assert len(set(heard)) == len(heard)


def test_what_a_fleet_relays_comes_live(fleet, patient_site, many, crowd):
    """No heartbeat helps: each event has to arrive."""
    people = crowd(9)
    fleet()
    many.join(patient_site, people)
    for number in range(TASKS):
        notify(people, "message", title=f"In a task {number}")
        args = [[person.pk for person in people], "message"]
        current_app.send_task("notifications.notify", args, {"title": f"By a task {number}"})
    wanted = Counter(f"{how} a task {number}" for number in range(TASKS) for how in ("In", "By"))
    many.wait_for(lambda: all(member.titles() == set(wanted) for member in many.members), "all", 20)
    for member in many.members:
        assert set(member.came) == {"notifications"}
        assert Counter(i["title"] for f in member.frames for i in f.get("items", ())) == wanted
