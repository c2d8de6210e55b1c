"""A JupyterHub on the test cluster: a process beside it, whose servers are pods.

It is the real one, with `configure` of jupyter_challenge.hub, under the rights of deploy/hub. Its
proxy is a process of its own, as on any cluster: it knows the ways to servers while the hub is
away. People sign in with any password, unless `more` says otherwise.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import httpx
import yaml

from tests.cluster.kubectl import Cluster

ROOT = Path(__file__).parents[2]
RIGHTS = ROOT / "deploy" / "hub"
PROXY = ROOT / "tests/hub/node/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
NAMESPACE = "jupyterhub"
"""Where the hub's account and its servers are."""
LABELS = {"challenge.jupyter.org/servers": "true", "challenge.jupyter.org/clients": "true"}
HOST = os.environ.get("HUB_HOST", "10.245.0.1")
"""Where pods and browsers reach the hub: the node's address in the sandbox."""
IMAGE = "docker.io/jupyter-challenge/notebook:test"
TOKEN = "the-hubs-tests-are-an-admin-of-it"
PROXY_TOKEN = "the-proxy-of-the-tests"
CATALOGUE: Mapping[str, Any] = {
    "images": {"amd64": IMAGE},
    "profiles": [{"id": "cpu", "name": "CPU", "description": "Half a core", "memory": "512 MiB"}],
}

CONFIG = """
import sys
sys.path.insert(0, {root!r})
from jupyter_challenge.hub import ChallengeService, configure

c = get_config()

c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_bind_url = c.JupyterHub.hub_connect_url = {hub_url!r}
c.JupyterHub.db_url = "sqlite:///{folder}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.JupyterHub.cleanup_servers = False
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 1}}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.auth_token = {proxy_token!r}
c.ConfigurableHTTPProxy.should_start = False
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {{"admin"}}
c.JupyterHub.services = [{{"name": "tests", "api_token": {token!r}, "admin": True}}]

c.KubeSpawner.namespace = {namespace!r}
c.KubeSpawner.image_pull_policy = "Never"
c.KubeSpawner.uid = c.KubeSpawner.gid = c.KubeSpawner.fs_gid = 1000
c.KubeSpawner.cpu_guarantee = 0.05
c.KubeSpawner.mem_guarantee = "64M"
c.KubeSpawner.environment = {{"HOME": "/tmp"}}
c.KubeSpawner.default_url = "/lab"
c.KubeSpawner.delete_grace_period = 1
c.KubeSpawner.start_timeout = 90
c.KubeSpawner.http_timeout = 90
c.KubeSpawner.poll_interval = 3
{more}
configure(c, catalogue={catalogue!r}{arguments})
"""


class Hub:
    """A hub that runs.

    Attributes:
        cluster: Where its servers are.
        folder: Where its configuration, its log, its database are.
        url: Where people reach it, through its proxy.
    """

    def __init__(self, cluster: Cluster, folder: Path, *, port: int = 8000) -> None:
        self.cluster = cluster
        self.folder = folder
        self.url = f"http://{HOST}:{port}"
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._proxy: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(base_url=self.url, timeout=90)

    @property
    def log(self) -> str:
        """What the hub and its proxy printed so far."""
        return (self.folder / "hub.log").read_text(errors="replace")

    @property
    def last_lines(self) -> str:
        """The end of the log without the questions that went well."""
        lines = [each for each in self.log.splitlines() if " 200 GET " not in each]
        return "\n".join(lines)[-6000:]

    def write(self, catalogue: Mapping[str, Any], *, arguments: str = "", more: str = "") -> None:
        """Write the configuration that the hub reads when it starts.

        Args:
            catalogue: What is in profiles.yaml.
            arguments: More arguments of `configure`, as Python: `storage="/…/storage.yaml"`.
            more: More lines of the configuration, before `configure`.
        """
        profiles = self.folder / "profiles.yaml"
        profiles.write_text(yaml.safe_dump(dict(catalogue), sort_keys=False))
        written = CONFIG.format(
            root=str(ROOT),
            catalogue=str(profiles),
            arguments=f", {arguments}" if arguments else "",
            url=self.url,
            hub_url=f"http://{HOST}:{self._port + 81}",
            folder=self.folder,
            proxy_port=self._port + 1,
            proxy_token=PROXY_TOKEN,
            token=TOKEN,
            namespace=NAMESPACE,
            more=more,
        )
        (self.folder / "jupyterhub_config.py").write_text(written)

    def start(self, seconds: float = 150) -> None:
        """Start the hub and wait until it answers.

        Raises:
            RuntimeError: It ends, or does not answer; the message is its log.
        """
        environment = {**os.environ, "KUBECONFIG": str(self._kubeconfig())}
        with (self.folder / "hub.log").open("ab") as log:
            if self._proxy is None:
                self._proxy = self._started_proxy(log)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", "jupyterhub_config.py"],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if self._client.get("/hub/api/").status_code == 200:
                    return
            time.sleep(0.3)
        self.stop()
        raise RuntimeError(f"the hub does not start:\n{self.log}")

    def _started_proxy(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        command = ["node", str(PROXY), "--ip", HOST, "--port", str(self._port)]
        command += ["--api-ip", "127.0.0.1", "--api-port", str(self._port + 1)]
        command += ["--error-target", f"http://{HOST}:{self._port + 81}/hub/error"]
        environment = {**os.environ, "CONFIGPROXY_AUTH_TOKEN": PROXY_TOKEN}
        return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)

    def stop(self, *, at_once: bool = False) -> None:
        """End the hub; its proxy and its servers live on.

        Args:
            at_once: Kill it, so that it has no time to put anything in order.
        """
        process = self._process
        if process is None:
            return
        self._process = None
        if not at_once:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def restart(self, *, at_once: bool = False) -> None:
        """End it and start it again."""
        self.stop(at_once=at_once)
        self.start()

    def close(self) -> None:
        """End it for good."""
        self.stop()
        if self._proxy is not None:
            self._proxy.terminate()
            self._proxy.wait(10)
        self._client.close()

    def api(
        self, method: str, path: str, body: Any = None, *, token: str = TOKEN
    ) -> httpx.Response:
        """Ask the hub's API, as an admin or with somebody's token; `path` begins after /hub/api."""
        headers = {"Authorization": f"token {token}"}
        return self._client.request(method, f"/hub/api{path}", json=body, headers=headers)

    def user(self, name: str, *groups: str) -> str:
        """A token of somebody who is of these groups; they are made if they are not there."""
        self.api("POST", f"/users/{name}")
        for group in groups:
            self.api("POST", f"/groups/{group}")
            self.api("POST", f"/groups/{group}/users", {"users": [name]}).raise_for_status()
        made = self.api("POST", f"/users/{name}/tokens", {"note": "tests"})
        made.raise_for_status()
        token: str = made.json()["token"]
        return token

    def spawn(self, name: str, profile: str | None = None, *, token: str = TOKEN) -> httpx.Response:
        """Ask for somebody's server; 201 when it runs, 202 while it starts."""
        options = {} if profile is None else {"profile": profile}
        return self.api("POST", f"/users/{name}/server", options, token=token)

    def server(self, name: str) -> dict[str, Any]:
        """What the hub says of somebody's server; nothing when it has none."""
        said = self.api("GET", f"/users/{name}").json()
        found: dict[str, Any] = said.get("servers", {}).get("", {})
        return found

    def until_ready(self, name: str, seconds: float = 90) -> str:
        """Wait for somebody's server and return its address.

        Raises:
            TimeoutError: It does not get ready; the message is the hub's log.
        """
        self.until(lambda: bool(self.server(name).get("ready")), seconds)
        return f"{self.url}/user/{name}"

    def until(self, true: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something is true.

        Raises:
            TimeoutError: It does not get true; the message ends with the hub's log.
        """
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise TimeoutError(f"not in {seconds} s; the hub's log ends:\n{self.last_lines}")
            time.sleep(0.3)

    def stop_server(self, name: str, seconds: float = 60) -> None:
        """End somebody's server, or their wait for one, and wait until it is gone."""
        self.api("DELETE", f"/users/{name}/server")
        self.until(lambda: not self.server(name), seconds)

    def pods(self, name: str = "") -> Sequence[dict[str, Any]]:
        """The pods of servers, or of one user's."""
        label = f",hub.jupyter.org/username={name}" if name else ""
        return self.cluster.list(
            "pods", "-n", NAMESPACE, "-l", f"component=singleuser-server{label}"
        )

    def events(self, name: str, seconds: float = 20) -> Iterator[dict[str, Any]]:
        """What the page of a server that starts is told, as it is told."""
        headers = {"Authorization": f"token {TOKEN}"}
        path = f"/hub/api/users/{name}/server/progress"
        with (
            contextlib.suppress(httpx.ReadTimeout),
            self._client.stream("GET", path, headers=headers, timeout=seconds) as stream,
        ):
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    yield yaml.safe_load(line.removeprefix("data:"))

    def _kubeconfig(self) -> Path:
        """A configuration that holds the token of the hub's own account and nothing more."""
        admin = yaml.safe_load(self.cluster.kubeconfig.read_text())
        token = self.cluster.kubectl(
            "-n", NAMESPACE, "create", "token", "hub", "--duration=4h"
        ).strip()
        context = {"cluster": admin["clusters"][0]["name"], "user": "hub", "namespace": NAMESPACE}
        written = self.folder / "kubeconfig"
        written.touch(mode=0o600)
        written.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": admin["clusters"][:1],
                    "users": [{"name": "hub", "user": {"token": token}}],
                    "contexts": [{"name": "hub", "context": context}],
                    "current-context": "hub",
                }
            )
        )
        return written


def image_of(pod: Mapping[str, Any]) -> str:
    """The image that a server runs in, by its digest."""
    (image,) = [
        each["imageID"] for each in pod["status"]["containerStatuses"] if each["name"] == "notebook"
    ]
    return str(image)


@contextlib.contextmanager
def hub_namespace(cluster: Cluster) -> Iterator[str]:
    """The namespace of the servers, with deploy/hub in the cluster; all of it gone afterwards."""
    metadata = {"name": NAMESPACE, "labels": LABELS}
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", limit=180)
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    cluster.kubectl("apply", "-f", str(RIGHTS / "account.yaml"))
    cluster.kubectl("apply", "-k", str(RIGHTS))
    try:
        yield NAMESPACE
    finally:
        cluster.kubectl("-n", NAMESPACE, "delete", "pods", "--all", "--grace-period=1")
        cluster.kubectl("delete", "-k", str(RIGHTS), "--ignore-not-found")
        cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", limit=180)


@contextlib.contextmanager
def hub_running(
    cluster: Cluster,
    folder: Path,
    catalogue: Mapping[str, Any] = CATALOGUE,
    *,
    arguments: str = "",
    more: str = "",
) -> Iterator[Hub]:
    """A hub with a namespace for its servers.

    Args:
        cluster: The cluster.
        folder: An empty folder for its files.
        catalogue: Its compute profiles.
        arguments: More arguments of `configure`, as Python.
        more: More lines of its configuration.
    """
    with hub_namespace(cluster):
        hub = Hub(cluster, folder)
        hub.write(catalogue, arguments=arguments, more=more)
        try:
            hub.start()
            yield hub
        finally:
            hub.close()
