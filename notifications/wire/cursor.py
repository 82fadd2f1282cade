"""Where a client is: `epoch.seq.position`."""

from dataclasses import dataclass

# Numbers stay exact in JavaScript below this.
NUMBER_LIMIT = 2**53


@dataclass(frozen=True)
class Cursor:
    """All of an inbox up to `seq` and of the log up to `position`, in database `epoch`."""

    epoch: str
    seq: int
    position: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.seq}.{self.position}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """The cursor that `text` spells. Raises `ValueError`."""
        epoch, seq, position = text.split(".")
        if not (epoch.isascii() and epoch.isalnum() and len(epoch) <= 16):
            raise ValueError("epoch")
        return cls(epoch, number(seq), number(position))


def number(text: str) -> int:
    """A counter from its digits. Raises `ValueError` unless 0 <= n < 2**53."""
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise ValueError(text[:20])
    value = int(text)
    if value >= NUMBER_LIMIT:
        raise ValueError(text)
    return value
