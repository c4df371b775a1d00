"""What the clock calls to keep the answers about tomorrow fresh."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from billing.forecasting import refresh_next_bills, refresh_spreads
from billing.queries.what_ifs import tariffs_to_compare
from billing.what_if.running import run_what_ifs_in
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.said import said
from utility_crm.kit.today import utility_today
from utility_crm.web.words import mark

COMPARE_AFTER_HOURS = 23
"""A what-if older than this is run again."""


def learn_how_far_off(session: Session, now: datetime) -> str:
    """Hold past forecasts of bills against the bills, so that the next forecast can say how sure it is."""
    return refresh_spreads(session, utility_today(now), now)


NEXT_BILLS_A_CALL = 250
"""Accounts looked at in one call of `foretell_next_bills`: some seconds where all have new readings."""


def foretell_next_bills(session: Session, now: datetime) -> str:
    """Foretell the next bills of which anything has changed, those first that nobody looked at for longest,
    so that pages need not."""
    done = refresh_next_bills(session, utility_today(now), now, NEXT_BILLS_A_CALL)
    return said(
        mark("%(foretold)s foretold of %(looked)s looked at"), foretold=done.foretold, looked=done.looked_at
    )


def compare_tariffs(session: Session, now: datetime) -> str:
    """Re-rate the whole base on every tariff in force that was changed since its last what-if, or whose last
    one is older than a day.

    They are one reading of the base, in units of work of its own, whole or not there; what the customer page
    says of other tariffs, and the fact `saving_on`, come from here.
    """
    today = utility_today(now)
    due = tariffs_to_compare(session, today, now - timedelta(hours=COMPARE_AFTER_HOURS), now)
    if due:
        run_what_ifs_in(partial(unit_of_work, session.get_bind().engine), due, today=today, now=now)
    return said(mark("%(compared)s tariffs compared"), compared=len(due))
