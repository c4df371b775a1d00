"""Days of the week in the case that the word before them asks for.

Patterns of dates (CLDR) know a day's name in the nominative alone: "вторник". A sentence that is put together
from a message and a date would say "с вторник"; it is "со вторника", and "в среду".
"""

from __future__ import annotations

import re
from typing import Final

_DAYS: Final = {
    "понедельник": ("понедельника", "понедельник"),
    "вторник": ("вторника", "вторник"),
    "среда": ("среды", "среду"),
    "четверг": ("четверга", "четверг"),
    "пятница": ("пятницы", "пятницу"),
    "суббота": ("субботы", "субботу"),
    "воскресенье": ("воскресенья", "воскресенье"),
}
"""Genitive and accusative."""
_GENITIVE: Final = frozenset({"с", "со", "до", "от", "после", "около", "не ранее", "не позднее"})
_BEFORE_TWO: Final = {"с": "со", "в": "во"}
"""Before "вт" a vowel is said."""
_SPOKEN: Final = re.compile(
    r"(?<!\w)(с|со|до|от|после|около|не ранее|не позднее|в|во|на|за) ((?:<[^>]*>)*)("
    + "|".join(_DAYS)
    + r")\b",
    re.IGNORECASE,
)


def days_in_case(words: str) -> str:
    """The sentence with its days of the week as the word before them asks: "со вторника", "в среду"."""
    return _SPOKEN.sub(_in_case, words)


def _in_case(found: re.Match[str]) -> str:
    before, marks, day = found[1], found[2], found[3].lower()
    genitive, accusative = _DAYS[day]
    said = genitive if before.lower() in _GENITIVE else accusative
    if said.startswith("вт"):
        longer = _BEFORE_TWO.get(before.lower(), before)
        before = longer.capitalize() if before[0].isupper() else longer
    return f"{before} {marks}{said}"
