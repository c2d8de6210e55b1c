"""storage."""

from __future__ import annotations

from pathlib import Path

import click

from jupyter_challenge.cli.errors import REFUSED, problem_line
from jupyter_challenge.cli.options import debuggable, json_option
from jupyter_challenge.cli.terminal import print_json


@click.group("storage", short_help="What a hub's servers reach as the people they belong to.")
def storage_command() -> None:
    """What a hub's servers reach as the people they belong to: storage.yaml.

    For the admin of a JupyterHub: nothing is asked of a hub or a cluster.
    """


@storage_command.command("validate")
@click.argument("file", type=click.Path(dir_okay=False))
@json_option
@debuggable
def validate_command(file: str, as_json: bool) -> None:
    """Check a storage.yaml: every mistake with file, line, column and what mends it."""
    from jupyter_challenge.core.storage import check_storage

    storage, problems = check_storage(Path(file))
    if as_json:
        from dataclasses import asdict

        print_json([asdict(problem) for problem in problems])
    elif problems:
        for problem in problems:
            click.echo(problem_line(vars(problem)))
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        click.echo(click.style(f"{count} in {file}.", fg="red"))
    if problems or storage is None:
        raise SystemExit(REFUSED)
    if not as_json:
        click.echo(f"{file} is well.")


@storage_command.command("render")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--user", metavar="NAME", default="alice", help="Whose server. Default: alice.")
@click.option(
    "--group", "groups", metavar="NAME", multiple=True, help="A group of theirs; may be repeated."
)
@debuggable
def render_command(file: str, user: str, groups: tuple[str, ...]) -> None:
    """Print what KubeSpawner is told of somebody's server, in YAML."""
    import yaml

    from jupyter_challenge.core.storage import load_storage
    from jupyter_challenge.core.storage.rendering import as_kubespawner

    said = as_kubespawner(load_storage(Path(file)), user, groups)
    click.echo(yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=100).rstrip())
