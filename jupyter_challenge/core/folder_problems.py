"""Check the files that a challenge names: there, readable, safe to hand out, and in agreement."""

from __future__ import annotations

import ast
import hashlib
import os
from pathlib import Path, PurePosixPath

from jupyter_challenge.core.errors import InvalidSubmission
from jupyter_challenge.core.examined_folder import (
    LEFT_OUT,
    Folder,
    files_below,
    is_left_out,
)
from jupyter_challenge.core.label_problems import check_labels
from jupyter_challenge.core.marked_yaml import Loc, Marked
from jupyter_challenge.core.model_problems import Problem
from jupyter_challenge.core.names import first_clash, name_problem
from jupyter_challenge.core.notebook import read_notebook
from jupyter_challenge.core.spec_problems import Draft

MAX_TEXT = 1_000_000
_MOST_LINKS = 5


def folder_problems(root: Path, draft: Draft, marked: Marked) -> list[Problem]:
    """List what is wrong with the files of a challenge folder."""
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
            if is_left_out(name):
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
    _check_shared(folder)
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


def _check_shared(folder: Folder) -> None:
    """Refuse two notebooks that participants would get under the same name."""
    names = [folder.draft.texts.get("starter", "")]
    for i, baseline in folder.draft.baselines:
        if baseline.shared and baseline.notebook is not None:
            clash = first_clash([PurePosixPath(each).name for each in [*names, baseline.notebook]])
            if clash is not None:
                folder.wrong(
                    ("baselines", i, "notebook"),
                    f'participants get another notebook that is called "{clash[0]}"',
                    "rename one of them",
                )
            names.append(baseline.notebook)


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
    for i, baseline in folder.draft.baselines:
        name = baseline.notebook if baseline.shared else None
        if name is not None and (folder.root / name).is_file():
            handed_out.append((("baselines", i, "notebook"), name, folder.root / name))
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
