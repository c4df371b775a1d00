"""The log on standard error: an event begins a line with its time in UTC, and nothing in it can begin
another.

    2026-11-20T14:42:07.123Z ERROR utility_crm.web: unexpected error 4f1c2a9b at /customers/7
        Traceback (most recent call last):
        ...

Lines that go on are indented; characters that steer a terminal or break a line stand escaped.
"""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_INDENT = "    "


class LogLines(logging.Formatter):
    """One event: its first line, then indented what belongs to it."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = "\n".join(filter(None, (record.getMessage(), self._trouble(record))))
        lines = _STEERING.sub(lambda found: f"\\x{ord(found[0]):02x}", told).split("\n")
        head = f"{at.removesuffix('+00:00')}Z {record.levelname} {record.name}: {lines[0]}"
        return "\n".join([head, *(_INDENT + line for line in lines[1:])])

    def _trouble(self, record: logging.LogRecord) -> str:
        return self.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""


def log_to_stderr(level: str) -> None:
    """What every process of ours says, and no more than `level` asks for."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogLines())
    logging.basicConfig(level=level, handlers=[handler])
