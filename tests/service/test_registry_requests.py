"""33: a registry that sends the service elsewhere learns no password and reaches nothing inside."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from jupyter_challenge.core.compute import Arch
from jupyter_challenge.core.errors import InvalidSubmission, Unavailable
from jupyter_challenge.service import registry_requests
from jupyter_challenge.service.clusterconfig import ClusterConfig
from jupyter_challenge.service.registries import Registries
from jupyter_challenge.service.registry_requests import Requests, is_public
from tests.service.test_containers import KINDS, container
from tests.service.test_registries import credentials
from tests.service.world import World

Answer = tuple[int, dict[str, str], bytes]
CONFIG = b'{"architecture": "amd64", "os": "linux"}'


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


MANIFEST = json.dumps(
    {"config": {"digest": digest(CONFIG), "size": len(CONFIG)}, "layers": [{"size": 1}]}
).encode()


class Place:
    """A server that answers what it is told to, and remembers who asked."""

    def __init__(self, answers: Callable[[str], Answer], tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[tuple[str, str | None]] = []
        place = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                place.asked.append((self.path, self.headers.get("Authorization")))
                place.hosts.append(self.headers["Host"])
                status, headers, body = answers(self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nobody reads it."""

        self.hosts: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.host = f"127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


Places = Callable[..., Place]


@pytest.fixture
def places() -> Iterator[Places]:
    made: list[Place] = []

    def make(answers: Callable[[str], Answer], tls: ssl.SSLContext | None = None) -> Place:
        made.append(Place(answers, tls))
        return made[-1]

    yield make
    for each in made:
        each.close()


def token(path: str) -> Answer:
    return 200, {}, b'{"token": "let-me-in"}'


def wants_token_from(realm: str) -> Callable[[str], Answer]:
    """A registry that sends who asks for a token somewhere."""

    def answers(path: str) -> Answer:
        return 401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="r"'}, b""

    return answers


def blobs_at(url: str) -> Callable[[str], Answer]:
    """A registry whose manifests are its own, and whose blobs are elsewhere."""

    def answers(path: str) -> Answer:
        if "/blobs/" in path:
            return 307, {"Location": url}, b""
        return 200, {}, MANIFEST

    return answers


def image_at(place: Place) -> str:
    return f"{place.host}/teams/m@{digest(MANIFEST)}"


@pytest.mark.parametrize("known", [False, True], ids=["unknown", "the-admin-named-it"])
def test_the_password_goes_only_where_the_admin_says(
    known: bool, places: Places, tmp_path: Path
) -> None:
    thief = places(token)
    registry = places(wants_token_from(f"http://{thief.host}/token"))
    hosts = {registry.host: [thief.host]} if known else {"other.example.org": [thief.host]}
    asked = Registries(1_000, credentials(tmp_path, registry.host), hosts)

    with pytest.raises(Unavailable) as refused:
        asked.look(image_at(registry))

    if known:
        assert [word for _, word in thief.asked] == [_basic(tmp_path)]
        assert registry.asked[-1][1] == "Bearer let-me-in"
    else:
        assert thief.asked == []
        assert thief.host in refused.value.message
        assert "registry_hosts" in refused.value.hint
    assert "Basic" not in str(registry.asked)


def test_the_password_goes_to_the_registry_itself(places: Places, tmp_path: Path) -> None:
    there: list[Place] = []

    def answers(path: str) -> Answer:
        return (
            token(path)
            if path.startswith("/token")
            else wants_token_from(f"http://{there[0].host}/token")(path)
        )

    registry = places(answers)
    there.append(registry)

    with pytest.raises(Unavailable, match="401"):
        Registries(1_000, credentials(tmp_path, registry.host)).look(image_at(registry))

    assert [word for _, word in registry.asked] == [None, _basic(tmp_path), "Bearer let-me-in"]


def _basic(folder: Path) -> str:
    auths = json.loads((folder / "config.json").read_text())["auths"]
    return f"Basic {next(iter(auths.values()))['auth']}"


@pytest.mark.parametrize(
    "realm",
    [
        "https://{own}@{thief}/token",
        "http://{own}@{thief}/token",
        r"http://{thief}\@{own}/token",
        "http://{thief}#@{own}/token",
        "http://{thief}/token?{own}",
        "//{thief}/token",
        "ftp://{own}/token",
        "/token",
        "http://[bad/token",
    ],
)
def test_a_place_that_only_looks_like_the_registry_is_not_asked(
    realm: str, places: Places, tmp_path: Path
) -> None:
    thief = places(token)
    said: list[str] = []
    registry = places(lambda path: wants_token_from(said[0])(path))
    said.append(realm.format(own=registry.host, thief=thief.host))

    with pytest.raises((Unavailable, InvalidSubmission)):
        Registries(1_000, credentials(tmp_path, registry.host)).look(image_at(registry))

    assert thief.asked == []
    assert "Basic" not in str(registry.asked)


@pytest.mark.parametrize(
    ("host", "realm"),
    [
        ("registry-1.docker.io", "https://auth.docker.io/token"),
        ("registry.gitlab.com", "https://gitlab.com/jwt/auth"),
        ("ghcr.io", "https://ghcr.io/token"),
        ("registry.example.org:443", "https://registry.example.org/token"),
    ],
)
def test_public_registries_need_no_setting(host: str, realm: str) -> None:
    asked: list[httpx.Request] = []

    def answers(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=iter([b"{}"]))

    with httpx.Client(transport=httpx.MockTransport(answers)) as client:
        Requests(client, host).token(realm, {"scope": "s"}, {"Authorization": "Basic x"})

        assert str(asked[0].url) == f"{realm}?scope=s"
        for other in ("https://gitlab.com.example.org/", realm.replace("https", "http")):
            with pytest.raises(Unavailable):
                Requests(client, host).token(other, {}, {"Authorization": "Basic x"})
    assert len(asked) == 1


def test_an_answer_without_end_is_not_read(places: Places) -> None:
    there: list[Place] = []

    def answers(path: str) -> Answer:
        if path.startswith("/token"):
            return 200, {}, b" " * 70_000 + b'{"token": "let-me-in"}'
        return wants_token_from(f"http://{there[0].host}/token")(path)

    there.append(places(answers))
    endless = places(lambda path: (200, {}, bytes(registry_requests.MOST_BYTES + 1)))

    for each in (there[0], endless):
        with pytest.raises(InvalidSubmission, match="does not say how large") as refused:
            Registries(1_000).look(image_at(each))
        assert "it says too much" in repr(refused.value.__cause__)
    assert "Bearer" not in str(there[0].asked)


def test_an_answer_that_drips_is_left(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_requests, "MOST_SECONDS", 0.3)
    listening = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        peer, _ = listening.accept()
        with peer:
            peer.recv(4096)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not stop.wait(0.05):
                peer.sendall(b" ")

    dripping = threading.Thread(target=drip)
    dripping.start()
    host = f"127.0.0.1:{listening.getsockname()[1]}"
    began = time.monotonic()
    try:
        with pytest.raises(Unavailable, match="no whole answer"):
            Registries(1_000).look(f"{host}/m@{digest(MANIFEST)}")
    finally:
        stop.set()
        dripping.join()
        listening.close()
    assert time.monotonic() - began < 5


def test_a_blob_elsewhere_is_fetched_without_the_token(places: Places, tmp_path: Path) -> None:
    store = places(lambda path: (200, {}, CONFIG))
    registry = places(_after_token(blobs_at(f"http://{store.host}/kept?sig=1")))
    known = Registries(1_000, credentials(tmp_path, registry.host), {registry.host: [store.host]})

    assert known.look(image_at(registry), with_machines=True).machines == {"amd64"}

    assert store.asked == [("/kept?sig=1", None)]
    assert registry.asked[-1][1] is not None


def _after_token(answers: Callable[[str], Answer]) -> Callable[[str], Answer]:
    """A registry that wants the password first, once."""
    asked: list[str] = []

    def after(path: str) -> Answer:
        asked.append(path)
        return (401, {"WWW-Authenticate": "Basic"}, b"") if len(asked) == 1 else answers(path)

    return after


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_registry_does_not_send_the_service_into_its_own_network(
    scheme: str, places: Places
) -> None:
    inside = places(lambda path: (200, {}, CONFIG))
    registry = places(blobs_at(f"{scheme}://{inside.host}/latest/meta-data"))

    with pytest.raises(Unavailable, match="not known to be its own"):
        Registries(1_000).check(image_at(registry), Arch.AMD64)

    assert inside.asked == []


def test_a_place_that_sends_on_into_the_network_is_not_followed(places: Places) -> None:
    inside = places(lambda path: (200, {}, CONFIG))
    store = places(lambda path: (302, {"Location": f"http://{inside.host}/"}, b""))
    registry = places(blobs_at(f"http://{store.host}/"))

    with pytest.raises(Unavailable, match=inside.host):
        Registries(1_000, "", {registry.host: [store.host]}).check(image_at(registry), Arch.AMD64)

    assert (len(store.asked), inside.asked) == (1, [])


def test_a_circle_of_redirects_ends(places: Places) -> None:
    registry = places(blobs_at("/v2/teams/m/blobs/again"))

    with pytest.raises(InvalidSubmission):
        Registries(1_000).check(image_at(registry), Arch.AMD64)

    assert len(registry.asked) == 2 + registry_requests.MOST_REDIRECTS


@pytest.mark.parametrize("certificate", ["blobs.invalid", "other.invalid"])
def test_elsewhere_the_address_that_was_looked_at_is_the_one_that_is_asked(
    certificate: str, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolved: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **named: Any) -> Any:
        resolved.append(host)
        return real("127.0.0.1" if host == "blobs.invalid" else host, *rest, **named)

    store = places(lambda path: (200, {}, CONFIG), tls(tmp_path, certificate))
    registry = places(blobs_at(f"https://blobs.invalid:{store.port}/kept"))
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(registry_requests, "is_public", lambda address: True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
    monkeypatch.setenv("NO_PROXY", "*")

    if certificate == "blobs.invalid":
        Registries(1_000).check(image_at(registry), Arch.AMD64)
        assert store.hosts == [f"blobs.invalid:{store.port}"]
    else:
        with pytest.raises(Unavailable, match="does not answer"):
            Registries(1_000).check(image_at(registry), Arch.AMD64)
        assert store.asked == []
    assert resolved.count("blobs.invalid") == 1


@pytest.mark.parametrize("address", ["10.0.0.7", "public and private"])
def test_a_name_of_an_inside_address_is_not_asked(
    address: str, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ["10.0.0.7"] if address == "10.0.0.7" else ["8.8.8.8", "169.254.169.254"]
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **named: Any) -> Any:
        if host != "blobs.invalid":
            return real(host, *rest, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    registry = places(blobs_at("https://blobs.invalid/kept"))

    with pytest.raises(Unavailable, match=r"blobs\.invalid, which is not known"):
        Registries(1_000).check(image_at(registry), Arch.AMD64)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00:ec2::254", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::10.0.0.1", False),
        ("2002:a00:1::", False),
    ],
)
def test_addresses_of_ones_own_network_are_known(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_registry_that_is_not_allowed_is_never_asked(places: Places, tmp_path: Path) -> None:
    registry = places(lambda path: (200, {}, MANIFEST))
    allowing = ClusterConfig(submitted_images=[f"{registry.host}/teams/*"], max_image_size=2_000)
    world = World(tmp_path, place="cluster", cluster=allowing, runs=False)
    world.publish(**KINDS)
    ana = world.user("ana")
    ana.enter()
    other = image_at(registry).replace("/teams/m", "/elsewhere/m")
    try:
        for image in (other, image_at(registry).replace("127.0.0.1", "localhost")):
            assert "may not be run here" in ana.submit(422, **container(image))["error"]["message"]
        assert registry.asked == []
        ana.submit(**container(image_at(registry)))
        assert len(registry.asked) == 1
    finally:
        world.close()


def tls(folder: Path, name: str) -> ssl.SSLContext:
    """A server's side, with a certificate of its own for a name; `tls.pem` is what to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, secret = folder / "tls.pem", folder / "tls.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return context
