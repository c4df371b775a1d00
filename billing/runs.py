"""A bill run: every account whose cycle ends in a month, a transaction a chunk.

This is an edge: it opens and commits its own units of work, so that a run killed anywhere has either billed
an account or not touched it, and the next run goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import partial
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from billing.actions.issuing import Issued, draft_cycle, issue_cycle
from billing.actions.runs import begin_run, end_run, note_chunk
from billing.cycles import Month
from billing.drafting import Hold
from billing.drafting.changed import Looked
from billing.queries.gate import gate_book
from billing.queries.supplies import DueAccount, due_accounts
from meters.usage import settle_readings
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Refused
from utility_crm.kit.memory import at_rest
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark

CHUNK = 1000
"""Accounts a transaction: a month of their half-hours is 12 MB."""


@dataclass(frozen=True, slots=True)
class BillRun:
    """What a run did. `unchanged`: accounts billed before. totals: minor units by currency of what was
    issued; of a draft, what would be. id: of its row in `bill_runs`."""

    month: Month
    issued: int
    unchanged: int
    held: tuple[Hold, ...]
    totals: Mapping[str, int] = field(default_factory=dict)
    draft: bool = False
    id: int = 0


@at_rest()
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
    draft: bool = False,
    started_by: int | None = None,
    looked: Mapping[int, Looked] | None = None,
) -> BillRun:
    """Bill the cycles that end in `period` (YYYY-MM) and are over by `today`, but for what the gate holds.

    issued_on (today by default) and known_at (the instant up to which readings count; all that is there by
    default) let a past run be made as it would have been. accounts: only these. progress is told (accounts
    done, of how many) after each chunk. draft: say what would be, and issue nothing. looked: the drafts, by
    account, that alone may be issued, exactly as they were. Raises Invalid for a period that is no month,
    Refused for one that has not begun, DraftChanged.
    """
    month = _begun(period, today)
    with unit_of_work(engine) as session:
        due = due_accounts(session, month, today, accounts)
        instant = known_at or present_instant(session, today)
        gate = gate_book(session)
        run_id = begin_run(session, month, today, instant, now, len(due), draft=draft, started_by=started_by)
    done = sum(account.billed for account in due)
    parts = [Issued(unchanged=done)]
    one_chunk = draft_cycle if draft else partial(issue_cycle, now=now, looked=looked)
    try:
        for cycle_day, chunk in chunks_of(due):
            with unit_of_work(engine) as session:
                part = one_chunk(
                    session,
                    month,
                    cycle_day,
                    chunk,
                    issued_on=issued_on or today,
                    known_at=instant,
                    gate=gate,
                )
                parts.append(part)
                note_chunk(session, run_id, part)
            done += len(chunk)
            if progress is not None:
                progress(done, len(due))
    except Exception:
        with unit_of_work(engine) as session:
            end_run(session, run_id, "failed", parts[0].unchanged)
        raise
    with unit_of_work(engine) as session:
        end_run(session, run_id, "done", parts[0].unchanged)
    return _sum(month, parts, draft, run_id)


def _begun(period: str, today: date) -> Month:
    """Raises Invalid for what is no month, Refused for one that has not begun."""
    month = Month.read(period)
    if month.starts_on > today:
        raise Refused(
            "not_over",
            mark("The month %(month)s has not begun; today is %(today)s."),
            "period",
            month=month,
            today=today,
        )
    return month


def issue_for_account(
    session: Session, account_id: int, cycle_day: int, month: Month, *, today: date, now: datetime
) -> Issued:
    """Bill one account in the caller's transaction, such as right after ops released it."""
    return issue_cycle(
        session, month, cycle_day, [account_id],
        issued_on=today, known_at=present_instant(session, today), now=now, gate=gate_book(session),
    )  # fmt: skip


def present_instant(session: Session, today: date) -> datetime:
    """Up to when readings count in a run made today: what has been received by now.

    Where the utility pretends that it is a later day, also what that past has received, up to that day's
    midnight.
    """
    midnight = datetime.combine(today, time(), ZoneInfo(settings().timezone))
    return max(settle_readings(session), midnight)


def chunks_of(due: Sequence[DueAccount]) -> list[tuple[int, list[int]]]:
    """(cycle day, accounts), those of one cycle together: they share their days, and so one pass of the
    engine."""
    chunks = []
    for cycle_day, group in groupby(due, key=lambda account: account.cycle_day):
        ids = [account.id for account in group if not account.billed]
        chunks += [(cycle_day, ids[first : first + CHUNK]) for first in range(0, len(ids), CHUNK)]
    return chunks


def _sum(month: Month, parts: Sequence[Issued], draft: bool, run_id: int) -> BillRun:
    totals: dict[str, int] = {}
    for part in parts:
        for currency, amount in part.totals.items():
            totals[currency] = totals.get(currency, 0) + amount
    return BillRun(
        month,
        sum(part.count for part in parts),
        sum(part.unchanged for part in parts),
        tuple(hold for part in parts for hold in part.held),
        totals,
        draft,
        run_id,
    )
