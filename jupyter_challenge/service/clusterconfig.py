"""The configuration of a service on Kubernetes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from traitlets import Bool, Dict, Enum, Float, Integer, List, Unicode
from traitlets.config import Configurable

from jupyter_challenge.core.compute import Catalogue
from jupyter_challenge.core.errors import Unavailable
from jupyter_challenge.engines.jobs import ClusterSettings
from jupyter_challenge.engines.kfp_api import KfpSettings
from jupyter_challenge.engines.queue_settings import QueueSettings, queue_settings
from jupyter_challenge.service.catalogue import from_file, from_nodes, moved

_ONE_KIND = {"any": {"quota": {"cpu": "16", "memory": "64Gi"}}}


class ClusterConfig(Configurable):
    """Where runs are on a cluster and what they are made of; set as `c.ClusterConfig.<name>`."""

    run_namespace_prefix = Unicode(
        "challenge-run-", help="Beginning of the namespaces of runs; the challenge's id follows."
    ).tag(config=True)
    evaluation_namespace = Unicode(
        "challenge-evaluation", help="Namespace in which predictions are scored."
    ).tag(config=True)
    platform_namespace = Unicode(
        "jupyter-challenge", help="Namespace of the service and of the gateway."
    ).tag(config=True)
    gateway_url = Unicode(
        "http://challenge-gateway:8791", help="Address of the gateway, as pods of runs use it."
    ).tag(config=True)
    gateway_address = Unicode(
        help="IP address of the name in gateway_url, as pods of runs have no resolver. Default: "
        "what the service's own resolver says."
    ).tag(config=True)
    gateway_port = Integer(
        8791, min=1, max=65535, help="Port on which the gateway's pods listen."
    ).tag(config=True)
    exchange_class = Unicode(
        help="Storage class of two volumes for each run, by which it gets what it needs and leaves "
        "what it made: for where not even the gateway may be reached from runs. Then couriers, "
        "pods of the platform's, go before and after it. Default: runs reach the gateway."
    ).tag(config=True)
    steps_image = Unicode(
        "jupyter-challenge/steps:latest",
        help="Image of the platform's own containers in a run, and of the evaluation.",
    ).tag(config=True)
    notebook_image = Unicode(
        "jupyter-challenge/notebook:latest", help="Image in which notebooks are run."
    ).tag(config=True)
    submitted_images = List(
        Unicode(),
        help="Images that container submissions may name, always with a digest: "
        "`registry.example.org/team/model` is that repository, `registry.example.org/teams/*` "
        "all below. Default: none.",
    ).tag(config=True)
    max_image_size = Integer(
        0,
        min=0,
        help="Bytes that a submitted image may have in its registry, which is asked when it is "
        "handed in, also for which machines it is; 0 asks no registry. Registries keep layers "
        "compressed: on a node an image is larger.",
    ).tag(config=True)
    registry_credentials_file = Unicode(
        help="File with names and passwords for registries, as `docker login` writes it "
        "(config.json), for max_image_size. Default: registries are asked without."
    ).tag(config=True)
    registry_hosts = Dict(
        value_trait=List(Unicode()),
        key_trait=Unicode(),
        help="Other hosts that a registry may send the service to, by the registry's own, such as "
        '`{"registry.example.org": ["login.example.org"]}`: those that give its tokens, which get '
        "its password, and those inside your network that hold its blobs. Default: none but those "
        "of Docker Hub and GitLab.",
    ).tag(config=True)
    server_namespaces = List(
        Unicode(),
        help="Namespaces with the notebook servers of a JupyterHub (KubeSpawner). A notebook that "
        "is handed in from one of them runs in that server's image, if server_images allows it.",
    ).tag(config=True)
    server_images = List(
        Unicode(),
        help="Images of notebook servers in which their notebooks may be run, written as in "
        "submitted_images; they have to hold jupyter-challenge. Default: none, so that all run in "
        "notebook_image.",
    ).tag(config=True)
    runtime_class = Unicode(
        help="RuntimeClass of runs, such as gvisor. Default: the cluster's own."
    ).tag(config=True)
    profiles = Unicode(
        help="File with the compute profiles (profiles.yaml): the kinds of machine that runs are "
        "offered, see `jupyter challenge profiles`. A relative path is one from where the service "
        "is started. Default: those that queue_nodes names."
    ).tag(config=True)
    gpu_resource = Unicode(
        "nvidia.com/gpu",
        help="Resource by which runs ask for GPUs where there are no compute profiles.",
    ).tag(config=True)
    cpu_overcommit = Float(
        1.0,
        min=1.0,
        help="How many times over the nodes' cores are promised: runs ask the scheduler for their "
        "limit divided by this.",
    ).tag(config=True)
    start_seconds = Integer(
        300,
        min=1,
        help="Seconds that a pod has beyond a run's time limit, to pull images and fetch data.",
    ).tag(config=True)
    patience_seconds = Integer(
        3_600,
        min=1,
        help="Seconds that a run may wait for a node, or for room in a quota, before it fails.",
    ).tag(config=True)
    image_patience_seconds = Integer(
        120, min=1, help="Seconds that an image may fail to be pulled before the run fails."
    ).tag(config=True)
    kubeconfig = Unicode(
        help="File that says how to reach the cluster. Default: the cluster that this is a pod of."
    ).tag(config=True)
    service_account_audience_run = Unicode(
        "run-gateway", help="Audience of the tokens in pods of runs."
    ).tag(config=True)
    service_account_audience_evaluate = Unicode(
        "evaluate-gateway", help="Audience of the tokens in pods of evaluations."
    ).tag(config=True)
    db_password_file = Unicode(help="File with the password for ChallengeConfig.db_url.").tag(
        config=True
    )
    s3_endpoint = Unicode(
        help="Address of the S3 store of ChallengeConfig.blob_url. Default: Amazon's."
    ).tag(config=True)
    s3_region = Unicode("us-east-1", help="Region of the S3 store.").tag(config=True)
    s3_access_key_file = Unicode(help="File with the access key of the S3 store.").tag(config=True)
    s3_secret_key_file = Unicode(help="File with the secret key of the S3 store.").tag(config=True)
    data_prefixes = List(
        Unicode(),
        help="Where challenges may take data from in the S3 store, such as s3://datasets/physics. "
        "The service reads it with its own keys; the bucket of its own blobs is refused. Default: "
        "nowhere.",
    ).tag(config=True)
    data_images = List(
        Unicode(),
        help="Images that challenges may take data from, written as in submitted_images. Default: "
        "none.",
    ).tag(config=True)
    s3_allow_http = Bool(
        False, help="Whether the S3 store may be reached without TLS, inside the cluster."
    ).tag(config=True)

    engine = Enum(
        ["jobs", "kfp"],
        "jobs",
        help="Who conducts runs: `jobs`, the service itself, or `kfp`, Kubeflow Pipelines.",
    ).tag(config=True)
    kfp_endpoint = Unicode(
        "http://ml-pipeline.kubeflow:8888", help="Address of the Kubeflow Pipelines API server."
    ).tag(config=True)
    kfp_namespace = Unicode(
        "challenge-pipelines", help="Namespace in which Kubeflow Pipelines runs the steps' pods."
    ).tag(config=True)
    kfp_service_account = Unicode(
        "challenge-step", help="Service account of the pods of the pipelines' steps."
    ).tag(config=True)
    kfp_token_file = Unicode(
        "/var/run/secrets/kubeflow/pipelines/token",
        help="File with the service's token for Kubeflow Pipelines (audience "
        "pipelines.kubeflow.org), read anew for each request; empty to send none.",
    ).tag(config=True)
    kfp_ca_file = Unicode(
        help="File with the certificates that the API server's is checked against. Default: those "
        "that browsers trust."
    ).tag(config=True)
    kfp_one_step = Bool(
        False,
        help="Whether a pipeline is one task that follows the whole run: it takes a third of the "
        "pods, and shows no steps in Kubeflow Pipelines.",
    ).tag(config=True)
    service_account_audience_step = Unicode(
        help="Audience of the tokens in pods of the pipelines' steps. Default: the cluster's own, "
        "as Kubeflow Pipelines can mount no other."
    ).tag(config=True)

    queues = Bool(
        False,
        help="Whether runs and evaluations wait in Kueue's queues, which `jupyter challenge "
        "cluster setup` prepares.",
    ).tag(config=True)
    queue_nodes = Dict(
        _ONE_KIND,
        help="Kinds of nodes where there is no profiles.yaml, by name, in the order in which runs "
        "are given them. Of each: `quota`, what runs may use of it all together, by resource; "
        "`labels`, what its nodes carry; `tolerations`, taints that do not keep runs away; "
        "`title`, what people read; `gpu`, the resource by which runs ask for its GPUs, such as "
        "nvidia.com/mig-1g.10gb, where it is another one than gpu_resource. Where there are "
        "several, each is a compute profile.",
    ).tag(config=True)
    queue_shares = Dict(
        {},
        help="What is a challenge's own, by its id: of kinds of nodes, by the ids of their "
        "profiles, an amount by resource. It is part of that kind's quota, and others borrow what "
        "the challenge leaves of it. Challenges that are not named have nothing of their own.",
    ).tag(config=True)
    queue_evaluation = Dict(
        {"cpu": "4", "memory": "16Gi"},
        help="What evaluations may use all together, by resource, beside the runs.",
    ).tag(config=True)
    queue_cohort = Unicode(
        "challenge", help="Kueue's cohort in which challenges borrow from each other."
    ).tag(config=True)

    @property
    def kfp(self) -> KfpSettings | None:
        """Where Kubeflow Pipelines is, if it conducts runs."""
        if self.engine != "kfp":
            return None
        return KfpSettings(
            endpoint=self.kfp_endpoint,
            namespace=self.kfp_namespace,
            account=self.kfp_service_account,
            token_file=self.kfp_token_file,
            ca_file=self.kfp_ca_file,
            one_step=self.kfp_one_step,
            audience=self.service_account_audience_step,
        )

    @property
    def catalogue(self) -> Catalogue:
        """The compute profiles that runs and servers are offered.

        Raises:
            Unavailable: The settings or the file have mistakes.
        """
        nodes_are_set = "queue_nodes" in self._trait_values and self.queue_nodes != _ONE_KIND
        if self.profiles:
            if nodes_are_set:
                raise Unavailable(
                    "Both ClusterConfig.profiles and ClusterConfig.queue_nodes name kinds of "
                    "nodes.",
                    hint="Move what is in queue_nodes to the file and leave the setting out.",
                )
            return from_file(self.profiles)
        if not self.queues:
            return Catalogue()
        try:
            found = from_nodes(self.queue_nodes, self.gpu_resource)
        except (TypeError, ValueError) as error:
            raise Unavailable(
                f"The settings of the queues cannot be used: {error}.",
                hint="Correct ClusterConfig.queue_nodes.",
            ) from error
        if nodes_are_set and len(found.profiles) > 1:
            moved(found)
        return found

    def _queues(self, catalogue: Catalogue) -> QueueSettings | None:
        if not self.queues:
            return None
        try:
            return queue_settings(
                catalogue, self.queue_evaluation, self.queue_cohort, self.queue_shares
            )
        except ValueError as error:
            said = "quotas of its profiles" if self.profiles else "settings of the queues"
            where = "the quotas in ClusterConfig.profiles" if self.profiles else "queue_nodes"
            raise Unavailable(
                f"The {said} cannot be used: {error}.",
                hint=f"Correct {where}, ClusterConfig.queue_shares or queue_evaluation.",
            ) from error

    def settings(self, gateway_address: str) -> ClusterSettings:
        """What manifests are made with."""
        catalogue = self.catalogue
        queues = self._queues(catalogue)
        if not self.profiles and len(catalogue.profiles) < 2:
            catalogue = Catalogue()  # of one kind of nodes there is nothing to choose
        return ClusterSettings(
            gateway_url=self.gateway_url,
            gateway_address=gateway_address,
            steps_image=self.steps_image,
            notebook_image=self.notebook_image,
            run_namespace_prefix=self.run_namespace_prefix,
            evaluation_namespace=self.evaluation_namespace,
            platform_namespace=self.platform_namespace,
            gateway_port=self.gateway_port,
            audience_run=self.service_account_audience_run,
            audience_evaluate=self.service_account_audience_evaluate,
            runtime_class=self.runtime_class,
            gpu_resource=self.gpu_resource,
            cpu_overcommit=self.cpu_overcommit,
            start_seconds=self.start_seconds,
            exchange_class=self.exchange_class,
            queues=queues,
            catalogue=catalogue,
        )

    @property
    def db_password(self) -> str | None:
        """The database's password, where there is a file with it."""
        return _secret(self.db_password_file, "db_password_file")

    @property
    def blob_options(self) -> dict[str, Any]:
        """What the object store is told: endpoint, region, keys."""
        said: dict[str, Any] = {"aws_region": self.s3_region}
        if self.s3_endpoint:
            said["aws_endpoint"] = self.s3_endpoint
        access = _secret(self.s3_access_key_file, "s3_access_key_file")
        secret = _secret(self.s3_secret_key_file, "s3_secret_key_file")
        if access is not None and secret is not None:
            said.update(aws_access_key_id=access, aws_secret_access_key=secret)
        return {"config": said, "client_options": {"allow_http": self.s3_allow_http}}


def _secret(path: str, setting: str) -> str | None:
    if not path:
        return None
    try:
        return Path(os.fspath(path)).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Unavailable(
            f"ClusterConfig.{setting} cannot be read: {error}.",
            hint="Mount the secret as a file that the service's user may read.",
        ) from error
