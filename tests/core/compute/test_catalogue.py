"""profiles.yaml: what is well, what is a mistake, and who may use what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from jupyter_challenge.core.compute import (
    Accelerator,
    Catalogue,
    ComputeProfile,
    Vendor,
    as_yaml,
    check_catalogue,
    load_catalogue,
)
from jupyter_challenge.core.compute.reading import read_catalogue
from jupyter_challenge.core.compute.schema import PATH, schema, write_schema
from jupyter_challenge.core.errors import InvalidProfiles

EXAMPLE = Path(__file__).parents[3] / "deploy" / "profiles.yaml"


@pytest.fixture(scope="module")
def example() -> Catalogue:
    return load_catalogue(EXAMPLE)


def test_the_example_has_all_kinds_of_machines_by_their_real_names(example: Catalogue) -> None:
    asked = {
        profile.id: (accelerator.resource, accelerator.sharing.value)
        for profile in example.profiles
        if (accelerator := profile.accelerator) is not None
    }

    assert asked == {
        "t4": ("nvidia.com/gpu", "none"),
        "v100": ("nvidia.com/gpu", "none"),
        "a100": ("nvidia.com/gpu", "none"),
        "h100": ("nvidia.com/gpu", "none"),
        "h100-1g": ("nvidia.com/mig-1g.10gb", "mig"),
        "a100-mps": ("nvidia.com/gpu.shared", "mps"),
        "t4-shared": ("nvidia.com/gpu.shared", "time-slicing"),
        "mi300x": ("amd.com/gpu", "none"),
    }
    arm = example.get("arm")
    assert arm is not None
    assert (arm.labels, example.image(arm)) == (
        {"kubernetes.io/arch": "arm64"},
        "registry.example.org/challenge/notebook:1-arm64",
    )


def test_the_schema_beside_the_code_is_current_and_knows_the_example(tmp_path: Path) -> None:
    write_schema(tmp_path / "new.json")
    assert PATH.read_text("utf-8") == (tmp_path / "new.json").read_text("utf-8"), (
        "run python -m jupyter_challenge.core.compute.schema"
    )
    jsonschema.Draft202012Validator.check_schema(schema())
    validator = jsonschema.Draft202012Validator(json.loads(PATH.read_text("utf-8")))
    said = yaml.safe_load(EXAMPLE.read_text("utf-8"))
    validator.validate(said)
    assert not validator.is_valid({"profiles": [{"id": "cpu", "name": "CPU", "cores": 2}]})


def test_what_is_written_is_read_again(example: Catalogue) -> None:
    text = as_yaml(example)

    assert read_catalogue(text) == (example, [])
    assert "memory: 32 GiB" in text
    assert "idle_timeout: 30 min" in text


GPU = "    accelerator: {vendor: nvidia}\n"
MISTAKES = {
    "a misspelt key": ("    nam: x", 'no key "nam"', 'did you mean "name"?'),
    "no number": ("    cpu: many", 'a number, not "many"', "write a number"),
    "no size": ("    memory: 3 apples", "is not a size", '"2 GB"'),
    "no duration": ("    idle_timeout: soon", "is not a duration", '"10 min"'),
    "another vendor": ("    accelerator: {vendor: nvida}", '"nvida"', 'did you mean "nvidia"?'),
    "a number as label": ('    node_labels: {"gpu.memory": 40960}', "must be text", "in quotes"),
    "no label": ('    node_labels: {"a b": c}', '"a b" is no label', "nvidia.com/gpu.product"),
    "no amount": ("    quota: {cpu: lots}", '"lots" is no amount', "64, 500m or 256Gi"),
    "a vendor's resource": (
        "    accelerator: {vendor: amd, resource: nvidia.com/gpu}",
        "is not a resource of vendor amd", "vendor: other",
    ),
    "a slice that does not say so": (
        "    accelerator: {vendor: nvidia, resource: nvidia.com/mig-1g.10gb}",
        "is a MIG slice", "sharing: mig",
    ),
    "two shares": (
        "    accelerator: {vendor: nvidia, sharing: mps, count: 2}",
        "2 shares of one accelerator", "count: 1",
    ),
    "no resource": ("    accelerator: {vendor: other}", "no resource of its own", "resource:"),
    "no value": (
        "    tolerations: [{operator: Equal, key: x}]", "operator Equal compares", "value:",
    ),
    "an image too few": (
        "    arch: arm64\n    images: {amd64: x}", "no image for arm64", "arm64:",
    ),
    "nobody denied": ("    denied: Ask us.", "nobody is denied", "groups:"),
    "too much shared memory": ("    memory: 1 GB\n    shm: 2 GB", "larger than it", "smaller"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named_with_its_line_and_what_mends_it(case: str, tmp_path: Path) -> None:
    lines, message, fix = MISTAKES[case]
    file = tmp_path / "profiles.yaml"
    start = "profiles:\n  - id: one\n    name: One\n"
    file.write_text(f"{start}  - id: two\n    name: Two\n{lines}\n")

    found, problems = check_catalogue(file)

    assert found is None
    (problem,) = problems
    assert problem.file == str(file)
    assert 4 <= problem.line <= 7
    assert message in problem.message
    assert fix in problem.fix


BETWEEN = {
    "one id twice": ("- {id: a, name: A}\n- {id: a, name: B}", 2, "two profiles have the id"),
    "no quota of its resource": (
        "- {id: a, name: A, quota: {cpu: 1, memory: 1Gi}}\n"
        "- id: b\n  name: B\n  accelerator: {vendor: nvidia}\n  quota: {cpu: 1, memory: 1Gi}",
        5, "says nothing of nvidia.com/gpu",
    ),
    "no quota": (
        "- {id: a, name: A, quota: {cpu: 1, memory: 1Gi}}\n- {id: b, name: B, arch: arm64}",
        2, "says nothing of cpu",
    ),
    "no quota of what shares it": (
        "- {id: a, name: A, quota: {cpu: 1, memory: 1Gi}}\n"
        "- {id: b, name: B, accelerator: {vendor: nvidia}}",
        2, 'the quota of "a" says nothing of nvidia.com/gpu',
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BETWEEN)
def test_profiles_that_do_not_go_together_are_named(case: str) -> None:
    profiles, line, message = BETWEEN[case]

    catalogue, problems = read_catalogue(f"profiles:\n{profiles}\n")

    assert catalogue is None
    assert [each.line for each in problems][:1] == [line + 1]
    assert message in problems[0].message


def test_whoever_chooses_nothing_does_not_get_round_the_groups() -> None:
    text = "first_free: true\nprofiles:\n- id: a\n  name: A\n  groups: [gpu]\n"
    (problem,) = read_catalogue(text)[1]
    assert problem.line == 5
    assert "without being of its groups" in problem.message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "there are no profiles here"),
        (b"profiles: []\n", "there are no profiles"),
        (b"- a\n", "there are no profiles here"),
        (b"profiles: [\n", "this is not YAML"),
        (b"\xff\xfe\xfd", "not UTF-8"),
        (b" " * 1_000_001, "larger than 1 MB"),
        (None, "there is no such file"),
    ],
)
def test_what_is_no_catalogue_is_refused(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    file = tmp_path / "profiles.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidProfiles, match=message) as refused:
        load_catalogue(file)
    assert refused.value.hint
    assert refused.value.details["problems"][0]["file"] == str(file)


def profile(id: str, **said: Any) -> ComputeProfile:
    return ComputeProfile(id=id, name=id.upper(), **said)


def test_groups_and_what_others_are_told() -> None:
    free, bound = profile("cpu"), profile("h100", groups=["gpu", "staff"], denied="Ask Ana.")
    catalogue = Catalogue(profiles=[free, bound])

    assert [each.id for each in catalogue.usable_by([])] == ["cpu"]
    assert [each.id for each in catalogue.usable_by(["staff", "x"])] == ["cpu", "h100"]
    assert bound.refusal == "Ask Ana."
    assert profile("a", groups=["gpu"]).refusal == "It is for members of gpu."


def test_profiles_on_the_same_nodes_share_them() -> None:
    one = Accelerator(vendor=Vendor.NVIDIA, product_labels={"nvidia.com/gpu.product": "T4"})
    two = one.model_copy(update={"count": 2})
    quota = {"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "4"}
    catalogue = Catalogue(
        profiles=[
            profile("cpu", quota={"cpu": 8, "memory": "1Gi"}),
            profile("t4", accelerator=one, quota=quota),
            profile("t4x2", accelerator=two),
            profile("part", accelerator=one, quota=quota),  # of the same nodes, and its own
        ]
    )

    assert [(nodes.name, nodes.quota["cpu"]) for nodes in catalogue.nodes] == [
        ("cpu", "8"), ("t4", "1"), ("part", "1"),
    ]  # fmt: skip
    assert [catalogue.nodes_of(each) for each in catalogue.profiles] == [
        "cpu", "t4", "t4", "part",
    ]  # fmt: skip


def test_the_image_is_that_of_the_architecture() -> None:
    both = {"amd64": "a", "arm64": "b"}
    catalogue = Catalogue.model_validate({"images": both})
    assert catalogue.image(profile("x", arch="arm64")) == "b"
    assert catalogue.image(profile("x", arch="arm64", images={"arm64": "own"})) == "own"
    assert catalogue.image(profile("x")) is None  # of two nobody knows which
    assert catalogue.image(profile("x", images={"amd64": "for-all"})) == "for-all"
    assert catalogue.image(profile("x", arch="ppc64le")) is None
