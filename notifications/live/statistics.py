"""Counts of one process's sockets."""

from dataclasses import dataclass


@dataclass(slots=True)
class Statistics:
    """`sockets`: open now. `refused`: handshakes answered with 503 since the process began."""

    sockets: int = 0
    refused: int = 0


statistics = Statistics()
