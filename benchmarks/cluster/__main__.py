"""Run the measurements on a cluster that are named, or all: every module with a `main(rounds)`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil

import benchmarks.cluster


def main() -> None:
    """Find them and run them one after the other."""
    names = sorted(module.name for module in pkgutil.iter_modules(benchmarks.cluster.__path__))
    imported = {
        name: importlib.import_module(f"benchmarks.cluster.{name}")
        for name in names
        if not name.startswith("_")
    }
    found = {name: module for name, module in imported.items() if hasattr(module, "main")}
    parser = argparse.ArgumentParser(prog="make bench-cluster ARGS=…")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(found))
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each (default 5)")
    given = parser.parse_args()
    unknown = sorted(set(given.names) - set(found))
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(found)}")
    for name in given.names or found:
        print(f"\n== {name}: {(found[name].__doc__ or '').splitlines()[0]}", flush=True)
        found[name].main(given.rounds)


main()
