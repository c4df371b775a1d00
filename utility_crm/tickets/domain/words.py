"""Words that are shown later, in another language: named here for the catalogue."""

from __future__ import annotations


def mark(message: str) -> str:
    """Names a message for the catalogue."""
    return message
