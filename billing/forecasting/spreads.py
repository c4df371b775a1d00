"""How far off forecasts were for others, kept by the clock segment by segment: for who has too few of
their own."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from billing.domain.rating.forecast import spreads_of
from billing.queries.spreads import keep_spreads, use_by_month


def refresh_spreads(session: Session, today: date, now: datetime) -> str:
    """Hold past forecasts against what came, segment by segment, and keep how far off they were."""
    told = []
    for segment, accounts in sorted(use_by_month(session, today).items()):
        spreads = spreads_of(accounts)
        months = sum(max(0, len(one) - 3) for one in accounts)
        keep_spreads(session, segment, spreads, len(accounts), months, now)
        told.append(f"{segment}: {months} forecasts" if spreads else f"{segment}: too few bills")
    return "; ".join(told) or "no bills"
