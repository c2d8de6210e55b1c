"""An HTTP server that answers the two questions of the gateway as a Kubernetes API server does.

It stands in for one where no cluster is at hand: POST tokenreviews, GET of a pod.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

EXTRA = "authentication.kubernetes.io/pod-"


@dataclass
class SmallApiServer:
    """Pods and the tokens that are bound to them."""

    address: str = ""
    pods: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def add_pod(self, namespace: str, labels: dict[str, str], name: str = "") -> dict[str, Any]:
        name = name or f"pod-{uuid.uuid4().hex[:8]}"
        meta = {"name": name, "namespace": namespace, "uid": str(uuid.uuid4()), "labels": labels}
        self.pods[namespace, name] = {"metadata": meta}
        return meta

    def add_token(self, pod: dict[str, Any], account: str, audience: str) -> str:
        """A token of a pod, as the kubelet would put it into its volume."""
        token = uuid.uuid4().hex
        self.tokens[token] = {
            "audience": audience,
            "user": {
                "username": f"system:serviceaccount:{pod['namespace']}:{account}",
                "extra": {f"{EXTRA}name": [pod["name"]], f"{EXTRA}uid": [pod["uid"]]},
            },
        }
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
                    "users": [{"name": "it", "user": {"token": "the-gateway's"}}],
                    "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
                }
            )
        )
        return str(path)

    def review(self, spec: dict[str, Any]) -> dict[str, Any]:
        found = self.tokens.get(spec["token"])
        if found is None or found["audience"] not in spec["audiences"]:
            return {"authenticated": False, "error": "invalid bearer token"}
        return {"authenticated": True, "user": found["user"], "audiences": spec["audiences"]}


@contextmanager
def small_api_server() -> Iterator[SmallApiServer]:
    """Serve on a free port of loopback."""
    served = SmallApiServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            served.asked.append(self.path)
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.path == "/apis/authentication.k8s.io/v1/tokenreviews"
            self._send(201, {**body, "status": served.review(body["spec"])})

        def do_GET(self) -> None:
            served.asked.append(self.path)
            _, _, _, _, namespace, _, name = self.path.split("/")
            pod = served.pods.get((namespace, name))
            gone = {"kind": "Status", "reason": "NotFound", "message": "gone", "code": 404}
            self._send(200 if pod else 404, pod or gone)

        def log_message(self, *_: Any) -> None:
            return

        def _send(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
