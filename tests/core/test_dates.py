"""Other dates in a challenge.yaml, with every other character as it was."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from jupyter_challenge.core.challenge import Phase
from jupyter_challenge.core.dates import dates_of, with_dates
from jupyter_challenge.core.errors import ChallengeError, Conflict, InvalidChallenge
from jupyter_challenge.core.models import PhaseDates
from jupyter_challenge.core.validation import read_challenge

HEAD = """\
id: tiny
title: "Tiny: a test"
data: {test: a.csv, labels: b.csv}
metrics: [{name: accuracy}]
"""

PLAIN = (
    HEAD
    + """\
# when?
phases:
  - id: main  # the only one
    # begins on a Monday
    start: 2027-01-04T09:00   # o'clock
    end: 2027-02-01T12:00
    zone: Europe/Zurich
    split: {public: 0.5}
tags: [a]  # last
"""
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.utc)  # type: ignore[misc]


def asked(name: str = "main", **dates: Any) -> dict[str, PhaseDates]:
    return {name: PhaseDates(id=name, **dates)}


def phase(text: str, name: str = "main") -> Phase:
    found = read_challenge(text.removeprefix("\ufeff")).phase(name)
    assert found is not None
    return found


def lines_changed(before: str, after: str) -> list[tuple[str, str]]:
    old, new = before.splitlines(), after.splitlines()
    assert len(old) == len(new)
    return [(a, b) for a, b in zip(old, new, strict=True) if a != b]


def test_only_the_value_changes_and_it_is_in_the_phases_zone() -> None:
    text = with_dates(PLAIN, asked(starts_at=utc(2027, 1, 5, 7, 30)))
    assert lines_changed(PLAIN, text) == [
        (
            "    start: 2027-01-04T09:00   # o'clock",
            "    start: 2027-01-05T08:30   # o'clock",
        )
    ]
    assert phase(text).starts_at == utc(2027, 1, 5, 7, 30)


def test_the_same_instant_changes_nothing() -> None:
    now = phase(PLAIN)
    same = asked(starts_at=now.starts_at, ends_at=now.ends_at, reveals_at="end")
    assert with_dates(PLAIN, same) == PLAIN
    assert with_dates(PLAIN, {"main": dates_of(now)}) == PLAIN
    assert with_dates(PLAIN, asked()) == PLAIN


def test_a_date_that_was_not_there_stands_with_the_others() -> None:
    text = with_dates(PLAIN, asked(reveals_at=utc(2027, 2, 3)))
    assert "    end: 2027-02-01T12:00\n    reveal: 2027-02-03T01:00\n    zone:" in text
    without = PLAIN.replace("    start: 2027-01-04T09:00   # o'clock\n", "")
    again = with_dates(without, asked(starts_at=utc(2027, 1, 4, 8)))
    assert "  - id: main  # the only one\n    start: 2027-01-04T09:00\n" in again


def test_a_date_that_is_taken_away_takes_its_line() -> None:
    text = with_dates(PLAIN, asked(starts_at=None))
    assert text == PLAIN.replace("    start: 2027-01-04T09:00   # o'clock\n", "")
    text = with_dates(PLAIN, asked(reveals_at=None))
    assert phase(text).reveal == "never"


def test_where_the_clocks_go_back_it_is_written_in_utc() -> None:
    for at in (utc(2027, 10, 31, 0, 30), utc(2027, 10, 31, 1, 30)):
        text = with_dates(PLAIN, asked(ends_at=at))
        ends = phase(text).ends_at
        assert ends is not None and ends.timestamp() == at.timestamp()
    assert "end: 2027-10-31T01:30Z" in text


HAIRY = {
    "flow": HEAD + "phases: [{id: main, start: 2027-01-04T09:00, end: 2027-02-01, zone: UTC}]\n",
    "flow in a block": HEAD + "phases:\n- {id: main, zone: UTC, end: 2027-02-01T00:00} # x\n",
    "quoted": HEAD + "phases:\n  - id: 'main'\n    end: '2027-02-01T00:00'\n",
    "double quoted": HEAD + 'phases:\n  - id: main\n    "end": "2027-02-01T00:00" # x\n',
    "windows": PLAIN.replace("\n", "\r\n"),
    "byte order mark": "\ufeff" + PLAIN,
    "no last line end": HEAD + "phases:\n  - id: main\n    end: 2027-02-01T00:00",
    "empty value": HEAD + "phases:\n  - id: main\n    start: 2027-01-01\n    end:   # never\n",
    "no dates": HEAD + "phases:\n  - id: main\n",
    "date first": HEAD + "phases:\n  - end: 2027-02-01\n    id: main\n",
    "folded": HEAD + "phases:\n  - id: main\n    end: >-\n      2027-02-01T00:00\n    zone: UTC\n",
    "next line": HEAD + "phases:\n  - id: main\n    end:\n      2027-02-01T00:00\n    zone: UTC\n",
    "alone an anchor": HEAD + "phases:\n  - id: main\n    end: &end 2027-02-01T00:00\n",
    "umlauts before": HEAD
    + "summary: Grüße 😀\nphases:\n  - id: main # Ende: 😀\n    end: 2027-02-01\n",
    "document marks": "---\n" + HEAD + "phases:\n  - id: main\n    end: 2027-02-01\n...\n",
    "a like-named key elsewhere": HEAD
    + "tags: [end, start]\nphases:\n  - id: other\n    end: 2026-01-01\n  - id: main\n",
    "no indentation": HEAD + "phases:\n- id: main\n  end: 2027-02-01\n- id: other\n",
}


@pytest.mark.parametrize("name", HAIRY)
@pytest.mark.parametrize(
    "at", [utc(2027, 3, 4, 5, 6), utc(2028, 1, 1, 0, 0, 1)], ids=["minutes", "seconds"]
)
def test_hairy_files_keep_everything_else(name: str, at: datetime) -> None:
    text = HAIRY[name]
    changed = with_dates(text, asked(ends_at=at))
    assert phase(changed).ends_at == at
    plain, other = text.removeprefix("\ufeff"), changed.removeprefix("\ufeff")
    before, after = read_challenge(plain), read_challenge(other)
    assert _without_dates(before) == _without_dates(after)
    comments = [line.split("#", 1)[1] for line in text.splitlines() if "#" in line]
    assert [line.split("#", 1)[1] for line in changed.splitlines() if "#" in line] == comments
    assert changed.startswith("\ufeff") == text.startswith("\ufeff")
    assert changed.count("\r") in {0, changed.count("\n")}


@pytest.mark.parametrize("name", [each for each in HAIRY if "end: 2" in HAIRY[each]])
def test_hairy_files_lose_a_date(name: str) -> None:
    text = HAIRY[name]
    if phase(text).split is not None:
        text = with_dates(text, asked(reveals_at="never"))
    changed = with_dates(text, asked(ends_at=None))
    assert phase(changed).ends_at is None
    assert _without_dates(read_challenge(changed.removeprefix("\ufeff"))) == _without_dates(
        read_challenge(text.removeprefix("\ufeff"))
    )


def _without_dates(challenge: Any) -> Any:
    said = challenge.model_dump(mode="json")
    for each in said["phases"]:
        each.pop("end")
    return said


SHARED = (
    HEAD
    + """\
phases:
  - id: main
    end: &end 2027-02-01T00:00
  - id: other
    end: *end
"""
)


def test_what_stands_for_two_dates_is_left_to_its_author() -> None:
    with pytest.raises(Conflict, match="only its author"):
        with_dates(SHARED, asked(ends_at=utc(2027, 3, 1)))


def test_an_alias_is_replaced_where_it_is_used() -> None:
    text = with_dates(SHARED, asked("other", ends_at=utc(2027, 3, 1)))
    assert text == SHARED.replace("*end", "2027-03-01T00:00")
    both = {**asked(ends_at=utc(2027, 3, 1)), **asked("other", ends_at=utc(2027, 3, 1))}
    assert phase(with_dates(SHARED, both), "other").ends_at == utc(2027, 3, 1)


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        ({"ends_at": utc(2027, 1, 1)}, "Main would end before it starts"),
        ({"starts_at": utc(2028, 1, 1)}, "Main would end before it starts"),
        ({"reveals_at": utc(2027, 1, 31)}, "would open before the phase ends"),
        ({"ends_at": None}, "at an end that there is not"),
    ],
    ids=["end early", "start late", "reveal early", "no end to reveal at"],
)
def test_what_cannot_be_meant_is_refused(dates: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidChallenge, match=said) as refused:
        with_dates(PLAIN, asked(**dates))
    problem = refused.value.details["problems"][0]
    assert problem["phase"] == "main" and problem["fix"]


def test_a_phase_without_private_board_has_none_to_reveal() -> None:
    text = HEAD + "phases:\n  - id: main\n"
    with pytest.raises(InvalidChallenge, match="no private board"):
        with_dates(text, asked(reveals_at=utc(2027, 1, 1)))
    with pytest.raises(ChallengeError, match='no phase "final"'):
        with_dates(text, asked("final", ends_at=None))


def test_the_template_takes_dates() -> None:
    from importlib.resources import files

    text = (files("jupyter_challenge") / "template" / "challenge.yaml").read_text("utf-8")
    changed = with_dates(text, asked("practice", ends_at=utc(2030, 1, 1, 12)))
    assert phase(changed, "practice").ends_at == utc(2030, 1, 1, 12)
    assert len(changed.splitlines()) == len(text.splitlines()) + 1
