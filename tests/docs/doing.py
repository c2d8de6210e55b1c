"""Does what a tutorial says, in the order in which it says it.

`console` blocks are typed into a shell, line by line; what follows a line is what must come, with
`…` for any text or lines, and times of any length. Blocks with a caption are files, `python`
blocks are programs. Any other block is only shown, and `SHOWN` has to know it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROMPT = "$ "
SHOWN = {"sh", "text"}
_FENCE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_CAPTION = re.compile(r"\A:caption: (?P<name>\S+)\n+")
_SECONDS = re.compile(r"\b\d+\.\d s\b")
_AGO = re.compile(r"\b(now|\d+ (min|h) ago)\b")


@dataclass(frozen=True)
class Block:
    """A block of code in a page.

    Attributes:
        kind: console, python, file, or what it is shown as.
        text: What stands in it.
        line: Line of the page on which it begins.
        name: The file's name, where it is one.
    """

    kind: str
    text: str
    line: int
    name: str = ""


@dataclass(frozen=True)
class Typed:
    """A line that is typed, and the lines that must come."""

    command: str
    answer: list[str]


def blocks(page: str) -> list[Block]:
    """Read the blocks of a page in their order."""
    found = []
    for fence in _FENCE.finditer(page):
        info, body = fence["info"].strip(), fence["body"]
        line = page.count("\n", 0, fence.start()) + 1
        caption = _CAPTION.match(body)
        if info.startswith("{code-block}") and caption:
            found.append(Block("file", body[caption.end() :], line, caption["name"]))
        elif not info.startswith("{"):
            found.append(Block(info, body, line))
    return found


def typed(console: str) -> list[Typed]:
    """Read what is typed in a console and what comes."""
    lines: list[Typed] = []
    for line in console.splitlines():
        if line.startswith(PROMPT):
            lines.append(Typed(line.removeprefix(PROMPT), []))
        elif lines and lines[-1].command.endswith("\\") and not lines[-1].answer:
            lines[-1] = Typed(f"{lines[-1].command}\n{line.removeprefix('> ')}", [])
        elif line.strip():
            assert lines, f"an answer to nothing: {line}"
            lines[-1].answer.append(line)
    return lines


def plain(line: str) -> str:
    """Write a line so that only what must be the same is compared."""
    return " ".join(_AGO.sub("# ago", _SECONDS.sub("# s", line)).split())


def missing(expected: list[str], said: str) -> str | None:
    """Return the first expected line that does not come, in its order; None if all do."""
    lines = iter([plain(line) for line in said.splitlines()])
    for wanted in (line for line in expected if line.strip() != "…"):
        pattern = re.compile(".*".join(map(re.escape, plain(wanted).split("…"))))
        if not any(pattern.fullmatch(line) for line in lines):
            return wanted
    return None


class Reader:
    """Somebody who does what a page says, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._state = folder.parent / "shell-state"
        self._environment = {
            **os.environ,
            "LOGNAME": "ana",  # who the tutorials speak to
            "NO_COLOR": "1",
            "COLUMNS": "100",
            "JUPYTER_CHALLENGE_DATA_DIR": str(folder.parent / "data"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }

    def follow(self, page: Path) -> int:
        """Do all that a page says; return how many lines were typed."""
        number = 0
        for block in blocks(page.read_text("utf-8")):
            where = f"{page.name}:{block.line}"
            if block.kind == "console":
                number += self._type(typed(block.text), where)
            elif block.kind == "file":
                target = self.folder / block.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(block.text, "utf-8")
            elif block.kind == "python":
                rc, said = self._run(f"{shlex.quote(sys.executable)} -c {shlex.quote(block.text)}")
                assert rc == 0, f"{where}: {said}"
            else:
                assert block.kind in SHOWN, f"{where}: nobody knows what to do with {block.kind}"
        return number

    def _type(self, lines: list[Typed], where: str) -> int:
        last, said = 0, ""
        for line in lines:
            if line.command == "echo $?":
                assert [str(last)] == line.answer, f"{where}: the exit code is {last}"
                last = 0
                continue
            assert last == 0, f"{where}: before `{line.command}` came {last}:\n{said}"
            last, said = self._run(line.command)
            lacking = missing(line.answer, said)
            assert lacking is None, f"{where}: `{line.command}` lacks\n{lacking}\nin\n{said}"
        assert last == 0, f"{where}: `{lines[-1].command}` came to {last}:\n{said}"
        return len(lines)

    def _run(self, command: str) -> tuple[int, str]:
        """Run a line in a shell that remembers folder and variables."""
        state = shlex.quote(str(self._state))
        program = (
            f"[ -e {state} ] && . {state}\n{command}\nended=$?\n"
            f'{{ export -p; printf "cd %q\\n" "$PWD"; }} > {state}\nexit $ended'
        )
        done = subprocess.run(
            ["bash", "-c", program],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout
