"""Run the measurements of a package that are named, or all: every module with a `main(rounds)`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from types import ModuleType


def run_chosen(package: ModuleType, prog: str, rounds: int) -> None:
    """Read the command line, and run what it names one after the other.

    Args:
        package: Where the modules are.
        prog: What was typed.
        rounds: How often each is measured where the command line does not say.
    """
    names = sorted(
        each.name for each in pkgutil.iter_modules(package.__path__) if each.name[0] != "_"
    )
    modules = {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}
    found = {name: module for name, module in modules.items() if hasattr(module, "main")}
    parser = argparse.ArgumentParser(prog=prog, description=package.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(found))
    parser.add_argument(
        "--rounds", type=int, default=rounds, help=f"rounds of each (default {rounds})"
    )
    given = parser.parse_args()
    unknown = sorted(set(given.names) - set(found))
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(found)}")
    for name in given.names or found:
        print(f"\n== {name}: {(found[name].__doc__ or '').splitlines()[0]}", flush=True)
        found[name].main(given.rounds)
