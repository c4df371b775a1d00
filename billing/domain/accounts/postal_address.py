"""A postal address as a person says it: lines for the window of an envelope."""

from __future__ import annotations

import unicodedata

MOST_LINES, LONGEST = 6, 60


class NoAddress(ValueError):
    """`reason`: why these lines cannot stand on an envelope; `values`: its figures."""

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(reason % values if values else reason)
        self.reason = reason
        self.values = values


TOO_SHORT = "An address has a street and a town, on two lines or parted by a comma."
TOO_MANY = "An address has at most %(most)s lines."
TOO_LONG = "A line of an address has at most %(most)s characters: “%(line)s”"
NO_WORDS = "“%(line)s” is no line of an address."
REASONS = (TOO_SHORT, TOO_MANY, TOO_LONG, NO_WORDS)


def address_lines(typed: str) -> tuple[str, ...]:
    """Its lines; a single one is parted at its commas. Raises NoAddress.

    >>> address_lines("7 Elm Walk, Westmoor, WM2 4AB")
    ('7 Elm Walk', 'Westmoor', 'WM2 4AB')
    """
    lines = [" ".join(_printed(line).split()).strip(" ,") for line in typed.splitlines()]
    lines = [line for line in lines if line]
    if len(lines) == 1:
        lines = [part.strip() for part in lines[0].split(",") if part.strip()]
    if len(lines) < 2:
        raise NoAddress(TOO_SHORT)
    if len(lines) > MOST_LINES:
        raise NoAddress(TOO_MANY, most=MOST_LINES)
    for line in lines:
        if len(line) > LONGEST:
            raise NoAddress(TOO_LONG, most=LONGEST, line=line)
        if not any(sign.isalnum() for sign in line) or "@" in line:
            raise NoAddress(NO_WORDS, line=line)
    if sum(any(sign.isalpha() for sign in line) for line in lines) < 2:
        raise NoAddress(TOO_SHORT)
    return tuple(lines)


def _printed(line: str) -> str:
    """Without signs that no paper shows."""
    return "".join(sign if not unicodedata.category(sign).startswith("C") else " " for sign in line)
