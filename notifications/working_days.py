"""Days on which nobody works, where a rule counts those that are worked on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from holidays import country_holidays


def free_days(country: str, subdivision: str, around: date) -> Collection[date]:
    """Public holidays of the year of a day and the one before; none where the country is not known."""
    years = [around.year - 1, around.year]
    try:
        return frozenset(country_holidays(country, subdiv=subdivision or None, years=years))
    except NotImplementedError:
        return frozenset()
