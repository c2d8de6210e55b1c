"""serve, backup, upgrade-db, openapi, completion."""

from __future__ import annotations

import json
from pathlib import Path

import click

from jupyter_challenge.cli.options import Place, debuggable, placed


@click.command("serve", short_help="Serve challenges to users of this machine.")
@click.option("--host", default="127.0.0.1", show_default=True, help="An address of loopback.")
@click.option("--port", type=click.IntRange(0, 65535), default=8790, show_default=True)
@placed
def serve_command(host: str, port: int, place: Place) -> None:
    """Serve challenges to users of this machine, for development and courses.

    Nothing isolates runs here, so ranked phases are refused.
    """
    from jupyter_challenge.service.serve import serve

    serve(place.config(warm=True), host=host, port=port)


@click.command("backup", short_help="Save one consistent copy of database and files.")
@click.argument("target", type=click.Path(), metavar="FILE")
@placed
def backup_command(target: str, place: Place) -> None:
    """Save one consistent copy of database and files, while everything runs."""
    from jupyter_challenge.service.backup import backup

    click.echo(str(backup(place.config(), Path(target))))


@click.command("upgrade-db", short_help="Bring the database to this program's version.")
@placed
def upgrade_db_command(place: Place) -> None:
    """Bring the database to the version of this program."""
    from jupyter_challenge.service.backup import upgrade_database

    click.echo(upgrade_database(place.config()))


@click.command("openapi")
@debuggable
def openapi_command() -> None:
    """Print the OpenAPI description of the service."""
    from jupyter_challenge.service.openapi import openapi

    click.echo(json.dumps(openapi(), indent=1, ensure_ascii=False, sort_keys=True))


@click.command("completion", short_help="Print what makes your shell complete.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@debuggable
def completion_command(shell: str) -> None:
    """Print what makes your shell complete `jupyter-challenge`.

    \b
    bash:  jupyter challenge completion bash >> ~/.bashrc
    zsh:   jupyter challenge completion zsh >> ~/.zshrc
    fish:  jupyter challenge completion fish > ~/.config/fish/completions/jupyter-challenge.fish
    """  # noqa: D301  # click reads the backspace
    from click.shell_completion import get_completion_class

    from jupyter_challenge.cli.group import challenge

    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(challenge, {}, "jupyter-challenge", "_JUPYTER_CHALLENGE_COMPLETE").source()
    click.echo(script)
