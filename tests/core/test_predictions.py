from pathlib import Path

import pytest

from jupyter_challenge.core.challenge import TableFormat
from jupyter_challenge.core.predictions import MOST_PROBLEMS, table_problems


def found(path: Path, text: str, name: str = "p.csv") -> list[tuple[int | None, str]]:
    path = path / name
    path.write_text(text)
    table_format = TableFormat(name.rsplit(".")[-1])
    problems = table_problems(path, table_format, "id", ["label"], 1_000_000)
    return [(each.line, each.message) for each in problems]


def test_nothing_is_wrong(tmp_path: Path) -> None:
    assert found(tmp_path, "id,label,more\n1,a,\n2,b,x\n\n") == []
    assert found(tmp_path, '[{"id": 1, "label": "a"}]', "p.json") == []


WRONG = {
    "empty": ("", None, "It is empty."),
    "header alone": ("id,label\n", None, "no rows"),
    "no id": ("row,label\n1,a\n", 1, 'no column "id"; the header has "row", "label"'),
    "no label": ("id,lable\n1,a\n", 1, 'no column "label"'),
    "twice the label": ("id,label,label\n1,a,b\n", 1, "there twice"),
    "semicolons": ("id;label\n1;a\n", 1, "semicolons"),
    "too few values": ("id,label\n1,a\n2\n", 3, "1 values, where the header has 2"),
    "an id twice": ("id,label\n1,a\n1,b\n", 3, 'The id "1" is in line 2 already.'),
    "an open quote": ('id,label\n1,"a\n', 2, "comma-separated"),
    "bytes": ("id,label\n1,\0\n", None, "line 2"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, name: str) -> None:
    text, line, says = WRONG[name]
    ((at, message),) = found(tmp_path, text)
    assert at == line
    assert says in message


def test_several_problems_at_once_but_not_all(tmp_path: Path) -> None:
    assert [line for line, _ in found(tmp_path, "id,label\n1\n2,a\n3,b,c\n")] == [2, 4]
    assert len(found(tmp_path, "id,label\n" + "1\n" * 100)) == MOST_PROBLEMS


def test_json_too(tmp_path: Path) -> None:
    ((_, message),) = found(tmp_path, '[{"id": 1}]', "p.json")
    assert "no column label" in message
    double = '[{"id": 1, "label": "a"}, {"id": 1, "label": "a"}]'
    ((_, message),) = found(tmp_path, double, "p.json")
    assert "row 1 and again in row 2" in message
