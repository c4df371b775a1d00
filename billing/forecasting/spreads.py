"""How far off forecasts were for others, kept by the clock segment by segment: for who has too few of
their own."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from billing.domain.rating.forecast import spreads_of
from billing.queries.spreads import keep_spreads, use_by_month
from utility_crm.kit.said import said, together
from utility_crm.web.words import mark


def refresh_spreads(session: Session, today: date, now: datetime) -> str:
    """Hold past forecasts against what came, segment by segment, and keep how far off they were."""
    told = []
    for segment, accounts in sorted(use_by_month(session, today).items()):
        spreads = spreads_of(accounts)
        months = sum(max(0, len(one) - 3) for one in accounts)
        keep_spreads(session, segment, spreads, len(accounts), months, now)
        told.append(
            said(mark("%(segment)s: %(months)s forecasts"), segment=segment, months=months)
            if spreads
            else said(mark("%(segment)s: too few bills"), segment=segment)
        )
    return together(told) if told else said(mark("no bills"))
