"""Work that a process does beside its tasks."""

import threading

import pytest
from celery.signals import worker_process_shutdown

from tests.support.waiting import wait_until
from workers.lingering import Lingering

# Seconds after which a wait in here has failed.
SOON = 10


class Work:
    """Runs until it is told to leave, or let go."""

    def __init__(self):
        self.runs = 0
        self.running = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, leave):
        self.runs += 1
        self.running.set()
        wait_until(lambda: leave.is_set() or self.let_go.is_set(), SOON)
        self.running.clear()


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def lingering(work):
    lingering = Lingering(work)
    yield lingering
    work.let_go.set()
    assert lingering.end(SOON)


def test_one_at_a_time(work, lingering):
    assert lingering.begin(0)
    assert work.running.wait(SOON)
    assert not lingering.begin(0)
    assert work.runs == 1


def test_the_next_waits_for_the_last(work, lingering):
    assert lingering.begin(0)
    assert work.running.wait(SOON)
    threading.Timer(0.05, work.let_go.set).start()
    assert lingering.begin(SOON)
    wait_until(lambda: work.runs == 2)


def test_ends_with_its_process(work, lingering):
    assert lingering.begin(0)
    assert work.running.wait(SOON)
    worker_process_shutdown.send(sender=None)
    assert not work.running.is_set()


def test_ends_when_there_is_nothing_to_do(work, lingering, monkeypatch):
    """And is there again when there is."""
    monkeypatch.setattr("workers.lingering.IDLE_SECONDS", 0.01)
    before = threading.active_count()
    work.let_go.set()
    for runs in (1, 2):
        assert lingering.begin(SOON)
        wait_until(lambda runs=runs: work.runs == runs)
        wait_until(lambda: threading.active_count() == before)


def test_begins_again_after_a_failure(caplog):
    def fail(leave):
        raise RuntimeError("no")

    lingering = Lingering(fail)
    assert lingering.begin(0)
    assert lingering.begin(SOON)
    assert lingering.end(SOON)
    assert [record.exc_info[1].args for record in caplog.records] == [("no",)] * 2
