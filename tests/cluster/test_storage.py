"""Storage as oneself, from a server that a hub started: S3, home and shared data."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.cluster.hub_place import NAMESPACE
from tests.cluster.kubectl import Cluster, probe_pod
from tests.cluster.storage_place import RELAY, SECRET, StoragePlace, storage_running

pytestmark = pytest.mark.timeout(300)

LIFE = 20

# Nothing is configured: what a participant would write.
OWN_PREFIX = """
import hashlib, json, os, time
import boto3

session = boto3.Session()
s3 = session.client("s3")
bucket, own = os.environ["CHALLENGE_S3"].removeprefix("s3://").split("/", 1)
name = f"{own}now-{os.getpid()}.txt"
tokens, keys, errors, done = set(), set(), [], 0
over = time.time() + SECONDS
while time.time() < over:
    try:
        text = str(done).encode()
        s3.put_object(Bucket=bucket, Key=name, Body=text)
        assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == text
        done += 1
    except Exception as error:
        errors.append(str(error))
    keys.add(session.get_credentials().access_key)
    with open(os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"], "rb") as file:
        tokens.add(hashlib.sha256(file.read()).hexdigest())
    time.sleep(1)
print(json.dumps({
    "tokens": len(tokens), "keys": len(keys), "errors": errors, "done": done,
    "listed": [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix=own)["Contents"]],
}))
"""

LEFT = """
import base64, json, time
payload = open("/run/challenge/tokens/s3.token").read().split(".")[1]
print(json.loads(base64.urlsafe_b64decode(payload + "=="))["exp"] - time.time())
"""

OTHERS = """
import json, boto3, botocore.exceptions
s3 = boto3.client("s3")
said = {}
for what, call in {
    "get": lambda: s3.get_object(Bucket="lab", Key="bob/hello.txt"),
    "put": lambda: s3.put_object(Bucket="lab", Key="bob/hello.txt", Body=b"mine"),
    "delete": lambda: s3.delete_object(Bucket="lab", Key="bob/hello.txt"),
    "list": lambda: s3.list_objects_v2(Bucket="lab", Prefix="bob/"),
    "list all": lambda: s3.list_objects_v2(Bucket="lab"),
    "get beside": lambda: s3.get_object(Bucket="lab", Key="alicea/hello.txt"),
    "policy": lambda: s3.get_bucket_policy(Bucket="lab"),
}.items():
    try:
        call()
        said[what] = "allowed"
    except botocore.exceptions.ClientError as error:
        said[what] = error.response["Error"]["Code"]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def place(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoragePlace]:
    with storage_running(cluster, tmp_path_factory.mktemp("hub"), life=LIFE) as running:
        running.signed_in("alice")
        running.hub.spawn("alice")
        running.hub.until_ready("alice")
        yield running


def test_ones_own_prefix_is_there_for_longer_than_a_token_lives(place: StoragePlace) -> None:
    script = OWN_PREFIX.replace("SECONDS", str(2.2 * LIFE))
    direct = 'import os; os.environ["AWS_ENDPOINT_URL_STS"] = os.environ["AWS_ENDPOINT_URL_S3"]'

    with ThreadPoolExecutor(2) as pool:
        by_relay = pool.submit(place.in_server, "alice", script)
        asking = pool.submit(place.in_server, "alice", direct + script)
        relayed: Any = json.loads(by_relay.result())
        asked: Any = json.loads(asking.result())

    for said in (relayed, asked):
        assert said["errors"] == []
        assert said["done"] > 5
        assert said["tokens"] >= 3
        assert any(name.startswith("alice/now-") for name in said["listed"])
    assert relayed["keys"] == 1, "keys that live half an hour are asked for once"
    assert asked["keys"] > 3, "MinIO's own live as long as the token"


def test_anothers_prefix_is_refused(place: StoragePlace) -> None:
    said = json.loads(place.in_server("alice", OTHERS))

    assert set(said.values()) == {"AccessDenied"}, said


def test_the_home_is_there_again_after_the_server(place: StoragePlace) -> None:
    write = "from pathlib import Path; Path.home().joinpath('kept.txt').write_text('kept')"
    place.in_server("alice", write)
    (before,) = place.hub.pods("alice")
    place.hub.stop_server("alice")
    place.hub.until(lambda: not place.hub.pods("alice"))
    place.hub.spawn("alice")
    place.hub.until_ready("alice")
    (after,) = place.hub.pods("alice")
    said = place.in_server("alice", "import os; print(os.getcwd(), open('kept.txt').read())")

    assert before["metadata"]["uid"] != after["metadata"]["uid"]
    assert said.split() == ["/home/jovyan", "kept"]


def test_shared_data_is_read_and_not_written(place: StoragePlace) -> None:
    script = """
print(open("/data/sky/stars.csv").read())
try:
    open("/data/sky/mine.csv", "w")
    print("written")
except OSError as error:
    print(error.errno)
"""

    assert place.in_server("alice", script).split() == ["id,magnitude", "30"]


def test_no_secret_is_in_the_pod_and_its_tokens_are_its_owners(place: StoragePlace) -> None:
    (pod,) = place.hub.pods("alice")
    (container,) = pod["spec"]["containers"]
    said = {each["name"]: each.get("value", "") for each in container["env"]}
    hubs_own = said.pop("JUPYTERHUB_API_TOKEN")
    look = """
import os, stat
folder = "/run/challenge/tokens"
file = os.lstat(folder + "/s3.token")
print(oct(stat.S_IMODE(os.stat(folder).st_mode)), oct(file.st_mode), file.st_uid == os.getuid())
print(next(l.split()[2] for l in open("/proc/mounts") if l.split()[1] == "/run/challenge"))
"""

    token = place.in_server("alice", "print(open('/run/challenge/tokens/s3.token').read())")
    spec = json.dumps(pod["spec"]).replace(hubs_own, "")
    secrets = {token.strip(), SECRET, "hub-secret", place.relay_token}
    said_somewhere = "\n".join((spec, place.hub.log, place.relay_log))
    assert [each for each in secrets if each in said_somewhere] == []
    assert not any(value.startswith("eyJ") for value in said.values()), "a JWT"
    assert place.in_server("alice", look).split() == ["0o700", "0o100400", "True", "tmpfs"]
    assert said["AWS_ENDPOINT_URL_STS"] == f"http://{RELAY}.{NAMESPACE}:8090/sts"


def test_servers_reach_the_relay_and_others_do_not(place: StoragePlace) -> None:
    cluster, health = place.hub.cluster, f"http://{RELAY}:8090/health"
    cluster.apply(probe_pod(NAMESPACE, "other", ["sleep", "600"]))
    cluster.wait(NAMESPACE, "condition=Ready", "pod/other")
    other = cluster.execute(NAMESPACE, "other", "probe", "get", health)
    ask = f"import urllib.request as r; print(r.urlopen({health!r}, timeout=5).status)"

    assert "FAIL" in other.stdout
    assert place.in_server("alice", ask).strip() == "200"


def test_a_relay_that_is_killed_is_missed_by_nobody(place: StoragePlace) -> None:
    script = OWN_PREFIX.replace("SECONDS", str(1.6 * LIFE))
    given = place.relay_log.count("200 /sts")
    with ThreadPoolExecutor(1) as pool:
        using = pool.submit(place.in_server, "alice", script)
        # Who asks for keys meanwhile asks again, but with a token that lives for seconds here.
        place.hub.until(lambda: place.relay_log.count("200 /sts") > given)
        place.kill_relay()
        said: Any = json.loads(using.result())

    assert said["errors"] == []
    # How soon a new pod of it is there is the cluster's affair; then there is a token that lives.
    place.hub.until(lambda: float(place.in_server("alice", LEFT)) > 0)


def test_a_relay_that_is_told_to_end_does(place: StoragePlace) -> None:
    began = time.monotonic()
    place.hub.cluster.kubectl("-n", NAMESPACE, "delete", "pod", "-l", f"app={RELAY}")

    assert time.monotonic() - began < 20, "Kubernetes kills it after 30 s only"
