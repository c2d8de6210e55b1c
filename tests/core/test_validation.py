import json
import shutil
from pathlib import Path

import pytest

import jupyter_challenge
from jupyter_challenge.core.errors import InvalidChallenge
from jupyter_challenge.core.model_problems import Problem
from jupyter_challenge.core.template import create_challenge
from jupyter_challenge.core.validation import load_challenge

IRIS = Path(jupyter_challenge.__file__).parent / "examples" / "iris"


@pytest.fixture
def iris(tmp_path: Path) -> Path:
    folder = tmp_path / "iris"
    shutil.copytree(IRIS, folder)
    return folder


def edit(folder: Path, old: str, new: str, file: str = "challenge.yaml") -> int:
    """Replace text in a file; return the line where it is."""
    path = folder / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    path.write_text(text.replace(old, new), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def mistakes(folder: Path) -> list[Problem]:
    """What whoever reads the folder is told."""
    try:
        load_challenge(folder)
    except InvalidChallenge as error:
        return [Problem(**problem) for problem in error.details["problems"]]
    return []


def only(folder: Path) -> Problem:
    problems = mistakes(folder)
    assert len(problems) == 1, problems
    return problems[0]


def test_what_we_ship_is_well(tmp_path):
    assert mistakes(IRIS) == []
    create_challenge(tmp_path / "new")
    assert mistakes(tmp_path / "new") == []
    assert load_challenge(IRIS).ranked_metric.name == "accuracy"


@pytest.mark.parametrize(
    ("old", "new", "column", "says", "fix"),
    [
        pytest.param("id: iris", "id: Iris 2026", 5, "small letters", "iris-2026", id="bad-id"),
        pytest.param("title: Iris", "titel: Iris", 1, "titel", '"title"', id="misspelt-key"),
        pytest.param("title: Iris", "title: 2026", 8, "must be text", "quotes", id="number-text"),
        pytest.param(
            "summary: Tell", "summary: a: b", 11, "not YAML", "quotes", id="colon-in-text"
        ),
        pytest.param(
            "  labels: hidden/labels.csv", "  lables: hidden/labels.csv", 3, "lables", '"labels"',
            id="misspelt-key-below",
        ),
        pytest.param(
            "  train: data/train.csv", "  train: data/trian.csv", 10, 'no "data/trian.csv"',
            "data/train.csv", id="missing-file",
        ),
        pytest.param(
            "  test: data/test.csv", "  volume: {claim: x, test: ../other}", 28, "inside", "leave",
            id="outside-the-volume",
        ),
        pytest.param(
            "  test: data/test.csv", "  volume: {claim: X_1, test: t}", 19, "small letters",
            "x-1", id="no-claim",
        ),
        pytest.param(
            "  test: data/test.csv", "  image: {size: 1 GB, test: t, name: data.example.org/d:1}",
            38, "has no digest", "sha256", id="an-image-without-digest",
        ),
        pytest.param(
            "  test: data/test.csv",
            f"  image: {{size: 1 GB, name: a.example.org/d@sha256:{64 * '0'}, test: .}}", 124,
            "all of the image", "a folder in it", id="all-of-an-image",
        ),
        pytest.param(
            "  labels: hidden/labels.csv", "  labels: ../labels.csv", 11, "inside", "leave it out",
            id="outside",
        ),
        pytest.param(
            "  labels: hidden/labels.csv", "  labels: hidden", 11, "is a folder", "a file",
            id="folder-for-file",
        ),
        pytest.param("max_size: 10 MB", "max_size: big", 13, "not a size", "500 MB", id="size"),
        pytest.param("time: 5 min", "time: soon", 9, "not a duration", "10 min", id="duration"),
        pytest.param("cpu: 1", "cpu: 0", 8, "greater than 0", "greater", id="too-small"),
        pytest.param(
            "    concurrent: 2", "    concurrent: 1.5", 19, "whole number", "whole", id="fraction"
        ),
        pytest.param(
            "kinds: [notebook, predictions]", "kinds: [notebok]", 11, "must be one of",
            '"notebook"', id="misspelt-value",
        ),
        pytest.param(
            "  - name: accuracy", "  - name: acuracy", 11, 'no built-in metric "acuracy"',
            '"accuracy"', id="misspelt-metric",
        ),
        pytest.param(
            "      average: macro", "      averag: macro", 15, '"averag"', "average",
            id="unknown-option",
        ),
        pytest.param(
            "    reveal: never", "    reveal: sometimes", 13, "end, never or a time", "never",
            id="union",
        ),
        pytest.param(
            "      public: 0.5", "      public: 1.5", 15, "less than 1", "less than", id="share"
        ),
        pytest.param(
            "      public: 0.5", "      public: 0.001", 15, "cannot be split", "share",
            id="split-impossible",
        ),
        pytest.param(
            "      stratify: true", "      stratify: colour", 17, 'no column "colour"',
            "column of the labels", id="stratify-column",
        ),
        pytest.param(
            "    predictions: baselines/stump.csv", "    predictions: data/test.csv", 18,
            "no column species", "asks",
            id="baseline-lacks-column",
        ),
        pytest.param(
            "    reveal: never", "    reveal: end", 5, "needs an `end`", "reveal: never",
            id="reveal-without-end",
        ),
        pytest.param(
            "    feedback: full", "    feedback: full\n    feedback: full", 5, "twice", "one",
            id="duplicate-key",
        ),
        pytest.param("  mode: open", "  mode: group", 9, "no group", "groups", id="no-group"),
        pytest.param(
            "starter: starter.ipynb", "starter: README.md", 10, "not a notebook", ".ipynb",
            id="starter-is-no-notebook",
        ),
        pytest.param(
            "    predictions: baselines/stump.csv", "    predictions: baselines/tree.csv", 18,
            "baselines/tree.csv", "baselines/stump.csv", id="baseline-missing",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place_and_what_mends_it(iris, old, new, column, says, fix):
    line = edit(iris, old, new)
    if "\n" in new:
        line += new.count("\n")
    problems = mistakes(iris)
    found = [p for p in problems if says in p.message]
    assert found, problems
    problem = found[0]
    assert fix in problem.fix
    assert problem.file == "challenge.yaml"
    # The fix of a whole part is told where the part begins.
    assert problem.line == line or (column == 5 and problem.line < line)
    assert problem.column == column or problem.line < line
    with pytest.raises(InvalidChallenge) as refused:
        load_challenge(iris)
    assert len(refused.value.details["problems"]) == len(problems)


def test_every_mistake_is_named_at_once(iris):
    lines = {
        edit(iris, "title: Iris", "titel: Iris"),
        edit(iris, "  test: data/test.csv", "  test: data/missing.csv"),
        edit(iris, "  - name: accuracy", "  - name: acuracy"),
        edit(iris, "memory: 2 GB", "memory: lots"),
        edit(iris, "rule: best_public", "rule: best"),
        edit(iris, "starter: starter.ipynb", "starter: nothing.ipynb"),
    }
    problems = mistakes(iris)
    assert {p.line for p in problems} == lines and len(problems) == len(lines)
    assert problems == sorted(problems) and all(p.message and p.fix for p in problems)
    json.dumps([p.__dict__ for p in problems])


def test_a_missing_key_says_what_it_is_for(iris):
    edit(iris, "  labels: hidden/labels.csv\n", "")
    assert any(
        '"labels" is missing in "data"' in p.message and "never handed out" in p.fix
        for p in mistakes(iris)
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(None, "no challenge.yaml", id="no-file"),
        pytest.param("", "no keys", id="empty"),
        pytest.param("just text", "no keys", id="text"),
        pytest.param("id: [", "not YAML", id="not-yaml"),
        pytest.param("\tid: a", "not YAML", id="tab"),
        pytest.param("id: \x00", "not YAML", id="nul"),
        pytest.param("a: &a [x]\nb: *a\n<<: {c: 1}", "<<", id="merge-key"),
        pytest.param("[" * 200_000, "too much", id="deep"),
        pytest.param("a: " + "[" * 200 + "]" * 200, "too much", id="deep-but-closed"),
        pytest.param(
            "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
            "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
            "e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]",
            "too much",
            id="billion-laughs",
        ),
    ],
)
def test_what_is_no_challenge_at_all_gets_a_sentence(tmp_path, text, says):
    if text is not None:
        (tmp_path / "challenge.yaml").write_text(text)
    problems = mistakes(tmp_path)
    assert any(says in p.message for p in problems), problems
    with pytest.raises(InvalidChallenge):
        load_challenge(tmp_path)


def test_bytes_that_are_no_text_and_a_folder_that_is_not_there(tmp_path):
    (tmp_path / "challenge.yaml").write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in only(tmp_path).message
    assert "no folder" in only(tmp_path / "none").message


def test_hidden_labels_inside_what_is_handed_out_are_found(iris):
    shutil.copy(iris / "hidden/labels.csv", iris / "data/answers.csv")
    edit(iris, "train: data/train.csv", "train: data")
    edit(iris, "labels: hidden/labels.csv", "labels: data/answers.csv")
    assert any("part of data.train" in p.message for p in mistakes(iris))


def test_a_copy_of_the_labels_in_what_is_handed_out_is_found(iris):
    shutil.copy(iris / "hidden/labels.csv", iris / "data/sample/extra.csv")
    edit(iris, "train: data/train.csv", "train: data")
    found = only(iris)
    assert "data/sample/extra.csv" in found.message and "same content" in found.message


def test_answers_in_the_test_table_are_found(iris):
    rows = (iris / "hidden/labels.csv").read_text().splitlines()
    (iris / "data/test.csv").write_text("\n".join(f"{row},1" for row in rows) + "\n")
    assert 'answers in its column "species"' in only(iris).message


@pytest.mark.parametrize(
    ("file", "old", "new", "says", "line"),
    [
        pytest.param("hidden/labels.csv", "001,", "002,", "also on line 2", 3, id="double-id"),
        pytest.param("data/test.csv", "002,", "001,", "also on line 2", 3, id="double-in-test"),
        pytest.param("hidden/labels.csv", "001,", "", "1 values", 2, id="short-line"),
        pytest.param("hidden/labels.csv", "001,", "999,", "lacks ids of the labels", None,
                     id="labels-and-test-differ"),
        pytest.param("data/sample/test.csv", "\n0", "\nx0", "lacks ids", None, id="sample-differs"),
        pytest.param("hidden/labels.csv", "id,", "key,", "no column id", None, id="no-id"),
    ],
)  # fmt: skip
def test_tables_that_disagree_are_named(iris, file, old, new, says, line):
    path = iris / file
    path.write_text(path.read_text().replace(old, new, 1))
    problems = mistakes(iris)
    found = [p for p in problems if says in p.message]
    assert found, problems
    if line is not None:
        assert (found[0].file, found[0].line) == (file, line)


def test_a_link_anywhere_is_refused(iris):
    (iris / "hidden/labels.csv").rename(iris / "hidden/real.csv")
    (iris / "hidden/labels.csv").symlink_to("real.csv")
    problems = mistakes(iris)
    assert any("through a link" in p.message for p in problems)
    assert any(p.file == "hidden/labels.csv" and "cannot be published" in p.message
               for p in problems)  # fmt: skip


def own(folder: Path, code: str | None) -> Path:
    create_challenge(folder)
    text = (folder / "challenge.yaml").read_text("utf-8")
    begin, end = text.index("metrics:\n"), text.index("# When teams can submit")
    text = (
        text[:begin]
        + "evaluator:\n  file: evaluate.py\nmetrics:\n  - name: within_ten_percent\n"
        + "    direction: maximize\n\n"
        + text[end:]
    )
    (folder / "challenge.yaml").write_text(text, "utf-8")
    if code is not None:
        (folder / "evaluate.py").write_text(code)
    return folder


def test_an_own_evaluator_is_looked_at_but_not_run(tmp_path):
    assert mistakes(own(tmp_path / "a", None)) == []
    assert mistakes(own(tmp_path / "b", "def evaluate(a, b=1, *, c=2): ...\n1/0\n")) == []
    assert mistakes(own(tmp_path / "c", "from lib import score as evaluate\n")) == []
    assert mistakes(own(tmp_path / "d", "evaluate = lambda a, b: {}\n")) == []


@pytest.mark.parametrize(
    ("code", "line", "says"),
    [
        pytest.param("x = 1\ndef evaluate(:\n", 2, "not Python", id="syntax"),
        pytest.param("def score(a, b): ...\n", 0, "no function evaluate", id="other-name"),
        pytest.param("\ndef evaluate(a): ...\n", 2, "two arguments", id="one-argument"),
        pytest.param("def evaluate(a, b, c): ...\n", 1, "two arguments", id="three-arguments"),
        pytest.param("def evaluate(a, b, *, c): ...\n", 1, "two arguments", id="needs-a-keyword"),
        pytest.param("async def evaluate(a, b): ...\n", 1, "async", id="async"),
    ],
)
def test_an_evaluator_with_a_mistake_is_named_by_line(tmp_path, code, line, says):
    problem = only(own(tmp_path / "a", code))
    assert (problem.file, problem.line) == ("evaluate.py", line)
    assert says in problem.message


def test_metrics_of_an_evaluator_must_say_their_direction(tmp_path):
    folder = own(tmp_path / "a", None)
    edit(folder, "    direction: maximize\n\n", "\n")
    assert "direction is not known" in only(folder).message


@pytest.mark.parametrize(
    ("metric", "says"),
    [
        pytest.param("rmse\n    direction: maximize", "is to minimize", id="wrong-direction"),
        pytest.param("log_loss", "needs a prediction column for each", id="one-column-for-three"),
        pytest.param("rmse", "must be numbers", id="texts-for-numbers"),
        pytest.param("crps_gaussian", "must be numbers", id="texts-for-distribution"),
        pytest.param("ams", '"weight" of ams is missing', id="option-missing"),
        pytest.param("ams\n    options: {weight: w}", 'no column "w"', id="weight-missing"),
        pytest.param("accuracy\n    options: {label: x}", 'no column "x"', id="label-missing"),
        pytest.param(
            "accuracy\n    options: {prediction: x}", 'no prediction column "x"', id="prediction"
        ),
        pytest.param("f1\n    ranked: true", "second metric is ranked", id="two-ranked"),
        pytest.param("accuracy", "named twice", id="twice"),
    ],
)
def test_metrics_that_do_not_suit_the_labels_are_found(iris, metric, says):
    edit(iris, "  - name: f1\n    title: F1 (macro)\n    options:\n      average: macro\n",
         f"  - name: {metric}\n")  # fmt: skip
    assert any(says in p.message for p in mistakes(iris)), mistakes(iris)


def test_times_may_be_written_as_people_do(iris):
    edit(iris, "    title: Practice\n",
         "    title: Practice\n    start: 2026-01-01\n    end: 2026-12-24 18:00\n"
         "    zone: Europe/Zurich\n")  # fmt: skip
    phase = load_challenge(iris).phases[0]
    assert phase.ends_at.isoformat() == "2026-12-24T18:00:00+01:00"
    edit(iris, "2026-12-24 18:00", "2025-12-24T18:00:00Z")
    assert "ends before it starts" in only(iris).message


def test_data_that_is_in_two_places_is_a_mistake_and_in_another_place_is_none(iris: Path) -> None:
    edit(iris, "  test: data/test.csv", "  volume: {claim: higgs, test: v1/test}")
    assert mistakes(iris) == []
    edit(iris, "claim: higgs, ", "claim: higgs, train: v1/train, ")
    assert "train is named twice" in only(iris).message
    assert "leave one of them out" in only(iris).fix
