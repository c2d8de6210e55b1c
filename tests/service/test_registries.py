"""How large a submitted image may be, and for which machines: a real registry is asked."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from jupyter_challenge.core.compute import Arch, Catalogue
from jupyter_challenge.core.errors import InvalidSubmission, Unavailable
from jupyter_challenge.service import registries
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.registries import Registries
from tests.image_registry import Registry, find_registry, image_registry
from tests.service.quick_engine import QuickEngine
from tests.service.test_containers import KINDS, container
from tests.service.world import World

needs_registry = pytest.mark.skipif(find_registry() is None, reason="needs docker-registry")

USER, PASSWORD = "robot", "push-and-pull"
BCRYPT = "$2b$05$abcdefghijklmnopqrstuu29iL5eU2wxiqEdPBAi1ANj6vTAMryzG"
"""That password, as the registry keeps it."""
CONFIG = len(b'{"architecture": "amd64", "os": "linux"}')


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    (tmp_path / "registry").mkdir()
    with image_registry(tmp_path / "registry") as running:
        yield running


def credentials(folder: Path, host: str, password: str = PASSWORD) -> str:
    """A file as `docker login` writes it."""
    word = base64.b64encode(f"{USER}:{password}".encode()).decode()
    path = folder / "config.json"
    path.write_text(json.dumps({"auths": {host: {"auth": word}}}))
    return str(path)


@needs_registry
def test_an_image_has_the_bytes_of_its_layers(registry: Registry) -> None:
    image = registry.push("teams/a/model", bytes(10_000), bytes(500))

    assert Registries(1).look(image).size == 10_500 + CONFIG


@needs_registry
def test_of_several_machines_the_largest_counts_and_notes_of_its_build_do_not(
    registry: Registry,
) -> None:
    small, large, note = (registry.push("m", bytes(n)) for n in (1_000, 3_000, 9_000))
    image = registry.push_index("m", {small: "linux", large: "linux", note: "unknown"})

    assert Registries(1).look(image).size == 3_000 + CONFIG


@needs_registry
def test_an_image_for_more_machines_than_are_asked_about_is_refused(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registries, "MOST_PLATFORMS", 2)
    made = {registry.push("m", bytes(n)): "linux" for n in (1_000, 2_000, 9_000)}

    with pytest.raises(InvalidSubmission, match="3 kinds of machine"):
        Registries(5_000).check(registry.push_index("m", made))


@needs_registry
def test_what_is_not_there_or_too_large_is_refused(registry: Registry) -> None:
    image = registry.push("m", bytes(3_000))

    Registries(4_000).check(image)
    with pytest.raises(InvalidSubmission, match="GB are allowed"):
        Registries(2_000).check(image)
    with pytest.raises(InvalidSubmission, match="no such image"):
        Registries(2_000).check(f"{registry.host}/m@sha256:{'0' * 64}")
    with pytest.raises(InvalidSubmission, match="no such image"):
        Registries(2_000).check(image.replace("/m@", "/other@"))


@needs_registry
def test_a_container_submission_is_refused_before_it_costs_anything(
    registry: Registry, tmp_path: Path
) -> None:
    image = registry.push("m", bytes(3_000))
    allowing = ClusterConfig(submitted_images=[f"{registry.host}/*"], max_image_size=2_000)
    world = World(tmp_path, place="cluster", cluster=allowing, runs=False)
    world.publish(**KINDS)
    ana = world.user("ana")
    ana.enter()

    refused = ana.submit(422, **container(image))["error"]

    assert "GB are allowed" in refused["message"]
    assert world.embedded.service.registries is not None
    small = registry.push("m", bytes(100))
    assert ana.submit(**container(small))["image"] == small
    world.close()


@needs_registry
def test_an_image_for_other_machines_than_its_profiles_is_refused(registry: Registry) -> None:
    amd, arm = registry.push("m", bytes(9)), registry.push("m", bytes(9), arch="arm64")
    both = registry.push_index("m", {amd: "linux/amd64", arm: "linux/arm64"})
    one = registry.push_index("m", {amd: "linux/amd64"})
    asked = Registries(1_000)

    for image in (arm, both):
        asked.check(image, Arch.ARM64)
    asked.check(amd)
    for image in (amd, one):
        with pytest.raises(InvalidSubmission, match=r"is for amd64; .* are arm64") as refused:
            asked.check(image, Arch.ARM64)
        assert "linux/arm64" in refused.value.hint


@needs_registry
def test_on_its_profile_a_submitted_image_has_to_run(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "profiles.yaml").write_text(
        "profiles:\n- {id: any, name: Any}\n- {id: grace, name: Grace, arch: arm64}\n"
    )
    allowing = ClusterConfig(
        submitted_images=[f"{registry.host}/*"],
        max_image_size=2_000,
        profiles=str(tmp_path / "profiles.yaml"),
    )
    engine = OfProfiles(tmp_path / "quick")
    engine.catalogue = allowing.settings("").catalogue
    world = World(tmp_path, place="cluster", cluster=allowing, runs=False, engine=engine)
    world.publish(**KINDS)
    ana = world.user("ana")
    ana.enter()
    image = registry.push("m", bytes(9))

    refused = ana.submit(422, **container(image, profile="grace"))["error"]

    assert "are arm64" in refused["message"]
    assert ana.submit(**container(image))["profile"] == "any"
    world.close()


@needs_registry
def test_a_password_is_sent_to_who_asks_for_one(tmp_path: Path) -> None:
    (tmp_path / "registry").mkdir()
    (tmp_path / "users").write_text(f"{USER}:{BCRYPT}\n")
    auth = {"htpasswd": {"realm": "here", "path": str(tmp_path / "users")}}
    with image_registry(tmp_path / "registry", auth, (USER, PASSWORD)) as registry:
        image = registry.push("m", bytes(3_000))
        known = credentials(tmp_path, registry.host)

        assert Registries(1, known).look(image).size == 3_000 + CONFIG
        with pytest.raises(Unavailable, match="401"):
            Registries(1).look(image)
        with pytest.raises(Unavailable, match="401"):
            Registries(1, credentials(tmp_path, registry.host, "wrong")).look(image)


class OfProfiles(QuickEngine):
    """An engine with the profiles that it is given."""

    catalogue: Catalogue


class Tokens:
    """Gives tokens to who knows the password, as the services beside public registries do."""

    def __init__(self, folder: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tokens")])
        now = datetime.now(timezone.utc)
        self._certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(self._key.public_key()).serial_number(1)
            .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
            .sign(self._key, hashes.SHA256())
        )  # fmt: skip
        self.bundle = folder / "tokens.pem"
        self.bundle.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        self.scopes: list[str] = []
        tokens = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                word = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
                scope = parse_qs(urlsplit(self.path).query).get("scope", [""])[0]
                known = self.headers.get("Authorization") == f"Basic {word}"
                tokens.scopes.append(scope)
                self.send_response(200 if known else 401)
                self.end_headers()
                if known:
                    self.wfile.write(json.dumps({"token": tokens.token(scope)}).encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/token"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def token(self, scope: str) -> str:
        """A token for a scope such as `repository:m:pull`."""
        kind, name, actions = scope.split(":")
        der = self._certificate.public_bytes(serialization.Encoding.DER)
        now = int(time.time())
        parts = [
            {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]},
            {
                "iss": "tokens", "sub": USER, "aud": "registry", "jti": "1",
                "exp": now + 300, "nbf": now - 10, "iat": now,
                "access": [{"type": kind, "name": name, "actions": actions.split(",")}],
            },
        ]  # fmt: skip
        signed = b".".join(_encoded(json.dumps(part).encode()) for part in parts)
        r, s = decode_dss_signature(self._key.sign(signed, ec.ECDSA(hashes.SHA256())))
        signature = _encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        return (signed + b"." + signature).decode()


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


@needs_registry
def test_a_token_is_fetched_where_the_registry_says(tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    folder.mkdir()
    with image_registry(folder) as registry:
        image = registry.push("teams/m", bytes(3_000)).partition("/")[2]
    tokens = Tokens(tmp_path)
    auth = {
        "realm": tokens.url, "service": "registry", "issuer": "tokens",
        "rootcertbundle": str(tokens.bundle),
    }  # fmt: skip
    try:
        with image_registry(folder, {"token": auth}) as registry:
            named = f"{registry.host}/{image}"
            known = credentials(tmp_path, registry.host)

            hosts = {registry.host: [urlsplit(tokens.url).netloc]}

            assert Registries(1, known, hosts).look(named).size == 3_000 + CONFIG
            assert tokens.scopes == ["repository:teams/m:pull"]
            with pytest.raises(Unavailable, match="401"):
                Registries(1, "", hosts).look(named)
    finally:
        tokens.close()


def test_a_registry_that_does_not_answer_is_no_fault_of_the_image() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        Registries(1).check(f"127.0.0.1:1/m@sha256:{'0' * 64}")


def test_credentials_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="registry_credentials_file"):
        Registries(1, str(tmp_path / "none")).check(f"127.0.0.1:1/m@sha256:{'0' * 64}")
