"""Cells that a spreadsheet would take for a formula, and as they were."""

from __future__ import annotations

_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""What a formula may begin with (OWASP, CSV injection)."""


def guarded(cell: str) -> str:
    """No cell is a formula to a spreadsheet: an apostrophe stands before what could be one."""
    return f"'{cell}" if cell.startswith(_SIGNS) else cell


def unguarded(cell: str) -> str:
    """As it was before `guarded`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_SIGNS) else cell
