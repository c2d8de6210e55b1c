"""try, submit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jupyter_challenge.cli.errors import INTERRUPTED, NOT_FOUND, Told
from jupyter_challenge.cli.options import Place, json_option, placed
from jupyter_challenge.cli.terminal import bytes_text, print_json
from jupyter_challenge.client.columns import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_challenge.client.api import Client
    from jupyter_challenge.client.views import Submission


def _parameter(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    """Read NAME=VALUE; values are JSON where they can be, else text."""
    given = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name:
            raise click.BadParameter(f'"{value}" is not NAME=VALUE.')
        try:
            given[name] = json.loads(text)
        except ValueError:
            given[name] = text
    return given


def _handing_in(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.argument("path", type=click.Path(dir_okay=False), required=False),
        click.option(
            "--image",
            metavar="NAME@sha256:…",
            help="Hand in a container image instead of a file; it needs --challenge, and a "
            "service on a cluster.",
        ),
        click.option("--challenge", metavar="ID", help="Left out: read from the notebook."),
        click.option("--phase", metavar="ID", help="Left out: the current phase."),
        click.option(
            "--file",
            "files",
            multiple=True,
            metavar="PATH",
            help="A file or folder that travels with the notebook; may be given several times.",
        ),
        click.option(
            "--parameter",
            "-p",
            "parameters",
            multiple=True,
            metavar="NAME=VALUE",
            callback=_parameter,
            help="Value for the cell tagged `parameters`; may be given several times.",
        ),
        click.option(
            "--profile", metavar="NAME", help="Compute profile; `profiles list` names them."
        ),
        click.option("--note", default="", help="What you want to remember about it."),
        click.option("--detach", is_flag=True, help="Return at once; the run goes on."),
        json_option,
        placed,
    )[::-1]:
        command = option(command)
    return command


@click.command("submit", short_help="Submit a file and follow it to score and rank.")
@_handing_in
def submit_command(**given: Any) -> None:
    """Submit a notebook, a predictions file or an image, and follow it to score and rank.

    Ctrl-C leaves the submission running. Exit codes: 0 scored, 1 refused, failed or cancelled,
    4 quota used up.
    """
    _hand_in(is_try=False, **given)


@click.command("try", short_help="Run a notebook on the public sample; costs nothing.")
@_handing_in
def try_command(**given: Any) -> None:
    """Run a notebook on the public sample: full logs, no quota, not on the board."""
    _hand_in(is_try=True, **given)


def _hand_in(
    *,
    path: str | None,
    image: str | None,
    challenge: str | None,
    files: tuple[str, ...],
    detach: bool,
    as_json: bool,
    place: Place,
    **said: Any,
) -> None:
    if (path is None) == (image is None):
        raise click.UsageError("Name a file, or an image with --image.")
    if path is not None and not Path(path).is_file():
        raise Told(f"There is no file {path}.", "Check its name, or save it first.", NOT_FOUND)
    if image is not None and challenge is None:
        raise click.UsageError("An image does not say its challenge: name it with --challenge.")
    if image is not None and (files or said.pop("parameters")):
        raise click.UsageError("--file and --parameter are for notebooks.")
    # Also a detached submission is started here, where nobody else would start it.
    with place.connect(runs=True, ahead=(path or "").endswith(".ipynb")) as client:
        # Imported late: the run is being made ready beside us since `connect`.
        from jupyter_challenge.cli.following import exit_code, watch
        from jupyter_challenge.cli.taking_part import entering
        from jupyter_challenge.client.handing_in import new_key

        key = new_key()

        def hand_in() -> Submission:
            if image is not None:
                return client.submit_image(image, str(challenge), idempotency_key=key, **said)
            return client.submit(
                str(path), challenge, files=list(files) or None, idempotency_key=key, **said
            )

        submission = entering(
            client, hand_in, lambda: challenge or str(client.inspect(str(path)).challenge)
        )
        if not as_json:
            click.echo(headline(submission))
        if detach:
            submission = _started(client, submission)
            if as_json:
                print_json(submission)
            else:
                click.echo(_HOW_BACK.format(id=submission.id))
            return
        try:
            submission = watch(client, submission, quiet=as_json)
        except KeyboardInterrupt:
            click.echo("\nThe submission goes on. " + _HOW_BACK.format(id=submission.id), err=True)
            raise SystemExit(INTERRUPTED) from None
    if as_json:
        print_json(submission)
    raise SystemExit(exit_code(submission))


_HOW_BACK = (
    "Follow it:  jupyter challenge status {id} --follow\nCancel it:  jupyter challenge cancel {id}"
)


def headline(submission: Submission) -> str:
    """Say what is handed in where."""
    from jupyter_challenge.client.views import title

    size = bytes_text(sum(f.size for f in submission.files))
    others = len(submission.files) - 1
    files = f" and {others} file{'s' if others > 1 else ''}" if others > 0 else ""
    name = f"{submission.challenge_title or submission.challenge} · {submission.phase_title}"
    what = title(submission) if submission.is_try else f"submission {title(submission)}"
    if submission.image is not None and submission.kind.value == "container":
        return f"{printable(name)} · {what} · {printable(submission.image)}"
    return f"{printable(name)} · {what} · {printable(submission.name)}{files} ({size})"


def _started(client: Client, submission: Submission) -> Submission:
    """Wait until a run that may start at once has started, so that it outlives this process."""
    from jupyter_challenge.client.following import looks

    for now in looks(client, submission.id):
        submission = now
        # Another place in the queue than the first waits for others; so do we not.
        if now.state.value != "queued" or (now.position or 1) > 1:
            break
    return submission
