"""How service and gateway write their log: text for a terminal, JSON lines for a cluster."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone
from typing import IO

_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """A line per record: time, level, part, message, and what else the record carries."""

    def __init__(self, part: str) -> None:
        """Name the part of the platform that writes."""
        super().__init__()
        self._part = part

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname.lower(),
            "part": self._part,
            "message": record.getMessage(),
        }
        line.update({k: v for k, v in vars(record).items() if k not in _KNOWN})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def write_log(part: str, form: str, to: IO[str] | None = None) -> None:
    """Have every logger of this process write to its standard error, or where it is said.

    Args:
        part: `service` or `gateway`.
        form: `json` or `text`.
        to: Where.
    """
    handler = logging.StreamHandler(to or sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLines(part) if form == "json" else plain)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("jupyter_challenge").setLevel(
        logging.INFO if form == "json" else logging.WARNING
    )
