"""The one rule by which people are spared, and how it travels."""

import pytest

from notifications.wire.choices import Choices, Verdict

HEAR, QUIET, DROP = Verdict.HEAR, Verdict.QUIET, Verdict.DROP


@pytest.mark.parametrize(
    ("choices", "category", "thread", "verdict"),
    [
        (Choices(), "news", "t", HEAR),
        (Choices(off=frozenset({"news"})), "news", "", DROP),
        (Choices(off=frozenset({"news"})), "shop", "news", HEAR),
        (Choices(categories={"news": None}), "news", "", QUIET),
        (Choices(categories={"news": 101}), "news", "", QUIET),
        (Choices(categories={"news": 100}), "news", "", HEAR),
        (Choices(categories={"news": 99}, threads={"t": None}), "news", "t", QUIET),
        (Choices(threads={"t": None}), "news", "t", QUIET),
        (Choices(threads={"t": 100}), "news", "t", HEAR),
        (Choices(threads={"t": 101}), "news", "u", HEAR),
        # An empty thread is none, whatever is stored.
        (Choices(threads={"": None}), "news", "", HEAR),
        (Choices(off=frozenset({"news"}), categories={"news": None}), "news", "", DROP),
        (Choices(off=frozenset({"news"}), mandatory=frozenset({"news"})), "news", "t", HEAR),
        (Choices(threads={"t": None}, mandatory=frozenset({"news"})), "news", "t", HEAR),
    ],
)
def test_verdict(choices, category, thread, verdict):
    """At moment 100: a mute ends at its moment."""
    assert choices.verdict(category, thread, 100) is verdict


FULL = Choices(frozenset({"a", "b"}), {"c": None, "d": 2**41}, {"t": 7}, frozenset({"m"}), 5, 6)


def test_sent_and_read_is_the_same():
    assert Choices.read(FULL.sent()) == FULL


def test_stored_and_read_takes_what_is_mandatory_now():
    assert "mandatory" not in FULL.stored()
    assert Choices.read(FULL.stored(), {"m"}) == FULL
    assert Choices.read(FULL.stored(), {"n"}).mandatory == {"n"}


@pytest.mark.parametrize("stored", [None, {}, {"unknown": 1}])
def test_nothing_stored_is_nothing_chosen(stored):
    assert Choices.read(stored) == Choices()
