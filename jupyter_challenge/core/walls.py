"""The walls around the runs of a cluster, by name: what each holds back, and how to mend it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

Group = Literal["runs", "evaluations", "platform"]

HINTS = {
    "nothing_else_reached": "The cluster's network must enforce NetworkPolicy (egress too), and "
    "nobody may add a policy for runs' namespaces that allows more.",
    "gateway_reached": "Without it no run gets its data: is the gateway up, and is "
    "ClusterConfig.gateway_url its address? Until then nothing shows that policies shut the rest.",
    "no_names": "Pods of runs have no resolver; a network policy has to keep them from the "
    "cluster's.",
    "process_limit": "Set podPidsLimit in the configuration of every kubelet (1024, say).",
    "memory_limit": "The node does not enforce memory limits: does its kubelet manage cgroups?",
    "disk_limit": "The kubelet evicts pods over their volumes' limits only where it may measure "
    "them: localStorageCapacityIsolation must be on.",
    "token": "The API server must bind tokens to pods (Kubernetes 1.29 or newer).",
    "no_token": "Something mounts tokens into all containers, such as a webhook.",
    "no_rights": "The process is not what the manifest asks for: does the runtime, or a webhook, "
    "change securityContext?",
    "no_gpu": "The GPU runtime gives devices to whoever asks by an environment variable: set "
    "accept-nvidia-visible-devices-envvar-when-unprivileged = false.",
    "pod_security": "Pod Security admission is off, or the namespace lost its label "
    "pod-security.kubernetes.io/enforce=restricted.",
    "account": "Somebody bound rights to the account of runs, or to all service accounts.",
    "dead_before_upload": "The kubelet must end sidecars last: Kubernetes 1.29 or newer.",
    "courier_reaches": "Without it no run gets its data: is the gateway up, and does a policy let "
    "couriers (challenge.jupyter.org/step=courier) out to it? Until then nothing shows that it is "
    "a policy that keeps runs from it.",
    "no_canary": "Shut the way that is named. Where labels are what was found, take those of all "
    "challenges for read; where it is credentials, give the platform new ones.",
    "store_shut": "Take from everybody what the policy or the ACL of the bucket in "
    "ChallengeConfig.blob_url gives: labels and submissions are in it.",
    "files_limit": "A run's first process counts its files, each as 16 kB at least; the kubelet "
    "counts bytes alone. Is ClusterConfig.notebook_image of the service's version?",
    "inodes": "Set nodefs.inodesFree in evictionHard of these nodes' kubelets (5%, say): of an "
    "image's own program nothing else counts files.",
    "clocks": "Set the clocks of the nodes and of the control plane by NTP: time limits and tokens "
    "depend on them.",
}
SENTENCES = {
    "gateway_reached": "A run reaches the gateway.",
    "nothing_else_reached": "A run reaches nothing else.",
    "no_names": "A run resolves no name.",
    "process_limit": "Processes of a run have an end.",
    "memory_limit": "Memory beyond the limit ends the pod.",
    "disk_limit": "Disk beyond the limit ends the pod.",
    "token": "The platform's token is short, for the gateway alone, and bound to its pod.",
    "no_token": "Participant code holds no token.",
    "no_rights": "Participant code has no rights on its system.",
    "no_gpu": "A run without GPU sees none, even if its image asks for all.",
    "pod_security": "The namespace of runs refuses pods with less walls.",
    "account": "The account of runs may do nothing at the API server.",
    "dead_before_upload": "A run is dead before its output is taken.",
    "courier_reaches": "A courier reaches the gateway.",
    "no_canary": "A run finds no labels, nothing of another team, no credentials.",
    "store_shut": "The store gives nothing to who has no keys.",
    "files_limit": "Files without end end the run.",
    "inodes": "A node without inodes ends who has most of them.",
    "clocks": "The clocks agree.",
}
EVALUATIONS = {
    "gateway_reached": "An evaluation reaches the gateway.",
    "nothing_else_reached": "An evaluation reaches nothing else.",
    "no_names": "An evaluation resolves no name.",
    "process_limit": "Processes of an evaluation have an end.",
    "token": "The platform's token is short, for the gateway alone, and bound to its pod.",
    "no_token": "An evaluator holds no token.",
    "no_rights": "An evaluator has no rights on its system.",
    "no_gpu": "An evaluation sees no GPU.",
    "no_canary": "An evaluation finds no credentials, and of runs its own output alone.",
    "pod_security": "The namespace of evaluations refuses pods with less walls.",
    "account": "The account of evaluations may do nothing at the API server.",
    "dead_before_upload": "An evaluator is dead before its result is taken.",
}
"""What the same walls are around an evaluation."""


class Wall(BaseModel):
    """A wall that was tried."""

    name: str
    group: Group = Field(description="Around what it is.")
    holds: bool | None = Field(description="None where nothing is known of it.")
    sentence: str
    detail: str = ""
    hint: str = Field(default="", description="What to do where it does not hold.")


def wall(name: str, holds: bool | None, detail: str = "", group: Group = "runs") -> Wall:
    """A wall that was tried."""
    return Wall(
        name=name,
        group=group,
        holds=holds,
        sentence=(EVALUATIONS if group == "evaluations" else SENTENCES)[name],
        detail=detail,
        hint="" if holds else HINTS[name],
    )


def unknown(name: str, why: str, group: Group = "runs") -> Wall:
    """A wall of which nothing is known: it does not count as holding."""
    return wall(name, None, why, group)
