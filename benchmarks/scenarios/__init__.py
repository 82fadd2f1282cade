"""What is measured. A scenario is a module here with `TITLE` and `run`, and a line below."""

from benchmarks.scenarios import (
    broadcast,
    browser_storm,
    bulk,
    connect,
    fan_out,
    inbox_million,
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

# Not by default: they take a stage of their own, and there is nothing to compare them with.
ALONE = {"inbox-million": inbox_million, "browser-storm": browser_storm}
