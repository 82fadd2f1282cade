"""CPU seconds and memory of processes and what they started (Linux)."""

import os
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
CPUCLOCK_SCHED = 2


def seconds(pids: dict[str, int]) -> dict[str, float]:
    """CPU seconds, user and system, that each of these processes and its descendants have used.

    Children that ended are in their parents' figures.
    """
    children: dict[int, list[int]] = {}
    ended: dict[int, int] = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            try:
                # The name, in brackets, may hold anything.
                stat = (folder / "stat").read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            pid = int(folder.name)
            children.setdefault(int(stat[1]), []).append(pid)
            ended[pid] = int(stat[13]) + int(stat[14])

    def of_tree(pid: int) -> float:
        own = of_process(pid) + ended.get(pid, 0) / TICKS
        return own + sum(of_tree(child) for child in children.get(pid, ()))

    return {name: of_tree(pid) for name, pid in pids.items()}


def of_process(pid: int) -> float:
    """CPU seconds of one process, all its threads; 0 if there is none.

    Its CPU-time clock (clock_getcpuclockid(3)), which counts nanoseconds where /proc/<pid>/stat
    has steps of 10 ms.
    """
    try:
        return time.clock_gettime(~pid << 3 | CPUCLOCK_SCHED)
    except OSError:
        return 0.0


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    lines = (PROC / str(pid) / "status").read_text().splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return int(kilobytes) * 1024
