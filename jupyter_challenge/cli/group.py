"""The commands by name, imported when they are used, and what an error looks like."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import click

from jupyter_challenge.cli.errors import told

# Name -> module of this package; in the order in which people meet them.
COMMANDS = {
    "demo": "demo",
    "list": "reading",
    "show": "reading",
    "get": "taking_part",
    "enter": "taking_part",
    "try": "submitting",
    "submit": "submitting",
    "status": "following",
    "logs": "following",
    "cancel": "following",
    "select": "following",
    "leaderboard": "reading",
    "profiles": "profiles",
    "storage": "storage",
    "create": "organising",
    "validate": "organising",
    "publish": "organising",
    "diff": "organising",
    "versions": "organising",
    "verify": "verifying",
    "export": "organising",
    "serve": "operating",
    "gateway": "operating",
    "cluster": "cluster",
    "backup": "operating",
    "upgrade-db": "operating",
    "doctor": "doctor",
    "openapi": "operating",
    "completion": "operating",
}


class Commands(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        # "list" and "try" are taken in Python, and "upgrade-db" is no name there.
        name = cmd_name.replace("-", "_") + "_command"
        command: click.Command = getattr(import_module(f"jupyter_challenge.cli.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Offer the nearest name for one that is not there."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], list(COMMANDS), n=1)
            if near and "Did you mean" not in error.message:
                raise click.UsageError(f"{error.message} Did you mean {near[0]}?", ctx) from error
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what goes wrong is told in words unless --debug was given."""
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, click.ClickException):
            raise
        except KeyboardInterrupt:
            raise
        except Exception as error:
            if ctx.find_root().meta.get("jupyter_challenge.debug"):
                raise
            raise told(error) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jupyter_challenge", prog_name="jupyter challenge")
def challenge() -> None:
    """Machine-learning challenges: get one, solve it in a notebook, submit, see your rank.

    \b
    First steps:  jupyter challenge demo            try it all on an example
                  jupyter challenge list            what there is
                  jupyter challenge get iris        make your folder for one
                  jupyter challenge submit iris/starter.ipynb

    Exit codes: 0 well, 1 refused or failed, 2 wrong usage, 3 not found, 4 quota used up,
    5 service not reachable, 130 interrupted.
    """  # noqa: D301  # click reads the backspace
