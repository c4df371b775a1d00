"""Text that a spreadsheet would take for a formula (OWASP, "CSV Injection"): written with an apostrophe
before it, and read again without. One that begins so already gets one more, so that every name comes back."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def guarded(text: str) -> str:
    """As a cell of a file may say it."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if _GUARDED.match(cell) else cell
