"""Every kind of error has its words and its exit code."""

import errno
from io import StringIO
from pathlib import Path

import pytest

from jupyter_challenge.cli.errors import told
from jupyter_challenge.core import errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Forbidden("m", hint="h"), 1),
        (errors.InvalidSubmission("m", hint="h"), 1),
        (errors.PhaseClosed("m", hint="h"), 1),
        (errors.NotFound("m", hint="h"), 3),
        (errors.QuotaExceeded("m", hint="h"), 4),
        (errors.Unavailable("m", hint="h"), 5),
        (errors.UpgradeNeeded("m", hint="h"), 5),
        (errors.StorageFull("m", hint="h"), 5),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), 1),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "/x"), 3),
        (ZeroDivisionError("division by zero"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_exit_codes(error: Exception, code: int) -> None:
    out = StringIO()
    spoken = told(error)
    spoken.show(out)
    assert spoken.exit_code == code
    first, *rest = out.getvalue().splitlines()
    assert first.startswith("Error: ")
    assert rest, "what to do next"
    assert "Traceback" not in out.getvalue()


def test_a_challenge_with_mistakes_lists_them() -> None:
    problem = {
        "file": "challenge.yaml",
        "line": 4,
        "column": 7,
        "message": "no such metric",
        "fix": "write accuracy",
    }
    out = StringIO()
    told(errors.InvalidChallenge("1 mistake.", problems=[problem])).show(out)
    first = out.getvalue().splitlines()[0]
    assert first == "challenge.yaml:4:7: no such metric — write accuracy"


def test_a_place_without_a_column() -> None:
    out = StringIO()
    problem = {"file": "data/train.csv", "message": "missing"}
    told(errors.InvalidChallenge("1 mistake.", problems=[problem])).show(out)
    assert out.getvalue().startswith("data/train.csv: missing\n")


def test_paths_of_system_errors_are_told(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:
        (tmp_path / "none/x").write_text("")
    assert str(tmp_path) in told(caught.value).message
