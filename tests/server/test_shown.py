"""What of a notebook as run is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_challenge.server.shown import (
    LARGEST_NOTEBOOK,
    LONGEST_TEXT,
    WIDGET,
    WIDGETS,
    as_shown,
)


def notebook(*outputs: dict[str, Any], states: dict[str, Any] | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"trusted": True}
    if states is not None:
        metadata["widgets"] = {WIDGETS: {"state": states, "version_major": 2}}
    cell = {
        "cell_type": "code",
        "source": "x",
        "metadata": {"trusted": True, "jupyter_challenge": {"failed": True}},
        "execution_count": 1,
        "outputs": list(outputs),
    }
    text = {"cell_type": "markdown", "source": "# x", "metadata": {}}
    return {"cells": [text, cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def display(**data: Any) -> dict[str, Any]:
    named = {name.replace("_", "/", 1): value for name, value in data.items()}
    return {"output_type": "display_data", "data": named, "metadata": {"image/png": {"width": 3}}}


def view(model: str) -> dict[str, Any]:
    data = {WIDGET: {"model_id": model, "version_major": 2}, "text/plain": "HBox(children=(…))"}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def shown(*outputs: dict[str, Any], plain: bool = False, **options: Any) -> list[dict[str, Any]]:
    content = as_shown(notebook(*outputs, **options), plain=plain)
    found: list[dict[str, Any]] = content["cells"][1]["outputs"]
    return found


def test_nothing_is_trusted_and_nothing_changes_that_is_small() -> None:
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "hello"},
        display(text_html="<b>x</b>", image_png="AAAA"),
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a", "b"]},
    ]
    content = as_shown(notebook(*outputs))
    cell = content["cells"][1]
    assert cell["metadata"] == {"jupyter_challenge": {"failed": True}}
    assert cell["outputs"] == outputs
    assert content["cells"][0]["source"] == "# x"


def test_long_texts_lose_their_middle_and_large_parts_are_named() -> None:
    long = {"output_type": "stream", "name": "stdout", "text": "a" * 1_000_000 + "end"}
    stream, picture = shown(long, display(image_png="A" * 20_000_000))
    assert len(stream["text"]) < LONGEST_TEXT + 100
    assert stream["text"].endswith("end")
    assert "900,003 characters are not shown" in stream["text"]
    assert picture["data"] == {"text/plain": "image/png, 20.0 MB: download it."}


def test_many_large_outputs_are_together_small_enough() -> None:
    found = shown(*(display(text_html="<p>" + "x" * 4_000_000) for _ in range(20)))
    assert len(json.dumps(found)) < 1.1 * LARGEST_NOTEBOOK
    many = shown(*(display(text_plain=str(n)) for n in range(1_000)))
    assert len(many) == 201
    assert "800 more outputs" in many[-1]["text"]


def test_plain_outputs_have_neither_html_nor_drawings() -> None:
    (found,) = shown(
        display(text_html="<script>", image_svg="<svg>", text_plain="t", image_png="A"), plain=True
    )
    assert found["data"] == {"text/plain": "t", "image/png": "A"}


def model(name: str, **state: Any) -> dict[str, Any]:
    return {"model_name": name, "state": state}


STATES = {
    "box": model("HBoxModel", children=["IPY_MODEL_l", "IPY_MODEL_p", "IPY_MODEL_h"]),
    "l": model("LabelModel", value="epoch"),
    "p": model("FloatProgressModel", value=3.0, min=0.0, max=4.0, bar_style=""),
    "h": model("HTMLModel", value="<b>3/4</b> &lt;1 s"),
    "slider": model("IntSliderModel", value=7, description="depth"),
    "loop": model("HBoxModel", children=["IPY_MODEL_loop"]),
    "out": model(
        "OutputModel", outputs=[{"output_type": "stream", "name": "stdout", "text": "caught"}]
    ),
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("box", "epoch ███████████████░░░░░ 3/4 <1 s"),
        ("slider", "depth 7"),
        ("gone", "HBox(children=(…))"),
        ("loop", "HBox(children=(…))"),
    ],
)
def test_a_widget_is_what_it_showed(name: str, text: str) -> None:
    (found,) = shown(view(name), states=STATES)
    assert found["data"] == {"text/plain": text}


def test_what_an_output_widget_caught_is_there() -> None:
    (found,) = shown(view("out"), states=STATES)
    assert found["text"] == "caught"


def test_hostile_states() -> None:
    for states in ({"w": 7}, {"w": {"state": []}}, {"w": {"state": {"children": [1, None, {}]}}}):
        assert shown(view("w"), states=states)[0]["data"]["text/plain"] == "HBox(children=(…))"
