"""The client's methods on a real service with a real engine."""

import re
from pathlib import Path

import pytest

from jupyter_challenge.client import Client
from jupyter_challenge.client.views import Submission
from jupyter_challenge.core.errors import (
    Conflict,
    InvalidChallenge,
    InvalidSubmission,
    NotEntered,
    NotFound,
    QuotaExceeded,
    TooLarge,
)
from jupyter_challenge.core.models import SubmissionState
from tests.tiny import WRITE_ALL_EVEN, write_challenge, write_notebook, write_predictions


def test_an_empty_service(client: Client) -> None:
    assert client.challenges() == []
    assert client.submissions() == []
    me = client.me()
    assert me.practice
    assert me.admin
    with pytest.raises(NotFound):
        client.challenge("none")


def test_publishing_the_same_again_changes_nothing(client: Client, tmp_path: Path) -> None:
    folder = write_challenge(tmp_path / "organiser")
    first = client.publish(folder)
    assert client.publish(folder).version == first.version
    (folder / "README.md").write_text("Tell odd from even, please.\n")
    second = client.publish(folder)
    assert second.version != first.version
    versions = client.versions("tiny")
    assert [(v.digest, v.current) for v in versions] == [
        (second.version, True),
        (first.version, False),
    ]
    changes = client.version_changes("tiny", second.version)
    assert changes.before == first.version
    assert [file.path for file in changes.files] == ["README.md"]


def test_publishing_mistakes_lists_them(client: Client, tmp_path: Path) -> None:
    folder = write_challenge(tmp_path / "organiser", metrics=[{"name": "acuracy"}])
    with pytest.raises(InvalidChallenge) as caught:
        client.publish(folder)
    (problem,) = caught.value.details["problems"]
    assert problem["file"] == "challenge.yaml"
    assert "accuracy" in problem["fix"]


def test_publishing_a_folder_that_is_not_there(client: Client, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no folder"):
        client.publish(tmp_path / "none")


def test_from_predictions_to_rank(client: Client, tiny: str, tmp_path: Path) -> None:
    file = write_predictions(tmp_path / "p" / "predictions.csv", right=7)
    seen: list[SubmissionState] = []
    sent = client.submit(file, tiny, note="seven")
    done = client.wait(sent.id, on_change=lambda s: seen.append(s.state), timeout=60)
    assert done.state is SubmissionState.SCORED
    assert seen[-1] is SubmissionState.SCORED
    assert done.score is not None
    assert (done.score.display, done.rank, done.teams) == ("0.7000", 1, 1)
    assert done.note == "seven"
    board = client.leaderboard(tiny)
    assert re.search(r"\n +1 .*\(you\) +0\.7000 +1 ", str(board))
    frame = board.to_frame()
    assert frame["accuracy"].tolist() == [0.7]
    history = client.history(tiny)
    assert history.to_frame()["submission"].tolist() == [sent.id]
    assert [step.display for step in history.leader] == ["0.7000"]
    (listed,) = client.submissions(tiny)
    assert listed == client.submission(sent.id)
    assert listed.is_best
    assert client.predictions(sent.id, tmp_path / "back.csv").read_text() == file.read_text()


def test_from_notebook_to_rank(client: Client, tiny: str, tmp_path: Path) -> None:
    got = client.get(tiny, tmp_path / "mine")
    assert got.notebook is not None
    done = client.wait(client.submit(got.notebook).id, timeout=90)
    assert done.score is not None, done.failure
    assert done.score.value == 0.5
    assert {f.path for f in done.files} == {"model.ipynb", "challenge.json"}
    assert done.environment["packages"]
    assert [s.name.value for s in done.steps] == ["prepare", "run", "evaluate"]
    assert "cell" in "".join(client.logs(done.id, "run")) or done.has_logs
    executed = client.notebook(done.id, tmp_path / "executed.ipynb")
    assert executed.read_text().startswith("{")


def test_a_try_is_on_the_sample_and_counts_nowhere(
    client: Client, tiny: str, tmp_path: Path
) -> None:
    notebook = write_notebook(tmp_path / "m.ipynb", WRITE_ALL_EVEN)
    done = client.wait(client.try_out(notebook, challenge=tiny).id, timeout=90)
    assert done.is_try
    assert done.score is not None, done.failure
    assert done.score.n == 2
    assert client.leaderboard(tiny).rows == []
    assert client.submissions(tiny) == []
    assert [s.id for s in client.submissions(tiny, tries=True)] == [done.id]
    assert [s.id for s in client.submissions(tiny, tries=None)] == [done.id]


def test_the_same_key_never_submits_twice(client: Client, tiny: str, tmp_path: Path) -> None:
    file = write_predictions(tmp_path / "predictions.csv")
    ids = {client.submit(file, tiny, idempotency_key="k" * 16).id for _ in range(3)}
    assert len(ids) == 1
    other = write_predictions(tmp_path / "other" / "predictions.csv", right=1)
    with pytest.raises(Conflict):
        client.submit(other, tiny, idempotency_key="k" * 16)


def test_the_quota_says_when(client: Client, tmp_path: Path) -> None:
    phase = {"id": "main", "quota": {"per_day": 1, "concurrent": 5}}
    client.publish(write_challenge(tmp_path / "organiser", phases=[phase]))
    file = write_predictions(tmp_path / "predictions.csv")
    with pytest.raises(NotEntered):
        client.submit(file, "tiny")
    client.enter("tiny")
    client.wait(client.submit(file, "tiny").id, timeout=60)
    assert client.quota("tiny").left_today == 0
    with pytest.raises(QuotaExceeded) as caught:
        client.submit(file, "tiny")
    assert caught.value.details["next_at"]
    assert caught.value.hint


def test_cancelling_a_run(client: Client, tiny: str, tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "m.ipynb", "import time; time.sleep(600)")
    sent = client.submit(notebook, tiny)
    seen: list[Submission] = []

    def cancel_once_it_runs(now: Submission) -> None:
        if now.state is SubmissionState.RUNNING and not seen:
            seen.append(client.cancel(sent.id))

    done = client.wait(sent.id, on_change=cancel_once_it_runs, timeout=90)
    assert done.state is SubmissionState.CANCELLED


def test_waiting_has_a_limit(client: Client, tiny: str, tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "m.ipynb", "import time; time.sleep(600)")
    sent = client.submit(notebook, tiny)
    with pytest.raises(TimeoutError, match="still"):
        client.wait(sent.id, timeout=0.01)
    client.cancel(sent.id)
    assert client.wait(sent.id, timeout=60).state is SubmissionState.CANCELLED


def test_selecting(client: Client, tmp_path: Path) -> None:
    phase = {"id": "main", "counting": {"rule": "selected", "max_selected": 1}}
    client.publish(write_challenge(tmp_path / "organiser", phases=[phase]))
    client.enter("tiny")
    sent = client.submit(write_predictions(tmp_path / "predictions.csv"), "tiny")
    client.wait(sent.id, timeout=60)
    assert client.select(sent.id).selected
    assert not client.unselect(sent.id).selected


def test_closing_a_challenge(client: Client, tiny: str, tmp_path: Path) -> None:
    assert client.close_challenge(tiny).state == "ended"
    with pytest.raises(Conflict):
        client.submit(write_predictions(tmp_path / "predictions.csv"), tiny)
    assert client.close_challenge(tiny, closed=False).state == "open"


def test_the_export_has_everything(client: Client, tiny: str, tmp_path: Path) -> None:
    import zipfile

    sent = client.submit(write_predictions(tmp_path / "predictions.csv"), tiny)
    client.wait(sent.id, timeout=60)
    told: list[tuple[str, int, int]] = []
    saved = client.export(tiny, tmp_path / "export.zip", lambda *step: told.append(step))
    with zipfile.ZipFile(saved) as archive:
        assert any(sent.id in name for name in archive.namelist())
    assert told[-1][1] == saved.stat().st_size


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param("{", "not a notebook", id="not JSON"),
        pytest.param("[]", "not a notebook", id="other JSON"),
        pytest.param('{"nbformat": 3, "cells": []}', "format 3", id="old format"),
        pytest.param('{"nbformat": 4, "cells": [], "metadata": {}}', "no code", id="no code"),
    ],
)
def test_notebooks_that_cannot_be_handed_in(
    client: Client, tiny: str, tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "m.ipynb"
    path.write_text(content)
    with pytest.raises(InvalidSubmission, match=said) as caught:
        client.submit(path, tiny)
    assert caught.value.hint
    assert client.inspect(path).problems
    assert client.submissions(tiny) == []


def test_files_that_travel(client: Client, tiny: str, tmp_path: Path) -> None:
    notebook = write_notebook(
        tmp_path / "m.ipynb", "1", ours={"challenge": tiny, "files": ["lib/a.py", "b.py"]}
    )
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/a.py").write_text("x")
    seen = client.inspect(notebook)
    assert seen.challenge == tiny
    assert [(f.path, f.size, f.missing) for f in seen.files] == [
        ("m.ipynb", notebook.stat().st_size, False),
        ("lib/a.py", 1, False),
        ("b.py", None, True),
    ]
    ((problem),) = seen.problems
    assert (problem.code, problem.path, bool(problem.hint)) == ("file", "b.py", True)
    with pytest.raises(InvalidSubmission, match="b.py"):
        client.submit(notebook)
    (tmp_path / "b.py").write_text("y")
    assert [f.path for f in client.inspect(notebook).files] == ["m.ipynb", "lib/a.py", "b.py"]
    assert client.inspect(notebook).problems == []


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "link"], ids=str)
def test_files_outside_the_folder_stay(
    client: Client, tiny: str, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "work"
    notebook = write_notebook(folder / "m.ipynb", "1")
    (tmp_path / "secret").write_text("s")
    (folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidSubmission):
        client.submit(notebook, tiny, files=[name])


def test_a_challenge_that_takes_no_files(client: Client, tmp_path: Path) -> None:
    rules = {"output": {"prediction": "label"}, "max_files": 0}
    client.publish(write_challenge(tmp_path / "organiser", submission=rules))
    client.enter("tiny")
    got = client.get("tiny", tmp_path / "mine")
    assert got.notebook is not None
    sent = client.submit(got.notebook)
    assert [f.path for f in sent.files] == ["model.ipynb"]
    (tmp_path / "mine/a.py").write_text("")
    with pytest.raises(TooLarge):
        client.submit(got.notebook, files=["a.py"])
    client.cancel(sent.id)
    client.wait(sent.id, timeout=60)


def test_a_file_that_names_no_challenge(client: Client, tmp_path: Path) -> None:
    with pytest.raises(InvalidSubmission, match="does not say its challenge") as caught:
        client.submit(write_predictions(tmp_path / "predictions.csv"))
    assert "--challenge" in caught.value.hint


def test_parameters(client: Client, tiny: str, tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "m.ipynb", "n = 1", WRITE_ALL_EVEN + "assert n == 5")
    tagged = notebook.read_text().replace(
        '"metadata": {}', '"metadata": {"tags": ["parameters"]}', 1
    )
    notebook.write_text(tagged)
    assert client.inspect(notebook).parameters == {"n": 1}
    done = client.wait(client.submit(notebook, tiny, parameters={"n": 5}).id, timeout=90)
    assert done.score is not None, done.failure
    assert done.parameters == {"n": 5}
