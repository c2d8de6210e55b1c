"""Keep out of a step's programs what its libraries import and no run ever uses."""

from __future__ import annotations

import sys

UNUSED = ("rfc3987_syntax", "isoduration")
"""Optional for checking notebooks: a grammar of web addresses takes more than a second, times
bring a library of calendars with them."""


def keep_out() -> None:
    """Call before nbformat is imported; only in programs of the platform's own."""
    for name in UNUSED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
