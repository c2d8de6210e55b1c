import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_challenge.core.challenge import MetricSpec, Output, Split
from jupyter_challenge.core.errors import RunFailed
from jupyter_challenge.core.splitting import split_ids, split_labels, stratum_column

OUTPUT = Output(prediction="y")


def test_the_split_is_the_same_for_ever():
    ids = [f"r{i}" for i in range(20)]
    parts = split_ids(ids, None, Split(public=0.25, seed=7))
    # Written down once: were this to change, the same challenge would be split anew.
    assert parts.public == ["r1", "r2", "r6", "r7", "r9"]


rows = st.lists(st.sampled_from("aabbbc"), min_size=2, max_size=80)


@given(rows, st.floats(0.05, 0.95), st.integers(0, 5))
def test_parts_are_disjoint_complete_and_proportional(strata, share, seed):
    ids = [f"r{i}" for i in range(len(strata))]
    split = Split(public=share, seed=seed)
    wanted = round(len(ids) * share)
    if not 1 <= wanted <= len(ids) - 1:
        with pytest.raises(RunFailed):
            split_ids(ids, strata, split)
        return
    parts = split_ids(ids, strata, split)
    assert sorted(parts.public + parts.private) == sorted(ids)
    assert len(parts.public) == wanted
    of = dict(zip(ids, strata, strict=True))
    taken = Counter(of[each] for each in parts.public)
    for name, count in Counter(strata).items():
        assert abs(taken[name] - count * share) < 1
    order = list(range(len(ids)))
    random.Random(seed).shuffle(order)
    again = split_ids([ids[i] for i in order], [strata[i] for i in order], split)
    assert set(again.public) == set(parts.public)


def test_another_seed_is_another_split():
    ids = [str(i) for i in range(100)]
    one, two = (split_ids(ids, None, Split(public=0.5, seed=seed)) for seed in (0, 1))
    assert one.public != two.public


def write(path, header, lines):
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_numbers_are_stratified_by_decile(tmp_path):
    labels = write(tmp_path / "l.csv", "id,y", [f"r{i},{i**1.5:.3f}" for i in range(200)])
    parts = split_labels(labels, OUTPUT, Split(public=0.5))
    for decile in range(10):
        inside = {f"r{i}" for i in range(20 * decile, 20 * decile + 20)}
        assert len(inside & set(parts.public)) == 10


def test_classes_are_stratified_by_the_truth(tmp_path):
    labels = write(tmp_path / "l.csv", "id,y", [f"r{i},{'ab'[i % 4 == 0]}" for i in range(40)])
    parts = split_labels(labels, OUTPUT, Split(public=0.3))
    assert sum(int(each[1:]) % 4 == 0 for each in parts.public) == 3
    assert len(parts.public) == 12


@pytest.mark.parametrize(
    ("columns", "stratify", "options", "found"),
    [
        pytest.param(["y", "w"], True, {}, "y", id="named-as-the-prediction"),
        pytest.param(["t"], True, {}, "t", id="the-only-one"),
        pytest.param(["t", "w"], True, {"weight": "w"}, "t", id="all-but-the-weight"),
        pytest.param(["t", "u"], True, {"label": "u"}, "u", id="the-option-label"),
        pytest.param(["t", "u"], True, {}, None, id="cannot-be-told"),
        pytest.param(["t", "u"], "t", {}, "t", id="declared"),
        pytest.param(["t", "u"], "v", {}, None, id="declared-but-missing"),
    ],
)
def test_which_column_is_stratified_by(columns, stratify, options, found):
    metrics = [MetricSpec(name="accuracy", options=options)]
    split = Split(public=0.5, stratify=stratify)
    assert stratum_column(columns, OUTPUT, split, metrics) == found
