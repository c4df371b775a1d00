"""Announcing what happened: `announce`, one line where it happens. Nothing here commits.

    announce(session, "outage.begun", now, {"outage": row.id, "place": node.code})

The event and what is on its way to each listener are written in the transaction of the act: neither is there
without the other. Where nobody listens, one small statement is all it costs. Kinds stand in the `announces`
of a Module.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.simulating import is_simulating

_LISTENERS = text("""
    select id, personal from webhook_subscriptions where state <> 'off' and :kind = any(events)
""")
# Who was removed since the question above is told nothing more, and no act breaks by it.
# Of who is erased meanwhile nothing personal is told: their row is waited for.
# The customer's and the account's numbers are looked up here: who announces knows the ids.
_KEEP = text("""
    with told as (
        select *, 'evt_' || replace(gen_random_uuid()::text, '-', '') as name
        from jsonb_to_recordset(cast(:told as jsonb)) as one (
            place int, customer_id bigint, account_id bigint, data jsonb, personal jsonb
        )
    ), alive as (
        select id from customers where erased_on is null and id in (
            select coalesce(told.customer_id, accounts.customer_id)
            from told left join accounts on accounts.id = told.account_id)
        order by id for key share
    ), kept as (
        insert into webhook_events (name, kind, at, customer_id, data, personal)
        select told.name, :kind, coalesce(cast(:at as timestamptz), now()),
               coalesce(told.customer_id, accounts.customer_id),
               jsonb_strip_nulls(jsonb_build_object('customer', customers.number, 'account', accounts.number))
                   || told.data,
               case when :personal and (customers.id is null or customers.id in (select id from alive))
                    then told.personal end
        from told
        left join accounts on accounts.id = told.account_id
        left join customers on customers.id = coalesce(told.customer_id, accounts.customer_id)
        order by told.place
        returning id
    ), listening as (
        select id from webhook_subscriptions where id = any(:listeners) order by id for key share
    )
    insert into webhook_deliveries (subscription_id, event_id)
    select listening.id, kept.id from kept cross join listening order by kept.id, listening.id
""")


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a batch. data: JSON that names no person; personal: what only they may have who are
    allowed to; the numbers of the customer and of the account are added to `data` by their ids."""

    data: Mapping[str, Any]
    customer_id: int | None = None
    account_id: int | None = None
    personal: Mapping[str, Any] = field(default_factory=dict)


Happenings = Callable[[], Iterable[Happening]]


def announce(
    session: Session,
    kind: str,
    at: datetime | None,
    data: Mapping[str, Any],
    *,
    customer_id: int | None = None,
    account_id: int | None = None,
    personal: Mapping[str, Any] | None = None,
) -> None:
    """Something happened: `kind` as "ticket.opened", `at` when (None: now), and what is known of it."""
    announce_all(session, kind, at, lambda: [Happening(data, customer_id, account_id, personal or {})])


def announce_all(session: Session, kind: str, at: datetime | None, told: Happenings) -> int:
    """Many at once, in one statement; `told` is only asked where somebody listens. How many were kept."""
    if is_simulating(session):
        return 0
    listeners = session.execute(_LISTENERS, {"kind": kind}).all()
    if not listeners:
        return 0
    rows = [
        {
            "place": place,
            "customer_id": one.customer_id,
            "account_id": one.account_id,
            "data": dict(one.data),
            "personal": dict(one.personal) or None,
        }
        for place, one in enumerate(told())
    ]
    if rows:
        given = {
            "told": json.dumps(rows, ensure_ascii=False, default=str),
            "kind": kind,
            "at": at,
            "personal": any(one.personal for one in listeners),
            "listeners": [one.id for one in listeners],
        }
        session.execute(_KEEP, given)
    return len(rows)


def forget_personal(session: Session, customer_id: int) -> None:
    """What was announced of a customer keeps their number, and nothing that says who they are."""
    session.execute(
        text("update webhook_events set personal = null where customer_id = :id and personal is not null"),
        {"id": customer_id},
    )
