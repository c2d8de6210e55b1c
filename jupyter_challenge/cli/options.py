"""Options that commands share, and the client that they make."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from jupyter_challenge.client.api import Client

F = TypeVar("F", bound=Callable[..., Any])


class Place:
    """Where the service is, as the options of a command say."""

    def __init__(self, url: str | None, token_file: str | None, data_dir: str | None) -> None:
        """Keep the options."""
        self.url = url
        self.token_file = token_file
        self.data_dir = data_dir

    @contextmanager
    def connect(self, *, runs: bool = False, ahead: bool = False) -> Iterator[Client]:
        """Connect for the time of a command.

        Args:
            runs: Whether the command waits for runs. In this process only such a command may
                become the one that looks after the runs of the data folder.
            ahead: Whether the command is about to submit a notebook.
        """
        config = self.config()
        with ExitStack() as stack:
            engine = None
            if ahead and not (self.url or config.address):
                # Before anything else is imported: the run's own imports go on beside ours.
                from jupyter_challenge.service.ahead import engine_ahead

                engine = engine_ahead(config)
                if engine is not None:
                    stack.callback(engine.close)
            from jupyter_challenge.client.connection import connect

            yield stack.enter_context(
                connect(
                    url=self.url,
                    token_file=self.token_file,
                    config=config,
                    runs=runs,
                    engine=engine,
                )
            )

    def config(self, *, warm: bool = False) -> Any:
        """Make the configuration; `warm` keeps a process ready for the next run as configured."""
        from jupyter_challenge.client.configuration import load_config

        config = load_config(self.data_dir)
        config.warm = config.warm and warm
        return config

    def cluster_config(self) -> Any:
        """Make the configuration of the cluster."""
        from jupyter_challenge.client.configuration import load_cluster_config

        return load_cluster_config()


def placed(command: F) -> F:
    """Add --url, --token-file, --data-dir and --debug; the command gets them as `place`."""

    @click.option("--url", metavar="URL", help="A service elsewhere, instead of this machine's.")
    @click.option(
        "--token-file",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="File (mode 600) with the token for --url.",
    )
    @click.option(
        "--data-dir",
        metavar="FOLDER",
        type=click.Path(file_okay=False),
        help="Data folder of the service on this machine.",
    )
    @debuggable
    @functools.wraps(command)
    def wrapped(
        *args: Any, url: str | None, token_file: str | None, data_dir: str | None, **kwargs: Any
    ) -> Any:
        return command(*args, place=Place(url, token_file, data_dir), **kwargs)

    return wrapped  # type: ignore[return-value]


def debuggable(command: F) -> F:
    """Add --debug."""

    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            ctx.find_root().meta["jupyter_challenge.debug"] = True

    return click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=remember,
        help="Show a traceback when something goes wrong.",
    )(command)


def json_option(command: F) -> F:
    """Add --json; the command gets it as `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print what the service answered, as JSON."
    )(command)


def challenge_here(name: str | None) -> str:
    """Take the name of a challenge, or that of the folder one is in.

    Raises:
        UsageError: Neither is there.
    """
    from jupyter_challenge.client.folder import read_description

    if name:
        return name
    for folder in (Path.cwd(), *Path.cwd().parents[:3]):
        described = read_description(folder)
        if described and described.get("challenge"):
            return str(described["challenge"])
    raise click.UsageError("Name the challenge, or go into its folder.")
