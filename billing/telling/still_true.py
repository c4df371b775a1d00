"""What a notice about money asks for, asked once more when it is about to leave: between the hour at which it
was queued and a decent one, or the next way after one that failed, it may have been paid or agreed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.queries.agreed_paid import PLAN_PAID
from billing.queries.dunning import DUNNABLE
from utility_crm.kit.ports import ToLeave
from utility_crm.kit.today import utility_today

DUNNING = frozenset({"payment_overdue", "final_warning", "limitation_notice", "suspension_notice"})
KINDS = DUNNING | {"payment_reminder", "payment_due", "instalment_due", "payment_received"}

# What may be asked for now, by notice; nothing is said of one whose bill, account or plan is not ours.
_NOW = text(f"""
    with {DUNNABLE.replace("where b.status", "where b.account_id = any(:accounts) and b.status", 1)},
    asked as (
        select o.id, o.notice, o.about, o.context from outbox o where o.id = any(:ids)
    )
    select asked.id, coalesce(d.amount_minor, 0) as amount_minor
    from asked join bills b on asked.about = 'bill:' || b.number left join dunnable d on d.id = b.id
    where asked.notice = 'payment_reminder'
    union all
    select asked.id, cast(coalesce((select sum(d.amount_minor) from dunnable d where d.account_id = a.id), 0)
                          as bigint)
    from asked join accounts a on asked.about = 'dunning:' || a.number
    where asked.notice = any(:dunning) and exists (select from bills b where b.account_id = a.id)
    union all
    select asked.id, case
        when b.status = 'issued'
         and not exists (select from payment_plans p join plan_bills q on q.plan_id = p.id
                         where p.state = 'running' and q.bill_id = b.id)
         and not exists (select from promises p
                         where p.account_id = b.account_id and p.state = 'open' and p.due_on >= :today)
        then b.open_minor - coalesce((select d.amount_minor from disputes d
                                      where d.bill_id = b.id and d.state = 'open'), 0)
        else 0 end
    from asked join bills b on asked.about = 'bill:' || b.number
    where asked.notice = 'payment_due'
    union all
    select asked.id, case when p.state <> 'running' then 0 else (
        select cast(sum(i.amount_minor) as bigint) from plan_instalments i
        where i.plan_id = p.id and i.position <= cast(asked.context ->> 'number' as int)) - {PLAN_PAID} end
    from asked join payment_plans p on asked.about = 'plan:' || p.id
    where asked.notice = 'instalment_due'
    union all
    select asked.id, 0
    from asked join payments y on asked.about = 'payment:' || y.reference
    join payments r on r.reverses_id = y.id
    where asked.notice = 'payment_received'
""")


def as_it_is_now(
    session: Session, notices: Sequence[ToLeave], now: datetime
) -> Mapping[int, Mapping[str, Any] | None]:
    """Of those that ask for more than may be asked for now: what is left of it, or None where nothing is.
    One statement; none where no notice is about money."""
    about_money = {one.id: one for one in notices if one.notice in KINDS}
    if not about_money:
        return {}
    today = utility_today(now)
    given = {
        "ids": list(about_money),
        "accounts": list({one.account_id for one in about_money.values() if one.account_id is not None}),
        "dunning": list(DUNNING),
        "today": today,
        "due_by": today - timedelta(days=1),
    }
    changed: dict[int, Mapping[str, Any] | None] = {}
    for notice_id, left in session.execute(_NOW, given):
        if left <= 0:
            changed[notice_id] = None
        elif left < about_money[notice_id].context.get("amount_minor", 0):
            changed[notice_id] = {"amount_minor": int(left)}
    return changed
