"""What a kernel says becomes a log that people can read."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from jupyter_challenge.steps.transcript import LONGEST_LINE, Transcript, coalesced, percent_in


class Clock:
    """Seconds that pass only when they are told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def seen(log: str) -> str:
    """What a reader sees: a carriage return goes back to the beginning of its line."""
    return re.sub(r"[^\n]*\r", "", log)


def said(*texts: str) -> str:
    transcript = Transcript(Clock())
    return "".join(transcript.stream(text) for text in texts) + transcript.end()


@pytest.mark.parametrize(
    ("texts", "log"),
    [
        pytest.param(["a\n", "b", "c\n"], "a\nbc\n", id="plain"),
        pytest.param(["no newline"], "no newline\n", id="open"),
        pytest.param(["a\r\nb\r\n"], "a\nb\n", id="windows"),
        pytest.param(["\x1b[1;31mred\x1b[0m\n"], "red\n", id="colour"),
        pytest.param(["\x1b[3", "8;5;200mred\x1b", "[0m!\n"], "red!\n", id="colour in two"),
        pytest.param(["\x1b]8;;http://x\x07link\x1b]8;;\x07\n"], "link\n", id="hyperlink"),
        pytest.param(["\x1b[?25lhidden cursor\x1b(B\n"], "hidden cursor\n", id="terminal"),
        pytest.param(["\r 1%", "\r 2%", "\r 3%\n", "x\n"], " 3%\nx\n", id="bar"),
        pytest.param(["\r 1%", "\r 2%\r"], " 2%\n", id="bar goes back at its end"),
        pytest.param(["1/2\b\b\b2/2\n"], "2/2\n", id="backspaces"),
        pytest.param(["fit: ", "\r50%", "\r99%", " of all\n"], "99% of all\n", id="after a word"),
    ],
)
def test_what_a_reader_sees(texts: list[str], log: str) -> None:
    assert seen(said(*texts)) == log


def test_a_bar_of_an_hour_is_a_page() -> None:
    clock, log = Clock(), io.StringIO()
    transcript = Transcript(clock)
    for step in range(36_000):
        clock.now += 0.1
        log.write(transcript.stream(f"\r{step / 360:3.0f}%|{'█' * 10}| {step}/36000"))
    log.write(transcript.stream("\n"))
    assert transcript.percent == 100
    assert len(log.getvalue()) < 100_000
    assert seen(log.getvalue()) == f"100%|{'█' * 10}| 35999/36000\n"


def lower_bars(whole: bool) -> list[str]:
    texts = []
    for epoch in range(3):
        texts.append(f"\repoch {epoch}/2")
        for batch in range(5):
            texts += ["\n", f"\rbatch {batch}/4", "\x1b[A"]
        texts += ["\n\n", "\r   ", "\x1b[A\x1b[A"]
    texts += ["\n", "done\n", "\r1%", "\r100%", "\n", "\r2%", "\r99%", "\n"]
    return ["".join(texts)] if whole else texts


@pytest.mark.parametrize("whole", [False, True])
def test_bars_below_a_bar_leave_no_lines(whole: bool) -> None:
    left = "epoch 2/2\ndone\n100%\n99%\n"
    first = "" if whole else "epoch 0/2\n"  # not yet known to have bars below it
    assert seen(said(*lower_bars(whole))) == first + left
    assert coalesced(map(printed, lower_bars(whole))) == [printed(left)]


def test_a_line_of_fifty_megabytes_leaves_room_for_the_rest() -> None:
    log = said(*["x" * 1_000_000] * 50, "\nthen\n")
    assert log.endswith(f" … {50_000_000 - LONGEST_LINE:,} more characters in this line\nthen\n")
    assert len(log) < LONGEST_LINE + 100


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        (" 45%|████▌     | 9/20 [00:01<00:01,  8.9it/s]", 45),
        ("Working... ━━━━━━━━━━╺━━━━━━━━━  62% 0:00:03", 62),
        ("Downloading 12.5 %", 12),
        (" 3/10 ━━━━━━━━━━━━━━━━━━━━ 5s 20ms/step - loss: 0.43", 30),
        ("Epoch 7", None),
        ("loss fell by 300%", None),
        ("2026/11/21", None),
        ("9/3", None),
    ],
)
def test_how_far_a_bar_says_it_is(text: str, percent: int | None) -> None:
    assert percent_in(text) == percent


def widget(state: dict[str, Any]) -> dict[str, Any]:
    return {"comm_id": "c", "data": {"method": "update", "state": state}}


def test_bars_that_are_widgets_or_displays() -> None:
    transcript = Transcript(Clock())
    transcript.comm("comm_open", widget({"_model_name": "FloatProgressModel", "max": 20.0}))
    assert transcript.percent is None
    transcript.comm("comm_msg", widget({"value": 5.0}))
    assert transcript.percent == 25
    transcript.comm("comm_msg", widget({"value": "hostile", "max": []}))
    transcript.comm("comm_msg", {"comm_id": 7, "data": "hostile"})
    assert transcript.percent == 25
    assert transcript.shown("display_data", {"text/plain": "Working 0%"}) == "Working 0%\n"
    assert transcript.shown("update_display_data", {"text/plain": "Working 40%"}) == ""
    assert transcript.percent == 40
    transcript.begin()
    assert transcript.percent is None


def printed(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def test_a_bar_that_is_a_widget_is_not_logged_as_it_began() -> None:
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}}
    transcript = Transcript(Clock())
    assert transcript.shown("display_data", {"text/plain": "  0%|  | 0/3", **view}) == ""
    assert transcript.shown("display_data", {"text/plain": "Label('x')", **view}) == "Label('x')\n"


def test_what_is_printed_between_displays_is_in_one_piece() -> None:
    plot: dict[str, Any] = {"output_type": "display_data", "data": {}, "metadata": {}}
    outputs = [
        printed("a"),
        printed("\r 1%", "stderr"),
        printed("b\n"),
        printed("\r 2%\r", "stderr"),
        printed("\n", "stderr"),
        plot,
        printed("1/2\b\b\b2/2\n"),
        printed("x" * 5_000_000),
    ]
    assert coalesced(outputs) == [
        printed("ab\n"),
        printed(" 2%\n", "stderr"),
        plot,
        printed("2/2\n" + "x" * 5_000_000),
    ]


def test_streams_do_not_share_a_line() -> None:
    transcript = Transcript(Clock())
    log = transcript.stream("\r 50%", "stderr") + transcript.stream("epoch 1 done\n")
    log += transcript.stream("\r100%", "stderr") + transcript.stream("\n", "stderr")
    log += transcript.stream("\r 7%", "stderr") + transcript.stream("epoch 2 done\n")
    log += transcript.stream("\n", "stderr") + transcript.stream("x\n")
    assert seen(log) == " 50%\nepoch 1 done\n100%\n 7%\nepoch 2 done\nx\n"


def test_of_a_display_that_is_drawn_again_and_again_the_log_gets_the_last() -> None:
    transcript, log = Transcript(Clock()), ""
    for percent in range(101):
        transcript.cleared()
        log += transcript.shown("display_data", {"text/plain": f"\nWorking {percent}%\n"})
    assert (log, transcript.percent) == ("", 100)
    assert transcript.end() == "Working 100%\n"
    assert transcript.shown("display_data", {"text/plain": "<Figure>"}) == "<Figure>\n"
