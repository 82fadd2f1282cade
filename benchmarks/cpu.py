"""CPU seconds of processes and what they started, from /proc."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def available() -> bool:
    """Whether this system tells (Linux does)."""
    return (PROC / "self" / "stat").exists()


def seconds(pids: dict[str, int]) -> dict[str, float]:
    """CPU seconds, user and system, that each of these processes and its descendants have used.

    Children that ended are in their parents' figures.
    """
    children: dict[int, list[int]] = {}
    used: dict[int, int] = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            try:
                # The name, in brackets, may hold anything.
                stat = (folder / "stat").read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            pid = int(folder.name)
            children.setdefault(int(stat[1]), []).append(pid)
            used[pid] = sum(map(int, stat[11:15]))

    def of_tree(pid: int) -> int:
        return used.get(pid, 0) + sum(of_tree(child) for child in children.get(pid, ()))

    return {name: of_tree(pid) / TICKS for name, pid in pids.items()}
