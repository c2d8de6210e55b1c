"""What a cell is made of: a widget where anywidget is installed, a still table where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import HasTraits

if TYPE_CHECKING:

    class Base(HasTraits):
        """What mypy needs to know of the widget."""

        comm: Any

        def close(self) -> None:
            """Close the way to the browser."""

        def set_state(self, sync_data: dict[str, Any]) -> None:
            """Take over what the browser says."""

    LIVE: bool = True
else:
    try:
        from anywidget import AnyWidget as Base

        LIVE = True
    except ModuleNotFoundError as error:
        if error.name not in {"anywidget", "ipywidgets"}:
            raise
        Base, LIVE = HasTraits, False

VIEW_MIME = "application/vnd.jupyter.widget-view+json"
# JupyterLab with our extension shows this first: the widget where it lives, the table otherwise.
CELL_MIME = "application/vnd.jupyter-challenge.cell+json"

INSTALL = 'To see it change here, install anywidget: pip install "jupyter-challenge[widget]".'


def view_of(cell: Any) -> dict[str, Any]:
    """What a front end needs to find the widget; empty without anywidget."""
    if not LIVE or cell.comm is None:
        return {}
    view = {"version_major": 2, "version_minor": 0, "model_id": cell.model_id}
    return {VIEW_MIME: view, CELL_MIME: {"version": 1}}
