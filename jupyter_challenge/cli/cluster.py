"""cluster."""

from __future__ import annotations

import click

from jupyter_challenge.cli.options import Place, placed


@click.group("cluster", short_help="What the service needs of a cluster.")
def cluster_command() -> None:
    """What the service needs of a cluster beyond its own manifests."""


@cluster_command.command("setup")
@click.option("--dry-run", is_flag=True, help="Only print the manifests; no cluster is asked.")
@click.option(
    "--kubeconfig",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="File that says how to reach the cluster. Default: ClusterConfig.kubeconfig, then "
    "$KUBECONFIG, then ~/.kube/config.",
)
@placed
def setup_command(dry_run: bool, kubeconfig: str | None, place: Place) -> None:
    """Make the queues' cluster-wide part in Kueue, as ClusterConfig.profiles says.

    Kinds of nodes, priorities, the cohort with all quotas, and the queue of evaluations. Queues of
    challenges and teams are made by the service when they are needed. Done again it changes what
    is not as it should be, and nothing else. What in Kueue's own configuration makes its queues
    unfair is told, and left to you.
    """
    from jupyter_challenge.service.queue_setup import advice, manifests, setup

    cluster = place.cluster_config()
    if dry_run:
        import yaml

        click.echo(yaml.safe_dump_all(manifests(cluster), sort_keys=False).rstrip())
        return
    for name, done in setup(cluster, kubeconfig or ""):
        click.echo(f"{name}: {done or 'as it should be'}")
    for sentence in advice(cluster, kubeconfig or ""):
        click.echo(f"Note: {sentence}", err=True)
