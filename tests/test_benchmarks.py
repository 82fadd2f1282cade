"""`make bench` works: all sides run, every round counts, figures are printed. No speeds."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.conf import settings

from benchmarks.scenarios import SCENARIOS

# One run for all: most of its time is the start of both sides' processes.
CASES = {
    "fan-out": 2,  # in bursts and paced
    "personal": 1,
    "connect": 2,  # with tickets and with cookies
    "memory": 1,
    "tasks": 1,
    "one-by-one": 2,  # from one process and from two
    "bulk": 2,  # against both ways of the textbook
    "latency": 1,
    "storm": 1,
    "broadcast": 2,  # to some and to many
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def printed(results: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--results", str(results)],
        cwd=settings.BASE_DIR,
        env=os.environ | {"SCALE": "small", "DATABASE": "sqlite"},
        text=True,
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_scenario_prints_its_ratios(printed: str, scenario: str) -> None:
    [section] = re.findall(rf"(?ms)^{scenario}: .*?(?=^\S|\Z)", printed)
    ratios = re.findall(r"median ratio \d+\.\d\d textbook/clarion", section)
    assert len(ratios) == CASES[scenario], section


def test_the_end_says_what_was_wanted_and_how_busy_the_clients_were(printed: str) -> None:
    assert re.search(r"\| memory per idle authenticated socket \| <= 24 KB .* \|", printed)
    assert re.search(r"\| memory: 50 sockets \| .* \| \*\*\d.*\*\* ", printed)
    assert re.search(r"load generator.*\n +clarion +\d+%", printed)


def test_plots_are_pictures(printed: str, results: Path) -> None:
    drawn = sorted(path.name for path in results.glob("*.svg"))
    assert drawn == [
        "fan-out-burst-sqlite.svg",
        "fan-out-paced-sqlite.svg",
        "latency-50-sqlite.svg",
        "ratios-sqlite.svg",
    ]
    for path in results.glob("*.svg"):
        assert ET.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_unknown_scenario_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nonsense"],
        cwd=settings.BASE_DIR,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "one-by-one" in done.stderr
