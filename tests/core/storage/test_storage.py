"""`storage.yaml`: what is read, which mistakes are named, what KubeSpawner is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.errors import InvalidStorage
from jupyter_challenge.core.storage import Storage, load_storage
from jupyter_challenge.core.storage.reading import read_storage
from jupyter_challenge.core.storage.rendering import (
    as_kubespawner,
    environment,
    home,
    mounts,
    volumes,
)
from jupyter_challenge.core.storage.schema import PATH, schema

EXAMPLE = Path(__file__).parents[3] / "deploy/hub/storage.yaml"
RELAY = """
relay:
  url: http://relay:8090
  hub: http://hub:8081/hub/api
  provider: https://sso.example.org/token
  client: jupyterhub
"""
TOKENS = RELAY + "tokens:\n- {name: s3, audience: s3}\n"


def read(text: str) -> Storage:
    storage, problems = read_storage(text)
    assert storage is not None, problems
    return storage


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param("tokens:\n- {name: s3, audience: s3}", 1, "nobody gives", id="no-relay"),
        pytest.param(TOKENS + "s3: {role: arn, token: s4}", 9, 'no token "s4"', id="no-token"),
        pytest.param(
            TOKENS + "s3: {role: a, token: s3, keys_live: 1 min}", 9, "20 minutes", id="too-short"
        ),
        pytest.param(
            TOKENS + "s3: {role: a, token: s3, bucket: lab, prefix: all/}",
            9,
            "the same prefix",
            id="one-prefix-for-all",
        ),
        pytest.param(
            RELAY + "tokens:\n- {name: eos, audience: eos, format: eos}",
            8,
            "whom to ask",
            id="eos-without-userinfo",
        ),
        pytest.param("home: {size: 10 GiB, path: home}", 1, "no absolute path", id="relative"),
        pytest.param("home: {siez: 10 GiB}", 1, 'no key "siez"', id="misspelt"),
        pytest.param(
            "shared:\n- {name: a, claim: a, path: /data}\n- {name: b, claim: b, path: /data/b}",
            3,
            "hide one another",
            id="one-over-the-other",
        ),
        pytest.param(
            "shared:\n- {name: a, claim: a, path: /a}\n- {name: a, claim: b, path: /b}",
            3,
            'the name "a"',
            id="two-of-a-name",
        ),
        pytest.param("- home", 1, "no storage here", id="no-mapping"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int, message: str) -> None:
    storage, problems = read_storage(text)

    assert storage is None
    assert [problem.line for problem in problems if message in problem.message] == [line], problems
    assert all(problem.fix for problem in problems)


def test_the_first_mistake_is_raised(tmp_path: Path) -> None:
    with pytest.raises(InvalidStorage, match="no such file"):
        load_storage(tmp_path / "storage.yaml")


def test_the_schema_beside_the_code_is_that_of_the_models() -> None:
    assert json.loads(PATH.read_text("utf-8")) == schema()


def test_a_server_has_the_home_its_data_and_a_memory_for_tokens() -> None:
    storage = read(
        TOKENS
        + "home: {size: 10 GiB, storage_class: fast}\n"
        + "shared:\n- {name: sky, claim: sky-survey, path: /data/sky, sub_path: dr1}\n"
    )

    assert home(storage) == {
        "storage_pvc_ensure": True,
        "storage_capacity": "10Gi",
        "storage_access_modes": ["ReadWriteOnce"],
        "storage_class": "fast",
        "working_dir": "/home/jovyan",
    }
    claim = {"claimName": "sky-survey", "readOnly": True}
    assert list(volumes(storage, ()).values()) == [
        {"name": "challenge-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        {"name": "challenge-home", "persistentVolumeClaim": {"claimName": "{pvc_name}"}},
        {"name": "challenge-shared-sky", "persistentVolumeClaim": claim},
    ]
    assert list(mounts(storage, ()).values()) == [
        {"name": "challenge-memory", "mountPath": "/run/challenge"},
        {"name": "challenge-home", "mountPath": "/home/jovyan"},
        {
            "name": "challenge-shared-sky",
            "mountPath": "/data/sky",
            "readOnly": True,
            "subPath": "dr1",
        },
    ]


@pytest.mark.parametrize(
    ("said", "groups", "expected"),
    [
        pytest.param({}, [], "read", id="everybody-reads"),
        pytest.param({"read_only": False}, [], "write", id="everybody-writes"),
        pytest.param({"groups": ["a"]}, ["b"], None, id="for-another-group"),
        pytest.param({"groups": ["a"]}, ["a", "b"], "read", id="for-ones-group"),
        pytest.param({"writers": ["b"]}, ["a"], "read", id="others-write"),
        pytest.param({"writers": ["b"]}, ["b"], "write", id="ones-group-writes"),
        pytest.param({"groups": ["a"], "writers": ["b"]}, ["b"], "write", id="writers-see-it"),
        pytest.param({"groups": ["a"], "writers": ["b"]}, ["c"], None, id="neither"),
    ],
)
def test_shared_data_is_for_its_groups(said: Any, groups: list[str], expected: str | None) -> None:
    shared = {"name": "sky", "claim": "sky", "path": "/data/sky", **said}
    storage = Storage.model_validate({"shared": [shared]})

    found = list(mounts(storage, groups).values())

    how = [("read" if mount.get("readOnly") else "write") for mount in found]
    assert how == ([] if expected is None else [expected])
    assert len(volumes(storage, groups)) == len(found)


def test_clients_of_s3_find_all_they_need_and_no_secret() -> None:
    storage = read(
        TOKENS + "s3: {endpoint: 'https://s3.example.org', role: 'arn:x', token: s3, bucket: lab}"
    )

    said = environment(storage, "jo@example.org", ())

    kept = json.loads(said.pop("JUPYTER_CHALLENGE_TOKENS"))
    assert kept == {
        "relay": "http://relay:8090",
        "folder": "/run/challenge/tokens",
        "tokens": [{"name": "s3", "file": "s3.token"}],
    }
    assert said == {
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/run/challenge/tokens/s3.token",
        "AWS_ROLE_ARN": "arn:x",
        "AWS_ROLE_SESSION_NAME": "jo@example.org",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_S3": "https://s3.example.org",
        "AWS_ENDPOINT_URL_STS": "https://s3.example.org",
        "CHALLENGE_S3": "s3://lab/jo@example.org/",
    }


def test_keys_of_a_length_are_asked_for_at_the_relay() -> None:
    storage = read(TOKENS + "s3: {role: 'arn:x', token: s3, keys_live: 30 min}")

    said = environment(storage, "jo", ())

    assert said["AWS_ENDPOINT_URL_STS"] == "http://relay:8090/sts"
    assert "AWS_ENDPOINT_URL_S3" not in said
    assert "CHALLENGE_S3" not in said


def test_an_eos_client_is_told_where_its_token_is_and_whom_it_asks() -> None:
    storage = read(
        RELAY + "tokens:\n- {name: eos, audience: eos, format: eos, "
        "userinfo: 'https://sso.example.org/userinfo'}"
    )

    said = environment(storage, "jo", ())

    assert said["OAUTH2_TOKEN"] == "FILE:/run/challenge/tokens/eos.token"
    kept = json.loads(said["JUPYTER_CHALLENGE_TOKENS"])["tokens"][0]
    assert (kept["prefix"], kept["suffix"]) == ("oauth2:", ":sso.example.org/userinfo")


def test_who_is_not_of_a_tokens_groups_has_nothing_of_it() -> None:
    storage = read(
        RELAY + "tokens:\n- {name: s3, audience: s3, groups: [team]}\n"
        "s3: {role: 'arn:x', token: s3}"
    )

    assert as_kubespawner(storage, "jo", ["others"]) == {
        "volumes": {},
        "volume_mounts": {},
        "environment": {},
    }
    assert "AWS_ROLE_ARN" in as_kubespawner(storage, "jo", ["team"])["environment"]


@pytest.mark.parametrize("name", ["jo", "j", "jörg müller", "x" * 100])
def test_a_session_has_a_name_that_aws_takes(name: str) -> None:
    storage = read(TOKENS + "s3: {role: 'arn:x', token: s3}")

    session = environment(storage, name, ())["AWS_ROLE_SESSION_NAME"]

    assert 2 <= len(session) <= 64
    assert session.isascii()
    assert " " not in session


def test_the_example_is_well() -> None:
    storage = load_storage(EXAMPLE)

    assert storage.s3 is not None
    assert storage.s3.own("alice") == "s3://lab/alice/"
