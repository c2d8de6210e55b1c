"""A hub on the test cluster whose people sign in at a provider and have storage as themselves.

Beside the hub: an OpenID provider as a process, the token relay as deploy/hub/relay.yaml has it,
MinIO as a pod that takes the provider's tokens, a shared volume. People are alice, bob and carol
(tests/hub/openid.py).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.cluster.hub_place import CATALOGUE, HOST, IMAGE, NAMESPACE, Hub, hub_namespace
from tests.cluster.kubectl import Cluster
from tests.hub.openid import OpenID, openid, sign_in

ROOT = Path(__file__).parents[2]
HUB_PORT = 8000
RELAY = "challenge-relay"
_RELAY_IMAGE = "docker.io/jupyter-challenge/service:test"
"""It has the package and JupyterHub in it, as a hub's own image would."""
KEY, SECRET = "minio-of-the-tests", "servers-must-never-hold-this"
CLIENT = "s3"
ROLE = "arn:minio:iam:::role/" + base64.urlsafe_b64encode(
    hashlib.sha1(CLIENT.encode()).digest()
).decode().rstrip("=")
"""As MinIO makes it of the client's id."""

_SIGN_IN = """
c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.client_id = "hub"
c.GenericOAuthenticator.client_secret = "hub-secret"
c.GenericOAuthenticator.authorize_url = "{provider}/auth"
c.GenericOAuthenticator.token_url = "{provider}/token"
c.GenericOAuthenticator.userdata_url = "{provider}/me"
c.GenericOAuthenticator.oauth_callback_url = "{hub}/hub/oauth_callback"
c.GenericOAuthenticator.scope = ["openid", "profile", "email", "groups"]
c.GenericOAuthenticator.username_claim = "preferred_username"
c.GenericOAuthenticator.auto_login = True
c.CryptKeeper.keys = [bytes.fromhex("{key}")]
c.JupyterHub.services.append({{"name": "challenge-relay", "api_token": "{relay}"}})
"""

# In the notebook image, which has boto3: bucket, policy of deploy/hub, somebody's file, data.
_FILLED = """
import hashlib, os, time, urllib.request
import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

endpoint = "http://minio:9000"
me = Credentials(os.environ["KEY"], os.environ["SECRET"])
until = time.time() + 60
while True:
    policy = AWSRequest(
        "PUT", endpoint + "/minio/admin/v3/add-canned-policy?name=own-prefix",
        data=os.environ["POLICY"].encode(),
    )
    policy.headers["X-Amz-Content-Sha256"] = hashlib.sha256(policy.data).hexdigest()
    SigV4Auth(me, "s3", "us-east-1").add_auth(policy)
    sent = urllib.request.Request(
        policy.url, policy.data, dict(policy.headers.items()), method="PUT"
    )
    try:  # MinIO is ready a moment before its policies are
        urllib.request.urlopen(sent, timeout=10)
        break
    except OSError:
        if time.time() > until:
            raise
        time.sleep(0.3)
s3 = boto3.client(
    "s3", endpoint_url=endpoint, region_name="us-east-1",
    aws_access_key_id=me.access_key, aws_secret_access_key=me.secret_key,
)
s3.create_bucket(Bucket="lab")
s3.put_object(Bucket="lab", Key="bob/hello.txt", Body=b"bob's own")
os.makedirs("/sky/dr1", exist_ok=True)
open("/sky/dr1/stars.csv", "w").write("id,magnitude")
"""


@dataclass
class StoragePlace:
    """What runs."""

    hub: Hub
    provider: OpenID
    relay_token: str

    @property
    def relay_log(self) -> str:
        """What the relay logged."""
        return self.hub.cluster.kubectl("-n", NAMESPACE, "logs", f"deployment/{RELAY}")

    def kill_relay(self) -> None:
        """Kill the relay's pod, as its node's end does; another one comes."""
        killed = ("delete", "pod", "-l", f"app={RELAY}", "--grace-period=0", "--force")
        self.hub.cluster.kubectl("-n", NAMESPACE, *killed)

    def signed_in(self, user: str) -> None:
        """Sign somebody in, as their browser does."""
        with httpx.Client(timeout=60) as browser:
            sign_in(self.hub.url, user, browser)

    def in_server(self, user: str, script: str) -> str:
        """Run Python in somebody's server and return what it printed.

        Raises:
            RuntimeError: It failed; the message is what it said.
        """
        (pod,) = self.hub.pods(user)
        done = self.hub.cluster.execute(
            NAMESPACE, pod["metadata"]["name"], "python", "-c", script,
            container="notebook",
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout


def storage(provider: str, minio: str) -> dict[str, Any]:
    """What storage.yaml says there."""
    return {
        "sign_in": {"token_life": 20},
        "relay": {
            "url": f"http://{RELAY}.{NAMESPACE}:8090",
            "hub": f"http://{HOST}:{HUB_PORT + 81}/hub/api",
            "provider": f"{provider}/token",
            "client": "hub",
            "client_secret_file": "/etc/challenge/relay/client-secret",
            "token_file": "/etc/challenge/relay/hub-token",
        },
        "tokens": [{"name": "s3", "audience": CLIENT}],
        "home": {"size": "100 MiB"},
        "shared": [{"name": "sky", "claim": "sky", "path": "/data/sky", "sub_path": "dr1"}],
        "s3": {
            "endpoint": minio,
            "role": ROLE,
            "token": "s3",
            "bucket": "lab",
            "keys_live": "30 min",
        },
    }


@contextlib.contextmanager
def storage_running(
    cluster: Cluster,
    folder: Path,
    catalogue: Mapping[str, Any] = CATALOGUE,
    *,
    life: int = 20,
    arguments: str = "",
    more: str = "",
) -> Iterator[StoragePlace]:
    """A hub with storage, and a namespace for its servers.

    Args:
        cluster: The cluster.
        folder: An empty folder for its files.
        catalogue: Its compute profiles.
        life: Seconds that the provider's tokens live.
        arguments: More arguments of `configure`, as Python.
        more: More lines of its configuration.
    """
    callback = f"http://{HOST}:{HUB_PORT}/hub/oauth_callback"
    relay_token = secrets.token_hex(32)
    file = folder / "storage.yaml"
    with contextlib.ExitStack() as running:
        provider = running.enter_context(openid(host=HOST, life=life, redirects=[callback]))
        running.enter_context(hub_namespace(cluster))
        cluster.apply(*_minio(provider.url))
        _fill(cluster)
        file.write_text(yaml.safe_dump(storage(provider.url, "http://minio:9000")))
        cluster.apply(*_relay(file.read_text(), relay_token))
        hub = Hub(cluster, folder)
        running.callback(hub.close)
        signed = _SIGN_IN.format(
            provider=provider.url, hub=hub.url, key=secrets.token_hex(32), relay=relay_token
        )
        joined = ", ".join(each for each in (f"storage={str(file)!r}", arguments) if each)
        hub.write(catalogue, arguments=joined, more=signed + more)
        hub.start()
        cluster.wait(NAMESPACE, "condition=Available", f"deployment/{RELAY}", limit=90)
        yield StoragePlace(hub, provider, relay_token)


def _relay(said: str, token: str) -> list[dict[str, Any]]:
    """The relay of deploy/hub, with an image that is here, and what an admin makes for it."""
    manifests = list(yaml.safe_load_all((ROOT / "deploy/hub/relay.yaml").read_text()))
    (container,) = manifests[0]["spec"]["template"]["spec"]["containers"]
    container["image"] = _RELAY_IMAGE
    secret = {"hub-token": token, "client-secret": "hub-secret"}
    return [
        _object("v1", "Secret", "relay-secrets", stringData=secret),
        _object("v1", "ConfigMap", "hub-storage", data={"storage.yaml": said}),
        *manifests,
    ]


def _fill(cluster: Cluster) -> None:
    """Make what people find: a claim with data, a bucket with a policy and somebody's file."""
    policy = (ROOT / "deploy/hub/own-prefix.json").read_text()
    said = {"KEY": KEY, "SECRET": SECRET, "POLICY": json.dumps(json.loads(policy)), "HOME": "/tmp"}
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "securityContext": {"runAsUser": 1000},
        "containers": [
            {
                "name": "main",
                "image": IMAGE,
                "imagePullPolicy": "Never",
                "command": ["python", "-c", _FILLED],
                "env": [{"name": name, "value": value} for name, value in said.items()],
                "volumeMounts": [{"name": "sky", "mountPath": "/sky"}],
            }
        ],
        "volumes": [{"name": "sky", "persistentVolumeClaim": {"claimName": "sky"}}],
    }
    claim = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "100Mi"}}}
    cluster.apply(
        _object("v1", "PersistentVolumeClaim", "sky", spec=claim),
        _object("v1", "Pod", "filling", spec=pod),
    )
    try:
        cluster.wait(NAMESPACE, "jsonpath={.status.phase}=Succeeded", "pod/filling", limit=90)
    except RuntimeError as error:
        raise RuntimeError(f"{error}\n{cluster.logs(NAMESPACE, 'filling')}") from error
    finally:
        cluster.kubectl("-n", NAMESPACE, "delete", "pod", "filling", "--wait=false")


def _minio(provider: str) -> list[dict[str, Any]]:
    """MinIO that takes the provider's tokens, under the policy of deploy/hub."""
    said = {
        "MINIO_ROOT_USER": KEY,
        "MINIO_ROOT_PASSWORD": SECRET,
        "MINIO_BROWSER": "off",
        "MINIO_IDENTITY_OPENID_CONFIG_URL": f"{provider}/.well-known/openid-configuration",
        "MINIO_IDENTITY_OPENID_CLIENT_ID": CLIENT,
        "MINIO_IDENTITY_OPENID_CLIENT_SECRET": "unused",
        "MINIO_IDENTITY_OPENID_ROLE_POLICY": "own-prefix",
        "MINIO_IDENTITY_OPENID_SCOPES": "openid",
        "HOME": "/tmp",
    }
    pod = {
        "terminationGracePeriodSeconds": 1,
        "securityContext": {"runAsUser": 1000, "fsGroup": 1000},
        "containers": [
            {
                "name": "minio",
                "image": "cluster.test/minio:1",
                "imagePullPolicy": "IfNotPresent",
                "args": ["server", "/data", "--address", ":9000"],
                "env": [{"name": name, "value": value} for name, value in said.items()],
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            }
        ],
        "volumes": [{"name": "data", "emptyDir": {}}],
    }
    labels = {"app": "minio-of-the-hub"}
    service = {"selector": labels, "ports": [{"port": 9000}]}
    return [
        _object("v1", "Pod", "minio", labels=labels, spec=pod),
        _object("v1", "Service", "minio", spec=service),
    ]


def _object(
    version: str, kind: str, name: str, *, labels: Mapping[str, str] | None = None, **rest: Any
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": NAMESPACE}
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": metadata | ({"labels": dict(labels)} if labels else {}),
        **rest,
    }
