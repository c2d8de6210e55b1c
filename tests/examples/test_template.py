import os
import subprocess
import sys

from jupyter_challenge.core.challenge import Evaluator, MetricSpec
from jupyter_challenge.core.notebook import read_notebook
from jupyter_challenge.core.run import EvaluationSpec
from jupyter_challenge.core.template import create_challenge
from jupyter_challenge.core.validation import load_challenge
from jupyter_challenge.steps.scoring import evaluate


def test_the_templates_starter_beats_its_baseline_with_either_evaluation(tmp_path):
    folder = tmp_path / "solar"
    create_challenge(folder)
    challenge = load_challenge(folder)
    code = "\n".join(read_notebook(folder / "starter.ipynb").code)
    variables = {"CHALLENGE_INPUT": str(folder / "data"), "CHALLENGE_OUTPUT": str(tmp_path / "out")}
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | variables)
    spec = EvaluationSpec(
        labels=folder / challenge.data.labels,
        output=challenge.submission.output,
        metrics=challenge.metrics,
        boards={"public": None},
        digest="d",
    )
    own = spec.model_copy(
        update={
            "evaluator": Evaluator(),
            "evaluator_file": folder / "evaluate.py",
            "metrics": [MetricSpec(name="within_ten_percent", direction="maximize"),
                        MetricSpec(name="worst", direction="minimize")],
        }
    )  # fmt: skip
    starter, baseline = tmp_path / "out" / "predictions.csv", folder / "baselines" / "mean.csv"
    built_in = [evaluate(spec, path).boards["public"]["rmse"].value for path in (starter, baseline)]
    assert built_in[0] < built_in[1] / 2
    mine = [evaluate(own, path).boards["public"] for path in (starter, baseline)]
    assert mine[0]["within_ten_percent"].value > mine[1]["within_ten_percent"].value
    assert mine[0]["worst"].value < mine[1]["worst"].value
