"""verify."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jupyter_challenge.cli.errors import NOT_FOUND, REFUSED, Told
from jupyter_challenge.cli.options import Place, challenge_here, json_option, placed
from jupyter_challenge.cli.terminal import print_json
from jupyter_challenge.client.columns import printable

if TYPE_CHECKING:
    from jupyter_challenge.client.api import Client
    from jupyter_challenge.client.views import Submission
    from jupyter_challenge.core.models import VerificationView

_COLOURS = {"same": "green", "different": "red", "failed": "red", "cancelled": "yellow"}


@click.command("verify", short_help="Run submissions again, and compare their scores.")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option(
    "--top",
    type=click.IntRange(1),
    metavar="N",
    help="Those that count for the first N ranks of a board, in place of ids.",
)
@click.option("--challenge", metavar="ID", help="Whose board; that of the folder one is in.")
@click.option("--phase", metavar="ID", help="Phase of the board; the current one when left out.")
@click.option(
    "--board",
    type=click.Choice(["public", "private"]),
    default="public",
    show_default=True,
    help="Which of its boards.",
)
@click.option("--detach", is_flag=True, help="Do not wait until they are over.")
@json_option
@placed
def verify_command(
    ids: tuple[str, ...],
    top: int | None,
    challenge: str | None,
    phase: str | None,
    board: str,
    detach: bool,
    as_json: bool,
    place: Place,
) -> None:
    """Run submissions again as they were handed in, and say whether they score the same.

    For organisers, such as before prizes are given. It changes no score and no board, takes no
    quota, and the teams do not see it; on a cluster it comes before everything that waits. What
    came of it before is said too. Exit codes: 0 all score the same, 1 one does not.
    """
    if bool(ids) == (top is not None):
        raise click.UsageError("Name submissions by their ids, or take some with --top.")
    with place.connect(runs=True) as client:
        if top is not None:
            ids = _first(client, challenge_here(challenge), phase, board, top)
        submissions = [client.submission(id) for id in ids]
        begun = [client.verify(submission.id) for submission in submissions]
        for submission, one in zip(submissions, begun, strict=True):
            if not detach:
                client.wait(one.id)
            if not as_json:
                _print(submission, client.verifications(submission.id))
        newest = [client.verifications(submission.id)[0] for submission in submissions]
    if as_json:
        print_json(newest)
    if not detach and any(one.verdict != "same" for one in newest):
        raise SystemExit(REFUSED)


def _first(
    client: Client, challenge: str, phase: str | None, board: str, top: int
) -> tuple[str, ...]:
    """The submissions that count for the first ranks, all of those that are tied for the last."""
    rows = client.leaderboard(challenge, board, phase, limit=None).rows  # type: ignore[arg-type]
    found = [row.submission for row in rows if row.rank <= top and row.baseline is None]
    named = tuple(id for id in found if id is not None)
    if not named or len(named) < len(found):
        raise Told(
            f"No submission is named on the {board} board of {challenge}.",
            "Only its organisers see which count, once there are some.",
            NOT_FOUND,
        )
    return named


def _print(submission: Submission, verifications: list[VerificationView]) -> None:
    """Print what came of each run again, the newest last."""
    from jupyter_challenge.client.views import title

    name = f"{submission.team.name} · {title(submission)} · {submission.name}"
    click.echo(f"{click.style(printable(name), bold=True)}  {submission.id}")
    for one in reversed(verifications):
        word = one.verdict or one.state.value
        said = [
            f"{score.label}{' (private)' if score.board == 'private' else ''} {score.before}"
            + ("" if score.same else f" → {score.again}")
            for score in one.scores
        ]
        line = "  ".join([click.style(f"{word:<9}", fg=_COLOURS.get(word)), *map(printable, said)])
        click.echo(f"  {one.created_at:%Y-%m-%d %H:%M}  {line}")
        if one.verdict == "failed":
            click.echo(f"    Why:  jupyter challenge status {one.id}")
