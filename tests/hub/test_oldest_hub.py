"""The oldest hub that is said to do, as its image is: what it brings along, and our files."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import yaml

from tests.hub.local_hub import ROOT, local_hub
from tests.hub.signed_in_hub import CATALOGUE, SignedInHub, code, signed_in_hub

OLDEST = ROOT / ".make/oldest-hub/bin/python"
LIFE = 8

pytestmark = pytest.mark.timeout(180)

_IMPORTS = """
import importlib, importlib.util, pkgutil, sys
import jupyterhub, kubespawner, oauthenticator
import jupyter_challenge.hub as room

for module in pkgutil.iter_modules(room.__path__):
    importlib.import_module(f"{room.__name__}.{module.name}")
print(jupyterhub.version_info[:2], kubespawner.__version__, oauthenticator.__version__)
print([name for name in ("fastapi", "kfp", "jupyter_server", "httpx")
       if importlib.util.find_spec(name)])
print(sorted(name for name in sys.modules if name.startswith("jupyter_challenge.")
             and name.split(".")[1] not in {"core", "hub", "_version"}))
"""
_KUBERNETES = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "nowhere",
    "contexts": [{"name": "nowhere", "context": {"cluster": "nowhere", "user": "nobody"}}],
    "clusters": [{"name": "nowhere", "cluster": {"server": "http://127.0.0.1:9"}}],
    "users": [{"name": "nobody", "user": {"token": "none"}}],
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedInHub]:
    with signed_in_hub(tmp_path_factory.mktemp("hub"), LIFE, python=str(OLDEST)) as running:
        yield running


def test_everything_of_the_hub_imports_with_what_a_hub_brings_along() -> None:
    done = subprocess.run(
        [OLDEST, "-c", _IMPORTS], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    versions, others, rooms = done.stdout.splitlines()
    assert versions == "(5, 3) 7.0.0 17.3.0"
    assert others == "[]", "the environment is not that of a bare hub"
    assert rooms == "[]"


def test_the_hubs_groups_give_rights_there_too(hub: SignedInHub) -> None:
    held = {}
    for name in ("bob", "carol"):
        with hub.browser(name):
            held[name] = {*hub.hub.ask("GET", "/user", token=hub.hub.token(name))["scopes"]}

    assert hub.hub.version == (5, 3)
    for name, scopes in held.items():
        # The role of every user was written anew: what it had is in there still.
        had = f"access:servers!user={name}"
        assert {"access:services!service=challenge", "custom:challenge:submit", had} <= scopes
    assert ["custom:challenge:organise" in scopes for scopes in held.values()] == [False, True]


def test_a_sign_in_is_renewed_once_and_its_end_is_told(hub: SignedInHub) -> None:
    with hub.browser("alice"):
        token = hub.server_token("alice")
        hub.grown_old("alice")
        before = hub.provider.counts
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(hub.ask, [token] * 10))
        after = hub.provider.counts
        hub.provider.revoke("alice")
        hub.grown_old("alice")
        ended = hub.ask(token)
    with hub.browser("alice"):
        again = hub.ask(token)

    assert [answer.status_code for answer in answers] == [200] * 10
    assert after["refreshed"] - before["refreshed"] == 1
    assert after["refused"] == before["refused"]
    assert (ended.status_code, code(ended)) == (401, "unknown_server")
    assert "sign in at the hub again" in ended.json()["message"]
    assert again.status_code == 200


def test_who_may_not_have_a_profile_reads_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "profiles.yaml").write_text(yaml.safe_dump(CATALOGUE))
    (tmp_path / "kubernetes.yaml").write_text(yaml.safe_dump(_KUBERNETES))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubernetes.yaml"))
    more = f"""
from jupyter_challenge.hub import configure
c.Spawner.consecutive_failure_limit = 5
configure(c, catalogue="{tmp_path}/profiles.yaml")
"""
    with local_hub(tmp_path, more, python=str(OLDEST)) as hub:
        hub.add("bob")
        for _ in range(6):  # the hub would end itself after five failures
            with pytest.raises(httpx.HTTPStatusError) as refused:
                hub.ask("POST", "/users/bob/server", json={"profile": "gpu"})
            answer = refused.value.response
            assert answer.status_code == 403
            assert answer.json()["message"] == "GPU is not for you. It is for members of gpu-users."

        assert hub.version == (5, 3)
        assert "consecutive spawns failed" not in hub.log
        assert hub.process is not None and hub.process.poll() is None


def test_the_form_there_says_the_sentence_and_nothing_around_it() -> None:
    """It writes what the exception is as a text."""
    said = 'print(NotStarted("Ask for 100 % of a GPU.", reason="profile", status_code=403))'
    program = f"from jupyter_challenge.hub.refusal import NotStarted; {said}"

    done = subprocess.run(
        [OLDEST, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout == "Ask for 100 % of a GPU.\n"
