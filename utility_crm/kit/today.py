"""The date that the utility lives in."""

from __future__ import annotations

from datetime import date, datetime

from utility_crm.kit.clock import today_in
from utility_crm.kit.settings import settings


def utility_today(now: datetime | None = None) -> date:
    """The date it pretends, where it does; else that of its own zone at `now` (the present by default)."""
    known = settings()
    return known.as_of or today_in(known.timezone, now)
