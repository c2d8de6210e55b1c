"""Run the measurements on a cluster that are named, or all."""

import benchmarks.cluster
from benchmarks.choosing import run_chosen

run_chosen(benchmarks.cluster, "make bench-cluster ARGS=…", rounds=5)
