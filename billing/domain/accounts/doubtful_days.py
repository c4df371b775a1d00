"""Days that are more likely a slip of the hand than meant: a move in ten years, a change a year ago."""

from __future__ import annotations

from datetime import date
from typing import Literal

Doubt = Literal["", "ahead", "back"]
Kind = Literal["end", "tariff", "begin"]
AHEAD_DAYS = {"end": 92, "tariff": 185, "begin": 185}
"""People give notice of a move for weeks, of another tariff for the end of a contract."""
BACK_DAYS = 62
"""Told later than this, two bills or more have to be put right."""


def doubt_of(kind: Kind, day: date, today: date) -> Doubt:
    """Whether a day of a supply is to be asked back about.

    >>> doubt_of("end", date(2036, 11, 30), date(2026, 11, 20))
    'ahead'
    >>> doubt_of("end", date(2026, 11, 30), date(2026, 11, 20))
    ''
    """
    away = (day - today).days
    if away > AHEAD_DAYS[kind]:
        return "ahead"
    return "back" if away < -BACK_DAYS else ""
