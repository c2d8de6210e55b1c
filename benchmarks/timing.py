"""Rivals timed in turn, so that a busy moment of the machine hits all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def interleaved(
    rivals: Mapping[str, Callable[[], object]], rounds: int, warm_up: int = 1
) -> dict[str, list[float]]:
    """Time every rival once per round; return the seconds of each, warm-up left out."""
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for number in range(warm_up + rounds):
        for name, rival in rivals.items():
            began = time.perf_counter()
            rival()
            if number >= warm_up:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def report(seconds: Mapping[str, list[float]], against: str, goals: Mapping[str, str]) -> None:
    """Print medians, ranges and the ratio of each to the rival `against`."""
    base = statistics.median(seconds[against])
    width = max(map(len, seconds))
    for name, each in seconds.items():
        median = statistics.median(each)
        shown = f"{name:<{width}}  {median:7.3f} s  [{min(each):.3f}-{max(each):.3f}]"
        if name != against:
            shown += f"  {median / base:5.2f} x {against}"
            if name in goals:
                shown += f"  (goal: {goals[name]})"
        print(shown, flush=True)
