"""Four kinds of contract for import-linter that read like the table of rooms in the documentation.

`rooms` says which of our rooms a room may import, `only_here` which rooms may import a library,
`only_these` which libraries a closed room may import at all, `no_circles` that no modules know each
other, be it for their types alone. All look at direct imports. A room
that is in the package but not in the table breaks the contract, so nobody adds one without saying
what it may know; so does a line for a room that is not there, since the documentation shows it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

PACKAGE = "jupyter_challenge"
FACADE = "(facade)"  # the package's own __init__


def room_of(module: str) -> str:
    """Return the room that a module of ours belongs to: the part after the package's name."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else FACADE


def parse_table(lines: list[str]) -> dict[str, list[str]]:
    """Read lines `name: entry entry …` into a dictionary."""
    table = {}
    for line in lines:
        name, _, entries = line.partition(":")
        table[name.strip()] = entries.split()
    return table


def our_imports(graph: ImportGraph) -> Iterator[tuple[str, str]]:
    """Yield every direct import (importer, imported) of a module of ours."""
    for importer in sorted(graph.modules):
        if importer == PACKAGE or importer.startswith(f"{PACKAGE}."):
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                yield importer, imported


def is_within(module: str, allowed: list[str]) -> bool:
    """Say whether a module is one of the allowed ones or inside one of them."""
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


class HouseContract(Contract):  # type: ignore[misc]
    """A contract with a `table` of lines and a list of what breaks it."""

    table = fields.ListField(subfield=fields.StringField())

    def complaints(self, graph: ImportGraph, table: dict[str, list[str]]) -> Iterator[str]:
        """Yield one sentence for each violation."""
        raise NotImplementedError

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Check the graph; import-linter calls this."""
        found = list(self.complaints(graph, parse_table(self.table)))
        return ContractCheck(kept=not found, metadata={"complaints": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print the violations; import-linter calls this."""
        for complaint in check.metadata["complaints"]:
            output.print_error(f"- {complaint}", bold=False)
        output.new_line()

    @staticmethod
    def lines(graph: ImportGraph, importer: str, imported: str) -> str:
        """Return the line numbers of an import, for people."""
        details: list[Any] = graph.get_import_details(importer=importer, imported=imported)
        return ", ".join(f"l. {detail['line_number']}" for detail in details)


class RoomsContract(HouseContract):
    """Each room imports only the rooms (or modules of rooms) that its line names."""

    type_name = "rooms"

    def complaints(self, graph: ImportGraph, table: dict[str, list[str]]) -> Iterator[str]:
        """Yield rooms without a line, lines without a room, and imports that no line allows."""
        children = graph.find_children(PACKAGE)
        for room in sorted({room_of(module) for module in children} - set(table)):
            yield f"{room} has no line in the table"
        for room in sorted(set(table) - {room_of(module) for module in children} - {FACADE}):
            yield f"{room} has a line in the table and is no room"
        for importer, imported in our_imports(graph):
            if imported.split(".")[0] != PACKAGE:
                continue
            room, other = room_of(importer), room_of(imported)
            if room == other or room not in table:
                continue
            if other == FACADE and FACADE in table[room]:
                continue
            if other == FACADE:
                where = self.lines(graph, importer, imported)
                yield f"{importer} -> {imported}, or a module that does not exist ({where})"
            elif not is_within(imported.removeprefix(f"{PACKAGE}."), table[room]):
                yield f"{importer} -> {imported} ({self.lines(graph, importer, imported)})"


class OnlyHereContract(HouseContract):
    """Each library is imported only in the rooms (or modules of rooms) that its line names."""

    type_name = "only_here"

    def complaints(self, graph: ImportGraph, table: dict[str, list[str]]) -> Iterator[str]:
        """Yield imports of a library outside its rooms."""
        for importer, imported in our_imports(graph):
            rooms = table.get(imported.split(".")[0])
            if rooms is None:
                continue
            if not is_within(importer.removeprefix(f"{PACKAGE}."), rooms):
                yield f"{importer} -> {imported} ({self.lines(graph, importer, imported)})"


class OnlyTheseContract(HouseContract):
    """A room in the table imports no library but the standard one and those of its line."""

    type_name = "only_these"

    def complaints(self, graph: ImportGraph, table: dict[str, list[str]]) -> Iterator[str]:
        """Yield imports of libraries that a closed room does not list."""
        for importer, imported in our_imports(graph):
            library = imported.split(".")[0]
            allowed = table.get(room_of(importer))
            if allowed is None or library == PACKAGE or library in sys.stdlib_module_names:
                continue
            if library not in allowed:
                yield f"{importer} -> {imported} ({self.lines(graph, importer, imported)})"


class NoCirclesContract(HouseContract):
    """No modules of ours import each other in a circle, not even for types or inside functions.

    The package's own __init__ is left out: it gives names of every room lazily.
    """

    type_name = "no_circles"
    table = fields.ListField(subfield=fields.StringField(), required=False, default=[])

    def complaints(self, graph: ImportGraph, table: dict[str, list[str]]) -> Iterator[str]:
        """Yield each circle, by the modules that are in it."""
        ours: dict[str, set[str]] = {}
        for importer, imported in our_imports(graph):
            if PACKAGE not in {importer, imported} and imported.split(".")[0] == PACKAGE:
                ours.setdefault(importer, set()).add(imported)
        # Who is imported by nobody that is left is in no circle, and neither is who imports nobody.
        while True:
            imported_by_some = set().union(*ours.values()) if ours else set()
            left = {
                importer: {one for one in known if one in ours}
                for importer, known in ours.items()
                if importer in imported_by_some
            }
            left = {importer: known for importer, known in left.items() if known}
            if left == ours:
                break
            ours = left
        for importer in sorted(ours):
            for imported in sorted(ours[importer]):
                yield f"{importer} -> {imported} ({self.lines(graph, importer, imported)})"
