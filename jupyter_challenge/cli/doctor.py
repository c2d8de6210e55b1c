"""doctor."""

from __future__ import annotations

import sys

import click

from jupyter_challenge.cli.options import Place, json_option, placed
from jupyter_challenge.cli.terminal import print_json

SIGNS = {True: ("holds", "green"), False: ("DOES NOT HOLD", "red"), None: ("not known", "yellow")}


@click.command("doctor", short_help="Try whether the walls around runs hold.")
@click.option("--cluster", is_flag=True, help="Try those of a Kubernetes cluster.")
@click.option(
    "--kubeconfig",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    envvar="KUBECONFIG",
    help="How to reach the cluster, with the rights of an admin.",
)
@click.option(
    "--namespace",
    default="",
    metavar="NAME",
    help="Try the walls of a namespace of runs that is there; of a new one when left out.",
)
@click.option("--steps-image", default="", metavar="IMAGE", help="As ClusterConfig.steps_image.")
@click.option(
    "--notebook-image", default="", metavar="IMAGE", help="As ClusterConfig.notebook_image."
)
@click.option("--quick", is_flag=True, help="Leave out the limits of memory and disk.")
@json_option
@placed
def doctor_command(
    cluster: bool,
    kubeconfig: str | None,
    namespace: str,
    steps_image: str,
    notebook_image: str,
    quick: bool,
    as_json: bool,
    place: Place,
) -> None:
    """Try whether the walls around runs hold; exit code 1 when one does not.

    With --cluster it makes pods as the service makes them for runs, has them try what a run must
    not be able to, and removes them. Read ClusterConfig's settings from the same file as the
    service does, or name the images here.
    """
    if not cluster:
        click.echo(
            "On this machine nothing isolates runs: scores are practice, and ranked phases are "
            "refused. There are no walls to try; see --cluster."
        )
        return
    from jupyter_challenge.service.doctor import examine, standing

    config = place.cluster_config()
    config.kubeconfig = kubeconfig or config.kubeconfig
    config.steps_image = steps_image or config.steps_image
    config.notebook_image = notebook_image or config.notebook_image
    found = examine(
        config,
        namespace=namespace,
        quick=quick,
        tell=lambda text: click.echo(text, err=True),
    )
    if as_json:
        print_json(found)
    else:
        for each in found:
            sign, colour = SIGNS[each.holds]
            detail = f" ({each.detail})" if each.detail else ""
            click.echo(f"{click.style(f'{sign:<13}', fg=colour)}  {each.sentence}{detail}")
            if each.hint:
                click.echo(f"{'':<15}{each.hint}")
    if not standing(found):
        sys.exit(1)
