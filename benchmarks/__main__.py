"""`python -m benchmarks [SCENARIO ...]`, which is what `make bench` runs.

Environment: SCALE=small for a run of seconds that shows that everything works; DATABASE=postgresql
for the PostgreSQL of the pgserver wheel instead of SQLite.
"""

import argparse
import json
import os
import signal
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks import plots, report, wanted
from benchmarks.remote import RemoteFailed
from benchmarks.rounds import PLANS, Case, Wrong
from benchmarks.scenarios import ALONE, SCENARIOS
from benchmarks.stage import ROOT, Stage

DATABASES = ("sqlite", "postgresql")
# Where plots go, and figures as JSON. git ignores it.
RESULTS = ROOT / ".clarion" / "benchmarks"


def main() -> int:
    """Run the scenarios asked for; the exit code, 1 if something was wrong."""
    parser, options, chosen = _options()
    database = os.environ.get("DATABASE", "sqlite")
    scale = os.environ.get("SCALE", "full")
    if database not in DATABASES:
        parser.error(f"DATABASE must be one of {', '.join(DATABASES)}")
    if scale not in PLANS:
        parser.error(f"SCALE must be one of {', '.join(PLANS)}")
    sys.stdout.reconfigure(line_buffering=True)
    # So that whoever ends a run early leaves no processes behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if chosen[0] in ALONE:
        return ALONE[chosen[0]].run(scale)
    plan = PLANS[scale]
    if options.rounds:
        plan = replace(
            plan,
            rounds=min(plan.rounds, options.rounds),
            long_rounds=min(plan.long_rounds, options.rounds),
        )

    began = time.monotonic()
    cases: list[Case] = []
    with Stage(database) as stage:
        report.machine(stage)
        try:
            stage.people(plan.people)
            for name in chosen:
                scenario = SCENARIOS[name]
                print(f"\n{name}: {scenario.TITLE}")
                for case in scenario.run(stage, plan):
                    report.case(case)
                    cases.append(case)
        except (Wrong, RemoteFailed) as error:
            print(f"\n{error}\n{stage.logs()}", file=sys.stderr)
            return 1
    report.generator(cases)
    print("\nfor docs/benchmarks.md:\n")
    print("\n".join(report.markdown(cases)))
    print()
    for path in plots.draw(cases, options.results, database):
        print(f"drawn: {path}")
    figures = options.results / f"figures-{database}.json"
    figures.write_text(json.dumps([asdict(case) for case in cases], indent=1))
    print(f"all figures: {figures}")
    if table := wanted.table(cases, database):
        noted = " (SCALE=small shows that everything works; its figures mean nothing)"
        print(f"\nwanted beside seen{noted if scale == 'small' else ''}:\n")
        print("\n".join(table))
    print(f"\n{report.load_average()}; took {time.monotonic() - began:.0f} s")
    return 0


def _options() -> tuple[argparse.ArgumentParser, argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser("make bench")
    parser.add_argument(
        "scenario",
        nargs="*",
        help=f"of {', '.join(SCENARIOS)} (default: all) or {', '.join(ALONE)}",
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the plots")
    parser.add_argument("--rounds", type=int, help="at most so many of each case")
    options = parser.parse_args()
    chosen = options.scenario or list(SCENARIOS)
    known = {**SCENARIOS, **ALONE}
    if unknown := sorted(set(chosen) - known.keys()):
        parser.error(f"no such scenario: {', '.join(unknown)} (of {', '.join(known)})")
    if len(chosen) > 1 and (alone := [name for name in chosen if name in ALONE]):
        parser.error(f"{alone[0]} runs by itself")
    return parser, options, chosen


if __name__ == "__main__":
    sys.exit(main())
