"""A run's own row: begun, counted in the transactions that bill, ended."""

from __future__ import annotations

import json
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import Issued
from billing.cycles import Month

_BEGIN = text(
    """
    insert into bill_runs (period, draft, run_on, known_at, started_at, started_by, seen_at, due)
    values (:period, :draft, :run_on, :known_at, :now, :started_by, clock_timestamp(), :due) returning id
    """
)
# Totals are added currency by currency to what stands there.
_COUNT = text(
    """
    update bill_runs set issued = issued + :issued, unchanged = unchanged + :unchanged, held = held + :held,
        seen_at = clock_timestamp(),
        totals = (
            select coalesce(jsonb_object_agg(currency, amount), '{}') from (
                select currency, sum(cast(amount as bigint)) as amount from (
                    select * from jsonb_each_text(totals)
                    union all select * from jsonb_each_text(cast(:totals as jsonb))
                ) as both_of(currency, amount) group by currency
            ) as summed
        )
    where id = :id
    """
)
_END = text(
    """
    update bill_runs set state = :state, ended_at = clock_timestamp(), seen_at = clock_timestamp(),
        unchanged = unchanged + :unchanged
    where id = :id
    """
)


def begin_run(
    session: Session,
    month: Month,
    run_on: date,
    known_at: datetime,
    now: datetime,
    due: int,
    *,
    draft: bool = False,
    started_by: int | None = None,
) -> int:
    """Open a run's row; its id. due: accounts of the month, billed or not."""
    values = {"period": str(month), "draft": draft, "run_on": run_on, "known_at": known_at, "now": now}
    found = session.scalar(_BEGIN, {**values, "due": due, "started_by": started_by})
    assert isinstance(found, int)
    return found


def note_chunk(session: Session, run_id: int, part: Issued) -> None:
    """Count a chunk, in the transaction that bills it."""
    values = {"issued": part.count, "unchanged": part.unchanged, "held": len(part.held)}
    session.execute(_COUNT, {"id": run_id, "totals": json.dumps(dict(part.totals)), **values})


def end_run(session: Session, run_id: int, state: str, unchanged: int = 0) -> None:
    """Close a run's row. unchanged: accounts that were billed before it began."""
    session.execute(_END, {"id": run_id, "state": state, "unchanged": unchanged})
