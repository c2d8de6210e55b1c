"""status, logs, cancel, select, and what a run looks like while it goes on."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from jupyter_challenge.cli.errors import NOT_FOUND, REFUSED, Told
from jupyter_challenge.cli.options import Place, json_option, placed
from jupyter_challenge.cli.terminal import (
    COLOURS,
    LiveLine,
    clock,
    duration,
    local_time,
    print_facts,
    print_json,
    print_table,
)
from jupyter_challenge.client.columns import printable

if TYPE_CHECKING:
    from jupyter_challenge.client.api import Client
    from jupyter_challenge.client.views import Submission
    from jupyter_challenge.core.models import StepView

ID = "ID is an id or its beginning, a number such as 14, or left out for the latest."
_SHORT = 8
"""Characters of an id that a list shows."""


def find(client: Client, id: str | None, challenge: str | None = None) -> Submission:
    """Find a submission by id or number; the latest, tries included, when both are left out.

    Raises:
        Told: There is none.
    """
    number = (id or "").lstrip("#")
    if id and _SHORT <= len(id) < len(str(UUID(int=0))):
        begins = [s for s in client.submissions(challenge, tries=None) if s.id.startswith(id)]
        if len(begins) == 1:
            return begins[0]
    if id and not number.isdigit():
        return client.submission(id)
    if not id:
        latest = client.submissions(challenge, tries=None, limit=1)
        if latest:
            return latest[0]
        raise Told("You have not submitted anything yet.", _HOW_TO_SUBMIT, NOT_FOUND)
    found = [s for s in client.submissions(challenge) if s.number == int(number)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Told(
            f"There is a #{number} in {' and in '.join(s.challenge for s in found)}.",
            "Add --challenge, or name it by its id.",
        )
    raise Told(
        f"There is no submission #{number}.", "See them: jupyter challenge status", NOT_FOUND
    )


_HOW_TO_SUBMIT = "Hand in a notebook:  jupyter challenge submit NOTEBOOK"
_in_challenge = click.option("--challenge", metavar="ID", help="Which challenge's submissions.")


@click.command("status", epilog=ID)
@click.argument("id", required=False)
@_in_challenge
@click.option("--follow", "-f", is_flag=True, help="Go on until it is over.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Rows.")
@json_option
@placed
def status_command(
    id: str | None,
    challenge: str | None,
    follow: bool,
    limit: int,
    as_json: bool,
    place: Place,
) -> None:
    """Show a submission, or the list of yours.

    With --follow the exit code is that of the run: 0 scored, 1 failed or cancelled.
    """
    from jupyter_challenge.client.views import submission_table

    with place.connect(runs=follow) as client:
        if id is None and not follow:
            found = client.submissions(challenge, tries=None, limit=limit)
            if as_json:
                print_json(found)
            elif not found:
                click.echo(f"You have not submitted anything yet. {_HOW_TO_SUBMIT}")
            else:
                _, head, rows = submission_table(found)
                print_table(head, [[*row[:-1], row[-1][:_SHORT]] for row in rows], right=())
            return
        submission = find(client, id, challenge)
        if follow:
            submission = watch(client, submission, quiet=as_json)
        if as_json:
            print_json(submission)
        elif not follow:
            _print_submission(submission)
    if follow:
        raise SystemExit(exit_code(submission))


@click.command("logs", short_help="Print the log of a step.", epilog=ID)
@click.argument("id", required=False)
@click.argument("step", required=False, type=click.Choice(["prepare", "run", "evaluate"]))
@click.option("--follow", "-f", is_flag=True, help="Go on until the step is over.")
@_in_challenge
@placed
def logs_command(
    id: str | None, step: str | None, follow: bool, challenge: str | None, place: Place
) -> None:
    """Print the log of a step (the step that runs or failed, else `run`)."""
    if id in ("prepare", "run", "evaluate") and step is None:
        id, step = None, id
    with place.connect(runs=follow) as client:
        submission = find(client, id, challenge)
        at = next((s for s in submission.steps if s.state.value in ("running", "failed")), None)
        name = step or (at.name.value if at else "run")
        for piece in client.logs(submission.id, name, follow=follow):
            click.echo(_printed(piece), nl=False)


def _printed(text: str) -> str:
    """A log's text and lines alone: nothing that a terminal would obey, colours neither."""
    return "".join(c for c in text if c in "\n\t" or ord(c) >= 32 and ord(c) != 127)


@click.command("cancel", epilog=ID)
@click.argument("id", required=False)
@_in_challenge
@json_option
@placed
def cancel_command(id: str | None, challenge: str | None, as_json: bool, place: Place) -> None:
    """Cancel a submission that is queued or running."""
    with place.connect(runs=True) as client:
        submission = client.cancel(find(client, id, challenge).id)
        if not submission.state.terminal:
            submission = client.wait(submission.id)
    print_json(submission) if as_json else click.echo(str(submission))


@click.command("select", short_help="Choose a submission to count in the end.", epilog=ID)
@click.argument("id")
@click.option("--off", is_flag=True, help="Take the choice back.")
@_in_challenge
@json_option
@placed
def select_command(id: str, off: bool, challenge: str | None, as_json: bool, place: Place) -> None:
    """Choose a submission to count in the end, where the phase lets teams choose."""
    with place.connect() as client:
        found = find(client, id, challenge)
        submission = client.unselect(found.id) if off else client.select(found.id)
    if as_json:
        print_json(submission)
    else:
        word = "selected" if submission.selected else "not selected"
        click.echo(f"#{submission.number} {submission.name} is {word}.")


def watch(client: Client, submission: Submission, quiet: bool = False) -> Submission:
    """Follow a submission: a line per step that ends, a live line meanwhile, then the outcome."""
    from jupyter_challenge.client.following import looks

    if quiet:
        return client.wait(submission.id)
    told: set[str] = set()
    began = time.monotonic()
    with LiveLine() as line:
        for now in looks(client, submission.id):
            submission = now
            for step in submission.steps:
                if step.ended_at and step.state.value != "skipped" and step.name.value not in told:
                    told.add(step.name.value)
                    line.above(_step_line(step))
            line.show(_live_text(submission, time.monotonic() - began))
    _print_outcome(submission)
    return submission


def _step_line(step: StepView) -> str:
    mark, colour = {
        "succeeded": ("✓", "green"),
        "failed": ("✗", "red"),
    }.get(step.state.value, ("–", "bright_black"))
    took = ""
    if step.started_at and step.ended_at:
        took = f"{(step.ended_at - step.started_at).total_seconds():7.1f} s"
    detail = f"   {printable(step.detail)}" if step.state.value != "succeeded" else ""
    return f"  {click.style(mark, fg=colour)} {step.name.value:<9}{took}{detail}".rstrip()


def _live_text(submission: Submission, waited: float) -> str:
    if submission.state.terminal:
        return ""
    if submission.state.value == "queued":
        return f"  ○ queued{_place(submission)}  {clock(waited)}"
    step = next((s for s in submission.steps if s.state.value == "running"), None)
    if step is None:
        return f"  ● running  {clock(waited)}"
    since = step.started_at or datetime.now(timezone.utc)
    took = (datetime.now(timezone.utc) - since).total_seconds()
    return f"  ● {step.name.value:<9} {step.detail}  {clock(took)}"


def _place(submission: Submission) -> str:
    """Say where a queued submission is in the queue, and about when it begins."""
    again = ", had to make way and waits again" if submission.interruptions else ""
    place = f", place {submission.position}" if submission.position else ""
    return again + place + _about(submission)


def _about(submission: Submission) -> str:
    """Say when a queued submission begins, where somebody can; as roughly as it is known."""
    seconds = submission.wait_seconds
    if not seconds:
        return ""
    unit = 1 if seconds < 120 else 60 if seconds < 7_200 else 360
    return f", in about {duration(unit * round(seconds / unit))}"


def _print_outcome(submission: Submission) -> None:
    """Print the score, its change and the rank; or why there is none and what to do."""
    from jupyter_challenge.client.views import one_line, ranks

    score = submission.score
    if submission.state.value == "scored" and score is not None:
        change = ""
        if submission.best_before is not None:
            decimals = len(score.display.partition(".")[2])
            change = f" ({score.value - submission.best_before:+.{decimals}f} against your best)"
        rank = f"   rank {ranks(submission)} of {submission.teams}" if submission.rank else ""
        shown = click.style(f"{score.label} {score.display}", fg="green", bold=True)
        click.echo(f"{shown}{change}{rank}")
        others = _scores(submission, "public")[1:]
        if others:
            click.echo("  ".join(others))
        if not submission.is_try:
            click.echo(f"The board:  jupyter challenge leaderboard {submission.challenge}")
        return
    if submission.failure is not None:
        failure = submission.failure
        where = f" Cell {failure.cell}:" if failure.cell else ""
        click.echo(f"{click.style('Failed:', fg='red', bold=True)} {failure.sentence}")
        if failure.detail:
            detail = printable(one_line(failure.detail, 400))
            click.echo(f" {where} {detail}".replace("  ", " "))
        click.echo(failure.hint)
        if submission.has_logs:
            click.echo(f"The log:  jupyter challenge logs {submission.id}")
        return
    click.echo(submission.state.value.capitalize() + ".")


def _scores(submission: Submission, board: str) -> list[str]:
    """Scores of a board as they are shown, the ranked one first."""
    of_board = [s for s in submission.scores if s.board == board]
    return [f"{s.label} {s.display}" for s in sorted(of_board, key=lambda s: not s.ranked)]


def exit_code(submission: Submission) -> int:
    """0 when it was scored, else 1."""
    return 0 if submission.state.value == "scored" else REFUSED


def _print_submission(submission: Submission) -> None:
    from jupyter_challenge.client.views import MARKS, title

    state = submission.state
    name = f"{submission.challenge_title or submission.challenge} · {title(submission)}"
    click.echo(click.style(f"{printable(name)} · {printable(submission.name)}", bold=True))
    word = click.style(f"{MARKS[state]} {state.value}", fg=COLOURS[state.value])
    click.echo(word + (_place(submission) if state.value == "queued" else ""))
    for step in submission.steps:
        if step.state.value not in ("pending", "skipped"):
            click.echo(_step_line(step))
    if state.terminal:
        _print_outcome(submission)
    facts: list[tuple[str, Any]] = [
        ("Id", submission.id),
        ("Phase", submission.phase_title or submission.phase),
        ("Team", submission.team.name),
        ("Private board", ", ".join(_scores(submission, "private"))),
        ("Handed in", local_time(submission.created_at)),
        ("Parameters", ", ".join(f"{k}={v}" for k, v in submission.parameters.items())),
        ("Files", ", ".join(f.path for f in submission.files)),
        ("Image", submission.image),
        ("Note", submission.note),
    ]
    print_facts(facts)
