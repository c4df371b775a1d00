"""A bill run: every account whose cycle ends in a month, a transaction a chunk.

This is an edge: it opens and commits its own units of work, so that a run killed anywhere has either billed
an account or not touched it, and the next run goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from billing.actions.issuing import Issued, issue_cycle
from billing.cycles import Month
from billing.drafting import Hold
from billing.queries.supplies import DueAccount, due_accounts
from meters.usage import settle_readings
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Refused
from utility_crm.kit.settings import settings

CHUNK = 500
"""Accounts a transaction: a month of their half-hours is 6 MB."""


@dataclass(frozen=True, slots=True)
class BillRun:
    """What a run did. `unchanged`: accounts billed before."""

    month: Month
    issued: int
    unchanged: int
    held: tuple[Hold, ...]


def issue_bills(
    engine: Engine,
    period: str,
    *,
    today: date,
    now: datetime,
    issued_on: date | None = None,
    known_at: datetime | None = None,
    accounts: Sequence[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> BillRun:
    """Bill the cycles that end in `period` (YYYY-MM) and are over by `today`.

    issued_on (today by default) and known_at (the instant up to which readings count; all that is there by
    default) let a past run be made as it would have been. accounts: only these. progress is told (accounts
    done, of how many) after each chunk. Raises Invalid for a period that is no month, Refused for one that
    has not begun.
    """
    month = Month.read(period)
    if month.starts_on > today:
        raise Refused("not_over", f"The month {month} has not begun; today is {today}.", "period")
    with unit_of_work(engine) as session:
        due = due_accounts(session, month, today, accounts)
        instant = known_at or present_instant(session, today)
    done = sum(account.billed for account in due)
    parts = [Issued(unchanged=done)]
    for cycle_day, chunk in _chunks(due):
        with unit_of_work(engine) as session:
            parts.append(
                issue_cycle(
                    session, month, cycle_day, chunk, issued_on=issued_on or today, known_at=instant, now=now
                )
            )
        done += len(chunk)
        if progress is not None:
            progress(done, len(due))
    return _sum(month, parts)


def issue_for_account(
    session: Session, account_id: int, cycle_day: int, month: Month, *, today: date, now: datetime
) -> Issued:
    """Bill one account in the caller's transaction, such as right after ops released it."""
    known_at = present_instant(session, today)
    return issue_cycle(session, month, cycle_day, [account_id], issued_on=today, known_at=known_at, now=now)


def present_instant(session: Session, today: date) -> datetime:
    """Up to when readings count in a run made today: what has been received by now.

    Where the utility pretends that it is a later day, also what that past has received, up to that day's
    midnight.
    """
    midnight = datetime.combine(today, time(), ZoneInfo(settings().timezone))
    return max(settle_readings(session), midnight)


def _chunks(due: Sequence[DueAccount]) -> list[tuple[int, list[int]]]:
    """(cycle day, accounts), those of one cycle together: they share their days, and so one pass of the
    engine."""
    chunks = []
    for cycle_day, group in groupby(due, key=lambda account: account.cycle_day):
        ids = [account.id for account in group if not account.billed]
        chunks += [(cycle_day, ids[first : first + CHUNK]) for first in range(0, len(ids), CHUNK)]
    return chunks


def _sum(month: Month, parts: Sequence[Issued]) -> BillRun:
    return BillRun(
        month,
        sum(len(part.bill_ids) for part in parts),
        sum(part.unchanged for part in parts),
        tuple(hold for part in parts for hold in part.held),
    )
