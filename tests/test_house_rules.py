"""The contracts say no where they should: a rule that never fails holds nothing."""

import pytest
from grimp import ImportGraph

from tests.house_rules import (
    HouseContract,
    NoCirclesContract,
    OnlyHereContract,
    OnlyTheseContract,
    RoomsContract,
    parse_table,
)

ROOMS = [
    "core:",
    "store: core",
    "server: core service.config",
    "service: store (facade)",
    "hub: core",
]


def graph_of(*imports: str) -> ImportGraph:
    """Make a graph from lines `importer -> imported`, both without the package's name."""
    graph = ImportGraph()
    for module in ("", ".core", ".store", ".server", ".service", ".hub"):
        graph.add_module(f"jupyter_challenge{module}")
    for line in imports:
        importer, _, imported = (
            f"jupyter_challenge.{part[1:]}" if part.startswith(".") else part
            for part in line.partition(" -> ")
        )
        for module in (importer, imported):
            room = ".".join(module.split(".")[:2])
            for name in {room, module} - graph.modules:
                graph.add_module(name)
        graph.add_import(importer=importer, imported=imported, line_number=1, line_contents=line)
    return graph


@pytest.mark.parametrize(
    ("contract", "table", "line", "is_kept"),
    [
        pytest.param(RoomsContract, ROOMS, ".store.orm -> .core.models", True, id="allowed"),
        pytest.param(RoomsContract, ROOMS, ".core.models -> .store.orm", False, id="upwards"),
        pytest.param(RoomsContract, ROOMS, ".core.models -> .core.errors", True, id="own-room"),
        pytest.param(RoomsContract, ROOMS, ".server.x -> .service.config", True, id="one-module"),
        pytest.param(RoomsContract, ROOMS, ".server.x -> .service.app", False, id="its-sibling"),
        pytest.param(RoomsContract, ROOMS, ".service.x -> jupyter_challenge", True, id="facade"),
        pytest.param(RoomsContract, ROOMS, ".core.x -> jupyter_challenge", False, id="no-facade"),
        pytest.param(RoomsContract, ROOMS, ".attic.x -> .attic.y", False, id="unknown-room"),
        pytest.param(OnlyHereContract, ["kfp: engines"], ".engines.kfp -> kfp", True, id="here"),
        pytest.param(OnlyHereContract, ["kfp: engines"], ".service.x -> kfp", False, id="there"),
        pytest.param(OnlyTheseContract, ["core: numpy"], ".core.x -> numpy", True, id="listed"),
        pytest.param(OnlyTheseContract, ["core: numpy"], ".core.x -> json", True, id="standard"),
        pytest.param(
            OnlyTheseContract, ["core: numpy"], ".core.x -> torch", False, id="not-listed"
        ),
        pytest.param(OnlyTheseContract, ["core: numpy"], ".hub.x -> torch", True, id="open-room"),
        pytest.param(NoCirclesContract, [], ".core.x -> .core.y", True, id="one-way"),
    ],
)
def test_contract(
    contract: type[HouseContract], table: list[str], line: str, is_kept: bool
) -> None:
    checked = contract("a name", {}, {"name": "a name", "type": "x", "table": table})

    complaints = list(checked.complaints(graph_of(line), parse_table(table)))

    assert (complaints == []) is is_kept, complaints


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        pytest.param([".core.x -> .core.y", ".core.y -> .core.x"], {"x", "y"}, id="two"),
        pytest.param(
            [".core.x -> .core.y", ".core.y -> .core.z", ".core.z -> .core.x", ".cli.a -> .core.x"],
            {"x", "y", "z"},
            id="three-and-one-beside",
        ),
        pytest.param(
            [".core.x -> .core.y", ".core.y -> .core.z", ".core.x -> .core.z"], set(), id="none"
        ),
        pytest.param(
            ["jupyter_challenge -> .core.x", ".core.x -> jupyter_challenge"], set(), id="facade"
        ),
    ],
)
def test_circles(lines: list[str], found: set[str]) -> None:
    checked = NoCirclesContract("a name", {}, {"name": "a name", "type": "x"})

    complaints = checked.complaints(graph_of(*lines), {})

    assert {line.split(" ")[0].rpartition(".")[2] for line in complaints} == found
