"""Processes that broadcast at the same time, each with its own connections.

`python -m tests.acceptance.loud_callers COUNT SECONDS SEED TOPIC...` writes how often each did.
"""

import json
import multiprocessing
import random
import sys
import time
from functools import partial
from importlib import import_module
from multiprocessing.synchronize import Barrier

import django

# Seconds between two broadcasts of a process, on average.
PAUSE = 0.1


def call(
    number: int, *, seconds: float, seed: int, topics: list[str], ready: Barrier, said: list[int]
) -> None:
    """Broadcast to one topic after the other; put down how often."""
    from notifications import broadcast

    chance = random.Random(f"{seed} {number}")
    ready.wait()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        broadcast(chance.choice(topics), "message", title=f"Caller {number}: {said[number]}")
        said[number] += 1
        time.sleep(chance.uniform(0, 2 * PAUSE))


def main(count: int, seconds: float, seed: int, topics: list[str]) -> None:
    """Start the processes, all from one that has no connection yet."""
    django.setup()
    # Whatever a first broadcast imports, imported once.
    import_module("notifications.services.broadcast")
    import_module("kombu.transport.redis")
    import_module("psycopg_pool")
    context = multiprocessing.get_context("fork")
    said = context.Array("l", count)
    job = partial(
        call,
        seconds=seconds,
        seed=seed,
        topics=topics,
        ready=context.Barrier(count),
        said=said,
    )
    processes = [context.Process(target=job, args=(number,)) for number in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        sys.exit("A caller failed.")
    sys.stdout.write(json.dumps(list(said)))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
