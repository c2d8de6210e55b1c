"""get, enter."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from jupyter_challenge.cli.errors import Told
from jupyter_challenge.cli.options import Place, challenge_here, json_option, placed
from jupyter_challenge.cli.terminal import LiveLine, print_json, printable, progress

if TYPE_CHECKING:
    from jupyter_challenge.client.api import Client
    from jupyter_challenge.client.views import Challenge


@click.command("get", short_help="Make your folder: data, starter notebook, output/.")
@click.argument("challenge")
@click.argument("folder", required=False, type=click.Path(file_okay=False))
@click.option(
    "--overwrite",
    is_flag=True,
    help="Take the challenge's files also where you changed yours (kept as NAME.mine).",
)
@placed
def get_command(challenge: str, folder: str | None, overwrite: bool, place: Place) -> None:
    """Make your folder for a challenge: data, starter notebook, output/."""
    with place.connect() as client, LiveLine() as line:
        got = client.get(challenge, folder, overwrite=overwrite, progress=progress(line, "get"))
    if got.new:
        click.echo(f"{got.folder}/: {', '.join(got.new)}")
    else:
        click.echo(f"{got.folder}/ has everything already.")
    for path in got.kept:
        click.echo(f"Kept your changed {path}; --overwrite takes the challenge's.")
    if got.notebook is not None:
        click.echo(f"Open {got.notebook}, then:  jupyter challenge submit {got.notebook}")


@click.command("enter")
@click.argument("challenge", required=False)
@click.option("--accept-terms", is_flag=True, help="Accept the terms without being asked.")
@json_option
@placed
def enter_command(challenge: str | None, accept_terms: bool, as_json: bool, place: Place) -> None:
    """Enter a challenge, reading and accepting its terms."""
    with place.connect() as client:
        view = enter(client, client.challenge(challenge_here(challenge)), accept_terms)
    if as_json:
        print_json(view)
    else:
        click.echo(f"You have entered {printable(view.title)}.")


def enter(client: Client, view: Challenge, accept: bool) -> Any:
    """Enter, asking about the terms where there are any.

    Raises:
        Told: There are terms and nobody to ask.
        Abort: The terms were not accepted.
    """
    if view.terms and not accept:
        click.echo("".join(printable(line) + "\n" for line in view.terms.splitlines()), err=True)
        if not sys.stdin.isatty():
            raise Told(
                f"{view.title} has terms, which stand above.",
                "Add --accept-terms if you accept them.",
            )
        click.confirm("Do you accept these terms?", abort=True, err=True)
    return client.enter(view.id, view.terms_digest)
