"""list, show, leaderboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jupyter_challenge.cli.options import Place, challenge_here, json_option, placed
from jupyter_challenge.cli.terminal import (
    bytes_text,
    duration,
    local_time,
    print_facts,
    print_json,
    print_table,
)
from jupyter_challenge.client.columns import printable

if TYPE_CHECKING:
    from jupyter_challenge.client.views import Challenge
    from jupyter_challenge.core.models import QuotaView


@click.command("list")
@click.option("--state", type=click.Choice(["soon", "open", "ended"]), help="Only such.")
@click.option("--search", "q", metavar="TEXT", help="Only those with this in title or tags.")
@json_option
@placed
def list_command(state: str | None, q: str | None, as_json: bool, place: Place) -> None:
    """List the challenges."""
    from jupyter_challenge.client.views import challenge_table

    with place.connect() as client:
        challenges = client.challenges(state, q)
    if as_json:
        print_json(challenges)
    elif not challenges:
        click.echo("There are no challenges" + (" like that." if state or q else " yet."))
        click.echo(
            "Publish one:  jupyter challenge publish FOLDER     or try:  jupyter challenge demo"
        )
    else:
        _, head, rows = challenge_table(challenges)
        print_table(head, rows, right=())


@click.command("show", short_help="Show a challenge: what is asked, until when.")
@click.argument("challenge", required=False)
@json_option
@placed
def show_command(challenge: str | None, as_json: bool, place: Place) -> None:
    """Show a challenge: what is asked, until when, and what is left of the quota."""
    with place.connect() as client:
        view = client.challenge(challenge_here(challenge))
        quota = client.quota(view.id) if view.entered else None
    if as_json:
        print_json(view)
        return
    lines = [printable(line) for line in view.description.strip().splitlines()]
    if lines and lines[0].startswith("# "):
        del lines[0]  # the title once more
    click.echo(click.style(printable(view.title), bold=True))
    for line in lines:
        click.echo(line)
    click.echo()
    print_facts(_facts(view, quota))


def _facts(view: Challenge, quota: QuotaView | None) -> list[tuple[str, Any]]:
    from jupyter_challenge.client.views import left, ranks

    metrics = [
        f"{m.label} ({m.direction.value}{', ranks' if m.ranked else ''})" for m in view.metrics
    ]
    output, limits = view.output, view.limits
    standing = view.standing
    return [
        ("Id", view.id),
        ("State", view.state),
        ("Phase", view.phase.title),
        ("Ends", local_time(view.phase.ends_at)),
        ("Scores", "practice: nothing isolates runs here" if view.practice else "ranked"),
        ("Metrics", ", ".join(metrics)),
        ("Hand in", f"{' or '.join(k.value for k in view.kinds)}"),
        ("Output", f"{output.file} with {output.id}, {', '.join(output.columns)}"),
        (
            "Limits",
            f"{duration(limits.time)}, {limits.cpu:g} cores, {bytes_text(limits.memory)} memory",
        ),
        ("Quota", left(quota) if view.entered else "not entered"),
        ("Rank", f"{ranks(standing)} of {view.teams}" if standing else ""),
        ("Version", view.version[:12]),
        ("Files", ", ".join(f.path for f in view.files)),
    ]


@click.command("leaderboard")
@click.argument("challenge", required=False)
@click.option(
    "--board",
    type=click.Choice(["public", "private"]),
    default="public",
    show_default=True,
    help="The private board opens when the phase reveals it.",
)
@click.option("--phase", metavar="ID", help="The current phase when left out.")
@click.option("--search", "q", metavar="TEXT", help="Only teams with this in their name.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Rows.")
@click.option("--all", "everything", is_flag=True, help="All rows.")
@json_option
@placed
def leaderboard_command(
    challenge: str | None,
    board: Any,
    phase: str | None,
    q: str | None,
    limit: int,
    everything: bool,
    as_json: bool,
    place: Place,
) -> None:
    """Show a board."""
    with place.connect() as client:
        rows = None if everything else limit
        view = client.leaderboard(challenge_here(challenge), board, phase, limit=rows, q=q)
    if as_json:
        print_json(view)
    else:
        print_board(view)


def print_board(view: Any) -> None:
    """Print a board as a table."""
    click.echo(click.style(printable(view.heading), bold=True))
    if not view.rows:
        click.echo("Nobody has a score yet. Be the first:  jupyter challenge submit NOTEBOOK")
        return
    head, rows = view.table()
    print_table(head, rows, right=view.right)
    if view.total > len(view.rows):
        click.echo(f"… {view.total - len(view.rows)} more; --all shows them.")
    if view.mine and not any(row.mine for row in view.rows):
        print_table(head, [view._cells(view.mine)], right=view.right)
