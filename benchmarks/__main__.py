"""Run the benchmarks that are named, or all: every module here that has a `main(rounds)`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil

import benchmarks


def main() -> None:
    """Find them and run them one after the other."""
    names = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__))
    found = {}
    for name in names:
        if name.startswith("_") or name == "timing":
            continue
        module = importlib.import_module(f"benchmarks.{name}")
        if hasattr(module, "main"):
            found[name] = module
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=benchmarks.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(found))
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each (default 7)")
    given = parser.parse_args()
    unknown = sorted(set(given.names) - set(found))
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(found)}")
    for name in given.names or found:
        print(f"\n== {name}: {(found[name].__doc__ or '').splitlines()[0]}", flush=True)
        found[name].main(given.rounds)


main()
