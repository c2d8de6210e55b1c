"""A file in YAML that an admin writes: its text, or the one mistake for which it cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyter_challenge.core.marked_yaml import MAX_SIZE
from jupyter_challenge.core.model_problems import Problem


def text_of(path: Path, what: str) -> str | Problem:
    """Read a file.

    Args:
        path: Where it is.
        what: What should be in it, as in "name the file with …".
    """
    file = str(path)
    try:
        if path.stat().st_size > MAX_SIZE:
            return Problem(file, 0, 0, "the file is larger than 1 MB", "make it smaller")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return Problem(file, 0, 0, "there is no such file", f"name the file with {what}")
    except UnicodeDecodeError:
        return Problem(file, 0, 0, "the file is not UTF-8 text", "save it as UTF-8")
    except OSError as error:
        said = f"the file cannot be read ({error.strerror})"
        return Problem(file, 0, 0, said, "check the path and its permissions")


def told(problems: Sequence[Problem], what: str) -> dict[str, Any]:
    """The mistakes of a file as the arguments of an error: how many, the first, and all of them.

    Args:
        problems: At least one.
        what: The beginning of the sentence, as in "The storage has".
    """
    count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
    first = problems[0]
    where = f"on line {first.line} of {first.file}" if first.line else f"in {first.file}"
    return {
        "message": f"{what} {count}; the first, {where}: {first.message}.",
        "hint": f"{first.fix[:1].upper()}{first.fix[1:]}.",
        "problems": [asdict(problem) for problem in problems],
    }
