"""The command line, from the commands themselves."""

from __future__ import annotations

import click

from fromcode.tables import table
from jupyter_challenge.cli.group import COMMANDS, challenge


def commands() -> str:
    """Write a section for each command: what it does, how it is called, its options."""
    context = click.Context(challenge, info_name="jupyter challenge")
    return "\n".join(_section(context, name) for name in COMMANDS)


def _section(context: click.Context, name: str) -> str:
    command = challenge.get_command(context, name)
    assert command is not None, f"{name} is in COMMANDS"
    text = _described(command, click.Context(command, info_name=name, parent=context), name)
    if isinstance(command, click.Group):
        own = click.Context(command, info_name=name, parent=context)
        for part, inner in command.commands.items():
            title = f"{name} {part}"
            text += "\n" + _described(
                inner, click.Context(inner, info_name=part, parent=own), title
            )
    return text


def _described(command: click.Command, own: click.Context, name: str) -> str:
    usage = " ".join(["jupyter challenge", name, *command.collect_usage_pieces(own)])
    parts = [f"## {name}", f"```text\n{usage}\n```", _help(command.help or "")]
    records = [
        record
        for parameter in command.get_params(own)
        if isinstance(parameter, click.Option) and parameter.name != "help"
        if (record := parameter.get_help_record(own)) is not None
    ]
    if records:
        parts.append(table(["option", "what it does"], ([f"`{o}`", _plain(h)] for o, h in records)))
    return "\n\n".join(parts) + "\n"


def _help(text: str) -> str:
    """Write click's help as Markdown: what it prints as it stands becomes a block."""
    blocks = []
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("\b"):
            blocks.append("```text\n" + paragraph.removeprefix("\b").strip("\n") + "\n```")
        else:
            blocks.append(_plain(paragraph))
    return "\n\n".join(blocks)


def _plain(text: str) -> str:
    return text.replace("<", r"\<").replace("*", r"\*")
