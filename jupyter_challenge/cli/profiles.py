"""profiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jupyter_challenge.cli.errors import NOT_FOUND, REFUSED, Told, problem_line
from jupyter_challenge.cli.options import Place, challenge_here, debuggable, json_option, placed
from jupyter_challenge.cli.terminal import bytes_text, duration, print_json, print_table
from jupyter_challenge.client.columns import printable

if TYPE_CHECKING:
    from jupyter_challenge.core.compute import Catalogue, ComputeProfile
    from jupyter_challenge.core.models import ProfileView


@click.group("profiles", short_help="The kinds of machine that runs are offered.")
def profiles_command() -> None:
    """The kinds of machine that runs are offered: compute profiles.

    `list` shows what a challenge offers you. The other commands are for the admin's catalogue of
    them, profiles.yaml; without --file they read the one that ClusterConfig.profiles names.
    """


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


file_option: Callable[[Any], Any] = click.option(
    "--file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="The catalogue. Default: ClusterConfig.profiles.",
)


@profiles_command.command("validate")
@click.argument("file", required=False, type=click.Path(dir_okay=False))
@json_option
@debuggable
def validate_command(file: str | None, as_json: bool) -> None:
    """Check a catalogue: every mistake with file, line, column and what mends it."""
    from jupyter_challenge.core.compute import check_catalogue

    path = Path(file or _configured())
    catalogue, problems = check_catalogue(path)
    if as_json:
        from dataclasses import asdict

        print_json([asdict(problem) for problem in problems])
    elif problems:
        for problem in problems:
            click.echo(problem_line(vars(problem)))
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        click.echo(click.style(f"{count} in {path}.", fg="red"))
    if problems or catalogue is None:
        raise SystemExit(REFUSED)
    if not as_json:
        names = ", ".join(profile.id for profile in catalogue.profiles)
        click.echo(f"{path} is well. Its profiles: {names}.")


@profiles_command.command("show")
@click.argument("profile", required=False, metavar="[ID]")
@file_option
@click.option("--yaml", "as_yaml", is_flag=True, help="Print a profiles.yaml.")
@click.option("--json", "as_json", is_flag=True, help="Print all that the catalogue says, as JSON.")
@debuggable
def show_command(profile: str | None, file: str | None, as_yaml: bool, as_json: bool) -> None:
    """Show the catalogue as a table, or all that it says of one profile.

    With --yaml the kinds of nodes that ClusterConfig.queue_nodes names become a profiles.yaml.
    """
    from jupyter_challenge.core.compute import as_yaml as written

    catalogue = _catalogue(file)
    if profile is not None:
        catalogue = catalogue.model_copy(update={"profiles": [_named(catalogue, profile)]})
    if as_json:
        print_json(catalogue)
    elif as_yaml or profile is not None:
        click.echo(written(catalogue).rstrip())
    else:
        head = ("id", "name", "arch", "cores", "memory", "accelerator", "queue", "for")
        print_table(head, [_row(each) for each in catalogue.profiles], right=("cores", "memory"))


@profiles_command.command("render")
@click.argument("profiles", nargs=-1, metavar="[ID]...")
@click.option(
    "--as",
    "kind",
    type=click.Choice(["kubespawner", "job", "trainjob"]),
    required=True,
    help="kubespawner: entries of KubeSpawner's profile_list; job: a Job; trainjob: a TrainJob "
    "of Kubeflow Trainer.",
)
@click.option("--nodes", type=click.IntRange(min=1), default=1, help="Nodes of a TrainJob.")
@click.option(
    "--runtime", default="torch-distributed", metavar="NAME", help="Runtime of a TrainJob."
)
@file_option
@debuggable
def render_command(
    profiles: tuple[str, ...], kind: str, nodes: int, runtime: str, file: str | None
) -> None:
    """Print profiles as JupyterHub and Kubernetes are told of them, in YAML.

    Without an ID it prints all of them. Nothing is asked of a cluster.
    """
    import yaml

    from jupyter_challenge.core.compute.rendering import rendered

    catalogue = _catalogue(file)
    for name in profiles:
        _named(catalogue, name)
    options = {"nodes": nodes, "runtime": runtime} if kind == "trainjob" else {}
    made = rendered(catalogue, kind, profiles, **options)
    if kind == "kubespawner":
        click.echo(yaml.dump(made, Dumper=_plain(), sort_keys=False, allow_unicode=True).rstrip())
    else:
        click.echo(yaml.dump_all(made, Dumper=_plain(), sort_keys=False).rstrip())


def _plain() -> Any:
    """Writes every value out, where YAML would point at an equal one above."""
    import yaml

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return Plain


def _configured() -> str:
    """The file that the configuration names."""
    from jupyter_challenge.client.configuration import load_cluster_config

    file: str = load_cluster_config().profiles
    if not file:
        raise click.UsageError("Name a profiles.yaml, or set ClusterConfig.profiles.")
    return file


def _catalogue(file: str | None) -> Catalogue:
    from jupyter_challenge.client.configuration import load_cluster_config
    from jupyter_challenge.core.compute import load_catalogue

    if file:
        return load_catalogue(Path(file))
    config = load_cluster_config()
    found: Catalogue = (
        load_catalogue(Path(config.profiles)) if config.profiles else config.catalogue
    )
    if not found.profiles:
        raise click.UsageError("Name a profiles.yaml by --file, or set ClusterConfig.profiles.")
    return found


def _named(catalogue: Catalogue, id: str) -> ComputeProfile:
    found = catalogue.get(id)
    if found is None:
        known = ", ".join(profile.id for profile in catalogue.profiles)
        raise Told(f'There is no compute profile "{id}".', f"There are: {known}.", NOT_FOUND)
    return found


def _row(profile: ComputeProfile) -> tuple[str, ...]:
    from jupyter_challenge.core.compute.rendering import bytes_text as quantity

    accelerator = profile.accelerator
    devices = ""
    if accelerator is not None:
        devices = f"{accelerator.count} {accelerator.resource}"
        devices += f" ({accelerator.sharing.value})" if accelerator.sharing.value != "none" else ""
    return (
        profile.id,
        profile.name,
        profile.arch.value if profile.arch is not None else "any",
        f"{profile.cpu:g}" if profile.cpu is not None else "",
        quantity(profile.memory) if profile.memory is not None else "",
        devices,
        profile.queue or "",
        ", ".join(profile.groups) or "everybody",
    )


def wait(profile: ProfileView) -> str:
    """Say how long one would wait."""
    if profile.wait_seconds == 0:
        return "free now"
    queue = f"{profile.waiting} waiting" if profile.waiting else "busy"
    return queue if profile.wait_seconds is None else f"{queue}, about {_about(profile)}"


def _about(profile: ProfileView) -> str:
    seconds = profile.wait_seconds or 0
    return duration(seconds if seconds < 120 else 60 * round(seconds / 60))
