"""Opening sockets of signed-in people: what one costs the web process.

Until the handshake is done; with ours, until the first frame is there as well. The textbook has
cookies only.
"""

import json
from collections.abc import Iterator
from http.client import HTTPConnection

from benchmarks.rounds import Case, Figure, Measured, Plan, Wrong, in_turn, used
from benchmarks.stage import Side, Stage

TITLE = "authenticated connects: the web process's CPU per connect"
FIGURE = Figure("web CPU per connect", "us", scale=1e6, digits=0)
# handshakes at the same time
AT_ONCE = 50
FIRST = 50
# for a ticket, to see what one costs; and a CSRF token, which is good if cookie and header agree
REQUESTS, TOKEN = 100, "a" * 32


def run(stage: Stage, plan: Plan) -> Iterator[Case]:
    """With tickets and with cookies, against the textbook's cookies."""
    for how in ("ticket", "cookie"):
        yield in_turn(
            stage,
            Case(f"connect-{how}", f"{plan.connects:,} connects, {how}s", FIGURE, "connect", []),
            lambda side, number, warm_up, how=how: measure(
                stage, side, plan.connects // 10 if warm_up else plan.connects, how == "ticket"
            ),
            plan.rounds,
        )


def measure(stage: Stage, side: Side, count: int, with_ticket: bool) -> Measured:
    """One round of one side."""
    stage.drop(side)
    # The first ones start threads and open database connections.
    stage.connect(side, min(FIRST, count))
    stage.drop(side)
    tickets = stage.tickets(side, count) if with_ticket else None
    before = stage.cpu(side)
    opened = stage.open(side, count, at_once=AT_ONCE, tickets=tickets)
    cpu = used(before, stage.cpu(side))
    notes = {"connects/s": count / opened["seconds"]}
    if tickets:
        notes["CPU us of the ticket's request"] = ticket_request(stage, side) * 1e6
    return Measured(cpu["web"] / count, count, opened["seconds"], cpu, notes)


def ticket_request(stage: Stage, side: Side) -> float:
    """CPU seconds that the web process takes to answer the request for a ticket."""
    connection = HTTPConnection("127.0.0.1", side.port)

    def fetch(keys: list[str]) -> None:
        for key in keys:
            cookies = f"sessionid={key}; csrftoken={TOKEN}"
            headers = {"Cookie": cookies, "X-CSRFToken": TOKEN}
            connection.request("POST", "/api/v1/ticket", headers=headers)
            answer = connection.getresponse()
            if "ticket" not in json.loads(answer.read()):
                raise Wrong(f"no ticket: {answer.status}")

    # The first request loads what all others find loaded.
    fetch(side.keys[:1])
    stage.quiet(side)
    keys = side.keys[:REQUESTS]
    before = stage.cpu(side)["web"]
    fetch(keys)
    return (stage.cpu(side)["web"] - before) / len(keys)
