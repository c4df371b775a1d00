"""Text from outside, made fit to be kept and shown. Pure."""

from __future__ import annotations

import re
from typing import Final

LONGEST_TEXT: Final = 100_000
"""Characters of a message that are kept as text; the message itself is kept whole."""
LONGEST_LINE: Final = 500

# Controls but for tab and line feed; marks that turn the direction of writing, by which a name can be made to
# read as another (Unicode TR 36, 2.6); half pairs, which no text of a database has.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_MANY_BLANKS = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


def clean_text(given: str, longest: int = LONGEST_TEXT) -> str:
    """The same in plain lines: no controls, no line of blanks after another, at most `longest` characters."""
    lines = given.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\xa0", " ")
    plain = _UNWANTED.sub("", lines[: 4 * longest])
    return _MANY_BLANKS.sub("\n\n", plain).strip()[:longest]


def one_line(given: str, longest: int = LONGEST_LINE) -> str:
    """The same in one line: a subject, a name."""
    return " ".join(clean_text(given, 4 * longest).split())[:longest].rstrip()
