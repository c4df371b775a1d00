"""What was agreed about a bill that is put right goes over to the bill that takes its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.accounts.instalments import Instalment, put_right

_REPLACED = """
    unnest(cast(:old as bigint[]), cast(:new as bigint[])) as r(old_id, new_id)
    join bills o on o.id = r.old_id left join bills n on n.id = r.new_id
"""
# A dispute that was lost is kept beside the plan that left its part out, which goes by it.
_DISPUTES = text(
    f"""
    update disputes d set bill_id = n.id, amount_minor = least(d.amount_minor, n.total_minor)
    from {_REPLACED}
    where d.bill_id = o.id and n.total_minor > 0
      and (d.state = 'open' or d.state = 'lost' and exists (
          select from plan_bills q join payment_plans g on g.id = q.plan_id
          where q.bill_id = o.id and g.state = 'running'))
    """
)
REBILLED_TO_NOTHING = "rebilled_to_nothing"
"""Why a dispute is settled without a decision: nothing is charged in the place of its bill."""
_SETTLED = text(
    f"""
    update disputes d set state = 'settled', closed_on = greatest(cast(:today as date), d.opened_on),
                          closed_because = :because
    from {_REPLACED}
    where d.bill_id = o.id and d.state = 'open' and coalesce(n.total_minor, 0) <= 0
    """
)
_PLANNED = text(
    f"""
    select q.plan_id, q.bill_id, n.id,
           greatest(0, least(q.amount_minor + coalesce(n.total_minor, 0) - o.total_minor,
                             coalesce(n.total_minor, 0)))
    from {_REPLACED}
    join plan_bills q on q.bill_id = o.id
    join payment_plans g on g.id = q.plan_id and g.state = 'running'
    order by q.plan_id, q.bill_id
    """
)
_INSTALMENTS = text(
    "select due_on, amount_minor from plan_instalments where plan_id = :plan order by position"
)


def carry_over(session: Session, old_ids: Sequence[int], new: Mapping[int, int], today: date) -> None:
    """Running plans and open disputes of bills that are being replaced; new: the new bills by the old, for
    those that have one. Before the old ones are credited, so that the money freed pays the plan again.

    A dispute is about at most the new bill; where that charges nothing, it is settled. A plan changes by as
    much as its bill: more falls due with its last instalment, less is taken off the last ones; where nothing
    of it is left it is ended.
    """
    told = {"old": list(old_ids), "new": [new.get(old_id) for old_id in old_ids]}
    rows = session.execute(_PLANNED, told).all()
    session.execute(_DISPUTES, told)
    session.execute(_SETTLED, {**told, "today": today, "because": REBILLED_TO_NOTHING})
    for plan_id, old_id, new_id, amount in rows:
        values = {"plan": plan_id, "old": old_id, "new": new_id, "amount": amount}
        change = "update plan_bills set bill_id = :new, amount_minor = :amount"
        start = change if amount else "delete from plan_bills"
        session.execute(text(f"{start} where plan_id = :plan and bill_id = :old"), values)
    for plan_id in sorted({row[0] for row in rows}):
        _put_plan_right(session, plan_id, today)


def _put_plan_right(session: Session, plan_id: int, today: date) -> None:
    """Total and instalments as its bills are now."""
    plan = {"plan": plan_id}
    total = int(
        session.scalar(text("select sum(amount_minor) from plan_bills where plan_id = :plan"), plan) or 0
    )
    if not total:
        end = "update payment_plans set state = 'cancelled', ended_on = :today where id = :plan"
        session.execute(text(end), {**plan, "today": today})
        return
    before = [Instalment(due_on, amount) for due_on, amount in session.execute(_INSTALMENTS, plan)]
    session.execute(
        text("update payment_plans set total_minor = :total where id = :plan"), {**plan, "total": total}
    )
    session.execute(text("delete from plan_instalments where plan_id = :plan"), plan)
    for position, one in enumerate(put_right(before, total), 1):
        session.execute(
            text("insert into plan_instalments (plan_id, position, due_on, amount_minor) "
                 "values (:plan, :position, :due_on, :amount)"),
            {**plan, "position": position, "due_on": one.due_on, "amount": one.amount_minor},
        )  # fmt: skip
