"""Where a reading comes from. The codes are stored: never renumber them."""

from __future__ import annotations

from enum import IntEnum


class Quality(IntEnum):
    """Six grades. FORWARD is an estimate of what is still to be read; FINAL a substitute that will not
    change."""

    MISSING = 0
    ACTUAL = 1
    ESTIMATED = 2
    FORWARD = 3
    SUBSTITUTED = 4
    FINAL = 5

    @property
    def word(self) -> str:
        """The name used in documents and on screens."""
        return self.name.lower()


ORDER = (
    Quality.ACTUAL,
    Quality.ESTIMATED,
    Quality.FORWARD,
    Quality.SUBSTITUTED,
    Quality.FINAL,
    Quality.MISSING,
)

WORDS: dict[str, Quality] = {
    **{quality.word: quality for quality in Quality},
    "a": Quality.ACTUAL,
    "measured": Quality.ACTUAL,
    "e": Quality.ESTIMATED,
    "estimate": Quality.ESTIMATED,
    "s": Quality.SUBSTITUTED,
    "substitute": Quality.SUBSTITUTED,
    "f": Quality.FINAL,
    "n": Quality.MISSING,
    "null": Quality.MISSING,
}
"""What a CSV's quality column may say, lower case."""
