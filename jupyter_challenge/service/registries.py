"""What the registries of submitted images say of their size and machines, before one is taken.

Only registries of images that are allowed are asked (`images.named` comes first). Where they may
send the service is in `registry_requests`. What they answer has to be what its digest says.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from jupyter_challenge.core.compute import Arch
from jupyter_challenge.core.errors import InvalidSubmission, Unavailable
from jupyter_challenge.service.registry_requests import Answer, Requests

ONE = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
MANY = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MOST_PLATFORMS = 50
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
DOCKER_HUB = ("docker.io", "registry-1.docker.io", "https://index.docker.io/v1/")
"""Its name in images, where it answers, and its name in a file of credentials."""

_WORD = re.compile(r'([a-z]+)="([^"]*)"')


@dataclass(frozen=True)
class Found:
    """What a registry says of an image.

    Attributes:
        size: Its bytes, as the registry keeps them.
        machines: Architectures of the machines that it is for; none where it does not say.
    """

    size: int
    machines: frozenset[str]


class Registries:
    """Asks registries for manifests; keeps nothing but the connections of one question."""

    def __init__(
        self,
        largest: int,
        credentials_file: str = "",
        hosts: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            largest: Bytes that an image may have, as its registry keeps it: compressed.
            credentials_file: As `docker login` writes it, read anew for each question.
            hosts: Other hosts of registries, by the registry's: they may be told its password.
        """
        self._largest = largest
        self._credentials_file = credentials_file
        self._hosts = hosts or {}

    def check(self, image: str, arch: Arch | None = None) -> None:
        """See to it that an image is there, no larger than it may be, and for its machine.

        Args:
            image: As `core.images.pinned` gives it.
            arch: What the machine is that it is to run on; any when left out.

        Raises:
            InvalidSubmission: It is not there, is too large, is for other machines, or of a kind
                without sizes.
            Unavailable: Its registry does not answer, or not to this service.
        """
        found = self.look(image, with_machines=arch is not None)
        if found.size > self._largest:
            raise InvalidSubmission(
                f"The image has {found.size / 1e9:.2f} GB in its registry; "
                f"{self._largest / 1e9:g} GB are allowed.",
                hint="Leave out what its program does not need: caches, compilers, data.",
            )
        if arch is not None and found.machines and arch.value not in found.machines:
            raise InvalidSubmission(
                f"The image is for {', '.join(sorted(found.machines))}; the machines of that "
                f"compute profile are {arch.value}.",
                hint=f"Build it for linux/{arch.value} too, or choose another profile.",
            )

    def look(self, image: str, *, with_machines: bool = False) -> Found:
        """Ask for an image; one for several machines is as large as the largest of them.

        Args:
            image: As `core.images.pinned` gives it.
            with_machines: Whether to ask what it is for, too, which may be another question.
        """
        repository, _, digest = image.partition("@")
        host, _, path = repository.partition("/")
        if host == DOCKER_HUB[0]:
            host = DOCKER_HUB[1]
        elsewhere = {each for name in (repository.partition("/")[0], host)
                     for each in self._hosts.get(name, ())}  # fmt: skip
        try:
            with httpx.Client(timeout=TIMEOUT, trust_env=True) as client:
                requests = Requests(client, host, elsewhere)
                asked = _Repository(requests, host, path, self._credentials(host))
                found = asked.manifest(digest)
                if "layers" in found and "manifests" in found:
                    raise ValueError("one image and several")
                if found.get("mediaType", "") in MANY or "manifests" in found:
                    parts = [each for each in found["manifests"] if _for_machines(each)]
                    if len(parts) > MOST_PLATFORMS:
                        # None may be left out: it might be the one that is run.
                        raise InvalidSubmission(
                            f"The image is for {len(parts)} kinds of machine; "
                            f"{MOST_PLATFORMS} are the most.",
                            hint="Push it for fewer.",
                        )
                    manifests = [asked.manifest(each["digest"]) for each in parts]
                    machines = [(each.get("platform") or {}).get("architecture") for each in parts]
                else:
                    manifests, machines = [found], []
                    if with_machines:
                        config = asked.blob(found["config"]["digest"])
                        machines = [config.get("architecture")]
            # Who does not say what it is for may be for anything.
            said = frozenset(str(each) for each in machines) if all(machines) else frozenset()
            return Found(max(_bytes(manifest) for manifest in manifests), said)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"The registry {host} does not answer: {error}.", hint="Submit again later."
            ) from error
        except (KeyError, TypeError, ValueError, AttributeError, httpx.InvalidURL) as error:
            raise InvalidSubmission(
                f"The registry {host} does not say how large the image is.",
                hint="Push it again in the format of OCI or of Docker's schema 2.",
            ) from error

    def _credentials(self, host: str) -> str:
        """A name and a password as HTTP writes them, where there are some for a registry."""
        if not self._credentials_file:
            return ""
        try:
            kept = json.loads(Path(self._credentials_file).read_text(encoding="utf-8"))
            auths: Mapping[str, Any] = kept.get("auths", {})
            names = (host, f"https://{host}", *(DOCKER_HUB if host == DOCKER_HUB[1] else ()))
            return next((str(auths[n]["auth"]) for n in names if "auth" in auths.get(n, {})), "")
        except (OSError, ValueError, AttributeError) as error:
            raise Unavailable(
                f"ClusterConfig.registry_credentials_file cannot be used: {error}.",
                hint="Mount it as `docker login` writes it, readable for the service.",
            ) from error


class _Repository:
    """One repository of a registry, with what it wants to hear from who asks."""

    def __init__(self, requests: Requests, host: str, path: str, credentials: str) -> None:
        self._requests = requests
        self._host = host
        self._path = path
        self._credentials = credentials
        self._headers = {"Accept": ", ".join((*ONE, *MANY))}

    def manifest(self, digest: str) -> dict[str, Any]:
        """A manifest, which is what its digest says."""
        return self._read(self._requests.manifest, "manifests", digest)

    def blob(self, digest: str) -> dict[str, Any]:
        """What an image says of itself, which may lie where the registry sends us."""
        return self._read(self._requests.blob, "blobs", digest)

    def _read(
        self, ask: Callable[[str, Mapping[str, str]], Answer], kind: str, digest: str
    ) -> dict[str, Any]:
        path = f"/v2/{self._path}/{kind}/{digest}"
        answer = ask(path, self._headers)
        if answer.status == 401 and "Authorization" not in self._headers:
            word = self._authorized(answer)
            if word:
                self._headers["Authorization"] = word
                answer = ask(path, self._headers)
        if answer.status in {400, 404}:
            raise InvalidSubmission(
                f"There is no such image: {self._host}/{self._path}@{digest[:19]}….",
                hint="Push it, and copy its digest again.",
            )
        if answer.status != 200:
            raise Unavailable(
                f"The registry {self._host} refuses to say what the image is: {answer.status}.",
                hint="If this stays so, tell the admin: ClusterConfig.registry_credentials_file "
                "may need a way into it.",
            )
        if f"sha256:{hashlib.sha256(answer.content).hexdigest()}" != digest:
            raise Unavailable(
                f"The registry {self._host} answers with another image.", hint="Tell the admin."
            )
        found: dict[str, Any] = json.loads(answer.content)
        return found

    def _authorized(self, answer: Answer) -> str:
        """What to send with a question, as the registry asks for it."""
        kind, _, rest = answer.wanted.partition(" ")
        if kind.lower() == "basic" and self._credentials:
            return f"Basic {self._credentials}"
        said = dict(_WORD.findall(rest))
        if kind.lower() != "bearer" or not said.get("realm"):
            return ""
        headers = {"Authorization": f"Basic {self._credentials}"} if self._credentials else {}
        scope = {"service": said.get("service", ""), "scope": f"repository:{self._path}:pull"}
        given = self._requests.token(said["realm"], scope, headers)
        if given.status != 200:
            return ""
        found = json.loads(given.content)
        token = found.get("token") or found.get("access_token")
        return f"Bearer {token}" if isinstance(token, str) else ""


def _for_machines(part: Mapping[str, Any]) -> bool:
    """Whether a part of an index is an image; others say who built it."""
    return (part.get("platform") or {}).get("os") != "unknown"


def _bytes(manifest: Mapping[str, Any]) -> int:
    parts = [manifest["config"], *manifest["layers"]]
    sizes = [int(part["size"]) for part in parts]
    if min(sizes) < 0:
        raise ValueError("a size below 0")
    return sum(sizes)
