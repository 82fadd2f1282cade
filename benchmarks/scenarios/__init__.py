"""What is measured. A scenario is a module here with `TITLE` and `run`, and a line below."""

from benchmarks.scenarios import (
    broadcast,
    bulk,
    connect,
    fan_out,
    latency,
    memory,
    one_by_one,
    personal,
    storm,
    tasks,
)

# In this order by default; by name on the command line.
SCENARIOS = {
    "fan-out": fan_out,
    "personal": personal,
    "connect": connect,
    "memory": memory,
    "tasks": tasks,
    "one-by-one": one_by_one,
    "bulk": bulk,
    "latency": latency,
    "storm": storm,
    # The last: it makes more people.
    "broadcast": broadcast,
}
