"""What a kernel says, as a log that people can read: no colours, no bar drawn a thousand times.

A progress bar writes over its own line again and again. The log gets the line as it was left, and
while it moves a glance every few seconds, so that an hour of training is a page and not a gigabyte.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_WIDGET = "application/vnd.jupyter.widget-view+json"
GLANCE_EVERY = 2.0
"""Seconds between two states of a line that is written over."""
LONGEST_LINE = 20_000
"""Characters of a line that the log keeps."""

# Colours and cursor movements, hyperlinks and titles, character sets.
ANSI = re.compile(
    r"\x1b(?:\[[0-9;:<=>?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[()][0-9A-B]|.)"
)
_UPS = re.compile(r"((?:\x1b\[1?A)+)")
# A bar's end and a bar below it, which go unless something else than "up again" follows.
_BELOW = re.compile(r"\n+(?:\r[^\n\r]*)?\Z")
_UNFINISHED = re.compile(r"\x1b(?:\[[0-9;:<=>?]*[ -/]*|\][^\x07\x1b]*\x1b?|[()])?\Z")
_PERCENT = re.compile(r"(?<![\d.])(\d{1,3})(?:\.\d+)?\s?%")
_FRACTION = re.compile(r"(?<![\d./])(\d{1,9})/(\d{1,9})(?![\d/])")


def percent_in(text: str) -> int | None:
    """How far a progress bar says that it is, from 0 to 100; None where it does not say."""
    for match in _PERCENT.finditer(text):
        if int(match[1]) <= 100:
            return int(match[1])
    for match in _FRACTION.finditer(text):
        done, whole = int(match[1]), int(match[2])
        if whole > 0 and done <= whole:
            return 100 * done // whole
    return None


def _without_lower_bars(text: str) -> str:
    """Text without bars that were drawn some lines below another one, to which it then went up.

    They are gone in the end; in a log, where nothing goes up, each state would be a line.
    """
    pieces = _UPS.split(text)
    for at in range(1, len(pieces), 2):
        downs = "\n" * pieces[at].count("A")
        upper, _, lower = pieces[at - 1].rpartition("\n")
        if f"{upper}\n".endswith(downs) and "\r" not in lower[1:]:
            pieces[at - 1] = f"{upper}\n".removesuffix(downs)
        pieces[at] = ""
    return "".join(pieces)


def coalesced(outputs: Iterable[Any]) -> list[Any]:
    """Outputs with what was printed between two displays in one piece, as a terminal leaves it.

    In time that is proportional to the text: nbclient's own takes its square.
    """
    kept: list[Any] = []
    streams: dict[str, tuple[Any, list[str]]] = {}
    for output in outputs:
        if output["output_type"] != "stream":
            streams = {}
            kept.append(output)
        elif output["name"] in streams:
            streams[output["name"]][1].append(output["text"])
        else:
            streams[output["name"]] = output, [output["text"]]
            kept.append((output, streams[output["name"]][1]))
    done = []
    for each in kept:
        if isinstance(each, tuple):
            output, texts = each
            output["text"] = "\n".join(
                map(_as_left, _without_lower_bars("".join(texts)).split("\n"))
            )
            done.append(output)
        else:
            done.append(each)
    return done


def _as_left(line: str) -> str:
    """A line after all carriage returns and backspaces in it."""
    if "\r" in line:
        line = next((state for state in reversed(line.split("\r")) if state), "")
    if "\b" not in line:
        return line
    characters: list[str] = []
    for character in line:
        if character != "\b":
            characters.append(character)
        elif characters:
            characters.pop()
    return "".join(characters)


class Transcript:
    """Turns streams and displays into lines of a log, and bars into how far a cell is."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with an empty log; `clock` tells seconds."""
        self._clock = clock
        self._half = ""  # of an escape sequence that two messages share
        self._nested = False  # whether a bar was seen below another one
        self._below = ""  # the end of a bar's line, and perhaps a bar below it
        self._held = ""  # a line that is being written over, as it is now
        self._over = False  # whether such a line is held
        self._column = 0  # characters of the current line that were said
        self._dropped = 0  # characters of it that were not
        self._glanced = 0.0
        self._name = ""  # of the stream that was heard last
        self._interrupted = ""  # the stream whose open line was ended for it
        self._redraws = False  # whether the next display stands for the last one
        self._redrawn = ""
        self._bars: dict[str, tuple[float, float]] = {}
        self.percent: int | None = None

    def begin(self) -> None:
        """A cell begins; how far the last one came is of no interest."""
        self.percent = None
        self._nested = False

    def stream(self, text: str, name: str = "stdout") -> str:
        """Take text that was printed; returns what the log gets of it now."""
        if name != self._name:
            # A bar on one stream does not share its line with what is printed on the other.
            before = self._line_ended()
            interrupted, self._interrupted = self._interrupted, self._name if before else ""
            self._name = name
            if name == interrupted:
                text = text.removeprefix("\n")
            return before + self.stream(text, name)
        text = self._below + self._whole(text)
        self._nested = self._nested or _UPS.search(text) is not None
        text = _without_lower_bars(text).replace("\r\n", "\n")
        text = self._but_below(ANSI.sub("", text).replace("\b", "\r"))
        return self._printed(text)

    def _printed(self, text: str) -> str:
        said = []
        *lines, rest = text.split("\n")
        for line in lines:
            said.append(self._ended(line))
        said.append(self._begun(rest))
        return "".join(said)

    def end(self) -> str:
        """Return what is still to be said of a line that was not ended."""
        said = self._line_ended()
        if self._redrawn:
            said += self.stream(self._redrawn)
        self._redraws, self._redrawn = False, ""
        return said

    def cleared(self) -> None:
        """The kernel takes back what it has shown: the next display is the same, drawn again."""
        self._redraws = True

    def shown(self, kind: str, data: Mapping[str, Any]) -> str:
        """Take a display; returns its text for the log, which gets the last of many redraws."""
        plain = data.get("text/plain", "")
        if not isinstance(plain, str):
            return ""
        if _WIDGET in data and percent_in(plain) is not None:
            return ""  # a bar that has not moved yet; the notebook has it as it ends
        if kind != "update_display_data" and not self._redraws:
            return self.stream(f"{plain}\n", "")
        found = percent_in(ANSI.sub("", plain))
        self.percent = self.percent if found is None else found
        if self._redraws:
            self._redraws, self._redrawn = False, f"{plain.strip()}\n"
        return ""

    def comm(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take a message of a widget: a progress bar says how far it is."""
        data = content.get("data")
        state = data.get("state") if isinstance(data, dict) else None
        name = content.get("comm_id")
        if not isinstance(state, dict) or not isinstance(name, str):
            return
        if kind == "comm_open" and str(state.get("_model_name", "")).endswith("ProgressModel"):
            self._bars[name] = (_number(state.get("min"), 0), _number(state.get("max"), 100))
        low, high = self._bars.get(name, (0.0, 0.0))
        low, high = _number(state.get("min"), low), _number(state.get("max"), high)
        if name in self._bars and high > low:
            self._bars[name] = low, high
            value = _number(state.get("value"), low - 1)
            if low <= value <= high:
                self.percent = int(100 * (value - low) / (high - low))

    def _line_ended(self) -> str:
        below, self._half, self._below = self._below, "", ""
        said = self._printed(below)
        return said + (self._ended("") if self._over or self._column else "")

    def _but_below(self, text: str) -> str:
        """Text without its end that may be a bar below another one, which is kept for later."""
        below = _BELOW.search(text[-1_000:])
        self._below = ""
        if self._nested and below is not None and (self._over or "\r" in text[: -len(below[0])]):
            self._below = below[0]
        return text[: len(text) - len(self._below)]

    def _whole(self, text: str) -> str:
        text = self._half + text
        half = _UNFINISHED.search(text)
        self._half = half[0] if half is not None and len(half[0]) < 1_000 else ""
        return text[: len(text) - len(self._half)]

    def _ended(self, line: str) -> str:
        """A line is complete: say it as it was left."""
        self._take(line)
        said = self._anew() if self._over else self._fitting(self._held)
        more = f" … {self._dropped:,} more characters in this line" if self._dropped else ""
        self._held, self._over, self._column, self._dropped = "", False, 0, 0
        return f"{said}{more}\n"

    def _begun(self, text: str) -> str:
        """A line goes on: say it, or now and then how it is if it is written over."""
        self._take(text)
        if not self._over:
            said, self._held = self._fitting(self._held), ""
            return said
        now = self._clock()
        if now - self._glanced < GLANCE_EVERY:
            return ""
        self._glanced = now
        return self._anew()

    def _take(self, text: str) -> None:
        *before, last = text.split("\r")
        if before:
            # A bar that ends by going back to its line's beginning is still to be seen.
            states = [state for state in (self._held + before[0], *before[1:]) if state.strip()]
            self._over = True
            self._held = last or (states[-1] if states else "")
            found = percent_in(self._held)
            self.percent = self.percent if found is None else found
        else:
            self._held += last

    def _anew(self) -> str:
        """The line as it is now, over what was said of it before."""
        back = "\r" if self._column else ""
        self._column = self._dropped = 0
        return back + self._fitting(self._held)

    def _fitting(self, text: str) -> str:
        kept = text[: max(0, LONGEST_LINE - self._column)]
        self._column += len(kept)
        self._dropped += len(text) - len(kept)
        return kept


def _number(value: Any, default: float) -> float:
    return float(value) if isinstance(value, (int, float)) else default
