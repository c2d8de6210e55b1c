"""A small HTTP server that speaks to us as a Kubernetes API server does, for what we ask of one.

It stands in for one where no cluster is at hand: objects by name, lists by label, token reviews.
What a real cluster does with them is tested on a real one, in tests/cluster.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

OWN_AUDIENCE = "https://kubernetes.default.svc"
EXTRA = "authentication.kubernetes.io/pod-"
Object = dict[str, Any]
Key = tuple[str, str, str]


def made_up_token(audience: str, seconds: float = 3_600) -> str:
    """What has the shape of an account's token; who makes it up knows no key."""
    claims = {"aud": [audience], "exp": time.time() + seconds, "jti": uuid.uuid4().hex}
    parts = [json.dumps(each).encode() for each in ({"alg": "RS256"}, claims)]
    encoded = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, "c2lnbmVk"])


def now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class SmallApiServer:
    """Objects by resource, namespace and name, and tokens that are bound to pods."""

    address: str = ""
    objects: dict[Key, Object] = field(default_factory=dict)
    tokens: dict[str, Object] = field(default_factory=dict)
    logs: dict[tuple[str, str, str], Callable[[], bytes]] = field(default_factory=dict)
    made: Callable[[Key, Object], None] = lambda key, found: None
    pending: Callable[[str], list[Object]] = lambda queue: []
    away: bool = False
    lists: int = 0
    reviews: int = 0
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    may: set[str] = field(default_factory=set)

    def add_pod(self, namespace: str, labels: dict[str, str], name: str = "") -> Object:
        meta = self.add(
            "pods", namespace, {"metadata": {"name": name or f"pod-{uuid.uuid4().hex[:8]}"}}
        )["metadata"]
        meta["labels"] = labels
        return dict(meta)

    def add(self, resource: str, namespace: str, manifest: Object) -> Object:
        meta = {"namespace": namespace, "uid": str(uuid.uuid4()), "creationTimestamp": now()}
        found = {**manifest, "metadata": {**manifest["metadata"], **meta}}
        self.objects[resource, namespace, meta_name(found)] = found
        return found

    def add_token(self, pod: Object, account: str, audience: str) -> str:
        """A token of a pod, as the kubelet would put it into its volume."""
        token = made_up_token(audience)
        self.tokens[token] = {
            "audience": audience,
            "user": {
                "username": f"system:serviceaccount:{pod['namespace']}:{account}",
                "extra": {f"{EXTRA}name": [pod["name"]], f"{EXTRA}uid": [pod["uid"]]},
            },
        }
        return token

    def add_account_token(self, account: str, audience: str) -> str:
        """A token of an account, such as a projected one; `may` says whose may do what."""
        token = made_up_token(audience)
        user = {"username": f"system:serviceaccount:{account}"}
        self.tokens[token] = {"audience": audience, "user": user}
        return token

    def kubeconfig(self, path: Path) -> str:
        """Write the file that leads here."""
        path.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "it",
                    "clusters": [{"name": "it", "cluster": {"server": self.address}}],
                    "users": [{"name": "it", "user": {"token": "ours"}}],
                    "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
                }
            )
        )
        return str(path)

    def answer(self, verb: str, address: str, body: Object) -> tuple[int, Object | bytes]:
        """Status and body of an answer."""
        if self.away:
            return refused(503, "ServiceUnavailable")
        split = urlsplit(address)
        if split.path == "/version":
            return 200, {"major": "1", "minor": "34"}
        resource, namespace, name, more = parsed(split.path)
        query = parse_qs(split.query)
        if resource == "tokenreviews":
            self.reviews += 1
            return 201, {**body, "status": self._review(body["spec"])}
        if resource == "subjectaccessreviews":
            return 201, {**body, "status": {"allowed": body["spec"]["user"] in self.may}}
        if verb == "POST":
            return self._create(resource, namespace, body)
        if not name:
            found = self._selected(resource, namespace, query)
            self.lists += 1
            version = self._remembered(found)
            return 200, {"items": found, "metadata": {"resourceVersion": version}}
        key = (resource, namespace, name)
        if key not in self.objects:
            return refused(404, "NotFound")
        if more == "pendingworkloads":
            return 200, {"items": self.pending(name)}
        if more == "log":
            log = self.logs.get((namespace, name, query["container"][0]))
            return (200, log()) if log else refused(400, "BadRequest")
        if verb == "PUT":
            self.objects[key] = body
        if verb == "DELETE":
            self._delete(key)
            return 200, {}
        return 200, self.objects[key]

    def _remembered(self, found: list[Object]) -> str:
        """A version that a watch may begin at."""
        version = str(len(self.versions) + 1)
        self.versions[version] = {each["metadata"]["uid"]: json.dumps(each) for each in found}
        return version

    def watched(self, address: str, over: Callable[[], bool]) -> Iterator[Object]:
        """What happens after a version, until it is over."""
        split = urlsplit(address)
        resource, namespace, _, _ = parsed(split.path)
        query = parse_qs(split.query)
        before = self.versions.get(query["resourceVersion"][0])
        if before is None:
            yield {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}
            return
        until = time.monotonic() + int(query["timeoutSeconds"][0])
        while not over() and not self.away and time.monotonic() < until:
            found = self._selected(resource, namespace, query)
            after = {each["metadata"]["uid"]: json.dumps(each) for each in found}
            if after != before:
                version = self._remembered(found)
                for uid in {**before, **after}:
                    if before.get(uid) == after.get(uid):
                        continue
                    kind = "ADDED" if uid not in before else "MODIFIED"
                    each = json.loads(after.get(uid) or before[uid])
                    each["metadata"]["resourceVersion"] = version
                    yield {"type": kind if uid in after else "DELETED", "object": each}
                before = after
            time.sleep(0.02)

    def _create(self, resource: str, namespace: str, body: Object) -> tuple[int, Object]:
        key = (resource, namespace, meta_name(body))
        if key in self.objects:
            return refused(409, "AlreadyExists")
        if namespace and ("namespaces", "", namespace) not in self.objects:
            return refused(404, "NotFound")
        account = (body.get("spec") or {}).get("serviceAccountName")
        if resource == "pods" and ("serviceaccounts", namespace, account) not in self.objects:
            return refused(403, "Forbidden")
        found = self.add(resource, namespace, body)
        self.made(key, found)
        return 201, found

    def _delete(self, key: Key) -> None:
        del self.objects[key]
        if key[0] == "jobs":
            for pod in [k for k, v in self.objects.items() if k[0] == "pods" and owner(v) == key]:
                self.objects.pop(pod, None)

    def _selected(self, resource: str, namespace: str, query: dict[str, list[str]]) -> list[Object]:
        wanted = [pair.split("=") for pair in query.get("labelSelector", [""])[0].split(",")]
        return [
            found
            for (kind, where, _), found in list(self.objects.items())
            if kind == resource
            and namespace in {"", where}
            and all(
                (found["metadata"].get("labels") or {}).get(pair[0]) == pair[1]
                for pair in wanted
                if len(pair) == 2
            )
        ]

    def _review(self, spec: Object) -> Object:
        found = self.tokens.get(spec["token"])
        asked = spec.get("audiences") or [OWN_AUDIENCE]
        if found is None or found["audience"] not in asked:
            return {"authenticated": False, "error": "invalid bearer token"}
        return {"authenticated": True, "user": found["user"], "audiences": asked}


def meta_name(found: Object) -> str:
    return str(found["metadata"]["name"])


def owner(pod: Object) -> Key:
    """The Job of a pod."""
    meta = pod["metadata"]
    job = (meta.get("labels") or {}).get("batch.kubernetes.io/job-name", "")
    return "jobs", meta["namespace"], job


def refused(status: int, reason: str) -> tuple[int, Object]:
    return status, {"kind": "Status", "reason": reason, "message": reason, "code": status}


def parsed(path: str) -> tuple[str, str, str, str]:
    """Resource, namespace, name and what follows, of a path."""
    parts = path.strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2:
        namespace, parts = parts[1], parts[2:]
    parts += [""] * 3
    return parts[0], namespace, parts[1], parts[2]


@contextmanager
def small_api_server() -> Iterator[SmallApiServer]:
    """Serve on a free port of loopback."""
    served = SmallApiServer()
    ending = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            if "watch=1" in self.path and not served.away:
                self._stream()
                return
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            status, said = served.answer(self.command, self.path, body)
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _stream(self) -> None:
            self.protocol_version = "HTTP/1.1"  # in chunks, as a real one
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.close_connection = True
            with suppress(OSError):
                for event in served.watched(self.path, ending.is_set):
                    line = json.dumps(event).encode() + b"\n"
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        ending.set()
        server.shutdown()
        thread.join()
        server.server_close()
