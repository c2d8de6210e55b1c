"""What people can set, type, ask, write or press is documented, all of it."""

from __future__ import annotations

import json
import re
from typing import Any

import click
import pytest
from fromcode import lab, settings
from traitlets import HasTraits

from jupyter_challenge.cli.group import COMMANDS, challenge
from jupyter_challenge.client.api import Client
from jupyter_challenge.core.compute.schema import schema as profiles_schema
from jupyter_challenge.core.errors import FAILURES, ChallengeError
from jupyter_challenge.core.metrics import METRICS
from jupyter_challenge.core.schema import schema
from jupyter_challenge.core.storage.schema import schema as storage_schema
from jupyter_challenge.server.extension import ChallengeExtension
from jupyter_challenge.service.app import openapi_document
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.config import ChallengeConfig
from jupyter_challenge.service.routes import API
from tests.docs.conftest import ROOT, Site


def spaced(text: str) -> str:
    """Put one space between words, as `Page.text` does."""
    return " ".join(text.split())


@pytest.mark.parametrize("kind", [ChallengeConfig, ClusterConfig, ChallengeExtension])
def test_every_setting_is_explained(site: Site, kind: type[HasTraits]) -> None:
    page = site.pages["admins/settings"].text
    own = settings.own_settings(kind)

    missing = [name for name in own if f"{kind.__name__}.{name}" not in page]
    silent = [name for name, trait in own.items() if not settings.said(trait)]

    assert own
    assert missing + silent == []


def test_every_command_and_option_is_explained(site: Site) -> None:
    page = site.pages["participants/commands"].text
    context = click.Context(challenge, info_name="jupyter challenge")
    missing = []
    for name in COMMANDS:
        command = challenge.get_command(context, name)
        assert command is not None
        missing += [name] if f"jupyter challenge {name}" not in page or not command.help else []
        for option in command.params:
            if isinstance(option, click.Option):
                missing += [f"{name} {o}" for o in option.opts if o not in page]

    assert missing == []


def test_every_route_is_explained(site: Site) -> None:
    page = site.pages["developers/routes"].text
    paths: dict[str, dict[str, Any]] = openapi_document()["paths"]

    missing = [
        f"{verb.upper()} {path}"
        for path, operations in paths.items()
        for verb, operation in operations.items()
        if f"{verb.upper()} {path.removeprefix(API)} " not in page
        or not (operation.get("description") or operation.get("summary"))
    ]

    assert missing == []


def test_every_route_of_the_jupyter_server_is_explained_once() -> None:
    extension = ChallengeExtension()
    extension.initialize_handlers()
    served = [
        (verb.upper(), pattern.removeprefix("/").replace("([0-9a-f]+)", "{job}"))
        for pattern, handler, _ in extension.handlers
        for verb in ("get", "post", "put", "patch", "delete")
        if verb in vars(handler) and not pattern.endswith("api/v1/(.*)")
    ]
    page = (ROOT / "docs" / "developers" / "how-it-works.md").read_text("utf-8")
    told = [
        (verb, path)
        for verbs, path in re.findall(r"^\| ([A-Z, ]+) `/?(jupyter-challenge/[^`?]*)", page, re.M)
        for verb in verbs.split(", ")
    ]

    assert sorted(told) == sorted(served)


def test_every_wire_model_has_its_fields(site: Site) -> None:
    page = site.pages["developers/models"].text
    models: dict[str, dict[str, Any]] = openapi_document()["components"]["schemas"]

    missing = [
        f"{name}.{field}"
        for name, model in models.items()
        for field in model.get("properties", {"": None})
        if name not in page or field not in page
    ]

    assert missing == []


def paths_of(model: dict[str, Any], parts: dict[str, Any], path: str = "") -> list[str]:
    """Name all fields below a model as they are written in YAML."""
    found = []
    for key, field in model["properties"].items():
        found.append(path + key)
        listed = "[]" if field.get("type") == "array" else ""
        for each in (field, field.get("items", {}), *field.get("anyOf", [])):
            if "$ref" in each:
                part = parts[each["$ref"].rsplit("/", 1)[-1]]
                if "properties" in part:
                    found += paths_of(part, parts, f"{path}{key}{listed}.")
    return found


def test_every_field_of_a_challenge_is_explained(site: Site) -> None:
    page = site.pages["organisers/challenge-yaml"].text
    document = schema()
    fields = paths_of(document, document["$defs"])

    assert "phases[].quota.per_day" in fields
    assert [path for path in fields if path not in page] == []


def test_every_field_of_the_compute_profiles_is_explained(site: Site) -> None:
    page = site.pages["admins/profiles"].text
    document = profiles_schema()
    fields = paths_of(document, document["$defs"])

    assert "profiles[].accelerator.sharing" in fields
    assert [path for path in fields if path not in page] == []


def test_every_field_of_the_storage_is_explained(site: Site) -> None:
    page = site.pages["admins/storage"].text
    document = storage_schema()
    fields = paths_of(document, document["$defs"])

    assert "relay.client_secret_file" in fields
    assert [path for path in fields if path not in page] == []


@pytest.mark.parametrize(
    "document",
    [schema(), profiles_schema(), storage_schema()],
    ids=["challenge", "profiles", "storage"],
)
def test_every_field_has_a_sentence(document: dict[str, Any]) -> None:
    models = {"": document, **document["$defs"]}

    silent = [
        f"{name}.{key}"
        for name, model in models.items()
        for key, field in model.get("properties", {}).items()
        if not field.get("description")
        and not any("$ref" in each for each in (field, field.get("items", {})))
    ]

    assert silent == []


def test_every_failure_class_says_what_to_do(site: Site) -> None:
    page = site.pages["participants/failures"]
    missing = [
        name.value
        for name, text in FAILURES.items()
        if name.value not in page.text
        or spaced(text.sentence) not in page.text
        or spaced(text.hint) not in page.text
    ]

    assert missing == []
    assert {name.value.replace("_", "-") for name in FAILURES} <= page.anchors


def test_every_refusal_is_listed(site: Site) -> None:
    page = site.pages["developers/refusals"].text
    kinds = [ChallengeError]
    for kind in kinds:
        kinds += kind.__subclasses__()

    assert [kind.code for kind in kinds if kind.code not in page] == []


def test_every_metric_and_option_is_explained(site: Site) -> None:
    page = site.pages["organisers/metrics"].text
    missing = [
        name
        for name, metric in METRICS.items()
        if name not in page or spaced(metric.summary) not in page
    ]
    silent = [
        f"{name}: {option}"
        for name, metric in METRICS.items()
        for option, field in metric.options.model_fields.items()
        if option not in page or not field.description
    ]

    assert missing + silent == []


def test_every_method_of_the_client_is_explained(site: Site) -> None:
    page = site.pages["participants/python"]
    public = [name for name in vars(Client) if not name.startswith("_")]

    prefix = "jupyter_challenge.client.api.Client"
    assert [name for name in public if f"{prefix}.{name}" not in page.anchors] == []


def test_every_lab_command_is_explained(site: Site) -> None:
    page = site.pages["participants/lab"].text
    used = {
        id
        for file in sorted((ROOT / "src").rglob("*.ts*"))
        if "__tests__" not in file.parts
        for id in re.findall(r"= '(jupyter-challenge:[a-z]+-[a-z-]+)';", file.read_text("utf-8"))
    }
    known = lab.all_commands()

    assert used == set(known), "ids of commands are constants in a file named ...ids.ts"
    assert [id for id in known if id not in page] == []
    assert [id for id, said in known.items() if not said] == [], "say it in a comment above the id"


def test_every_lab_setting_is_explained(site: Site) -> None:
    page = site.pages["participants/lab"].text
    schema = json.loads((ROOT / "schema" / "plugin.json").read_text("utf-8"))

    missing = [
        name
        for name, field in schema["properties"].items()
        if name not in page or spaced(str(field.get("description") or "nothing")) not in page
    ]

    assert missing == []
