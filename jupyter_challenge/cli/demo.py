"""demo: the whole way from an open notebook to a rank, on an example challenge."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from jupyter_challenge.cli.errors import Told
from jupyter_challenge.cli.options import debuggable
from jupyter_challenge.core.examples import EXAMPLES, example

if TYPE_CHECKING:
    from jupyter_challenge.client.api import Client

_DATA = ".challenge-data"
_BASELINE = "baseline"


@click.command(
    "demo",
    short_help="Try it all on an example challenge.",
    context_settings={"ignore_unknown_options": True},
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False),
    default="challenge-demo",
    show_default=True,
    help="Where all of it goes; nothing of it ends up among your own challenges.",
)
@click.option(
    "--example",
    "name",
    type=click.Choice(EXAMPLES),
    default=EXAMPLES[0],
    show_default=True,
    help="Which challenge: flowers in a table, images of digits, or particle showers.",
)
@click.option("--no-lab", is_flag=True, help="Submit the starter here and print the board.")
@click.argument("lab_options", nargs=-1, type=click.UNPROCESSED)
@debuggable
def demo_command(folder: str, name: str, no_lab: bool, lab_options: tuple[str, ...]) -> None:
    """Try it all on an example challenge; LAB_OPTIONS go to `jupyter lab`."""
    from jupyter_challenge.client.configuration import load_config
    from jupyter_challenge.client.connection import client_of
    from jupyter_challenge.client.embedded import start_embedded
    from jupyter_challenge.service.auth import Identity

    root = Path(folder).absolute()
    root.mkdir(parents=True, exist_ok=True)
    # Not the configured database or object store either: those may be the real ones.
    config = load_config(root / _DATA)
    config.db_url = config.blob_url = config.service_url = ""
    config.warm = False
    with ExitStack() as stack:
        service = start_embedded(config, runs=no_lab)
        stack.callback(service.stop)
        me = stack.enter_context(client_of(service))
        with example(name) as source:
            view = me.publish(source)
            click.echo(f"{view.title} is published.")
            organiser = stack.enter_context(client_of(service, Identity(_BASELINE)))
            for id in _baselines(organiser, source, view):
                if no_lab:
                    submitted = organiser.wait(id)
                    score = submitted.score.display if submitted.score else submitted.state.value
                    click.echo(f"The organiser's baseline has {score}.")
        if not view.entered:
            me.enter(view.id, view.terms_digest)
        got = me.get(view.id, root / view.id)
        click.echo(f"Your folder is {os.path.relpath(got.folder)}.")
        if no_lab:
            code = _submit_here(me, view.id, got.notebook)
    if no_lab:
        raise SystemExit(code)
    _open_lab(root, got.notebook, lab_options)


def _baselines(organiser: Client, source: Path, view: Any) -> list[str]:
    """Submit the organiser's baselines, each once per version; return their ids."""
    from jupyter_challenge.core.validation import load_challenge

    baselines = load_challenge(source).baselines
    if baselines:
        organiser.enter(view.id, view.terms_digest)
    return [
        organiser.submit(
            source / each.entry,
            view.id,
            note=each.title,
            idempotency_key=f"baseline-{number}-{view.version[:32]}",
        ).id
        for number, each in enumerate(baselines)
    ]


def _submit_here(me: Client, challenge: str, notebook: Path | None) -> int:
    """Submit the starter, follow it and print the board; return the exit code."""
    from jupyter_challenge.cli.following import exit_code, watch
    from jupyter_challenge.cli.reading import print_board
    from jupyter_challenge.cli.submitting import headline

    assert notebook is not None, "every example has a starter"
    click.echo()
    submission = me.submit(notebook)
    click.echo(headline(submission))
    submission = watch(me, submission)
    click.echo()
    print_board(me.leaderboard(challenge))
    return exit_code(submission)


def _open_lab(root: Path, notebook: Path | None, lab_options: tuple[str, ...]) -> None:
    """Become JupyterLab, opened on the starter.

    Raises:
        Told: JupyterLab is not installed.
    """
    from importlib.util import find_spec

    if find_spec("jupyterlab") is None:
        raise Told(
            "JupyterLab is not installed here.",
            "Install it with `pip install jupyterlab`, or add --no-lab.",
        )
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={root}",
        # Or it would open the tabs of your own JupyterLab, and leave its own there.
        f"--LabApp.workspaces_dir={root / _DATA / 'workspaces'}",
    ]
    if notebook is not None:
        # The default address rather than a file to run: so the address that is printed has it.
        page = quote(notebook.relative_to(root).as_posix())
        command.append(f"--LabApp.default_url=/lab/tree/{page}")
    command += lab_options
    click.echo("JupyterLab opens on the starter; Ctrl-C ends it.")
    sys.stdout.flush()
    environment = {**os.environ, "JUPYTER_CHALLENGE_DATA_DIR": str(root / _DATA)}
    environment.pop("JUPYTER_CHALLENGE_URL", None)
    os.execve(sys.executable, command, environment)
