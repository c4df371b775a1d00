"""How many days after it was due a bill is first reminded of, by the strategy of its account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.dunning.strategy import Strategy, Version, strategy_for
from billing.dunning.loading import strategies
from billing.queries.late_fees import Jurisdiction

_WHO = text("""
    select a.id, c.segment, a.currency from accounts a join customers c on c.id = a.customer_id
    where a.id = any(:accounts)
""")


def soonest(session: Session, today: date) -> int:
    """The fewest days that any strategy waits."""
    found = [_first(one.on(today)) for one in strategies(session)]
    return min((days for days in found if days is not None), default=1)


def first_days(
    session: Session, account_ids: Sequence[int], law: Jurisdiction, today: date
) -> dict[int, int]:
    """Of each account whose strategy begins with a reminder."""
    known = strategies(session)
    found: dict[int, int] = {}
    for account_id, segment, currency in session.execute(_WHO, {"accounts": list(set(account_ids))}):
        one: Strategy | None = strategy_for(
            known, country=law.country, subdivision=law.subdivision, segment=segment, currency=currency,
            day=today,
        )  # fmt: skip
        days = _first(one.on(today)) if one else None
        if days is not None:
            found[account_id] = days
    return found


def _first(version: Version | None) -> int | None:
    if version is None or version.steps[0].step != "reminder":
        return None
    return version.steps[0].after_days
