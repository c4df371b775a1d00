"""Days whose month is a word: 12-Jul-2016, 12 July 2016, Jul 12, 2016, 12JUL2016. English names, as databases
and statistics packages write them."""

from __future__ import annotations

import re

_DAY_FIRST = re.compile(r"(\d{1,2})([-/. ]?)([A-Za-z]{3,9})\.?\2,? ?(\d{4}|\d{2})(?=[ T:]|$)")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})(?=[ T:]|$)")
_NAMES = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTHS = {short: number for number, name in enumerate(_NAMES, 1) for short in (name, name[:3])} | {"sept": 9}


def in_figures(text: str) -> str:
    """The day with its month in figures and without a time of day, 12.7.2016; text of any other kind as it
    is."""
    if found := _DAY_FIRST.match(text):
        day, month, year = found[1], found[3], found[4]
    elif found := _MONTH_FIRST.match(text):
        month, day, year = found.groups()
    else:
        return text
    number = _MONTHS.get(month.casefold())
    return text if number is None else f"{day}.{number}.{year}"
