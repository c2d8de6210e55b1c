from pathlib import Path

import pytest

from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.run import EvaluationResult
from jupyter_challenge.steps.context import StepContext, current, enter
from jupyter_challenge.steps.evaluate import evaluate
from jupyter_challenge.steps.folder import RunFolder
from tests.engines.small_challenge import LABELS, SmallChallenge, notebook


@pytest.fixture
def context(folder: RunFolder, tmp_path: Path) -> StepContext:
    folder.predictions.mkdir()
    spec = SmallChallenge(tmp_path / "challenge").spec(notebook("1"))
    return StepContext(folder, spec, lambda message: None)


def test_the_result_is_written_whatever_was_there(context: StepContext, tmp_path: Path) -> None:
    (context.folder.predictions / "predictions.csv").write_text(LABELS)
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text("untouched")
    context.folder.result.symlink_to(elsewhere)
    assert evaluate(context) == {"accuracy": 1.0}
    assert elsewhere.read_text() == "untouched"
    assert not context.folder.result.is_symlink()
    result = EvaluationResult.model_validate_json(context.folder.result.read_bytes())
    assert result.boards["public"]["accuracy"].value == 1.0


def test_a_forged_result_does_not_outlive_a_failure(context: StepContext) -> None:
    context.folder.result.mkdir()
    (context.folder.predictions / "predictions.csv").write_text("id,prediction\n1,a\n")
    with pytest.raises(RunFailed) as caught:
        evaluate(context)
    assert caught.value.failure_class is FailureClass.WRONG_IDS
    assert not context.folder.result.exists()


def test_a_step_knows_its_run(context: StepContext) -> None:
    enter(context)
    assert current() is context
