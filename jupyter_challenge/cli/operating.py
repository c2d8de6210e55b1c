"""serve, gateway, backup, upgrade-db, openapi, completion."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from jupyter_challenge.cli.options import Place, debuggable, placed

drained = click.option(
    "--drain",
    type=click.FloatRange(0, 600),
    default=0.0,
    metavar="SECONDS",
    help="Take requests for so long after being told to end, until everybody knows of it.",
)

watched = click.option(
    "--status-port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Also answer /live, /ready and /metrics there, without a token: not for participants.",
)


@click.command("serve", short_help="Serve challenges to users of this machine.")
@click.option(
    "--place",
    "where",
    type=click.Choice(["machine", "cluster"]),
    default="machine",
    show_default=True,
    help="On a cluster runs are Jobs, as the settings of ClusterConfig say.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="An address of loopback; on a cluster any.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8790, show_default=True)
@drained
@watched
@click.option(
    "--add-user",
    metavar="NAME",
    help="Only write a new token for a user into a file, and end; also while it serves.",
)
@click.option("--group", "groups", multiple=True, metavar="NAME", help="Group of the new user.")
@click.option("--admin", is_flag=True, help="The new user may do everything.")
@click.option(
    "--print-token",
    is_flag=True,
    help="Print the new user's token instead, and nothing else, for a file elsewhere.",
)
@placed
def serve_command(
    where: str,
    host: str,
    port: int,
    drain: float,
    status_port: int | None,
    add_user: str | None,
    groups: tuple[str, ...],
    admin: bool,
    print_token: bool,
    place: Place,
) -> None:
    """Serve challenges to users of this machine, for development and courses.

    Nothing isolates runs on one machine, so ranked phases are refused. On a cluster they run.
    """
    if add_user is None:
        from jupyter_challenge.service.logs import write_log
        from jupyter_challenge.service.serve import serve

        config = place.config(warm=True)
        form = config.log_format
        write_log("service", form if form != "auto" else "json" if where == "cluster" else "text")
        cluster = place.cluster_config() if where == "cluster" else None
        serve(
            config,
            host=host,
            port=port,
            say=click.echo,
            cluster=cluster,
            drain=drain,
            status_port=status_port,
        )
        return
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", add_user):
        raise click.BadParameter("Use letters, digits and . _ @ - only.", param_hint="--add-user")
    from jupyter_challenge.service.opening import open_database
    from jupyter_challenge.service.tokens import Tokens, write_private

    config = place.config()
    config.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    db = open_database(config, place.cluster_config())
    try:
        token = Tokens(db).add(add_user, groups=groups, admin=admin)
    finally:
        db.close()
    if print_token:
        click.echo(token)
        return
    file = config.root / f"{add_user}.token"
    write_private(file, token.encode() + b"\n")
    click.echo(f"The token of {add_user} is in {file}; give the file to nobody else.")
    click.echo(
        "They save it with mode 600 and use it:  jupyter challenge list --url URL --token-file FILE"
    )


@click.command("gateway", short_help="Serve the pods of runs on a cluster.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8791, show_default=True)
@drained
@watched
@placed
def gateway_command(
    host: str, port: int, drain: float, status_port: int | None, place: Place
) -> None:
    """Serve the pods of runs on a cluster: their data to them, what they made to the service.

    It is all that a run can reach, and a program of its own for that.
    """
    from jupyter_challenge.service.gateway import serve_gateway
    from jupyter_challenge.service.logs import write_log

    config = place.config()
    write_log("gateway", "text" if config.log_format == "text" else "json")
    serve_gateway(
        config,
        place.cluster_config(),
        host=host,
        port=port,
        say=click.echo,
        drain=drain,
        status_port=status_port,
    )


@click.command("backup", short_help="Save one consistent copy of database and files.")
@click.argument("target", type=click.Path(file_okay=False), metavar="FOLDER")
@placed
def backup_command(target: str, place: Place) -> None:
    """Save one consistent copy of database and files, while everything runs.

    FOLDER must be new; it is a data folder like the one that was copied.
    """
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
    from jupyter_challenge.service.app import openapi_document

    click.echo(json.dumps(openapi_document(), indent=1, ensure_ascii=False, sort_keys=True))


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
