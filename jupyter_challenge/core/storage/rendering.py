"""What KubeSpawner is told of a server's storage, as plain values: nothing here talks to a hub.

Volumes and mounts are dictionaries, which KubeSpawner sorts by their keys. No secret is in any of
it, as a pod's specification is read by many.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from jupyter_challenge.core.compute.rendering import bytes_text
from jupyter_challenge.core.server_variables import KEPT_TOKENS, OWN_S3
from jupyter_challenge.core.storage.model import S3, KeptTokens, Shared, Storage

Manifest = dict[str, Any]

KEYS = "challenge-storage-"
"""What the keys of our volumes begin with."""

_MEMORY = "challenge-memory"
_HOME = "challenge-home"


def as_kubespawner(storage: Storage, username: str, groups: Collection[str] = ()) -> Manifest:
    """All that KubeSpawner is told of somebody's server."""
    return {
        **home(storage),
        "volumes": volumes(storage, groups),
        "volume_mounts": mounts(storage, groups),
        "environment": environment(storage, username, groups),
    }


def home(storage: Storage) -> Manifest:
    """The settings of everybody's home; the claim's name stays KubeSpawner's own."""
    if storage.home is None:
        return {}
    said: Manifest = {
        "storage_pvc_ensure": True,
        "storage_capacity": bytes_text(storage.home.size),
        "storage_access_modes": [storage.home.access_mode],
        "working_dir": storage.home.path,
    }
    if storage.home.storage_class is not None:
        said["storage_class"] = storage.home.storage_class
    return said


def volumes(storage: Storage, groups: Collection[str]) -> dict[str, Manifest]:
    """The volumes of a server of a member of these groups."""
    found: dict[str, Manifest] = {}
    if _kept(storage, groups):
        memory = {"medium": "Memory", "sizeLimit": "1Mi"}
        found["memory"] = {"name": _MEMORY, "emptyDir": memory}
    if storage.home is not None:
        # KubeSpawner writes the claim's name here.
        found["home"] = {"name": _HOME, "persistentVolumeClaim": {"claimName": "{pvc_name}"}}
    for shared in _shared(storage, groups):
        claim: Manifest = {"claimName": shared.claim}
        if not shared.writable_by(groups):
            claim["readOnly"] = True
        found[shared.name] = {"name": _volume(shared), "persistentVolumeClaim": claim}
    return {KEYS + key: volume for key, volume in found.items()}


def mounts(storage: Storage, groups: Collection[str]) -> dict[str, Manifest]:
    """Where the volumes are; what is in the home comes after it."""
    found: dict[str, Manifest] = {}
    if _kept(storage, groups):
        found["memory"] = {"name": _MEMORY, "mountPath": storage.folder}
    if storage.home is not None:
        found["home"] = {"name": _HOME, "mountPath": storage.home.path}
    for shared in _shared(storage, groups):
        mount: Manifest = {"name": _volume(shared), "mountPath": shared.path}
        if not shared.writable_by(groups):
            mount["readOnly"] = True
        if shared.sub_path:
            mount["subPath"] = shared.sub_path
        found[f"shared-{shared.name}"] = mount
    return {KEYS + key: mount for key, mount in found.items()}


def environment(storage: Storage, username: str, groups: Collection[str]) -> dict[str, str]:
    """The variables of somebody's server."""
    said: dict[str, str] = {}
    if storage.home is not None:
        said["HOME"] = storage.home.path
    kept = _kept(storage, groups)
    if not kept or storage.relay is None:
        return said
    told = KeptTokens(
        relay=storage.relay.url,
        folder=storage.tokens_folder,
        tokens=[token.kept for token in kept],
    )
    said[KEPT_TOKENS] = told.model_dump_json(exclude_defaults=True)
    s3 = storage.s3
    if s3 is not None and any(token.name == s3.token for token in kept):
        said |= _of_s3(storage, s3, username)
    for token in kept:
        if token.format.value == "eos":
            said["OAUTH2_TOKEN"] = f"FILE:{storage.tokens_folder}/{token.kept.file}"
    return said


def _of_s3(storage: Storage, s3: S3, username: str) -> dict[str, str]:
    """What every client of S3 reads: botocore, s3fs, Arrow, the AWS command line."""
    token = storage.token(s3.token)
    assert token is not None and storage.relay is not None  # the model sees to it
    said = {
        "AWS_WEB_IDENTITY_TOKEN_FILE": f"{storage.tokens_folder}/{token.kept.file}",
        "AWS_ROLE_ARN": s3.role,
        "AWS_ROLE_SESSION_NAME": _session(username),
        "AWS_REGION": s3.region,
        "AWS_DEFAULT_REGION": s3.region,
        # Nobody looks for the keys of the node.
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if s3.endpoint is not None:
        said["AWS_ENDPOINT_URL_S3"] = s3.endpoint
    if s3.keys_live is not None:
        said["AWS_ENDPOINT_URL_STS"] = f"{storage.relay.url}/sts"
    elif s3.endpoint is not None or s3.sts is not None:
        said["AWS_ENDPOINT_URL_STS"] = s3.keys_from
    own = s3.own(username)
    return said if own is None else {**said, OWN_S3: own}


def _session(username: str) -> str:
    """A name as AWS takes it for a session."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "=,.@-_") else "-" for c in username)
    return plain[:64].ljust(2, "-")


def _kept(storage: Storage, groups: Collection[str]) -> list[Any]:
    return [token for token in storage.tokens if token.usable_by(groups)]


def _shared(storage: Storage, groups: Collection[str]) -> list[Shared]:
    return [shared for shared in storage.shared if shared.usable_by(groups)]


def _volume(shared: Shared) -> str:
    return f"challenge-shared-{shared.name}"[:63].rstrip("-")
