from io import StringIO

import pytest

from jupyter_challenge.cli import terminal


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1200, "1.2 kB"), (2.5e6, "2.5 MB"), (7e12, "7e+03 GB")],
)
def test_sizes(size: float, said: str) -> None:
    assert terminal.bytes_text(size) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(-1, "0:00"), (9.9, "0:09"), (600, "10:00"), (3723, "1:02:03")]
)
def test_clock(seconds: float, said: str) -> None:
    assert terminal.clock(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "5 s"), (60, "1 min"), (90, "90 s"), (600, "10 min"), (5400, "90 min")],
)
def test_durations(seconds: float, said: str) -> None:
    assert terminal.duration(seconds) == said


def test_columns_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.print_table(["rank", "team"], [[1, "日本"], [10, "é"], [2, "ana"]], right=["rank"])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["rank  team", "   1  日本", "  10  é", "   2  ana"]


def test_what_others_wrote_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.print_table(["team"], [["\x1b]0;owned\x07ana\r\n\x9b2J"]], right=[])
    shown = capsys.readouterr().out
    assert not any(c in shown for c in "\x1b\x07\r\x9b")


def test_a_live_line_is_silent_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with terminal.LiveLine() as line:
        line.show("running")
        line.above("done")
    assert capsys.readouterr().out == "done\n"


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_live_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setenv("COLUMNS", "10")
    with terminal.LiveLine() as line:
        line.show("a text that is too long")
        line.above("done")
    assert out.getvalue() == "\r\x1b[Ka text th\r\x1b[Kdone\n"
