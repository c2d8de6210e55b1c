"""Read a `storage.yaml` and name every mistake at once, with its line and what mends it."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from jupyter_challenge.core.checked_file import text_of, told
from jupyter_challenge.core.errors import InvalidStorage
from jupyter_challenge.core.marked_yaml import read_marked
from jupyter_challenge.core.model_problems import Problem, Words, model_problems, placed
from jupyter_challenge.core.storage.model import Storage, StorageParts, disagreements

_ADDRESS = ("is no address", "write for example https://s3.example.org")
_FOLDER = ("is no absolute path", "write for example /data/sky")
_NAME = ("is no name of an object in Kubernetes", "write small letters, digits and hyphens")
_WORDS = Words(
    patterns={
        **dict.fromkeys(("url", "hub", "provider", "userinfo", "endpoint", "sts"), _ADDRESS),
        **dict.fromkeys(("path", "folder", "client_secret_file", "token_file"), _FOLDER),
        **dict.fromkeys(("claim", "storage_class"), _NAME),
        "listen": ("is no host and port", "write for example 0.0.0.0:8090"),
        "bucket": ("is no name of a bucket", "write small letters, digits, hyphens and dots"),
    },
)


def load_storage(path: Path) -> Storage:
    """Read and check what servers reach.

    Raises:
        InvalidStorage: `details["problems"]` lists every mistake as a dictionary of
            file, line, column, message and fix.
    """
    storage, problems = check_storage(path)
    if storage is None or problems:
        raise InvalidStorage(**told(problems, "The storage has"))
    return storage


def check_storage(path: Path) -> tuple[Storage | None, list[Problem]]:
    """Read what servers reach and list its mistakes, by line."""
    text = text_of(path, "the storage")
    if isinstance(text, Problem):
        return None, [text]
    return read_storage(text, str(path))


def read_storage(text: str, file: str = "storage.yaml") -> tuple[Storage | None, list[Problem]]:
    """Read the text of a `storage.yaml` and list its mistakes, by line.

    Args:
        text: What the file says.
        file: What it is called in the mistakes.
    """
    marked = read_marked(text)
    problems = [
        Problem(file, m.mark.line, m.mark.column, m.message, m.fix) for m in marked.mistakes
    ]
    raw = marked.value
    if not isinstance(raw, dict):
        if not problems:
            problems = [Problem(file, 1, 1, "there is no storage here", "begin with `home:`")]
        return None, problems
    try:
        parts = StorageParts.model_validate(raw)
    except ValidationError as error:
        found = list(model_problems(error, raw, StorageParts, _WORDS))
    else:
        found = list(disagreements(parts))
    problems += [placed(marked, file, each) for each in found]
    return (None if found else Storage.model_validate(raw)), sorted(set(problems))
