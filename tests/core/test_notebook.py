import json

import nbformat
import pytest

from jupyter_challenge.core.errors import InvalidSubmission
from jupyter_challenge.core.notebook import Notebook, parse_notebook, read_notebook


def content(*cells: dict, kernel: dict | None = None, **metadata) -> dict:
    spec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": spec if kernel is None else kernel, **metadata},
        "cells": list(cells),
    }


def code(source, *tags, ident="a1") -> dict:
    return {
        "cell_type": "code",
        "id": ident,
        "metadata": {"tags": list(tags)},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def parse(value, **options) -> Notebook:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return parse_notebook(data, "model.ipynb", **options)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "empty file", id="no-bytes"),
        pytest.param(b" \n", "empty file", id="blank"),
        pytest.param(b'{"cells": [', "line 1", id="cut-off"),
        pytest.param(b"\xff\xfe{}", "not UTF-8", id="not-utf8"),
        pytest.param(b"[]", "not a notebook", id="a-list"),
        pytest.param(b"{}", "not a notebook", id="any-json"),
        pytest.param(b"[" * 200_000, "not a notebook", id="very-deep"),
        pytest.param(b'{"nbformat": 3, "worksheets": []}', "format 3", id="old-format"),
        pytest.param(b'{"nbformat": 4}', "no list of cells", id="no-cells-key"),
        pytest.param(b'{"nbformat": 4, "cells": [1]}', "no list of cells", id="cells-are-numbers"),
        pytest.param(json.dumps(content()).encode(), "no code", id="no-cells"),
        pytest.param(json.dumps(content(code(" \n"))).encode(), "no code", id="blank-cells"),
        pytest.param(
            json.dumps(content(code("x = 1"), kernel={})).encode(), "which kernel", id="no-kernel"
        ),
    ],
)
def test_what_is_not_a_notebook_is_refused_with_a_hint(data, says):
    with pytest.raises(InvalidSubmission, match=says) as refused:
        parse(data)
    assert refused.value.hint and "model.ipynb" in refused.value.message


def test_an_incomplete_notebook_can_still_be_looked_at():
    notebook = parse(content(kernel={}), complete=False)
    assert len(notebook.problems()) == 2
    assert notebook.kernel is None and notebook.parameters == {}


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InvalidSubmission, match="cannot be read"):
        read_notebook(tmp_path / "none.ipynb")


def test_parameters_are_the_literals_of_the_tagged_cell():
    source = [
        "%matplotlib inline\n",
        "depth: int = 3\n",
        "rate = -0.5\n",
        "names = ['a', 'b']\n",
        "a = b = None\n",
        "computed = len(names)\n",
        "bad = b'bytes'\n",
    ]
    notebook = parse(content(code("x = 1"), code(source, "parameters")))
    assert notebook.parameters == {
        "depth": 3, "rate": -0.5, "names": ["a", "b"], "a": None, "b": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("language", "source", "found"),
    [
        pytest.param(
            "r", 'n <- 5\nok = TRUE # yes\ns <- "a"\nv <- c(1)', {"n": 5, "ok": True, "s": "a"},
            id="r",
        ),
        pytest.param("julia", "n = 5;\nx = 1.5", {"n": 5, "x": 1.5}, id="julia"),
        pytest.param("bash", "n=5\nname=tree\necho hi", {"n": 5, "name": "tree"}, id="bash"),
        pytest.param("python", "x = (", {}, id="python-that-does-not-parse"),
    ],
)  # fmt: skip
def test_parameters_of_other_languages(language, source, found):
    kernel = {"name": "k", "language": language}
    assert parse(content(code(source, "parameters"), kernel=kernel)).parameters == found


@pytest.mark.parametrize("value", [1, -2.5, True, None, "it's \"$HOME\" `x` \\ é\n", [1, [2, "a"]],
                                   {"k": [None, False]}])  # fmt: skip
def test_injected_python_values_come_back_as_they_were(value):
    notebook = parse(content(code("p = 0", "parameters"), code("after", ident="b2")))
    changed = notebook.with_parameters({"p": value})
    assert [c["source"] for c in changed.cells][::2] == ["p = 0", "after"]
    scope: dict = {}
    exec(changed.code[1], scope)
    assert scope["p"] == value
    nbformat.validate(nbformat.from_dict(changed.content))


def test_injected_bash_values_are_quoted():
    import subprocess

    kernel = {"name": "bash", "language": "bash"}
    notebook = parse(content(code("p=0", "parameters"), kernel=kernel))
    value = "a b; $(echo no) 'q'"
    source = notebook.with_parameters({"p": value}).code[1]
    shown = subprocess.run(["bash", "-c", source + '\nprintf %s "$p"'], capture_output=True)
    assert shown.stdout.decode() == value


def test_injecting_twice_replaces_the_first_and_nothing_is_injected_for_nothing():
    notebook = parse(content(code("p = 0", "parameters")))
    assert notebook.with_parameters({}) is notebook
    twice = notebook.with_parameters({"p": 1}).with_parameters({"p": 2})
    assert twice.code == ["p = 0", "# Parameters\np = 2"]


@pytest.mark.parametrize(
    ("cells", "kernel", "says"),
    [
        pytest.param([code("p = 0")], None, "takes no parameters", id="no-tagged-cell"),
        pytest.param([code("depth = 0", "parameters")], None, '"depth"', id="misspelt"),
        pytest.param(
            [code("p = 0", "parameters")],
            {"name": "sas", "language": "sas"},
            "language sas",
            id="unknown-language",
        ),
    ],
)
def test_parameters_that_cannot_be_set_are_refused(cells, kernel, says):
    with pytest.raises(InvalidSubmission, match=says):
        parse(content(*cells, kernel=kernel)).with_parameters({"dept": 1})


def test_belonging_to_a_challenge_is_remembered_in_the_metadata():
    notebook = parse(content(code("x = 1")))
    assert notebook.challenge is None and notebook.files == []
    linked = parse(notebook.with_challenge("iris", ["lib/net.py"]).to_bytes())
    assert (linked.challenge, linked.files) == ("iris", ["lib/net.py"])
    assert notebook.challenge is None


def test_odd_metadata_is_read_as_none():
    notebook = parse(content(code("x = 1"), jupyter_challenge={"challenge": 3, "files": ["a", 5]}))
    assert notebook.challenge is None and notebook.files == ["a"]
