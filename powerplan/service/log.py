"""The service's log: one JSON object per line on standard error, without anything a scenario says."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

logger = logging.getLogger("powerplan.service")


class JsonLines(logging.Formatter):
    """A record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        fields: dict[str, Any] = getattr(record, "fields", {})
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        whole = {"time": when, "level": record.levelname, "event": record.getMessage(), **fields}
        if record.exc_info and record.exc_info[0] is not None:
            whole["error"] = record.exc_info[0].__name__
        return json.dumps({name: value for name, value in whole.items() if value is not None}, default=str)


def set_up(level: str = "INFO") -> None:
    """Send the service's and the server's log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("powerplan.service", "uvicorn.error"):
        one = logging.getLogger(name)
        one.handlers, one.propagate = [handler], False
        one.setLevel(level)


def log(event: str, level: str = "INFO", **fields: Any) -> None:
    """Note that something happened."""
    logger.log(logging.getLevelNamesMapping()[level], event, extra={"fields": fields})
