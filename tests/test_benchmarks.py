"""`make bench` works: both sides run, every round counts, ratios are printed. No speeds."""

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

from benchmarks.scenarios import SCENARIOS


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_short_form_prints_ratios(scenario):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", scenario],
        cwd=settings.BASE_DIR,
        env=os.environ | {"SCALE": "small", "DATABASE": "sqlite"},
        text=True,
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # A comparison each: to everybody and to one person; against both ways of the textbook.
    assert len(re.findall(r"median ratio \d+\.\d\d", done.stdout)) == 2, done.stdout
    assert "load generator: counts" in done.stdout


def test_unknown_scenario_is_refused():
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
