"""What a test claims, and how a failure reads."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from notifications.testing.sending import Expected, Sending

# Sendings that a failure lists; the others are counted.
LISTED = 20


@dataclass(frozen=True)
class Claim:
    """That somebody or something was notified, told, updated so often, with these fields."""

    subject: str
    verb: str
    times: int | None = None
    language: str | None = None
    expected: Expected = field(default_factory=Expected)

    def problem(self, candidates: Iterable[Sending]) -> str:
        """What is wrong with the claim, given what was said to its subject; empty if it holds."""
        count = sum(not self._differences(sending) for sending in candidates)
        if count == self.times or (self.times is None and count):
            return ""
        fields = ", ".join(f"{name}={value!r}" for name, value in self.expected.items())
        like = f" with {fields}" if fields else ""
        if not count:
            return f"{self.subject} {self.verb.replace('was', 'was not', 1)}{like}."
        return f"{self.subject} {self.verb}{like} {_times(count)}, not {_times(self.times or 0)}."

    def compared(self, everything: list[Sending], candidates: list[Sending]) -> str:
        """What was said, with what is different about the candidates."""
        return listing(
            everything,
            {
                number: self._differences(sending)
                for number, sending in enumerate(everything)
                if sending in candidates
            },
        )

    def _differences(self, sending: Sending) -> list[str]:
        return sending.differences(self.expected, self.language)


def listing(said: list[Sending], differences: dict[int, list[str]] | None = None) -> str:
    """Lines that list what was said, each with what is different about it."""
    if not said:
        return "Nothing was sent."
    lines = ["Sent was:"]
    for number, sending in enumerate(said[:LISTED]):
        lines.append(f"  {number + 1}. {sending}")
        lines += [f"     {difference}" for difference in (differences or {}).get(number, [])]
    if len(said) > LISTED:
        lines.append(f"  and {len(said) - LISTED} more")
    return "\n".join(lines)


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
