"""create, validate, publish, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jupyter_challenge.cli.errors import problem_line
from jupyter_challenge.cli.options import (
    Place,
    challenge_here,
    debuggable,
    json_option,
    placed,
)
from jupyter_challenge.cli.terminal import LiveLine, print_json, print_table, progress
from jupyter_challenge.client.columns import printable

if TYPE_CHECKING:
    from jupyter_challenge.core.models import PublishPreview


@click.command("create")
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--id", "id", metavar="ID", help="Short name; the folder's name when left out.")
@click.option("--title", metavar="TEXT", help="What people read; made of the id when left out.")
@debuggable
def create_command(folder: str, id: str | None, title: str | None) -> None:
    """Make a working challenge folder from a template."""
    from jupyter_challenge.core.template import create_challenge

    made = create_challenge(Path(folder), id=id, title=title)
    click.echo(f"{folder}/: {', '.join(made)}")
    click.echo(
        f"It works as it is. Change challenge.yaml and the data, then:\n"
        f"  jupyter challenge validate {folder}\n"
        f"  jupyter challenge publish {folder}"
    )


@click.command("validate", short_help="Check a challenge folder: every mistake at once.")
@click.argument("folder", type=click.Path(file_okay=False))
@json_option
@debuggable
def validate_command(folder: str, as_json: bool) -> None:
    """Check a challenge folder: every mistake with file, line, column and what mends it."""
    from jupyter_challenge.core.errors import InvalidChallenge
    from jupyter_challenge.core.validation import load_challenge

    try:
        challenge = load_challenge(Path(folder))
    except InvalidChallenge as error:
        problems: list[dict[str, Any]] = error.details.get("problems", [])
        if as_json:
            print_json(problems)
        else:
            for problem in problems:
                click.echo(problem_line(problem))
            count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
            click.echo(click.style(f"{count} in {folder}.", fg="red"))
        raise SystemExit(1) from None
    if as_json:
        print_json([])
    else:
        click.echo(f"{printable(challenge.title)} ({challenge.id}) is well.")


@click.command("publish")
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--dry-run", is_flag=True, help="Say what it would change, and change nothing.")
@json_option
@placed
def publish_command(folder: str, dry_run: bool, as_json: bool, place: Place) -> None:
    """Publish a challenge folder as an immutable version."""
    with place.connect() as client:
        if dry_run:
            show_preview(client.preview(folder), as_json)
            return
        view = client.publish(folder)
    if as_json:
        print_json(view)
    else:
        click.echo(f"{printable(view.title)} is published as version {view.version[:12]}.")
        click.echo(f"See it:  jupyter challenge show {view.id}")


@click.command("diff", short_help="Say what publishing a folder would change.")
@click.argument("folder", type=click.Path(file_okay=False))
@json_option
@placed
def diff_command(folder: str, as_json: bool, place: Place) -> None:
    """Say what publishing a folder would change: for those who take part, and line by line."""
    with place.connect() as client:
        show_preview(client.preview(folder), as_json)


_MARKS = {"grave": ("!", "red"), "notice": ("*", "yellow"), "calm": ("-", None)}
_SIGNS = {"+": "green", "-": "red", "@": "cyan"}


def show_preview(preview: PublishPreview, as_json: bool) -> None:
    """Print what publishing would do: effects first, then values, files and lines."""
    if as_json:
        print_json(preview)
    for problem in preview.problems if not as_json else []:
        click.echo(problem_line(problem.model_dump()))
    if preview.problems:
        count = len(preview.problems)
        said = "1 mistake" if count == 1 else f"{count} mistakes"
        click.echo(click.style(f"{said}; nothing would be published.", fg="red"), err=True)
        raise SystemExit(1)
    if as_json:
        return
    for effect in preview.effects:
        sign, colour = _MARKS[effect.weight]
        click.echo(f"{click.style(sign, fg=colour, bold=True)} {printable(effect.text)}")
    for warning in preview.warnings:
        click.echo(f"{click.style('*', fg='yellow', bold=True)} {printable(warning)}")
    if preview.fields:
        click.echo()
    for field in preview.fields:
        before, after = (printable(each or "none") for each in (field.before, field.after))
        click.echo(f"  {field.path}: {before} → {after}")
    for file in preview.files:
        size = f"{file.size_before or 0:,} → {file.size_after or 0:,} bytes"
        why = f" ({file.why}: not shown)" if file.why else ""
        title = f"{file.change} {printable(file.path)}, {size}{why}"
        click.echo(f"\n{click.style(title, bold=True)}")
        for line in (file.diff or "").splitlines():
            click.echo(click.style(f"  {printable(line)}", fg=_SIGNS.get(line[:1])))


@click.command("versions", short_help="List the published versions, or take up an older one.")
@click.argument("challenge", required=False)
@click.option(
    "--make-current",
    "number",
    type=int,
    metavar="NUMBER",
    help="Make this version the current one again.",
)
@json_option
@placed
def versions_command(
    challenge: str | None, number: int | None, as_json: bool, place: Place
) -> None:
    """List the published versions of a challenge, or make an older one current again."""
    name = challenge_here(challenge)
    with place.connect() as client:
        if number is not None:
            wanted = next((one for one in client.versions(name) if one.number == number), None)
            if wanted is None:
                raise click.BadParameter(f"{name} has no version {number}.")
            client.make_current(name, wanted)
        versions = client.versions(name)
    if as_json:
        print_json(versions)
        return
    rows = [
        [
            str(one.number),
            one.published_at.strftime("%Y-%m-%d %H:%M"),
            one.published_by,
            ", ".join(one.changed),
            str(one.submissions),
            "current" if one.current else "",
        ]
        for one in versions
    ]
    names = ["version", "published (UTC)", "by", "changed", "submissions", ""]
    print_table(names, rows, {"version", "submissions"})


@click.command("export", short_help="Save everything that was submitted as a zip.")
@click.argument("challenge", required=False)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Zip file; CHALLENGE-export.zip when left out.",
)
@placed
def export_command(challenge: str | None, output: str | None, place: Place) -> None:
    """Save all submissions, scores, predictions and notebooks of a challenge as a zip."""
    name = challenge_here(challenge)
    with place.connect() as client, LiveLine() as line:
        saved = client.export(name, output or f"{name}-export.zip", progress(line, "export"))
    click.echo(str(saved))
