"""profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jupyter_challenge.cli.options import Place, challenge_here, json_option, placed
from jupyter_challenge.cli.terminal import bytes_text, duration, print_json, print_table
from jupyter_challenge.client.columns import printable

if TYPE_CHECKING:
    from jupyter_challenge.core.models import ProfileView


@click.group("profiles", short_help="The kinds of machine that runs are offered.")
def profiles_command() -> None:
    """The kinds of machine that runs are offered: compute profiles."""


@profiles_command.command("list")
@click.argument("challenge", required=False)
@json_option
@placed
def list_command(challenge: str | None, as_json: bool, place: Place) -> None:
    """List what a run of the challenge gets on each profile, and how long one waits for it.

    `submit --profile ID` chooses one.
    """
    with place.connect() as client:
        profiles = client.profiles(challenge_here(challenge), None if as_json else "-")
    if as_json:
        print_json(profiles)
        return
    head = ("id", "machine", "cores", "memory", "gpu", "queue")
    rows = [
        (p.id, p.title, f"{p.cpu:g}", bytes_text(p.memory), p.accelerator or p.gpu, wait(p))
        for p in profiles
    ]
    print_table(head, rows, right=("cores", "memory"))
    for profile in profiles:
        if profile.sentence:
            click.echo(printable(f"{profile.id}: {profile.sentence}"))


def wait(profile: ProfileView) -> str:
    """Say how long one would wait."""
    if profile.wait_seconds == 0:
        return "free now"
    queue = f"{profile.waiting} waiting" if profile.waiting else "busy"
    return queue if profile.wait_seconds is None else f"{queue}, about {_about(profile)}"


def _about(profile: ProfileView) -> str:
    seconds = profile.wait_seconds or 0
    return duration(seconds if seconds < 120 else 60 * round(seconds / 60))
