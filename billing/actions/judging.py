"""Plans and promises judged: by every action that books a payment, and by the clock for days that pass.
Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.accounts.instalments import GRACE_DAYS, Instalment, judged
from billing.queries.agreed_paid import PLAN_PAID, PROMISE_PAID


@dataclass(frozen=True, slots=True)
class Judged:
    """How many were found kept and broken; again: how many that were kept run on, since the bank took back
    what had kept them."""

    plans_kept: int = 0
    plans_broken: int = 0
    plans_again: int = 0
    promises_kept: int = 0
    promises_broken: int = 0
    promises_again: int = 0


_AMONG = "and p.account_id = any(:accounts)"
# What is over is looked at again only where the bank took a payment back that may have kept it.
_PLANS = f"""
    select p.id, p.account_id, p.state, {PLAN_PAID} as paid,
           (select json_agg(json_build_array(i.due_on, i.amount_minor) order by i.position)
            from plan_instalments i where i.plan_id = p.id) as instalments,
           exists (select from payment_plans o where o.account_id = p.account_id and o.state = 'running'
                   and o.id <> p.id) as another
    from payment_plans p
    where (p.state = 'running' or p.state = 'kept' and exists (
        select from payments r where r.account_id = p.account_id and r.reverses_id is not null
        and cast(r.received_at as date) >= p.agreed_on)) {{among}}
    order by p.id
"""
_PROMISES = f"""
    select p.id, p.account_id, p.state, p.amount_minor, p.due_on, {PROMISE_PAID} as paid,
           exists (select from promises o where o.account_id = p.account_id and o.state = 'open'
                   and o.id <> p.id) as another
    from promises p
    where (p.state = 'open' or p.state = 'kept' and exists (
        select from payments y join payments r on r.reverses_id = y.id
        where y.account_id = p.account_id and y.id > p.after_payment_id)) {{among}}
    order by p.id
"""


def judge_agreed(session: Session, today: date, account_ids: Sequence[int] | None = None) -> Judged:
    """End the plans and promises that were kept or broken, of some accounts or of all. One that was kept by a
    payment which the bank has taken back runs on, or is broken where its day is over or another runs.

    Three statements, and one for each outcome there is. It may be asked as often as one likes.
    """
    among = _AMONG if account_ids is not None else ""
    values = {"accounts": list(account_ids)} if account_ids is not None else {}
    plans = {
        row.id: (row.state, _plan_state(row, today))
        for row in session.execute(text(_PLANS.format(among=among)), values)
    }
    promises = {
        row.id: (row.state, _promise_state(row, today))
        for row in session.execute(text(_PROMISES.format(among=among)), values)
    }
    of_plans = _change(session, "payment_plans", "agreed_on", plans, today)
    of_promises = _change(session, "promises", "promised_on", promises, today)
    return Judged(
        of_plans.get("kept", 0), of_plans.get("broken", 0), of_plans.get("running", 0),
        of_promises.get("kept", 0), of_promises.get("broken", 0), of_promises.get("open", 0),
    )  # fmt: skip


def _plan_state(row: Any, today: date) -> str:
    instalments = [Instalment(date.fromisoformat(due_on), amount) for due_on, amount in row.instalments]
    found = judged(instalments, int(row.paid), today)
    return "broken" if found == "running" and row.state == "kept" and row.another else found


def _promise_state(row: Any, today: date) -> str:
    if row.paid >= row.amount_minor:
        return "kept"
    over = row.due_on < today - timedelta(days=GRACE_DAYS)
    return "broken" if over or (row.state == "kept" and row.another) else "open"


def _change(
    session: Session, table: str, since: str, found: dict[int, tuple[str, str]], today: date
) -> dict[str, int]:
    """Write the states that differ; how many of each. A row changed meanwhile is left alone."""
    counts: dict[str, int] = {}
    changes = {(was, state) for was, state in found.values() if was != state}
    for was, state in sorted(changes):
        ids = [one for one, both in found.items() if both == (was, state)]
        ended = "null" if state in ("running", "open") else f"greatest(cast(:today as date), {since})"
        change = f"update {table} set state = :state, ended_on = {ended} where id = any(:ids)"
        values = {"state": state, "was": was, "ids": ids, "today": today}
        if ended == "null":
            del values["today"]
        session.execute(text(f"{change} and state = :was"), values)
        counts[state] = counts.get(state, 0) + len(ids)
    return counts
