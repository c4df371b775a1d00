"""What has been paid of a plan or a promise: one reckoning for all who ask."""

from __future__ import annotations

from billing.domain.accounts.instalments import GRACE_DAYS

PLANNED = """
    select q.plan_id, q.bill_id, q.amount_minor,
           least(q.amount_minor, greatest(0, i.open_minor - h.amount)) as left_minor
    from plan_bills q join payment_plans g on g.id = q.plan_id join bills i on i.id = q.bill_id
    cross join lateral (
        select least(coalesce(sum(x.amount_minor), 0), i.total_minor - q.amount_minor) as amount
        from disputes x
        where x.bill_id = i.id and x.state in ('open', 'lost') and x.opened_on <= g.agreed_on
          and (x.closed_on is null or x.closed_on >= g.agreed_on)
    ) h
"""
"""Of each bill in a plan (`g`): what was agreed of it and what of that is still to be paid. What was disputed
when the plan was agreed is none of it, and is paid after it; won, it is credited and open no more."""
PLAN_PAID = f"""coalesce((
    select cast(sum(t.amount_minor - t.left_minor) as bigint)
    from ({PLANNED}) t where t.plan_id = p.id), 0)"""
"""What has been paid of a plan `p`."""
PROMISE_PAID = f"""coalesce((
    select cast(sum(y.amount_minor) as bigint) from payments y
    where y.account_id = p.account_id and y.id > p.after_payment_id and y.amount_minor > 0
      and cast(y.received_at as date) between p.promised_on and p.due_on + {GRACE_DAYS}
      and not exists (select from payments r where r.reverses_id = y.id)), 0)"""
"""What has been paid of a promise `p`: received from its day to its last (and the days that money takes), and
not taken back. An older payment that is taken back is none of it."""
