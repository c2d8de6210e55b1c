"""Both tutorials are done from their own text, on a real service and with the real commands."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.docs.conftest import DOCS
from tests.docs.doing import Block, Reader, blocks, missing, typed

TUTORIALS = {
    "participant": "participants/tutorial.md",
    "organiser": "organisers/first-challenge.md",
}


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[int]]]:
    """Both tutorials, done side by side by two readers."""
    with ThreadPoolExecutor() as pool:
        yield {
            who: pool.submit(Reader(tmp_path_factory.mktemp(who) / "home").follow, DOCS / page)
            for who, page in TUTORIALS.items()
        }


@pytest.mark.parametrize("who", TUTORIALS)
def test_a_tutorial_does_what_it_says(who: str, read: dict[str, Future[int]]) -> None:
    assert read[who].result() >= 8


PAGE = """
```console
$ echo one
one
```

```{code-block} yaml
:caption: here/there.yaml

a: 1
```

```sh
pip install something
```
"""


def test_the_blocks_of_a_page() -> None:
    assert blocks(PAGE) == [
        Block("console", "$ echo one\none\n", 2),
        Block("file", "a: 1\n", 7, "here/there.yaml"),
        Block("sh", "pip install something\n", 13),
    ]


def test_a_line_goes_on_after_a_backslash() -> None:
    first, second = typed("$ one \\\n  two\nanswer\n$ three\n")

    assert (first.command, first.answer) == ("one \\\n  two", ["answer"])
    assert (second.command, second.answer) == ("three", [])


@pytest.mark.parametrize(
    ("expected", "said", "lacking"),
    [
        (["a   b"], "x\na b\n", None),
        (["✓ run  1.6 s"], "✓ run  9.9 s", None),
        (["3 now"], "3 7 min ago", None),
        (["a", "…", "b"], "a\nc\nb\n", None),
        (["id …, now"], "id 1f, now", None),
        (["b", "a"], "a\nb\n", "a"),
        (["Accuracy 0.9"], "Accuracy 0.8", "Accuracy 0.9"),
    ],
    ids=["spaces", "seconds", "ago", "left out", "within", "order", "other"],
)
def test_what_must_come(expected: list[str], said: str, lacking: str | None) -> None:
    assert missing(expected, said) == lacking


@pytest.mark.parametrize(
    "page",
    [
        "```console\n$ false\n```\n",
        "```console\n$ echo one\ntwo\n```\n",
        "```console\n$ false\n$ echo $?\n2\n```\n",
        "```python\nraise SystemExit(1)\n```\n",
        "```ruby\nputs 1\n```\n",
    ],
    ids=["fails", "other answer", "other exit code", "program", "unknown"],
)
def test_a_page_that_is_wrong_is_found_out(page: str, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(page, "utf-8")

    with pytest.raises(AssertionError):
        Reader(tmp_path / "home").follow(path)
