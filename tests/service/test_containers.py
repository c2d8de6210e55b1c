"""Container submissions: which are taken, and what the others are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.client.handing_in import prepare_image
from jupyter_challenge.core.errors import InvalidSubmission
from jupyter_challenge.service.clusterconfig import ClusterConfig
from tests.bundles import bundle_of
from tests.service.world import World

DIGEST = "sha256:" + "5a" * 32
IMAGE = f"registry.example.org/teams/a/model@{DIGEST}"
KINDS = {"submission": {"kinds": ["notebook", "container"], "output": {"prediction": "label"}}}


@pytest.fixture
def world(tmp_path: Path) -> Any:
    allowing = ClusterConfig(submitted_images=["registry.example.org/teams/*"])
    made = World(tmp_path, place="cluster", cluster=allowing, runs=False)
    made.publish(**KINDS)
    made.user("ana").enter()
    yield made
    made.close()


def container(image: str | None = IMAGE, **request: Any) -> dict[str, Any]:
    bundle = bundle_of("image.txt", {"image.txt": f"{image}\n".encode()}).data
    said = {"kind": "container", "entry": "image.txt", "image": image, **request}
    return {"bundle": bundle, "request": said}


def test_an_allowed_image_is_taken_with_its_digest(world: World) -> None:
    made = world.user("ana").submit(**container(IMAGE.replace("@", ":v3@")))

    assert (made["kind"], made["image"], made["state"]) == ("container", IMAGE, "queued")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no image": (container(None), "not the name of an image"),
    "a tag": (container("registry.example.org/teams/a/model:latest"), "has no digest"),
    "not allowed": (
        container(f"registry.example.org/others/model@{DIGEST}"),
        "may not be run here",
    ),
    "parameters": (container(parameters={"n": 1}), "Parameters are for notebooks"),
    "a notebook that names an image": (
        container(kind="notebook", entry="image.txt"), "Only a container",
    ),
    "files beside it": (
        {
            **container(),
            "bundle": bundle_of("image.txt", {"image.txt": b"x", "more.txt": b"y"}, ).data,
        },
        "nothing but its image's name",
    ),
    "a large text": (
        {**container(), "bundle": bundle_of("image.txt", {"image.txt": b"x" * 10_000}).data},
        "nothing but its image's name",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_others_are_refused_with_a_reason(world: World, case: str) -> None:
    sent, said = REFUSED[case]

    refused = world.user("ana").submit(422, **sent)["error"]

    assert said in refused["message"]
    assert refused["hint"]


def test_a_place_that_is_not_allowed_is_told_which_are(world: World) -> None:
    sent = container(f"registry.example.org/others/model@{DIGEST}")
    assert "registry.example.org/teams/*" in world.user("ana").submit(422, **sent)["error"]["hint"]


def test_a_challenge_takes_containers_only_where_it_says_so(tmp_path: Path) -> None:
    allowing = ClusterConfig(submitted_images=["registry.example.org/*"])
    world = World(tmp_path, place="cluster", cluster=allowing, runs=False)
    world.publish()
    world.user("ana").enter()

    refused = world.user("ana").submit(422, **container())["error"]

    assert refused["message"] == "The challenge takes no container submissions."
    world.close()


def test_on_one_machine_the_way_out_is_named(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.publish(**KINDS)
    world.user("ana").enter()

    refused = world.user("ana").submit(422, **container())["error"]

    assert refused["message"] == "Container images can only run on a cluster."
    assert "notebook or predictions" in refused["hint"]


def test_the_client_refuses_a_tag_before_it_asks_anybody() -> None:
    with pytest.raises(InvalidSubmission, match="no digest") as refused:
        prepare_image("registry.example.org/model:latest")
    assert "docker inspect" in refused.value.hint
