"""Cells that a spreadsheet would run as a formula (OWASP, "CSV Injection"): written with an apostrophe before
them, and read again without. What stands so already gets one more, so that every text comes back."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SIGNS = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""What a formula may begin with; the last four are the wide signs of East Asian keyboards."""
_FORMULA = re.compile(f"'*[{_SIGNS}]")
_GUARDED = re.compile(f"'+[{_SIGNS}]")
_NUMBER = re.compile(r"[+-][0-9]+(\.[0-9]+)?(e[+-][0-9]+)?")


def guarded(text: str) -> str:
    """A name or words, as a cell of a file may say them."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if _GUARDED.match(cell) else cell


def cells(row: Iterable[object]) -> list[object]:
    """A row to be reckoned with: texts are guarded, but a plain number with its sign stays a number. What is
    no text is as it was. A number that is a name, such as of a telephone, is for `guarded`."""
    return [guarded(cell) if isinstance(cell, str) and not _NUMBER.fullmatch(cell) else cell for cell in row]
