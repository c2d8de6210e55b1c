"""Services for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service.world import World


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Make services on data folders of their own."""
    made: list[World] = []

    def make(**options: Any) -> World:
        folder = tmp_path / f"world{len(made)}"
        folder.mkdir()
        world = World(options.pop("folder", folder), **options)
        made.append(world)
        return world

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A service with the small challenge, and ana and ben in it."""
    world = make_world()
    world.publish()
    for name in ("ana", "ben"):
        world.user(name).enter()
    return world


@pytest.fixture
def scored(world: World) -> World:
    """Two teams with three scored submissions."""
    world.user("ana").submitted(public=0.8)
    world.user("ana").submitted(public=0.9)
    world.user("ben").submitted(public=0.85)
    return world
