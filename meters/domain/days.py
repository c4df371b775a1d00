"""The years in which readings may lie."""

from __future__ import annotations

FIRST_YEAR, LAST_YEAR = 1970, 2200
"""Readings outside these years are mistakes of a clock or a typist."""
