"""What of a notebook as run is shown: nothing trusted, texts of a readable length, widgets as text.

A notebook as run may hold whatever its author wanted it to hold. The browser gets it marked as
not trusted, and small enough to be drawn at once; the whole of it is a download.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

WIDGET = "application/vnd.jupyter.widget-view+json"
WIDGETS = "application/vnd.jupyter.widget-state+json"

LONGEST_TEXT = 100_000
LARGEST_PART = 5_000_000
LARGEST_NOTEBOOK = 30_000_000
_MOST_OUTPUTS = 200
_PLAIN = ("text/plain", "image/png", "image/jpeg")
_BAR = 20

Output = dict[str, Any]


def as_shown(notebook: dict[str, Any], *, plain: bool = False) -> dict[str, Any]:
    """Make a notebook fit to be shown; with `plain` its outputs are text and pictures alone.

    Raises:
        KeyError, TypeError, AttributeError: It is not a notebook.
    """
    metadata = notebook.get("metadata") or {}
    states = (metadata.get("widgets") or {}).get(WIDGETS, {}).get("state", {})
    left = LARGEST_NOTEBOOK
    cells = []
    for found in notebook["cells"]:
        cell = {**found, "metadata": {**found.get("metadata", {})}}
        cell["metadata"].pop("trusted", None)
        if cell["cell_type"] == "code":
            outputs = []
            for output in _unfolded(cell.get("outputs") or [], states):
                seen, size = _output(output, states, plain, left)
                left -= size
                outputs.append(seen)
            cell["outputs"] = outputs
        cells.append(cell)
    kept = {key: value for key, value in metadata.items() if key != "widgets"}
    return {**notebook, "metadata": kept, "cells": cells}


def _unfolded(outputs: list[Output], states: dict[str, Any]) -> Iterator[Output]:
    """Outputs, those that were caught in an output widget in its place."""
    for number, output in enumerate(outputs):
        if number == _MOST_OUTPUTS:
            yield _said(f"… {len(outputs) - number} more outputs: download the notebook.")
            return
        caught = _state(output, states).get("outputs")
        if isinstance(caught, list) and caught:
            yield from (each for each in caught[:_MOST_OUTPUTS] if isinstance(each, dict))
        else:
            yield output


def _output(
    output: Output, states: dict[str, Any], plain: bool, left: int
) -> tuple[Output, int]:  # fmt: skip
    """One output as it is shown, and its size."""
    kind = output["output_type"]
    if kind == "stream":
        text = shortened(_joined(output["text"]))
        return {**output, "text": text}, len(text)
    if kind == "error":
        traceback = shortened("\n".join(output.get("traceback") or []))
        return {**output, "traceback": traceback.split("\n")}, len(traceback)
    data = {**output.get("data", {})}
    if WIDGET in data:
        written = widget_text(_state(output, states), states)
        data = {"text/plain": written or _joined(data.get("text/plain", ""))}
    if data and all(_needs_a_script(mime, value) for mime, value in data.items()):
        data = {"text/plain": "Interactive, which is not shown here: download the notebook."}
    size = 0
    for mime in [*data]:
        value = data[mime]
        joined = _joined(value)
        length = len(joined) or len(repr(value))
        if mime == "text/plain":
            data[mime] = shortened(joined)
            length = len(data[mime])
        elif (plain and mime not in _PLAIN) or length > min(LARGEST_PART, left - size):
            del data[mime]
            if not plain:
                data.setdefault("text/plain", f"{mime}, {length / 1e6:.1f} MB: download it.")
            continue
        size += length
    return {**output, "data": data, "metadata": _sizes(output.get("metadata"))}, size


def _needs_a_script(mime: str, value: Any) -> bool:
    """Whether nothing of an output is to be seen without a script, as of plotly's figures."""
    if mime != "text/html":
        return mime.startswith("application/vnd.plotly.")
    text = _joined(value)
    if len(text) > LONGEST_TEXT:
        return "<script" in text[:LONGEST_TEXT] and not _seen(text[:LONGEST_TEXT])
    return "<script" in text and not _seen(text)


def _seen(text: str) -> bool:
    """Whether there is a word or a picture in HTML apart from its scripts and styles."""
    for part in re.split(r"<(?=script|style)", text):
        if part.startswith(("script", "style")):
            ended = re.search(r"</(?:script|style)", part)
            part = part[ended.start() :] if ended else ""
        if re.search(r"<(?:img|svg|table|iframe)\b", part) or re.sub(r"<[^>]*>?", "", part).strip():
            return True
    return False


def shortened(text: str, longest: int = LONGEST_TEXT) -> str:
    """Leave out the middle of a text that nobody would read to its end."""
    if len(text) <= longest:
        return text
    half = longest // 2
    left_out = len(text) - 2 * half
    return (
        f"{text[:half]}\n… {left_out:,} characters are not shown: download the notebook …\n"
        f"{text[-half:]}"
    )


def widget_text(state: dict[str, Any], states: dict[str, Any], depth: int = 0) -> str:
    """What a widget showed when the notebook was saved, in words; empty if that is not known."""
    if depth > 8:
        return ""
    children = state.get("children")
    if isinstance(children, list):
        parts = (widget_text(_model(child, states), states, depth + 1) for child in children)
        return " ".join(part for part in parts if part)
    value = state.get("value")
    if "bar_style" in state and isinstance(value, (int, float)):
        low, high = state.get("min", 0), state.get("max", 100)
        if isinstance(low, (int, float)) and isinstance(high, (int, float)) and high > low:
            done = round(_BAR * min(1.0, max(0.0, (value - low) / (high - low))))
            return "█" * done + "░" * (_BAR - done)
        return ""
    text = html.unescape(re.sub(r"<[^>]*>", "", value)) if isinstance(value, str) else ""
    if isinstance(value, (bool, int, float)):
        text = str(value)
    label = state.get("description")
    words = [label if isinstance(label, str) else "", text]
    return " ".join(word.strip() for word in words if word.strip())


def _sizes(metadata: Any) -> dict[str, Any]:
    """Width and height of pictures; whatever else an output says of itself is not heeded."""
    if not isinstance(metadata, dict):
        return {}
    kept = {}
    for mime, said in metadata.items():
        if mime.startswith("image/") and isinstance(said, dict):
            kept[mime] = {
                key: said[key]
                for key in ("width", "height")
                if isinstance(said.get(key), (int, float))
            }
    return kept


def _state(output: Output, states: dict[str, Any]) -> dict[str, Any]:
    view = (output.get("data") or {}).get(WIDGET)
    return _model(view.get("model_id"), states) if isinstance(view, dict) else {}


def _model(name: Any, states: dict[str, Any]) -> dict[str, Any]:
    model = states.get(str(name).removeprefix("IPY_MODEL_"), {})
    state = model.get("state", {}) if isinstance(model, dict) else {}
    return state if isinstance(state, dict) else {}


def _said(text: str) -> Output:
    return {"output_type": "stream", "name": "stdout", "text": text}


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""
