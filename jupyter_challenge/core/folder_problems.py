"""Check the files that a challenge names: there, readable, safe to hand out, and in agreement."""

from __future__ import annotations

import ast
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from jupyter_challenge.core.errors import InvalidSubmission
from jupyter_challenge.core.marked_yaml import Loc, Marked
from jupyter_challenge.core.names import first_clash, name_problem
from jupyter_challenge.core.notebook import read_notebook
from jupyter_challenge.core.spec_problems import Draft
from jupyter_challenge.core.validation import FILE, Problem

LEFT_OUT = frozenset({"__pycache__", ".ipynb_checkpoints", ".git", ".DS_Store", "Thumbs.db"})
MAX_TEXT = 1_000_000
_MOST_LINKS = 5


class Folder:
    """A challenge folder under examination; collects what is wrong with it."""

    def __init__(self, root: Path, draft: Draft, marked: Marked) -> None:
        """Begin with no problems."""
        self.root = root
        self.draft = draft
        self.marked = marked
        self.problems: list[Problem] = []

    def wrong(self, loc: Loc, message: str, fix: str) -> None:
        """Note a mistake at a key of challenge.yaml."""
        mark = self.marked.mark(loc)
        self.problems.append(Problem(FILE, mark.line, mark.column, message, fix))

    def wrong_in(self, file: str, line: int, message: str, fix: str) -> None:
        """Note a mistake in another file of the folder."""
        self.problems.append(Problem(file, line, 1 if line else 0, message, fix))

    def find(self, loc: Loc, path: str, *, folder: bool = False) -> Path | None:
        """Find a named file, or folder where one may stand; note when it is not there."""
        at = self.root
        for part in PurePosixPath(path).parts:
            at = at / part
            if at.is_symlink():
                self.wrong(loc, f'"{path}" goes through a link', "put the file itself here")
                return None
        if not at.exists():
            self.wrong(loc, f'there is no "{path}"', self._there_is(at))
            return None
        if at.is_dir() and not folder:
            self.wrong(loc, f'"{path}" is a folder', "name a file in it")
            return None
        if at.is_dir() and not any(files_below(at)):
            self.wrong(loc, f'the folder "{path}" is empty', "put the data there")
            return None
        if not at.is_dir() and not stat.S_ISREG(at.stat().st_mode):
            self.wrong(loc, f'"{path}" is not a regular file', "put a regular file here")
            return None
        if not os.access(at, os.R_OK):
            self.wrong(loc, f'"{path}" cannot be read', "check its permissions")
            return None
        return at

    def _there_is(self, missing: Path) -> str:
        import difflib

        here = sorted(p.relative_to(self.root).as_posix() for p in files_below(self.root))
        wanted = missing.relative_to(self.root).as_posix()
        near = difflib.get_close_matches(wanted, here, n=1)
        same = [each for each in here if PurePosixPath(each).name == missing.name]
        found = (same or near)[:1]
        return f'did you mean "{found[0]}"?' if found else "create it or leave the key out"


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder, links and what editors leave apart."""
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in LEFT_OUT)
        for name in sorted(names):
            path = Path(at) / name
            if name not in LEFT_OUT and not path.is_symlink():
                yield path


def folder_problems(root: Path, draft: Draft, marked: Marked) -> list[Problem]:
    """List what is wrong with the files of a challenge folder."""
    from jupyter_challenge.core.label_problems import check_labels

    folder = Folder(root, draft, marked)
    _check_names(folder)
    _check_texts(folder)
    _check_notebooks(folder)
    _check_evaluator(folder)
    _check_data(folder)
    check_labels(folder)
    return folder.problems


def _check_names(folder: Folder) -> None:
    """Refuse links and names that cannot travel anywhere in the folder."""
    names, links = [], []
    for at, folders, files in os.walk(folder.root):
        folders[:] = sorted(f for f in folders if f not in LEFT_OUT)
        for name in [*folders, *sorted(files)]:
            path = Path(at) / name
            shown = path.relative_to(folder.root).as_posix()
            if name in LEFT_OUT:
                continue
            if path.is_symlink():
                links.append(shown)
            elif path.is_file():
                names.append(shown)
                problem = name_problem(shown)
                if problem is not None:
                    folder.wrong_in(shown, 0, f"the file's name {problem}", "rename it")
    for shown in links[:_MOST_LINKS]:
        folder.wrong_in(
            shown, 0, "this is a link, which cannot be published", "put the file itself here"
        )
    clash = first_clash(names)
    if clash is not None:
        folder.wrong_in(
            clash[1], 0, f'its name differs from "{clash[0]}" by case alone', "rename one of them"
        )


def _check_texts(folder: Folder) -> None:
    for key in ("description", "terms"):
        if key not in folder.draft.texts:
            continue
        name = folder.draft.texts[key]
        path = folder.find((key,), name)
        if path is None:
            continue
        try:
            text = path.read_bytes()[: MAX_TEXT + 1].decode("utf-8")
        except UnicodeDecodeError:
            folder.wrong((key,), f'"{name}" is not UTF-8 text', "save it as UTF-8")
            continue
        if len(text) > MAX_TEXT:
            folder.wrong((key,), f'"{name}" is larger than 1 MB', "keep pictures elsewhere")
        elif not text.strip():
            folder.wrong((key,), f'"{name}" is empty', "write it, in Markdown")


def _check_notebooks(folder: Folder) -> None:
    named: list[tuple[Loc, str]] = []
    if "starter" in folder.draft.texts:
        named.append((("starter",), folder.draft.texts["starter"]))
    for i, baseline in folder.draft.baselines:
        if baseline.notebook:
            named.append((("baselines", i, "notebook"), baseline.notebook))
    for loc, name in named:
        path = folder.find(loc, name)
        if path is None:
            continue
        if not name.endswith(".ipynb"):
            folder.wrong(loc, f'"{name}" is not a notebook', "name an .ipynb file")
            continue
        try:
            read_notebook(path)
        except InvalidSubmission as error:
            folder.wrong(loc, error.message.rstrip("."), error.hint.rstrip("."))


def _check_evaluator(folder: Folder) -> None:
    """Look for the organiser's function without running the file."""
    evaluator = folder.draft.evaluator
    if evaluator is None:
        return
    loc: Loc = ("evaluator", "file")
    path = folder.find(loc, evaluator.file)
    if path is None:
        return
    try:
        body = ast.parse(path.read_bytes()).body
    except SyntaxError as error:
        folder.wrong_in(
            evaluator.file, error.lineno or 0, f"this is not Python: {error.msg}", "mend this line"
        )
        return
    except (ValueError, RecursionError, MemoryError):
        folder.wrong(loc, f'"{evaluator.file}" is not Python', "name a Python file")
        return
    name = evaluator.function
    for statement in body:
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            _check_arguments(folder, evaluator.file, statement)
            return
        if isinstance(statement, ast.AsyncFunctionDef) and statement.name == name:
            folder.wrong_in(
                evaluator.file, statement.lineno, f"{name} is async", "write `def`, without async"
            )
            return
        imported = isinstance(statement, (ast.Import, ast.ImportFrom)) and any(
            (alias.asname or alias.name) == name for alias in statement.names
        )
        assigned = isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in statement.targets
        )
        if imported or assigned:
            return
    folder.wrong_in(
        evaluator.file,
        0,
        f"there is no function {name}",
        f"write `def {name}(labels, predictions):` or name another by `evaluator.function`",
    )


def _check_arguments(folder: Folder, file: str, function: ast.FunctionDef) -> None:
    arguments = function.args
    positional = len(arguments.posonlyargs) + len(arguments.args)
    needed = positional - len(arguments.defaults)
    named = [
        a for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is None
    ]
    if needed > 2 or (positional < 2 and arguments.vararg is None) or named:
        folder.wrong_in(
            file,
            function.lineno,
            f"{function.name} must take two arguments",
            f"write `def {function.name}(labels, predictions):`",
        )


def _check_data(folder: Folder) -> None:
    """Check that the data is there and that nothing handed out holds the hidden labels."""
    data = folder.draft.data
    if data is None:
        return
    handed_out: list[tuple[Loc, str, Path]] = []
    named: list[tuple[Loc, str | None, bool, bool]] = [
        (("data", "train"), data.train, True, True),
        (("data", "test"), data.test, True, not data.hide_test),
    ]
    if data.sample is not None:
        named.append((("data", "sample", "test"), data.sample.test, True, True))
        named.append((("data", "sample", "labels"), data.sample.labels, False, True))
    for loc, name, may_be_folder, public in named:
        path = folder.find(loc, name, folder=may_be_folder) if name else None
        if path is not None and name is not None and public:
            handed_out.append((loc, name, path))
    for key in ("description", "terms", "starter"):
        name = folder.draft.texts.get(key)
        if name is not None and (folder.root / name).is_file():
            handed_out.append(((key,), name, folder.root / name))
    labels = folder.find(("data", "labels"), data.labels)
    if labels is None:
        return
    secret = {("data", "labels"): labels}
    evaluator = folder.draft.evaluator
    if evaluator is not None and (folder.root / evaluator.file).is_file():
        secret[("evaluator", "file")] = folder.root / evaluator.file
    for (part, key), path in secret.items():
        what = "the hidden labels" if part == "data" else "the evaluation"
        _check_hidden(folder, (part, key), what, path, handed_out)


def _check_hidden(
    folder: Folder, loc: Loc, what: str, secret: Path, handed_out: list[tuple[Loc, str, Path]]
) -> None:
    for other, name, path in handed_out:
        if path == secret or path in secret.parents:
            folder.wrong(
                loc,
                f"{what} are part of {'.'.join(map(str, other))}, which participants get",
                f'move them out of "{name}"',
            )
            return
    digest, size = _digest(secret), secret.stat().st_size
    for _, _, path in handed_out:
        for file in [path] if path.is_file() else files_below(path):
            if file.stat().st_size == size and size and _digest(file) == digest:
                shown = file.relative_to(folder.root).as_posix()
                folder.wrong(
                    loc,
                    f'"{shown}", which participants get, has the same content as {what}',
                    "hand out other data, or hide these",
                )
                return


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
