"""get, enter."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jupyter_challenge.cli.errors import Told
from jupyter_challenge.cli.options import Place, challenge_here, json_option, placed
from jupyter_challenge.cli.terminal import LiveLine, get_progress, print_json
from jupyter_challenge.client.columns import printable

if TYPE_CHECKING:
    from jupyter_challenge.client.api import Client
    from jupyter_challenge.client.views import Challenge


T = TypeVar("T")


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
        got = entering(
            client,
            lambda: client.get(challenge, folder, overwrite=overwrite, progress=get_progress(line)),
            lambda: challenge,
        )
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


def entering(client: Client, work: Callable[[], T], challenge: Callable[[], str]) -> T:
    """Do `work`; where it needs an entry, enter first, asking about the terms."""
    from jupyter_challenge.core.errors import NotEntered

    try:
        return work()
    except NotEntered:
        view = enter(client, client.challenge(challenge()), accept=False)
        click.echo(f"You have entered {printable(view.title)}.", err=True)
        return work()


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
                f"If you accept them:  jupyter challenge enter {view.id} --accept-terms",
            )
        click.confirm("Do you accept these terms?", abort=True, err=True)
    return client.enter(view.id, view.terms_digest)
