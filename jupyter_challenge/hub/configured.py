"""What a hub's configuration says already of a setting that we add to."""

from __future__ import annotations

from typing import Any

from traitlets.config.loader import LazyConfigValue


def said(section: Any, name: str, kind: type) -> Any:
    """The value of a setting; empty where nothing is said.

    Args:
        section: That of a class, such as `c.JupyterHub`.
        name: The setting.
        kind: list, dict or set.
    """
    value = section.get(name)
    if isinstance(value, LazyConfigValue):  # after `c.JupyterHub.services.append(…)` alone
        value = value.get_value(kind())
    return kind(value) if value else kind()
