"""Make a working challenge folder from the template."""

from __future__ import annotations

import json
import re
import unicodedata
from importlib.resources import files
from pathlib import Path
from typing import Any

from jupyter_challenge.core.errors import ChallengeError, Conflict
from jupyter_challenge.core.examined_folder import FILE

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SKIPPED = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}


def create_challenge(folder: Path, id: str | None = None, title: str | None = None) -> list[str]:
    """Copy the template into a new or empty folder.

    Args:
        folder: Where to.
        id: The challenge's id; made of the folder's name when left out.
        title: The challenge's title; made of the id when left out.

    Returns:
        The files that were made, as paths in the folder.

    Raises:
        Conflict: The folder has something in it, or is inside another challenge.
        ChallengeError: The id cannot be one.
    """
    slug = _slug(folder.absolute().name) if id is None else id
    if not _SLUG.fullmatch(slug):
        suggestion = _slug(slug)
        raise ChallengeError(
            f'"{slug}" cannot be the id of a challenge: small letters, digits and hyphens can.',
            hint=f'Use for example "{suggestion}".',
        )
    title = title or slug.replace("-", " ").capitalize()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(
            f'"{folder}" is there already.', hint="Name a new or an empty folder.", path=str(folder)
        )
    refuse_inside_challenge(folder)
    made: list[str] = []
    _copy(files("jupyter_challenge") / "template", folder, "", made)
    spec = folder / "challenge.yaml"
    text = spec.read_text("utf-8")
    # In JSON's spelling, which is YAML's too: a title may have colons and quotes.
    quoted = json.dumps(title, ensure_ascii=False)
    text = re.sub(r"(?m)^id: .*$", lambda _: f"id: {json.dumps(slug)}", text, count=1)
    text = re.sub(r"(?m)^title: .*$", lambda _: f"title: {quoted}", text, count=1)
    spec.write_text(text, "utf-8")
    readme = folder / "README.md"
    plain = " ".join(title.split())
    readme.write_text(
        re.sub(r"\A# .*$", lambda _: f"# {plain}", readme.read_text("utf-8"), flags=re.M), "utf-8"
    )
    return sorted(made)


def refuse_inside_challenge(folder: Path) -> None:
    """Refuse a folder that would be published together with the challenge around it.

    Raises:
        Conflict: It is an organiser's folder, or inside one.
    """
    for each in (folder.absolute(), *folder.absolute().parents):
        if (each / FILE).is_file():
            raise Conflict(
                f'"{each.name}" is the folder that a challenge is published from, with all that is '
                "in it.",
                hint="Name another folder, outside of it.",
                path=str(folder),
            )


def _copy(source: Any, target: Path, inside: str, made: list[str]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for child in source.iterdir():
        if child.name in _SKIPPED or child.name.endswith(".pyc"):
            continue
        path = f"{inside}{child.name}"
        if child.is_dir():
            _copy(child, target / child.name, f"{path}/", made)
        else:
            (target / child.name).write_bytes(child.read_bytes())
            made.append(path)


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].strip("-") or "my-challenge"
