"""Which room knows which, and where a library is at home, from the rules that hold it."""

from __future__ import annotations

from configparser import ConfigParser

from fromcode.files import ROOT
from fromcode.tables import code, table

_LINE = "importlinter:contract:"
_SHOWN = {"(facade)": "`__init__`"}


def rooms() -> str:
    """Write the table of rooms: what each may know of ours, and the libraries that only it may."""
    rules = ConfigParser()
    rules.read(ROOT / ".importlinter", "utf-8")
    known = _table(rules, "rooms")
    libraries: dict[str, list[str]] = {room: [] for room in known}
    for library, places in _table(rules, "only_here").items():
        for place in places:
            room, _, module = place.partition(".")
            within = f" (in {code(module)})" if module else ""
            libraries[room].append(library + within)
    for room, closed in _table(rules, "core").items():
        libraries[room] = [*closed, "and nothing else"]
    return table(
        ["room", "may know of ours", "its libraries"],
        [
            [_shown(room), ", ".join(map(_shown, known[room])) or "nothing", ", ".join(its)]
            for room, its in libraries.items()
        ],
    )


def _table(rules: ConfigParser, contract: str) -> dict[str, list[str]]:
    lines = rules[_LINE + contract]["table"].strip().splitlines()
    return {name.strip(): said.split() for name, _, said in (line.partition(":") for line in lines)}


def _shown(room: str) -> str:
    return _SHOWN.get(room, code(room))
