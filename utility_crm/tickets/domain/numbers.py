"""A ticket's number is what people say: T-10432. It is made of the row's id and never changes."""

from __future__ import annotations

import re

FIRST = 10_000
_WRITTEN = re.compile(r"^\s*[TtТт][\s\-–—−]{0,3}(\d{5,18})\s*$")
_FIGURES = re.compile(r"^\s*(?:[#№]|[TtТт]?[\s\-–—−]{0,3})\s*(\d{1,18})\s*$")
_ANYWHERE = re.compile(r"(?<![\w-])[TtТт][-–—−](\d{5,18})(?!\d)")


def number_of(ticket_id: int) -> str:
    """The number of a row: 432 is T-10432."""
    return f"T-{FIRST + ticket_id}"


def id_of(number: str) -> int | None:
    """The row that a number names, however it is typed ("t 10432", a Russian T); None where it is none."""
    found = _WRITTEN.match(number)
    return _row(found.group(1)) if found else None


def typed_id(words: str) -> int | None:
    """The row that somebody means who types a number in short: "#10432", "10432", or the row's own, "#432",
    "T-432"; of bare figures the whole number alone. None where it is none."""
    found = _FIGURES.match(words)
    if found is None:
        return None
    digits = found.group(1)
    if len(digits) >= 5:
        return _row(digits)
    return int(digits) or None if not words.strip().isdigit() else None


def ids_in(text: str) -> list[int]:
    """The rows that a text names, such as the subject of a mail: "Re: [T-10432] My bill"; each once."""
    rows = (_row(found.group(1)) for found in _ANYWHERE.finditer(text))
    return list(dict.fromkeys(row for row in rows if row is not None))


def _row(digits: str) -> int | None:
    row = int(digits) - FIRST
    return row if row > 0 else None
