"""What a service point, a channel or a register may be called, whichever way its readings come."""

from __future__ import annotations

from unicodedata import category

LONGEST_NAME = 100
"""Letters. An index entry of PostgreSQL holds 2,704 bytes at most, a letter is at most four."""

_SHOWN = 40


def name_fault(name: str) -> str | None:
    """Why nothing can be kept under this name, after the words "The name 'x'"; None where it can be."""
    if len(name) > LONGEST_NAME:
        return f"has {len(name):,} letters; {LONGEST_NAME} is the most"
    if not name.isprintable() and any(category(letter) in ("Cc", "Cs") for letter in name):
        return "has letters that are no text (control characters, or bytes that are no UTF-8)"
    return None


def shown_name(name: str) -> str:
    """Its beginning, with what cannot be printed escaped."""
    return repr(name[:_SHOWN])
