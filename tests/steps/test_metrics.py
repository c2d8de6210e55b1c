"""Every metric against numbers worked out by hand, known identities, and scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_challenge.core.challenge import MetricSpec
from jupyter_challenge.core.errors import FailureClass, RunFailed
from jupyter_challenge.core.metrics import METRICS
from jupyter_challenge.core.table import Column, Table
from jupyter_challenge.steps.metrics import FUNCTIONS, Rows, Value, compute, uncertainty


def column(name, values) -> Column:
    if isinstance(values, np.ndarray) or all(isinstance(v, (int, float)) for v in values):
        return Column(name, np.array(values, dtype=np.float64))
    return Column(name, [str(v) for v in values])


def table(n: int, **columns) -> Table:
    return Table([f"r{i}" for i in range(n)], {k: column(k, v) for k, v in columns.items()})


def rows(truth, predicted, whole=None, **labels) -> Rows:
    """Labels `y` and more, against predictions: one column `p`, or several by name."""
    label_table = table(len(truth), y=truth, **labels)
    predictions = predicted if isinstance(predicted, dict) else {"p": predicted}
    return Rows(label_table, table(len(truth), **predictions), whole or label_table)


def score(name, truth, predicted, options=None, **labels) -> Value:
    return compute(MetricSpec(name=name, options=options or {}), rows(truth, predicted, **labels))


def failure(name, truth, predicted, options=None, **labels) -> RunFailed:
    with pytest.raises(RunFailed) as found:
        score(name, truth, predicted, options, **labels)
    return found.value


def test_every_metric_that_is_named_is_computed():
    assert set(FUNCTIONS) == set(METRICS)


ABC = ["a", "b", "c", "a", "b", "c", "a", "a"]
GUESS = ["a", "b", "b", "a", "c", "c", "b", "a"]
BITS = [0, 0, 1, 1, 1, 0, 1, 0]
CHANCE = [0.1, 0.4, 0.35, 0.8, 0.7, 0.6, 0.9, 0.2]
Y = [3.0, -0.5, 2.0, 7.0]
P = [2.5, 0.0, 2.0, 8.0]
THREE = {"p_a": [0.6, 0.2, 0.1], "p_b": [0.3, 0.5, 0.1], "p_c": [0.1, 0.3, 0.8]}
LISTS = {"g": ["u", "u", "u", "v", "v", "v"]}
RELEVANCE, ITEMS = [0, 1, 1, 1, 0, 0], [0.9, 0.8, 0.7, 0.1, 0.5, 0.2]
LOG2 = math.log(2)


@pytest.mark.parametrize(
    ("name", "truth", "predicted", "options", "labels", "value"),
    [
        ("accuracy", ABC, GUESS, {}, {}, 5 / 8),
        ("accuracy", [1, 2], ["1.0", "2"], {}, {}, 1.0),
        ("accuracy", ABC, GUESS, {"weight": "w"}, {"w": [1, 1, 1, 1, 1, 1, 10, 1]}, 5 / 17),
        ("balanced_accuracy", ABC, GUESS, {}, {}, (3 / 4 + 1 / 2 + 1 / 2) / 3),
        # class a: 3 hits, 3 predicted, 4 true; b: 1, 3, 2; c: 1, 2, 2
        ("precision", ABC, GUESS, {}, {}, (1 + 1 / 3 + 1 / 2) / 3),
        ("recall", ABC, GUESS, {}, {}, (3 / 4 + 1 / 2 + 1 / 2) / 3),
        ("f1", ABC, GUESS, {}, {}, (6 / 7 + 2 / 5 + 2 / 4) / 3),
        ("f1", ABC, GUESS, {"average": "micro"}, {}, 5 / 8),
        ("f1", ABC, GUESS, {"average": "weighted"}, {}, (4 * 6 / 7 + 2 * 2 / 5 + 2 * 2 / 4) / 8),
        ("f1", ABC, GUESS, {"average": "binary", "positive": "a"}, {}, 6 / 7),
        ("jaccard", ABC, GUESS, {}, {}, (3 / 4 + 1 / 4 + 1 / 3) / 3),
        ("dice", [0, 1, 1, 0], [0, 1, 0, 0], {}, {}, 2 / 3),
        ("dice", ["a", "b"], ["b", "b"], {"average": "binary", "positive": "a"}, {}, 0.0),
        ("matthews_corrcoef", [1, 1, 0, 0], [1, 0, 0, 0], {}, {}, 2 / math.sqrt(1 * 2 * 2 * 3)),
        ("matthews_corrcoef", [1, 1, 0, 0], [1, 1, 1, 1], {}, {}, 0.0),
        ("cohen_kappa", [1, 1, 0, 0], [1, 0, 0, 0], {}, {}, (3 / 4 - 1 / 2) / (1 - 1 / 2)),
        ("cohen_kappa", ["a", "a"], ["a", "a"], {}, {}, 1.0),
        ("cohen_kappa", [1, 2, 3], [1, 2, 2], {"weights": "quadratic"}, {}, 1 - 1 / 3),
        ("roc_auc", [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], {}, {}, 3 / 4),
        ("roc_auc", ["n", "y"], [3.0, -2.0], {"positive": "n"}, {}, 1.0),
        ("average_precision", [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], {}, {}, (1 + 2 / 3) / 2),
        ("log_loss", [0, 1], [0.5, 0.5], {}, {}, LOG2),
        ("log_loss", [0, 1], [1.0, 1.0], {"clip": 1e-3}, {},
         (-math.log(1e-3) - math.log(1 - 1e-3)) / 2),
        ("log_loss", ["a", "b", "c"], THREE, {}, {}, -math.log(0.6 * 0.5 * 0.8) / 3),
        ("brier", [0, 1], [0.2, 0.6], {}, {}, (0.04 + 0.16) / 2),
        ("brier", ["a", "b", "c"], THREE, {}, {}, (0.26 + 0.38 + 0.06) / 3),
        ("expected_calibration_error", [0, 1, 1, 1], [0.25, 0.25, 0.9, 0.9], {}, {},
         (abs(1 - 0.5) + abs(2 - 1.8)) / 4),
        ("top_k_accuracy", ["a", "b", "c"], {"a": [0.1, 0.5, 0.2], "b": [0.3, 0.4, 0.3],
         "c": [0.6, 0.1, 0.5]}, {"k": 2}, {}, 2 / 3),
        ("mse", Y, P, {}, {}, 0.375),
        ("rmse", Y, P, {}, {}, math.sqrt(0.375)),
        ("mae", Y, P, {}, {}, 0.5),
        ("mae", Y, P, {"weight": "w"}, {"w": [0, 0, 1, 1]}, 0.5),
        ("mape", [1.0, -2.0], [1.1, -1.0], {}, {}, (0.1 + 0.5) / 2),
        ("median_absolute_error", Y, P, {}, {}, 0.5),
        ("rmsle", [math.e - 1, 0.0], [0.0, 0.0], {}, {}, math.sqrt(0.5)),
        ("r2", Y, P, {}, {}, 1 - 1.5 / 29.1875),
        ("pinball_loss", [1.0, 2.0], [0.0, 4.0], {"alpha": 0.9}, {}, (0.9 + 0.2) / 2),
        ("pearson", [1, 2, 3], [1, 2, 4], {}, {}, 3 / math.sqrt(2 * 14 / 3)),
        ("pearson", [1, 2], [1e200, 3e200], {}, {}, 1.0),
        ("spearman", [1, 2, 3, 4], [10, 40, 20, 90], {}, {}, 0.8),
        ("crps_gaussian", [0.0], {"mu": [0.0], "sigma": [1.0]}, {}, {},
         (math.sqrt(2) - 1) / math.sqrt(math.pi)),
        ("gaussian_nll", [1.0], {"mu": [0.0], "sigma": [1.0]}, {}, {},
         0.5 * math.log(2 * math.pi) + 0.5),
        # list u: 0, 1, 1 in order of score; list v: 0, 0, 1
        ("mrr", RELEVANCE, ITEMS, {"group": "g"}, LISTS, (1 / 2 + 1 / 3) / 2),
        ("mrr", RELEVANCE, ITEMS, {"group": "g", "k": 2}, LISTS, 1 / 4),
        ("map", RELEVANCE, ITEMS, {"group": "g"}, LISTS, ((1 / 2 + 2 / 3) / 2 + 1 / 3) / 2),
        ("map", RELEVANCE, ITEMS, {"group": "g", "k": 2}, LISTS, (1 / 2 / 2) / 2),
        ("ndcg", RELEVANCE, ITEMS, {"group": "g"}, LISTS,
         ((1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3)) + 1 / 2) / 2),
        ("mrr", [0, 1], [0.5, 0.5], {}, {}, 1 / 2),
        ("ams", ["s", "b", "s", "b"], ["s", "s", "b", "b"], {"weight": "w", "b_reg": 10},
         {"w": [5.0, 90.0, 1.0, 1.0]}, math.sqrt(2 * (105 * math.log(1.05) - 5))),
        ("ams", ["s", "b"], ["b", "b"], {"weight": "w"}, {"w": [1.0, 1.0]}, 0.0),
        ("energy_resolution", [10.0, 10.0], [9.0, 11.0], {"estimator": "std"}, {}, 0.1),
        ("energy_resolution", [10.0] * 101, list(np.linspace(9, 11, 101)), {}, {},
         0.1 * 0.6827),
        ("energy_bias", [10.0, 20.0, 40.0], [11.0, 21.0, 48.0], {}, {}, 0.1),
        ("energy_bias", [10.0, 10.0, 40.0, 40.0], [11.0, 11.0, 36.0, 36.0],
         {"bins": [0, 20, 40], "estimator": "mean"}, {}, 0.1),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_by_hand(name, truth, predicted, options, labels, value):
    assert score(name, truth, predicted, options, **labels).value == pytest.approx(value, abs=1e-12)


def sk(name):
    import sklearn.metrics

    return getattr(sklearn.metrics, name)


classes = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("abcd"), st.integers(1, 5)),
    min_size=2,
    max_size=30,
).filter(lambda rows: len({row[0] for row in rows}) > 1)


@settings(deadline=None, max_examples=40)
@given(classes, st.sampled_from(["macro", "micro", "weighted"]))
@pytest.mark.parametrize("name", ["f1", "precision", "recall", "jaccard"])
def test_averages_are_those_of_scikit_learn(name, drawn, average):
    truth, predicted, weights = map(list, zip(*drawn, strict=True))
    labels = sorted(set(truth)) if average != "micro" else None
    expected = sk(f"{name}_score")(
        truth, predicted, average=average, labels=labels, sample_weight=weights, zero_division=0
    )
    found = score(name, truth, predicted, {"average": average, "weight": "w"}, w=weights)
    assert found.value == pytest.approx(expected, abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(classes)
def test_accuracies_are_those_of_scikit_learn(drawn):
    truth, predicted, weights = map(list, zip(*drawn, strict=True))
    for name in ("accuracy", "balanced_accuracy"):
        options = {"weight": "w"}
        if name == "balanced_accuracy":
            # scikit-learn warns of predicted classes that are not in the truth.
            predicted = [p if p in truth else truth[0] for p in predicted]
        expected = sk(f"{name}_score")(truth, predicted, sample_weight=weights)
        assert score(name, truth, predicted, options, w=weights).value == pytest.approx(expected)


numbers = st.lists(
    st.tuples(st.floats(0.1, 100), st.floats(0.1, 100), st.floats(0.1, 5)), min_size=3, max_size=30
)


@settings(deadline=None, max_examples=30)
@given(numbers)
@pytest.mark.parametrize(
    ("name", "theirs", "extra"),
    [
        ("mse", "mean_squared_error", {}),
        ("rmse", "root_mean_squared_error", {}),
        ("mae", "mean_absolute_error", {}),
        ("mape", "mean_absolute_percentage_error", {}),
        ("rmsle", "root_mean_squared_log_error", {}),
        ("pinball_loss", "mean_pinball_loss", {"alpha": 0.3}),
    ],
)
def test_losses_are_those_of_scikit_learn(name, theirs, extra, drawn):
    truth, predicted, weights = map(list, zip(*drawn, strict=True))
    expected = sk(theirs)(truth, predicted, sample_weight=weights, **extra)
    found = score(name, truth, predicted, {"weight": "w", **extra}, w=weights)
    assert found.value == pytest.approx(expected, rel=1e-9)


def test_log_loss_and_brier_are_those_of_scikit_learn():
    expected = sk("log_loss")(BITS, CHANCE)
    assert score("log_loss", BITS, CHANCE).value == pytest.approx(expected)
    assert score("brier", BITS, CHANCE).value == pytest.approx(sk("brier_score_loss")(BITS, CHANCE))


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_several_classes_are_one_against_the_rest(name):
    truth = ["a", "b", "c", "a", "b", "c"]
    scores = np.random.default_rng(0).random((6, 3))
    columns = {"p_c": scores[:, 2], "p_a": scores[:, 0], "p_b": scores[:, 1]}
    each = [sk(f"{name}_score")([t == c for t in truth], scores[:, i]) for i, c in enumerate("abc")]
    assert score(name, truth, columns).value == pytest.approx(np.mean(each))
    assert score(name, truth, scores).value == pytest.approx(np.mean(each))


def test_the_crps_is_the_integral_that_defines_it():
    truth, mu, sigma = 0.7, 0.2, 1.3
    x = np.linspace(-30, 30, 2_000_001)
    below = np.array([0.5 * (1 + math.erf((v - mu) / sigma / math.sqrt(2))) for v in x[::100]])
    integral = np.trapezoid((below - (x[::100] >= truth)) ** 2, x[::100]) if hasattr(
        np, "trapezoid") else np.trapz((below - (x[::100] >= truth)) ** 2, x[::100])  # fmt: skip
    found = score("crps_gaussian", [truth], {"mu": [mu], "sigma": [sigma]})
    assert found.value == pytest.approx(integral, abs=2e-3)


def test_standard_errors_are_those_of_resampling():
    random = np.random.default_rng(1)
    truth = random.integers(0, 2, 150)
    chance = np.clip(truth * 0.3 + random.random(150) * 0.7, 0.01, 0.99)
    exact = truth + random.normal(size=150)
    for name, predicted in (
        ("log_loss", chance), ("roc_auc", chance), ("rmse", exact), ("pearson", exact),
        ("balanced_accuracy", (chance > 0.5).astype(float)),
    ):  # fmt: skip
        found = score(name, list(truth), predicted)
        samples = [random.integers(0, 150, 150) for _ in range(80)]
        values = [score(name, list(truth[s]), predicted[s]).value for s in samples]
        assert found.stderr == pytest.approx(np.std(values), rel=0.4), name


RESAMPLED = [
    ("f1", {}), ("f1", {"average": "weighted"}), ("f1", {"average": "micro"}),
    ("f1", {"average": "binary", "positive": 1}), ("f1", {"weight": "w"}),
    ("f1", {"average": "weighted", "weight": "w"}),
    ("precision", {}), ("recall", {"weight": "w"}), ("jaccard", {}), ("dice", {}),
    ("matthews_corrcoef", {}), ("matthews_corrcoef", {"weight": "w"}),
    ("cohen_kappa", {}), ("cohen_kappa", {"weights": "linear"}),
    ("cohen_kappa", {"weights": "quadratic", "weight": "w"}),
    ("average_precision", {"prediction": "chance", "label": "bit"}),
    ("average_precision", {"prediction": "chance", "label": "bit", "weight": "w"}),
    ("average_precision", {"prediction": ["p_0", "p_1", "p_2"]}),
    ("r2", {"prediction": "close", "label": "energy"}),
    ("r2", {"prediction": "close", "label": "energy", "weight": "w"}),
    ("median_absolute_error", {"prediction": "close", "label": "energy"}),
    ("energy_resolution", {"prediction": "close", "label": "energy"}),
    ("energy_resolution", {"prediction": "close", "label": "energy", "estimator": "std"}),
    ("energy_resolution", {"prediction": "close", "label": "energy", "bins": [10, 20, 30]}),
    ("energy_bias", {"prediction": "close", "label": "energy"}),
    ("energy_bias", {"prediction": "close", "label": "energy", "bins": [10, 20, 30]}),
    ("ams", {"prediction": "picked", "label": "bit", "weight": "w"}),
    ("ams", {"prediction": "picked", "label": "bit", "weight": "w", "rescale": False}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "options"), [pytest.param(n, o, id=f"{n}-{i}") for i, (n, o) in enumerate(RESAMPLED)]
)
def test_more_standard_errors_are_those_of_resampling(name, options, monkeypatch):
    random = np.random.default_rng(5)
    n = 500
    truth = random.choice(3, n, p=[0.5, 0.3, 0.2])
    guess = np.where(random.random(n) < 0.7, truth, random.integers(0, 3, n))
    bit = (random.random(n) < 0.4).astype(int)
    # One decimal: many rows have the same score.
    chance = np.round(np.clip(bit * 0.3 + random.random(n) * 0.7, 0, 1), 1)
    energy = random.uniform(10, 30, n)
    scores = random.random((n, 3)) + np.eye(3)[truth] * 0.4
    labels = table(n, y=truth, bit=bit, energy=energy, w=random.uniform(0.2, 3, n))
    given = table(
        n, p=guess, chance=chance, picked=(chance > 0.5).astype(int),
        close=energy * (1.02 + 0.1 * random.normal(size=n)),
        p_0=scores[:, 0], p_1=scores[:, 1], p_2=scores[:, 2],
    )  # fmt: skip
    spec = MetricSpec(name=name, options={"prediction": "p", "label": "y", **options})
    found = compute(spec, Rows(labels, given, labels))
    monkeypatch.setattr(uncertainty, "REPLICAS", 2)  # the values are wanted, not their errors
    drawn = []
    for _ in range(150):
        again = random.integers(0, n, n).tolist()
        drawn.append(compute(spec, Rows(labels.take(again), given.take(again), labels)).value)
    assert found.stderr == pytest.approx(np.std(drawn), rel=0.25)


def test_average_precision_is_scikit_learns_with_equal_scores_and_weights():
    from sklearn.metrics import average_precision_score

    random = np.random.default_rng(3)
    for size in (5, 40, 300):
        truth = np.append(random.integers(0, 2, size), [0, 1])
        chance = np.round(random.random(size + 2), 1)
        weights = np.append(random.integers(0, 3, size), [1, 1]).astype(float)
        plain = score("average_precision", list(truth), chance, {"label": "y"})
        assert plain.value == pytest.approx(average_precision_score(truth, chance))
        weighted = score(
            "average_precision", list(truth), chance, {"label": "y", "weight": "w"}, w=weights
        )
        wanted = average_precision_score(truth, chance, sample_weight=weights)
        assert weighted.value == pytest.approx(wanted)


def test_agreement_is_scikit_learns_of_many_classes():
    from sklearn import metrics

    random = np.random.default_rng(4)
    truth, guess = random.integers(0, 6, (2, 200))
    guess = np.where(random.random(200) < 0.5, truth, guess)
    weights = random.uniform(0, 2, 200)
    for options, weighted in (({}, {}), ({"weight": "w"}, {"sample_weight": weights})):
        options = {"label": "y", **options}
        found = score("matthews_corrcoef", truth, guess, options, w=weights)
        assert found.value == pytest.approx(metrics.matthews_corrcoef(truth, guess, **weighted))
        for kind in ("none", "linear", "quadratic"):
            found = score("cohen_kappa", truth, guess, {"weights": kind, **options}, w=weights)
            wanted = metrics.cohen_kappa_score(
                truth, guess, weights=None if kind == "none" else kind, **weighted
            )
            assert found.value == pytest.approx(wanted), kind


def test_few_rows_have_no_error_that_nobody_could_believe():
    for name in ("f1", "matthews_corrcoef", "cohen_kappa"):
        assert score(name, ["a"], ["a"]).stderr is None, name
    assert score("median_absolute_error", [1.0, 2.0], [1.0, 3.0]).stderr is None
    assert score("energy_resolution", [1.0, 2.0, 3.0], [1.0, 2.1, 3.3]).stderr is None


def test_boards_know_the_classes_and_weights_of_all_rows():
    whole = table(4, y=["a", "b", "c", "c"], w=[1.0, 2.0, 3.0, 3.0])
    part = Rows(whole.take([0, 1]), table(2, p_a=[0.5, 0.1], p_b=[0.3, 0.8], p_c=[0.2, 0.1]), whole)
    found = compute(MetricSpec(name="log_loss", options={"label": "y"}), part)
    assert found.value == pytest.approx(-math.log(0.5 * 0.8) / 2)
    events = table(4, y=["s", "s", "b", "b"], w=[2.0, 3.0, 100.0, 300.0])
    board = Rows(events.take([0, 2]), table(2, p=["s", "s"]), events)
    spec = MetricSpec(name="ams", options={"weight": "w", "b_reg": 0.0})
    all_selected = Rows(events, table(4, p=["s"] * 4), events)
    assert compute(spec, board).value == pytest.approx(compute(spec, all_selected).value)


@pytest.mark.parametrize(
    ("name", "truth", "predicted", "options", "kind", "says"),
    [
        ("rmse", Y, [1.0, math.nan, 2.0, math.inf], {}, "invalid_score", "2 of 4 rows: ids r1, r3"),
        ("rmse", Y, ["1", "", "2", "3"], {}, "invalid_score", "1 of 4 rows: id r1"),
        ("rmse", Y, ["1", "x", "2", "3"], {}, "bad_format", '"x" at id r1'),
        ("rmse", Y, np.zeros((4, 2)), {}, "bad_format", "one value in each row"),
        ("accuracy", ABC, [*GUESS[:-1], ""], {}, "invalid_score", "id r7"),
        ("accuracy", [0, 1], [0.0, math.nan], {}, "invalid_score", "id r1"),
        ("log_loss", [0, 1], [0.5, 1.5], {}, "bad_format", "between 0 and 1"),
        ("log_loss", ["a", "b", "c"], {**THREE, "p_a": [0.6, 0.2, 0.3]}, {}, "bad_format",
         "add up to 1, the first at id r2: 1.2"),
        ("log_loss", ["a", "b", "c"], np.zeros((3, 2)), {}, "bad_format", "2 columns, there are 3"),
        ("gaussian_nll", [1.0, 2.0], {"mu": [1.0, 2.0], "sigma": [1.0, 0.0]}, {}, "bad_format",
         "above 0"),
        ("pearson", [1, 2], [1, 1], {}, "invalid_score", "the same"),
        ("spearman", [1, 2], [1, 1], {}, "invalid_score", "the same"),
        ("rmsle", [1.0, 1.0], [0.0, -1.0], {}, "invalid_score", "above -1"),
        ("ams", ["s", "b"], ["s", "b"], {"weight": "w", "b_reg": 0.0}, "invalid_score", "infinite"),
        # These are the organiser's to mend.
        ("r2", [1, 1], [1, 2], {}, "evaluator_error", "not all the same"),
        ("roc_auc", [1, 1], [0.1, 0.2], {}, "evaluator_error", "two classes"),
        ("mape", [0.0, 1.0], [1.0, 1.0], {}, "evaluator_error", "not 0"),
        ("ndcg", [0, 0], [1.0, 2.0], {}, "evaluator_error", "no list"),
        ("rmse", ["1", "x"], [1.0, 2.0], {}, "evaluator_error", "labels"),
        ("rmse", [1.0, math.nan], [1.0, 2.0], {}, "evaluator_error", "missing"),
        ("rmse", Y, P, {"label": "z"}, "evaluator_error", "which column"),
        ("rmse", Y, {"a": P, "b": P}, {}, "evaluator_error", "one prediction column"),
        ("rmse", Y, P, {"prediction": "q"}, "evaluator_error", "'q'"),
        ("rmse", Y, P, {"wieght": "w"}, "evaluator_error", "wieght"),
        ("accuracy", ABC, GUESS, {"weight": "w"}, "evaluator_error", 'no column "w"'),
        ("f1", ABC, GUESS, {"average": "binary", "positive": "z"}, "evaluator_error", '"z"'),
        ("log_loss", ["a", "b", "c"], [0.1, 0.2, 0.3], {}, "evaluator_error", "3 classes"),
        ("log_loss", ["a", "b"], {"p_a": [1.0, 0.0], "p_z": [0.0, 1.0]}, {}, "evaluator_error",
         '"p_z"'),
        ("energy_bias", [0.0], [1.0], {}, "evaluator_error", "above 0"),
        ("energy_bias", [1.0, 2.0], [1.0, 2.0], {"bins": [3, 1]}, "evaluator_error", "rising"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_what_cannot_be_computed_says_whose_fault_it_is(
    name, truth, predicted, options, kind, says
):
    labels = {"w": [1.0] * len(truth)} if name == "ams" else {}
    error = failure(name, truth, predicted, options, **labels)
    assert error.failure_class is FailureClass(kind)
    assert says in error.detail


def test_ties_do_not_pay():
    assert score("top_k_accuracy", ["a", "b"], np.full((2, 2), 0.5), {"k": 1}).value == 0.0
    assert score("map", [1, 0, 0, 0], [0.0] * 4).value == 1 / 4
