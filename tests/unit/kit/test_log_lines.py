"""An event of the log is one event, whatever is in it."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from utility_crm.kit.log_lines import LogLines, log_to_stderr

AT = datetime(2026, 11, 20, 14, 42, 7, 123000, tzinfo=UTC)


def written(message: str, error: BaseException | None = None) -> list[str]:
    caught = (type(error), error, None) if error is not None else None
    record = logging.LogRecord("utility_crm.web", logging.ERROR, "x.py", 1, "%s", (message,), caught)
    record.created = AT.timestamp()
    return LogLines().format(record).split("\n")


def test_an_event_says_when_how_grave_and_where() -> None:
    assert written("it failed") == ["2026-11-20T14:42:07.123Z ERROR utility_crm.web: it failed"]


@given(some.text(), some.text())
def test_nothing_in_it_begins_another_event(message: str, reason: str) -> None:
    lines = written(message, ValueError(reason))
    assert lines[0].startswith("2026-11-20T14:42:07.123Z ERROR")
    assert all(line.startswith("    ") for line in lines[1:])
    steering = set(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029])) - {"\t"}
    assert not steering & set("".join(lines))


def test_it_goes_to_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    log_to_stderr("WARNING")
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr
    assert isinstance(handler.formatter, LogLines)
