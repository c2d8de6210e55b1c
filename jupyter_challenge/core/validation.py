"""Read a challenge folder and name every mistake at once, each with its place and what mends it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from pydantic import ValidationError

from jupyter_challenge.core.challenge import Challenge
from jupyter_challenge.core.errors import InvalidChallenge
from jupyter_challenge.core.examined_folder import FILE
from jupyter_challenge.core.folder_problems import folder_problems
from jupyter_challenge.core.marked_yaml import MAX_SIZE, Loc, Mark, Marked, read_marked
from jupyter_challenge.core.model_problems import Problem, placed
from jupyter_challenge.core.spec_problems import Draft, spec_problems


def load_challenge(folder: Path) -> Challenge:
    """Read and check a challenge folder.

    Raises:
        InvalidChallenge: `details["problems"]` lists every mistake as a dictionary of
            file, line, column, message and fix.
    """
    return _well(*_checked(folder))


def read_challenge(text: str) -> Challenge:
    """Read a challenge.yaml by itself; the files that it names are not looked at.

    Raises:
        InvalidChallenge: See `load_challenge`.
    """
    challenge, problems = _spec(read_marked(text))[:2]
    return _well(challenge, sorted(set(problems)))


def refused_at(text: str, loc: Loc, message: str, fix: str) -> InvalidChallenge:
    """The refusal of a challenge.yaml that is well in itself and does not fit where it is used."""
    mark = read_marked(text).mark(loc, key=True)
    problem = Problem(FILE, mark.line, mark.column, message, fix)
    return InvalidChallenge(
        f"On line {problem.line} of {FILE}: {message}.",
        hint=f"{fix[:1].upper()}{fix[1:]}.",
        problems=[asdict(problem)],
    )


def _well(challenge: Challenge | None, problems: list[Problem]) -> Challenge:
    if challenge is None or problems:
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        first = problems[0]
        raise InvalidChallenge(
            f"The challenge has {count}; the first, on line {first.line} of {first.file}: "
            f"{first.message}.",
            hint=f"{first.fix[:1].upper()}{first.fix[1:]}.",
            problems=[asdict(problem) for problem in problems],
        )
    return challenge


def _checked(folder: Path) -> tuple[Challenge | None, list[Problem]]:
    marked, problem = _read(folder)
    if marked is None:
        assert problem is not None
        return None, [problem]
    challenge, problems, draft = _spec(marked)
    if draft is not None:
        problems += folder_problems(folder, draft, marked)
    return challenge, sorted(set(problems))


def _spec(marked: Marked) -> tuple[Challenge | None, list[Problem], Draft | None]:
    """What challenge.yaml says by itself, its mistakes, and the parts that are well."""
    problems = [
        Problem(FILE, m.mark.line, m.mark.column, m.message, m.fix) for m in marked.mistakes
    ]
    if not isinstance(marked.value, dict):
        if not problems:
            problems = [
                Problem(FILE, 1, 1, "there are no keys here", "begin with `id:` and `title:`")
            ]
        return None, problems, None
    challenge: Challenge | None = None
    draft = Draft.of(marked.value)
    own = list(draft.problems())
    try:
        challenge = Challenge.model_validate(marked.value)
    except ValidationError as error:
        found = list(spec_problems(error, marked.value))
        # What pydantic says of the whole, the draft says with a place.
        own += [each for each in found if each[0] or each[3] or not own]
    problems += [placed(marked, FILE, each) for each in own]
    return challenge, problems, draft


def _read(folder: Path) -> tuple[Marked | None, Problem | None]:
    path = folder / FILE
    start = Mark(0, 0)

    def wrong(message: str, fix: str) -> tuple[None, Problem]:
        return None, Problem(FILE, start.line, start.column, message, fix)

    if not folder.is_dir():
        return wrong(f'there is no folder "{folder.name}"', "name the folder of the challenge")
    if path.is_symlink():
        return wrong("this is a link", "put the file itself here")
    try:
        if path.stat().st_size > MAX_SIZE:
            return wrong("the file is larger than 1 MB", "put long texts into files of their own")
        return read_marked(path.read_bytes().decode("utf-8-sig")), None
    except FileNotFoundError:
        return wrong(
            f"there is no {FILE}", "make a working folder with `jupyter challenge create FOLDER`"
        )
    except UnicodeDecodeError:
        return wrong("the file is not UTF-8 text", "save it as UTF-8")
    except OSError as error:
        return wrong(f"the file cannot be read ({error.strerror})", "check its permissions")
