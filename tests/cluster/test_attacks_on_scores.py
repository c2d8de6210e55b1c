"""Attacks on scores, by number and name: what hostile notebooks and files do to get a better one.

Which test holds which attack is said in docs/admins/security.md.
"""

from __future__ import annotations

import io
import json
import pickle
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import nbformat
import pytest

from jupyter_challenge.core.errors import FailureClass
from jupyter_challenge.core.models import SubmissionState
from jupyter_challenge.service.bundles import LOOKED_THROUGH
from tests.cluster.platform import EVALUATION, Platform
from tests.cluster.playing import Play
from tests.tiny import ROWS, WRITE_ALL_EVEN

pytestmark = pytest.mark.timeout(900)

REPOINT = """
import json, os
for place in ("/challenge/work/output", "/challenge", "/challenge/work", "/tmp"):
    for uri in ("s3://challenge/labels.csv", "file:///challenge/version/labels.csv"):
        artifact = {"name": "predictions", "uri": uri, "metadata": {"path": uri}}
        said = {"artifacts": {"predictions": {"artifacts": [artifact]}}, "outputs": {"path": uri}}
        for name in ("executor_output.json", "output_metadata.json", "kfp_outputs", "uri"):
            try:
                with open(os.path.join(place, name), "w") as file:
                    json.dump(said, file)
            except OSError:
                pass
"""


def test_3_whoever_names_another_place_for_predictions_has_none(game: Play, tmp_path: Path) -> None:
    done = game.ended(tmp_path, REPOINT)

    assert done.failure is not None
    assert done.failure.failure_class is FailureClass.NO_PREDICTIONS


FORGE = """
import json, os
best = {"accuracy": 1.0, "score": 1.0, "boards": {"public": {"accuracy": {"value": 1.0}}}}
for name in ("scores.json", "metrics.json", "result.json", "report.json", "evaluation.json"):
    for folder in (os.environ["CHALLENGE_OUTPUT"], ".", "/tmp", "/challenge"):
        try:
            with open(os.path.join(folder, name), "w") as file:
                json.dump(best, file)
        except OSError:
            pass
print('{"score": 1.0}')
"""


def test_8_forged_scores_count_for_nothing(game: Play, tmp_path: Path) -> None:
    done = game.ended(tmp_path, WRITE_ALL_EVEN, FORGE)

    assert done.state is SubmissionState.SCORED, done.failure
    assert {score.value for score in done.scores} == {0.0}


# Whichever of these is imported beside the token or beside the labels ends that program.
TRAPS = """
import glob, os, site
import sklearn.metrics
sklearn.metrics.accuracy_score = lambda *arguments, **options: 1.0
trap = "raise SystemExit('imported by mistake')"
folders = ["/challenge", "/challenge/work", "/challenge/home", "/challenge/tmp", "/tmp"]
folders += [site.getusersitepackages(), "/challenge/home/.local", "/nonexistent"]
for folder in folders:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        continue
    for name in ("sitecustomize", "usercustomize", "conftest", "json", "http", "pandas", "token"):
        with open(f"{folder}/{name}.py", "w") as file:
            file.write(trap)
    with open(f"{folder}/trap.pth", "w") as file:
        file.write("import sys; sys.exit('imported by mistake')")
os.environ["PYTHONPATH"] = "/challenge"
"""


def test_9_what_a_run_plants_is_imported_nowhere_else(game: Play, tmp_path: Path) -> None:
    done = game.ended(tmp_path, WRITE_ALL_EVEN, TRAPS)

    assert done.state is SubmissionState.SCORED, done.failure
    assert done.attempt == 1
    assert {score.value for score in done.scores} == {0.0}


class Opened:
    """What a pickle does when somebody reads it as one."""

    def __reduce__(self) -> Any:
        return (exec, ("open('/challenge/result.json', 'w').write('{}')",))


def predicted(rows: dict[str, str]) -> bytes:
    return ("id,label\n" + "".join(f"{row},{label}\n" for row, label in rows.items())).encode()


ROW, WIDE, LONG = b"1,even\n", 1_500_000, 4_000_000
# The service itself looks through what is smaller, and refuses most of these: it is the evaluation
# that has to withstand them. Empty lines count for nothing, nor does what follows a pickle.
LARGE = b"\n" * (LOOKED_THROUGH + 1)
FILES: dict[str, tuple[bytes, set[str]]] = {
    "9: a pickle": (pickle.dumps(Opened()) + LARGE, {"bad_format"}),
    "10: millions of rows": (b"id,label\n" + ROW * LONG, {"too_large"}),
    "10: hundreds of thousands of columns": (
        b"id,label" + b",x" * WIDE + b"\n1,even" + b",1" * WIDE, {"bad_format", "too_large"},
    ),
    "10: one cell as long as the file": (
        b"id,label\n1," + b"e" * 20_000_000 + b"\n", {"bad_format", "too_large", "wrong_ids"},
    ),
    "14: a row twice": (predicted(dict(ROWS)) + ROW + LARGE, {"wrong_ids"}),
    "14: a row less": (predicted(dict(list(ROWS.items())[1:])), {"wrong_ids"}),
    "14: a row more": (predicted({**ROWS, "11": "odd"}), {"wrong_ids"}),
    "14: other ids": (predicted({f"0{row}": label for row, label in ROWS.items()}), {"wrong_ids"}),
    "14: another order": (predicted(dict(reversed(list(ROWS.items())))), {"scored"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def handed_in(game: Play, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """All of these files, at once."""
    made = {}
    for case, (content, _) in FILES.items():
        path = tmp_path_factory.mktemp("files") / "predictions.csv"
        path.write_bytes(content)
        made[case] = game.mallory.submit(path, "vault").id
    return made


@pytest.mark.parametrize("case", FILES)
def test_predictions_file(game: Play, handed_in: dict[str, str], case: str) -> None:
    done = game.mallory.wait(handed_in[case])

    said = done.failure.failure_class.value if done.failure else done.state.value
    assert said in FILES[case][1], done.failure
    assert done.attempt == 1
    if said == "scored":
        assert [score.value for score in done.scores] == [0.5]


BAD_SCORES = {
    "no number": "invalid_score", "infinite": "invalid_score", "huge": "invalid_score",
    "text": "invalid_score", "truth": "invalid_score", "list": "invalid_score",
    "nothing": "evaluator_error",
}  # fmt: skip


@pytest.fixture(scope="module")
def judged(game: Play, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    made = {}
    for said in BAD_SCORES:
        path = tmp_path_factory.mktemp("scores") / "predictions.csv"
        path.write_bytes(predicted(dict.fromkeys(ROWS, said)))
        made[said] = game.mallory.submit(path, "judged").id
    return made


@pytest.mark.parametrize("said", BAD_SCORES)
def test_13_no_number_no_rank(game: Play, judged: dict[str, str], said: str) -> None:
    done = game.mallory.wait(judged[said])

    assert done.failure is not None
    assert done.failure.failure_class.value == BAD_SCORES[said]
    assert (done.scores, done.rank) == ([], None)
    board = game.organiser.leaderboard("judged")
    assert done.id not in {row.submission for row in board.rows}


EMPTY_NOTEBOOK = nbformat.writes(
    nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python"}},
        cells=[nbformat.v4.new_code_cell("pass")],
    )
)


def bomb() -> bytes:
    """Two gigabytes in two megabytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.ipynb", EMPTY_NOTEBOOK)
        with archive.open("zeros", "w", force_zip64=True) as member:
            for _ in range(2_000):
                member.write(bytes(1_000_000))
    return target.getvalue()


def beside_a_notebook(*members: tuple[str | zipfile.ZipInfo, str]) -> bytes:
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w") as archive:
        warnings.simplefilter("ignore")  # of a name that is there twice
        archive.writestr("model.ipynb", EMPTY_NOTEBOOK)
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


def special(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def with_a_nul() -> bytes:
    """A name that Python ends at its NUL, and that others do not."""
    return beside_a_notebook(("beside.csv_.sh", "")).replace(b"beside.csv_.sh", b"beside.csv\0.sh")


LABELS = "/challenge/version/labels.csv"
ARCHIVES: dict[str, tuple[Callable[[], bytes], set[int]]] = {
    "12: a bomb": (bomb, {413, 422}),
    "11: outside its folder": (lambda: beside_a_notebook((f"..{LABELS}", "")), {422}),
    "11: an absolute path": (lambda: beside_a_notebook((LABELS, "")), {422}),
    "11: a symbolic link": (lambda: beside_a_notebook((special("l", 0o120777), LABELS)), {422}),
    "11: a link and what is below it": (
        lambda: beside_a_notebook((special("l", 0o120777), "/challenge"), ("l/x", "")), {422},
    ),
    "11: a device": (lambda: beside_a_notebook((special("d", 0o020666), "")), {422}),
    "11: a pipe": (lambda: beside_a_notebook((special("p", 0o010666), "")), {422}),
    "11: a name twice": (lambda: beside_a_notebook(("x.csv", "1"), ("x.csv", "2")), {422}),
    "11: a name in two spellings": (
        lambda: beside_a_notebook(("x.csv", "1"), ("X.csv", "2")), {422},
    ),
    "11: a NUL in a name": (with_a_nul, {422}),
    "11: nothing of it": (lambda: beside_a_notebook(("beside.csv", "id,label\n")), {201}),
}  # fmt: skip
"""What makes an archive, and what is answered; the last is what the others are but for one fault.

A zip knows no hard links: those that a run leaves are in `test_handing_in.py`.
"""


@pytest.mark.parametrize("case", ARCHIVES)
def test_11_12_archives_that_are_none_are_not_accepted(
    game: Play, platform: Platform, case: str
) -> None:
    archive, statuses = ARCHIVES[case]
    request, key = {"kind": "notebook", "entry": "model.ipynb"}, case.replace(" ", "-")

    answer = httpx.post(
        f"{platform.url}/api/v1/challenges/vault/submissions",
        headers={"Authorization": f"Bearer {game.tokens['mallory']}", "Idempotency-Key": key},
        data={"request": json.dumps(request)},
        files={"bundle": ("bundle.zip", archive(), "application/zip")},
        trust_env=False,
        timeout=120,
    )

    assert answer.status_code in statuses, answer.text
    if answer.status_code == 201:
        game.mallory.cancel(answer.json()["id"])


def test_25_a_second_evaluation_changes_nothing(
    game: Play, platform: Platform, tmp_path: Path
) -> None:
    """Somebody makes the evaluate Job once more, after the submission has its score."""
    path = tmp_path / "predictions.csv"
    path.write_bytes(predicted(dict.fromkeys(ROWS, "look")))
    made = game.mallory.submit(path, "judged")
    selection = ("-n", EVALUATION, "-l", f"challenge.jupyter.org/submission={made.id}")
    jobs: list[Any] = []

    def begun() -> bool:
        jobs[:] = platform.cluster.list("jobs", *selection)
        return bool(jobs)

    platform.until(begun)
    done = game.mallory.wait(made.id)
    assert done.state is SubmissionState.SCORED, done.failure
    before = platform.sql(f"select * from score where submission_id = '{made.id}'")
    platform.until(lambda: not platform.cluster.list("jobs", *selection))

    again = jobs[0]
    again.pop("status")
    again["spec"].pop("selector")
    kept = ("name", "namespace", "labels", "annotations")
    again["metadata"] = {key: again["metadata"][key] for key in kept}
    for each in (again["metadata"], again["spec"]["template"]["metadata"]):
        each["labels"] = {key: value for key, value in each["labels"].items() if "uid" not in key}
        for name in ("job-name", "batch.kubernetes.io/job-name"):
            each["labels"].pop(name, None)
    platform.cluster.apply(again)
    name = again["metadata"]["name"]
    platform.cluster.wait(EVALUATION, "condition=Failed", f"job/{name}", limit=200)
    platform.cluster.kubectl("-n", EVALUATION, "delete", "job", name)

    assert before == platform.sql(f"select * from score where submission_id = '{made.id}'")
    assert len(before) == 1
    after = game.mallory.submission(made.id)
    assert (after.state, after.scores) == (done.state, done.scores)


def test_cancelled_run_leaves_no_pod_running(
    game: Play, platform: Platform, tmp_path: Path
) -> None:
    handed_in = game.submitted(tmp_path, "import time\nwhile True: time.sleep(1)")
    selection = ("-A", "-l", f"challenge.jupyter.org/submission={handed_in.id}")
    platform.until(lambda: bool(platform.cluster.list("pods", *selection)))

    game.mallory.cancel(handed_in.id)

    assert game.mallory.wait(handed_in.id).state is SubmissionState.CANCELLED
    platform.until(lambda: not platform.cluster.list("pods", *selection))
