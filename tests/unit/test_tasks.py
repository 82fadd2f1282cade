"""Tasks that say something outlast a database that is away for long."""

import itertools

import pytest
from django.db import IntegrityError

import workers.broadcasts
import workers.notify
from workers.celery import PASSING

# Beyond any number of retries that a default would stop at.
FAILURES = 30

TASKS = [
    (workers.notify, "notify_keys", workers.notify.notify, ([1], "message")),
    (workers.broadcasts, "broadcast_to", workers.broadcasts.broadcast, ("everyone", "message")),
]


@pytest.mark.promise_1
@pytest.mark.parametrize(("module", "service", "task", "arguments"), TASKS)
def test_retried_until_the_database_is_back(module, service, task, arguments, monkeypatch):
    failures = itertools.islice(itertools.cycle(PASSING), FAILURES)
    keys = []

    def say(*_: object, **fields: object) -> None:
        keys.append(fields["idempotency_key"])
        for failure in failures:
            raise failure("away")

    monkeypatch.setattr(module, service, say)
    task.apply(arguments, {"title": "T"})
    # All of them under one key: whichever did commit is the only one.
    assert (len(keys), len(set(keys))) == (FAILURES + 1, 1)


@pytest.mark.parametrize(("module", "service", "task", "arguments"), TASKS)
def test_what_does_not_pass_is_not_retried(module, service, task, arguments, monkeypatch):
    calls = []

    def say(*_: object, **__: object) -> None:
        calls.append(1)
        raise IntegrityError

    monkeypatch.setattr(module, service, say)
    with pytest.raises(IntegrityError):
        task.apply(arguments, {"title": "T"}, throw=True)
    assert calls == [1]


@pytest.mark.parametrize(("module", "service", "task", "arguments"), TASKS)
def test_called_as_a_function_it_has_no_key(module, service, task, arguments, monkeypatch):
    """Two calls with different texts would be in conflict under one."""
    calls = []
    monkeypatch.setattr(module, service, lambda *_, **fields: calls.append(fields))
    task(*arguments, title="T")
    assert calls == [{"title": "T"}]
