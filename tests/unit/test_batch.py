"""Reads that share a call: what is missing, and whom a failure concerns."""

import asyncio

import pytest
from django.db import DataError, OperationalError

from notifications.live.batch import MicroBatch, Missing

pytestmark = pytest.mark.any_database


class Reader:
    """Reads numbers as texts; what is wrong with some of them is told by `errors`."""

    def __init__(self, **errors: Exception) -> None:
        self.errors = {int(key.removeprefix("k")): error for key, error in errors.items()}
        self.calls: list[list[int]] = []

    def __call__(self, keys: list[int]) -> dict[int, str]:
        self.calls.append(list(keys))
        for key in keys:
            if key in self.errors:
                raise self.errors[key]
        return {key: f"{key}" for key in keys if key < 1000}


def get_all(reader: Reader, keys: list[int], limit: int = 100) -> list[str | BaseException]:
    async def together() -> list[str | BaseException]:
        batch = MicroBatch(reader, limit)
        return await asyncio.gather(*map(batch.get, keys), return_exceptions=True)

    return asyncio.run(together())


def test_one_call_for_all_and_one_answer_for_each():
    reader = Reader()
    assert get_all(reader, [1, 2, 1, 3], limit=2) == ["1", "2", "1", "3"]
    assert reader.calls == [[1, 2], [3]]


def test_a_missing_key_is_no_bug_and_is_not_named():
    found, missing = get_all(Reader(), [1, 4711])
    assert found == "1"
    assert type(missing) is Missing
    assert "4711" not in repr(missing)
    (bug,) = get_all(Reader(k1=KeyError("column")), [1])
    assert type(bug) is KeyError


def test_a_poisonous_key_harms_no_other(caplog):
    reader = Reader(k3=DataError("out of range"), k5=KeyError("column"))
    answers = get_all(reader, [1, 2, 3, 4, 5, 1000])
    assert [answers[place] for place in (0, 1, 3)] == ["1", "2", "4"]
    assert [type(answers[place]) for place in (2, 4, 5)] == [DataError, KeyError, Missing]
    assert reader.calls == [[1, 2, 3, 4, 5, 1000], [1], [2], [3], [4], [5], [1000]]
    assert "out of range" not in caplog.text


def test_a_database_that_is_away_is_not_asked_again():
    reader = Reader(k2=OperationalError("away"))
    assert [type(answer) for answer in get_all(reader, [1, 2, 3])] == [OperationalError] * 3
    assert len(reader.calls) == 1


def test_nor_when_it_goes_away_meanwhile():
    reader = Reader(k1=DataError("out of range"), k3=OperationalError("away"))
    answers = get_all(reader, [1, 2, 3, 4])
    assert [type(answer) for answer in answers] == [DataError, str, *[OperationalError] * 2]
    assert reader.calls[-1] == [3]
