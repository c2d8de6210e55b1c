"""Run the benchmarks that are named, or all."""

import benchmarks
from benchmarks.choosing import run_chosen

run_chosen(benchmarks, "python -m benchmarks", rounds=7)
