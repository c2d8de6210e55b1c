"""Requests to a registry: short ones, and only to where it may send the service.

A registry names other places: one that gives tokens, others that hold its blobs. Names and
passwords are sent to itself and to what is known to be its own, never where it merely points at.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from jupyter_challenge.core.errors import Unavailable

MOST_BYTES = 4_000_000
"""Of a manifest, as registries have it."""
MOST_BYTES_OF_TOKEN = 64_000
MOST_SECONDS = 30.0
"""For one answer, however slowly its bytes drip."""
MOST_REDIRECTS = 3
KNOWN = {"registry-1.docker.io": ("auth.docker.io",), "registry.gitlab.com": ("gitlab.com",)}
"""Places that public registries have for tokens, where that is not themselves."""

_REDIRECTS = {301, 302, 303, 307, 308}
_V4_IN_V6 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Answer:
    """What was answered.

    Attributes:
        status: The HTTP status.
        content: The body, as it came.
        wanted: What the registry itself wants to hear from who asks; empty from other places.
    """

    status: int
    content: bytes
    wanted: str = ""


class Requests:
    """Requests to one registry and to where it sends the service."""

    def __init__(self, client: httpx.Client, host: str, elsewhere: Iterable[str] = ()) -> None:
        """Prepare; nothing is asked yet.

        Args:
            client: What follows no redirect by itself.
            host: The registry, with its port if it has one.
            elsewhere: Other hosts of this registry's, as the admin says them.
        """
        here = host.partition(":")[0] in {"localhost", "127.0.0.1"}
        self._client = client
        self._scheme = "http" if here else "https"
        self._own = httpx.URL(f"{self._scheme}://{host}")
        named = (*elsewhere, *KNOWN.get(host, ()))
        self._known = {httpx.URL(f"https://{each}").netloc for each in named}

    def manifest(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Ask the registry for what it has itself."""
        answer, _ = self._get(self._own.join(path), headers)
        return answer

    def blob(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Ask for what may lie where the registry sends us; its own token stays with it.

        Raises:
            Unavailable: It sends us where it may not.
        """
        url = self._own.join(path)
        for _ in range(MOST_REDIRECTS + 1):
            own = self._is_own(url)
            if own or self._is_known(url):
                answer, further = self._get(url, headers if own else {})
            else:
                answer, further = self._get(*self._at_public_address(url))
            if not further:
                return answer if own else Answer(answer.status, answer.content)
            url = url.join(further)
        raise ValueError("it sends us on and on")

    def token(self, realm: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Ask for a token.

        Args:
            realm: Where, as the registry says it.
            params: What for.
            headers: Name and password, where there are some.

        Raises:
            Unavailable: That place is not known to be the registry's.
        """
        url = httpx.URL(realm)
        if not (self._is_own(url) or self._is_known(url)):
            raise self._not_there(url)
        answer, _ = self._get(url.copy_merge_params(params), headers, MOST_BYTES_OF_TOKEN)
        return answer

    def _is_own(self, url: httpx.URL) -> bool:
        return (url.scheme, url.netloc) == (self._scheme, self._own.netloc) and not url.userinfo

    def _is_known(self, url: httpx.URL) -> bool:
        # Compared without the port that a scheme has anyway; a local registry may use http.
        safe = url.scheme in {self._scheme, "https"} and not url.userinfo
        return safe and url.netloc in self._known

    def _at_public_address(
        self, url: httpx.URL
    ) -> tuple[httpx.URL, dict[str, str], int, dict[str, Any]]:
        """Whom to connect to for a place that anybody may be asked: never one of our own network.

        The name is resolved once and the address used, so that it cannot be another one by then.
        """
        if url.scheme != "https" or url.userinfo:
            raise self._not_there(url)
        try:
            found = socket.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpx.ConnectError(f"{url.host}: {error}") from error
        addresses = [str(each[4][0]) for each in found]
        if not addresses or not all(is_public(each) for each in addresses):
            raise self._not_there(url)
        headers = {"Host": url.netloc.decode()}
        # The certificate has to be that of the name still.
        return url.copy_with(host=addresses[0]), headers, MOST_BYTES, {"sni_hostname": url.host}

    def _not_there(self, url: httpx.URL) -> Unavailable:
        place = url.netloc.decode()
        own = self._own.netloc.decode()
        return Unavailable(
            f"The registry {own} sends the service to {place}, which is not known to be its own.",
            hint=f"If it is, the admin says so: ClusterConfig.registry_hosts = "
            f'{{"{own}": ["{place}"]}}.',
        )

    def _get(
        self,
        url: httpx.URL,
        headers: Mapping[str, str],
        most: int = MOST_BYTES,
        extensions: dict[str, Any] | None = None,
    ) -> tuple[Answer, str]:
        """An answer, and where it sends us, if it does."""
        until = time.monotonic() + MOST_SECONDS
        # Packed, a few bytes could be many.
        sent = {**headers, "Accept-Encoding": "identity"}
        with self._client.stream("GET", url, headers=sent, extensions=extensions) as answer:
            content = b""
            for piece in answer.iter_raw():
                content += piece
                if len(content) > most:
                    raise ValueError("it says too much")
                if time.monotonic() > until:
                    raise httpx.ReadTimeout(f"no whole answer in {MOST_SECONDS:g} s")
            further = answer.headers.get("Location", "") if answer.status_code in _REDIRECTS else ""
            wanted = answer.headers.get("WWW-Authenticate", "")
        return Answer(answer.status_code, content, wanted), further


def is_public(address: str) -> bool:
    """Whether an address is one of the internet, also where one of the old kind is in a new one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in _V4_IN_V6:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        if inner is not None:
            found = inner
    return found.is_global and not found.is_multicast
