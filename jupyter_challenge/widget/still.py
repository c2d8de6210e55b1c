"""A cell without a browser's program: HTML that stays in the notebook, and plain text.

Every text is escaped; there is no script, no style sheet and nothing from elsewhere.
"""

from __future__ import annotations

from datetime import datetime, timezone
from html import escape
from typing import Any

from jupyter_challenge.widget.plot import svg

_TEXT_ROWS = 10


def iso(at: datetime | None) -> str | None:
    """Write a time so that a browser reads it."""
    return at.astimezone(timezone.utc).isoformat(timespec="seconds") if at else None


def when(at: str | None) -> str:
    """Write a time for people who may be anywhere."""
    return datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M UTC") if at else ""


def cell_html(state: dict[str, Any], hint: str = "") -> str:
    """Draw the state of a cell."""
    parts = [f"<p><strong>{escape(_heading(state))}</strong></p>"]
    parts += [_paragraph(text) for text in _notices(state)]
    if state.get("plot"):
        parts.append(f"<div>{svg(state['plot'])}</div>")
    if state.get("rows") and state.get("plot"):
        table = _table(state)
        parts.append(f"<details><summary>Scores as a table</summary>{table}</details>")
    elif state.get("rows"):
        parts.append(_table(state))
    parts += [_paragraph(text) for text in [*state.get("notes", []), hint] if text]
    return f"<div>{''.join(parts)}</div>"


def cell_text(state: dict[str, Any]) -> str:
    """Write the state of a cell in characters, with its first rows and mine."""
    lines = [_heading(state), *_notices(state)]
    rows = [*state.get("rows", [])]
    shown = rows[:_TEXT_ROWS]
    mine = state.get("mine") or next((r for r in rows[_TEXT_ROWS:] if r["mine"]), None)
    if shown:
        cells = [[c["label"] for c in state["columns"]]]
        cells += [[_text(c) for c in row["cells"]] for row in [*shown, *([mine] if mine else [])]]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines += ["  ".join(t.ljust(w) for t, w in zip(r, widths, strict=True)) for r in cells]
    return "\n".join(line.rstrip() for line in lines)


def _heading(state: dict[str, Any]) -> str:
    facts = [*state.get("facts", [])]
    if state.get("updated"):
        facts.append(f"updated {when(state['updated'])}")
    return " · ".join([state.get("title", ""), *facts])


def _notices(state: dict[str, Any]) -> list[str]:
    said = []
    notice = state.get("notice")
    if notice:
        since = f"Not up to date since {when(notice['since'])}." if notice["since"] else ""
        said.append(" ".join(t for t in (since, notice["text"], notice["hint"]) if t))
    if state.get("empty"):
        said.append(state["empty"])
    return said


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _text(cell: dict[str, Any]) -> str:
    return when(cell["at"]) if "at" in cell else str(cell["text"])


def _table(state: dict[str, Any]) -> str:
    columns = state["columns"]
    aligns = ["right" if c["type"] == "number" else "left" for c in columns]
    head = "".join(
        f'<th scope="col" style="text-align:{align}">{escape(c["label"])}</th>'
        for c, align in zip(columns, aligns, strict=True)
    )
    rows = [*state["rows"], *([state["mine"]] if state.get("mine") else [])]
    body = []
    for row in rows:
        cells = zip(row["cells"], aligns, strict=True)
        weight = ";font-weight:bold" if row["mine"] else ""
        body.append(
            "<tr>"
            + "".join(
                f'<td style="text-align:{align}{weight}">{escape(_text(cell))}</td>'
                for cell, align in cells
            )
            + "</tr>"
        )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
