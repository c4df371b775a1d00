"""What the clock calls to keep the answers about tomorrow fresh."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from billing.forecasting import refresh_spreads
from billing.queries.what_ifs import tariffs_to_compare
from billing.what_if.running import run_what_if
from utility_crm.kit.clock import today_in
from utility_crm.kit.settings import settings

COMPARE_AFTER_HOURS = 23
"""A what-if older than this is run again."""


def learn_how_far_off(session: Session, now: datetime) -> str:
    """Hold past forecasts of bills against the bills, so that the next forecast can say how sure it is."""
    return refresh_spreads(session, _today(now), now)


def compare_tariffs(session: Session, now: datetime) -> str:
    """Re-rate the whole base on every tariff in force whose last what-if is older than a day.

    The runs are units of work of their own, each whole or not there; what the customer page says of other
    tariffs, and the fact `saving_on`, come from here.
    """
    today = _today(now)
    due = tariffs_to_compare(session, today, now - timedelta(hours=COMPARE_AFTER_HOURS))
    for code in due:
        run_what_if(session.get_bind().engine, code, today=today, now=now)
    return f"{len(due)} tariffs compared"


def _today(now: datetime) -> date:
    known = settings()
    return known.as_of or today_in(known.timezone, now)
