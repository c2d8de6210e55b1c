import json
import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from jupyter_challenge.core.challenge import Evaluator, MetricSpec, Output
from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.run import EvaluationSpec
from jupyter_challenge.steps.scoring import evaluate, score_value

LABELS = "id,y\na,1\nb,2\nc,3\nd,4\n"


class Place:
    """A folder with labels and predictions, and the specification that scores them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.labels = self.write("labels.csv", LABELS)
        self.output = Output(prediction="y")
        self.metrics = [MetricSpec(name="mae"), MetricSpec(name="rmse")]
        self.boards: dict[str, Path | None] = {"public": None}
        self.evaluator: Path | None = None

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def own(self, code: str, *names: str) -> None:
        self.evaluator = self.write("evaluate.py", code)
        self.metrics = [MetricSpec(name=name, direction="maximize") for name in names]

    def score(self, predictions: str):
        spec = EvaluationSpec(
            labels=self.labels,
            output=self.output,
            metrics=self.metrics,
            boards=self.boards,
            evaluator=Evaluator() if self.evaluator else None,
            evaluator_file=self.evaluator,
            digest="v1",
        )
        return evaluate(spec, self.write("predictions.csv", predictions))

    def failure(self, predictions: str = LABELS) -> RunFailed:
        with pytest.raises(RunFailed) as found:
            self.score(predictions)
        return found.value


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def values(result, board="public") -> dict[str, float]:
    return {name: found.value for name, found in result.boards[board].items()}


def test_rows_are_matched_by_id_whatever_their_order(place):
    result = place.score("y,other,id\n4,x,d\n2,x,b\n1,x,a\n5,x,c\n")
    assert values(result) == {"mae": 0.5, "rmse": 1.0}
    assert result.digest == "v1"
    assert result.boards["public"]["mae"].n == 4
    assert result.boards["public"]["mae"].stderr == pytest.approx(0.5)
    assert json.loads(result.model_dump_json())["boards"]["public"]["rmse"]["value"] == 1.0


@pytest.mark.parametrize(
    ("predictions", "says"),
    [
        pytest.param("id,y\na,1\nb,2\nc,3\n", "1 missing (id d)", id="missing"),
        pytest.param("id,y\na,1\nb,2\nc,3\nd,4\ne,5\n", "(id e)", id="extra"),
        pytest.param("id,y\na,1\nb,2\nc,3\nd,4\nd,4\n", "1 more than once (id d)", id="duplicate"),
        pytest.param("id,y\na,1\nb,2\nb,3\nx,4\n", "2 missing (ids c, d)", id="all-at-once"),
        pytest.param("id,y\n", "4 missing (ids a, b, c, d)", id="header-only"),
        pytest.param("id,y\nA,1\nb,2\nc,3\nd,4\n", "1 missing (id a)", id="other-case"),
        pytest.param("id,y\n a,1\nb,2\nc,3\nd,4\n", "1 missing (id a)", id="space"),
    ],
)
def test_ids_must_be_those_of_the_test_data(place, predictions, says):
    error = place.failure(predictions)
    assert error.failure_class is FailureClass.WRONG_IDS
    assert says in error.detail and "of 4 ids" in error.detail


def test_what_the_challenge_may_say_about_ids(place):
    place.output = Output(prediction="y", extra_ids="ignore", ordered=True)
    assert values(place.score("id,y\nx,9\na,1\nb,2\ny,9\nc,3\nd,4\n"))["mae"] == 0.0
    error = place.failure("id,y\na,1\nc,3\nb,2\nd,4\n")
    assert error.failure_class is FailureClass.WRONG_IDS and "row 2 has id c" in error.detail


def test_boards_count_their_own_rows(place):
    place.boards = {
        "public": place.write("public.json", '["d", "a"]'),
        "private": place.write("private.json", '["c", "b"]'),
    }
    result = place.score("id,y\na,2\nb,2\nc,3\nd,4\n")
    assert values(result)["mae"] == 0.5 and values(result, "private")["mae"] == 0.0
    assert result.boards["private"]["mae"].n == 2


@pytest.mark.parametrize(
    "ids", [pytest.param('["z"]', id="unknown"), pytest.param("[]", id="none"),
            pytest.param("{", id="no-json"), pytest.param("3", id="no-list")],
)  # fmt: skip
def test_a_board_that_does_not_fit_is_the_organisers_fault(place, ids):
    place.boards = {"public": place.write("public.json", ids)}
    assert place.failure().failure_class is FailureClass.EVALUATOR_ERROR


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        pytest.param(None, FailureClass.DATA_MISSING, id="missing"),
        pytest.param("", FailureClass.EVALUATOR_ERROR, id="empty"),
        pytest.param("id,y\n", FailureClass.EVALUATOR_ERROR, id="no-rows"),
        pytest.param("key,y\n1,2\n", FailureClass.EVALUATOR_ERROR, id="no-id"),
        pytest.param("id,y\na,1\na,2\n", FailureClass.EVALUATOR_ERROR, id="double"),
    ],
)
def test_labels_that_cannot_be_used_are_not_the_participants_fault(place, labels, kind):
    if labels is None:
        place.labels.unlink()
    else:
        place.labels.write_text(labels)
    assert place.failure().failure_class is kind


def test_predictions_that_are_not_finite_have_no_score(place):
    error = place.failure("id,y\na,1\nb,nan\nc,inf\nd,\n")
    assert error.failure_class is FailureClass.INVALID_SCORE
    assert "3 of 4 rows: ids b, c, d" in error.detail
    huge = place.failure("id,y\na,1e200\nb,2\nc,3\nd,4\n")
    assert huge.failure_class is FailureClass.INVALID_SCORE


@pytest.mark.parametrize("value", [0, 1, -2.5, np.float32(0.5), np.int64(3), np.array(0.25),
                                   Fraction(1, 2)], ids=repr)  # fmt: skip
def test_finite_real_numbers_are_scores(value):
    assert score_value("m", value) == float(value)


@pytest.mark.parametrize(
    "value",
    [True, False, np.bool_(True), None, "1", "0.5", b"1", [1], (1,), {1: 1}, np.array([1.0]),
     math.nan, math.inf, -math.inf, np.float64("nan"), 10**400, 1j, np.complex128(1),
     Decimal("1"), object()],
    ids=lambda value: f"{type(value).__name__}-{str(value)[:12]}",
)  # fmt: skip
def test_nothing_else_is_a_score(value):
    with pytest.raises(RunFailed) as found:
        score_value("m", value)
    assert found.value.failure_class is FailureClass.INVALID_SCORE


def test_bounds_are_kept_but_for_noise_and_zero_has_no_sign():
    assert score_value("m", 1.0000000001, (0.0, 1.0)) == 1.0
    assert math.copysign(1, score_value("m", -0.0)) == 1
    for value in (1.001, -0.001):
        with pytest.raises(RunFailed, match="outside"):
            score_value("m", value, (0.0, 1.0))


OWN = """
import numpy as np
def evaluate(labels, predictions):
    assert list(labels["id"]) == list(predictions["id"]) and list(labels.index) == list(range(%d))
    right = labels["y"] == predictions["y"]
    return {
        "share": {"value": np.float64(right.mean()), "stderr": 0.1, "n": len(labels),
                  "per_sample": right.astype(float)},
        "count": int(right.sum()),
        "ignored": "text",
    }
"""


def test_an_own_evaluation_may_say_more_than_a_number(place):
    place.own(OWN % 2, "share", "count")
    place.boards = {
        "public": place.write("p.json", '["d", "a"]'), "private": place.write("q.json", '["b","c"]')
    }  # fmt: skip
    result = place.score("id,y\nd,4\nc,0\nb,2\na,1\n")
    share = result.boards["public"]["share"]
    assert (share.value, share.stderr, share.n) == (1.0, 0.1, 2)
    assert values(result, "private") == {"share": 0.5, "count": 1.0}
    assert result.per_sample == {"share": {"a": 1.0, "d": 1.0, "b": 1.0, "c": 0.0}}


def test_an_own_evaluation_gets_columns_as_they_are(place):
    place.labels.write_text("id,y,kind\n1,1.5,u\n2,2.5,v\n")
    place.own(
        "def evaluate(l, p):\n"
        "    assert l['id'].tolist() == ['1', '2'] and l['y'].dtype == float\n"
        "    assert l['kind'].tolist() == ['u', 'v'] and list(p.columns) == ['id', 'y']\n"
        "    return {'m': p['y'].isna().sum()}\n",
        "m",
    )
    # NaN is for the organiser's function to judge.
    assert values(place.score("id,y\n2,\n1,3\n")) == {"m": 1.0}


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        pytest.param("def evaluate(l, p):\n    return 1/0", "evaluator_error",
                     'ZeroDivisionError at line 2 of "evaluate.py"', id="raises"),
        pytest.param("def evaluate(l, p):\n  return l['z']", "evaluator_error", "line 2",
                     id="raises-in-pandas"),
        pytest.param("def evaluate(:", "evaluator_error", "line 1", id="syntax"),
        pytest.param("import nothing_of_this_name", "evaluator_error", "line 1", id="import"),
        pytest.param("x = 1", "evaluator_error", "no function evaluate", id="no-function"),
        pytest.param("evaluate = 3", "evaluator_error", "no function", id="not-callable"),
        pytest.param("def evaluate(l, p):\n  raise SystemExit", "evaluator_error", "SystemExit",
                     id="exits"),
        pytest.param("def evaluate(l, p): return 0.5", "evaluator_error", "must return a dict",
                     id="returns-a-number"),
        pytest.param("def evaluate(l, p): return {'n': 1}", "evaluator_error", 'no "m"',
                     id="lacks"),
        pytest.param("def evaluate(l, p): return {'m': {'valu': 1}}", "evaluator_error", "valu",
                     id="misspelt"),
        pytest.param("def evaluate(l, p): return {'m': {'value': 1, 'per_sample': [1]}}",
                     "evaluator_error", "1 values for 4 rows", id="per-sample-length"),
        pytest.param("def evaluate(l, p): return {'m': {'value': 1, 'per_sample': {'z': 1}}}",
                     "evaluator_error", "not known", id="per-sample-ids"),
        pytest.param("def evaluate(l, p): return {'m': {'value': 1, 'n': 1.5}}",
                     "evaluator_error", "whole", id="n-is-a-fraction"),
        pytest.param("def evaluate(l, p): return {'m': float('nan')}", "invalid_score", "nan",
                     id="nan"),
        pytest.param("def evaluate(l, p): return {'m': True}", "invalid_score", "bool", id="bool"),
        pytest.param("def evaluate(l, p): return {'m': '1'}", "invalid_score", "str", id="text"),
        pytest.param(
            "from jupyter_challenge.core.errors import FailureClass, RunFailed\n"
            "def evaluate(l, p): raise RunFailed(FailureClass.BAD_FORMAT, 'masks overlap')",
            "bad_format", "masks overlap", id="tells-the-participant",
        ),
    ],
)  # fmt: skip
def test_what_an_own_evaluation_can_do_wrong(place, code, kind, says):
    place.own(code, "m")
    error = place.failure()
    assert error.failure_class.value == kind
    assert says in error.detail


def test_an_own_evaluation_may_import_what_lies_beside_it_and_leaves_nothing(place):
    (place.folder / "scale.py").write_text("FACTOR = 2\n")
    place.own("import scale\ndef evaluate(l, p): return {'m': scale.FACTOR}\n", "m")
    import sys

    try:
        assert values(place.score(LABELS)) == {"m": 2.0}
    finally:
        sys.modules.pop("scale", None)
    assert not (place.folder / "__pycache__").exists()
    assert str(place.folder) not in sys.path


def test_predictions_cannot_bring_code(place):
    """A metric replaced by a module beside the predictions would be the participant's own."""
    for name in ("sklearn.py", "numpy.py", "sitecustomize.py"):
        place.write(name, "raise SystemExit('hijacked')\n")
    assert values(place.score(LABELS))["mae"] == 0.0
