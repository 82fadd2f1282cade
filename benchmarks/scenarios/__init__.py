"""What is measured. A scenario is a module here with `TITLE` and `run`, and a line below."""

from benchmarks.scenarios import bulk, one_by_one

# In this order by default; by name on the command line.
SCENARIOS = {"one-by-one": one_by_one, "bulk": bulk}
