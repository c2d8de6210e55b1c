import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_challenge.core.challenge import SubmissionKind
from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.run import InputMount
from jupyter_challenge.steps import prepare as step
from jupyter_challenge.steps.context import StepContext
from jupyter_challenge.steps.folder import RunFolder
from tests.bundles import bundle_of
from tests.engines.small_challenge import SmallChallenge, notebook

NOTEBOOK = notebook("1")


@pytest.fixture
def challenge(tmp_path: Path) -> SmallChallenge:
    return SmallChallenge(tmp_path / "challenge")


def prepare(folder: RunFolder, spec: Any) -> None:
    step.prepare(StepContext(folder, spec, lambda message: None))


def test_files_and_data_are_in_place(folder: RunFolder, challenge: SmallChallenge) -> None:
    more = challenge.folder / "public" / "more"
    (more / "deep").mkdir(parents=True)
    (more / "deep" / "a.txt").write_text("a")
    spec = challenge.spec(NOTEBOOK, files={"lib/model.py": b"x = 1"})
    mounts = [*spec.inputs, InputMount(source=more, target="train")]
    prepare(folder, spec.model_copy(update={"inputs": mounts}))
    found = {str(p.relative_to(folder.work)) for p in folder.work.rglob("*") if p.is_file()}
    assert found == {"model.ipynb", "lib/model.py", "input/test.csv", "input/train/deep/a.txt"}
    assert (folder.input / "test.csv").read_text() == challenge.test.read_text()
    for path in [folder.input, *folder.input.rglob("*")]:
        assert path.stat().st_mode & 0o222 == 0
    assert (folder.input / "test.csv").stat().st_nlink == 1
    folder.remove()
    assert not folder.path.exists()


def test_large_data_is_not_copied(
    folder: RunFolder, challenge: SmallChallenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "COPY_UP_TO", 5)
    prepare(folder, challenge.spec(NOTEBOOK))
    placed = folder.input / "test.csv"
    cloned = placed.stat().st_ino != challenge.test.stat().st_ino
    assert placed.read_text() == challenge.test.read_text()
    assert cloned or placed.stat().st_nlink == 2
    folder.remove()
    assert challenge.test.is_file()


@pytest.mark.parametrize(
    ("contents", "entry", "expected", "says"),
    [
        pytest.param(
            {"model.ipynb": NOTEBOOK, "input/test.csv": b""}, "model.ipynb",
            FailureClass.BAD_FORMAT, "may not hold input", id="over the input",
        ),
        pytest.param(
            {"model.ipynb": NOTEBOOK, "Output/predictions.csv": b""}, "model.ipynb",
            FailureClass.BAD_FORMAT, "may not hold Output", id="over the output, in capitals",
        ),
        pytest.param(
            {"other.ipynb": NOTEBOOK}, "model.ipynb",
            FailureClass.PLATFORM_ERROR, "not in the bundle", id="without the entry",
        ),
        pytest.param(
            b"no zip", "model.ipynb", FailureClass.BAD_FORMAT, "not a zip", id="no zip",
        ),
        pytest.param(
            None, "model.ipynb", FailureClass.PLATFORM_ERROR, "is gone", id="gone",
        ),
    ],
)  # fmt: skip
def test_a_bundle_that_cannot_be_used(
    folder: RunFolder,
    challenge: SmallChallenge,
    contents: dict[str, bytes] | bytes | None,
    entry: str,
    expected: FailureClass,
    says: str,
) -> None:
    spec = challenge.spec(NOTEBOOK)
    if contents is None:
        spec.bundle.unlink()
    elif isinstance(contents, bytes):
        spec.bundle.write_bytes(contents)
    else:
        spec.bundle.write_bytes(bundle_of(entry, contents).data)
    with pytest.raises(RunFailed) as caught:
        prepare(folder, spec)
    assert caught.value.failure_class is expected
    assert says in caught.value.detail


def test_data_that_is_gone(folder: RunFolder, challenge: SmallChallenge) -> None:
    challenge.test.unlink()
    with pytest.raises(RunFailed) as caught:
        prepare(folder, challenge.spec(NOTEBOOK))
    assert caught.value.failure_class is FailureClass.DATA_MISSING


def test_a_predictions_file_is_copied_at_once(folder: RunFolder, challenge: SmallChallenge) -> None:
    folder.predictions.symlink_to(challenge.folder)  # planted; must not be followed
    spec = challenge.spec(b"id,prediction\n", name="mine.csv", kind=SubmissionKind.PREDICTIONS)
    prepare(folder, spec)
    assert (folder.predictions / "predictions.csv").read_text() == "id,prediction\n"
    assert not folder.predictions.is_symlink()
    assert not (challenge.folder / "predictions.csv").exists()
    assert os.listdir(challenge.folder / "public") == ["test.csv"]
