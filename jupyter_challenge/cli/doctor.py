"""doctor."""

from __future__ import annotations

import signal
import sys
from itertools import groupby
from pathlib import Path

import click

from jupyter_challenge.cli.options import Place, json_option, placed
from jupyter_challenge.cli.terminal import print_json

GROUPS = {"runs": "Runs", "evaluations": "Evaluations", "platform": "Platform and nodes"}
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
@click.option(
    "--evaluation-namespace",
    default="",
    metavar="NAME",
    help="Try the walls of a namespace of evaluations that is there; of a new one when left out.",
)
@click.option("--steps-image", default="", metavar="IMAGE", help="As ClusterConfig.steps_image.")
@click.option(
    "--notebook-image", default="", metavar="IMAGE", help="As ClusterConfig.notebook_image."
)
@click.option("--quick", is_flag=True, help="Leave out the limits of memory and disk.")
@click.option(
    "--keep",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="For the pod that --cluster makes: plant by the word in a file, until told to end.",
)
@json_option
@placed
def doctor_command(
    cluster: bool,
    kubeconfig: str | None,
    namespace: str,
    evaluation_namespace: str,
    steps_image: str,
    notebook_image: str,
    quick: bool,
    keep: str | None,
    as_json: bool,
    place: Place,
) -> None:
    """Try whether the walls around runs hold; exit code 1 when one does not.

    With --cluster it makes pods as the service makes them for runs and evaluations, has them try
    what these must not be able to, and removes them. Words that it plants in labels, in what
    another team handed in and among the platform's credentials must not be found. It reads
    ClusterConfig's settings from the same file as the service does, or name the images here.
    """
    if keep is not None:
        from jupyter_challenge.service.planted_world import keep as keep_planted

        keep_planted(
            place.config(),
            place.cluster_config(),
            Path(keep).read_text(encoding="utf-8").strip(),
            runs_in=namespace,
            evaluations_in=evaluation_namespace,
            say=click.echo,
        )
        return
    if not cluster:
        click.echo(
            "On this machine nothing isolates runs: scores are practice, and ranked phases are "
            "refused. There are no walls to try; see --cluster."
        )
        return
    from jupyter_challenge.service.doctor import all_hold, examine

    config = place.cluster_config()
    config.kubeconfig = kubeconfig or config.kubeconfig
    config.steps_image = steps_image or config.steps_image
    config.notebook_image = notebook_image or config.notebook_image
    # Told to end, it removes what it made all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    found = examine(
        config,
        namespace=namespace,
        evaluation_namespace=evaluation_namespace,
        quick=quick,
        tell=lambda text: click.echo(text, err=True),
    )
    if as_json:
        print_json(found)
    else:
        for group, walls in groupby(found, lambda each: each.group):
            click.echo(click.style(GROUPS[group], bold=True))
            for each in walls:
                sign, colour = SIGNS[each.holds]
                detail = f" ({each.detail})" if each.detail else ""
                click.echo(f"{click.style(f'{sign:<13}', fg=colour)}  {each.sentence}{detail}")
                if each.hint:
                    click.echo(f"{'':<15}{each.hint}")
    if not all_hold(found):
        sys.exit(1)
