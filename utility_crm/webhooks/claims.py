"""Taking deliveries to try, and writing down what came of each: every function is one short transaction.

A claim is a lease: rows are taken with `FOR UPDATE SKIP LOCKED`, the try is counted, and all is committed
before anything is sent. Who dies keeps nothing: after the lease another sends it again, under the same id.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.webhooks.domain.patience import rest_after, wait_after
from utility_crm.webhooks.posting import Answered, NotReached

LEASE: Final = timedelta(seconds=60)
EACH: Final = 4
"""So many are under way to one listener at once in a process: a slow one does not keep the others."""

# A listener that fails is asked with one at a time, the one that waits longest.
_TAKE = text("""
    with taken as (
        select due.id from webhook_subscriptions as one cross join lateral (
            select id from webhook_deliveries
            where subscription_id = one.id and state = 'waiting'
              and (not_before is null or not_before <= :now) and (lease_until is null or lease_until <= :now)
            order by id limit case when one.failures > 0 then 1 else :each end
            for update skip locked
        ) as due
        where one.state = 'on' and (one.rests_until is null or one.rests_until <= :now)
          and not one.id = any(:busy)
        limit :free
    )
    update webhook_deliveries as d
    set lease_until = :until, attempts = d.attempts + 1, first_at = coalesce(d.first_at, :now)
    from taken, webhook_events as e, webhook_subscriptions as s
    where d.id = taken.id and e.id = d.event_id and s.id = d.subscription_id
    returning d.id, d.subscription_id, d.attempts, d.first_at, e.name, e.kind, e.at, e.data,
        case when s.personal then e.personal end as personal, s.url, s.secret,
        case when s.old_secret_until > :now then s.old_secret end as old_secret
""")
_TRIED = text("""
    insert into webhook_attempts (delivery_id, at, status, millis, detail)
    values (:id, :at, :status, :millis, :detail)
""")
# What arrived, arrived, whoever holds the lease by now.
_ARRIVED = text("""
    update webhook_deliveries set state = 'arrived', ended_at = :now, lease_until = null, not_before = null
    where id = :id and state <> 'arrived'
""")
_WELL = text("""
    update webhook_subscriptions
    set failures = 0, failing_since = null, rests_until = null, arrived_at = :now
    where id = :id and (failures > 0 or arrived_at is null or arrived_at < :now)
""")
_LATER = text("""
    update webhook_deliveries set not_before = :again, lease_until = null
    where id = :id and state = 'waiting' and lease_until = :until
""")
_DEAD = text("""
    update webhook_deliveries set state = 'dead', ended_at = :now, lease_until = null, not_before = null
    where id = :id and state = 'waiting' and lease_until = :until
    returning id
""")
_FAILED = text("""
    update webhook_subscriptions
    set failures = failures + 1, failing_since = coalesce(failing_since, cast(:now as timestamptz))
    where id = :id returning failures, failing_since
""")
_RESTS = text("update webhook_subscriptions set rests_until = :until where id = :id")
_OFF = text("""
    update webhook_subscriptions set state = 'off', off_because = :because, changed_at = :now
    where id = :id and state <> 'off'
    returning id, name, created_by
""")


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery that this worker may try now. secrets are sealed, the newest first."""

    id: int
    subscription_id: int
    attempts: int
    first_at: datetime
    name: str
    kind: str
    at: datetime
    data: dict[str, Any]
    personal: dict[str, Any] | None
    url: str
    secrets: tuple[str, ...]
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """A listener that hears no more; by its id, its name, who made it, and why."""

    id: int
    name: str
    created_by: int | None
    because: str


def claim(session: Session, now: datetime, free: int, busy: Collection[int] = ()) -> list[Held]:
    """Take at most `free` deliveries that are due, none to the `busy` listeners, EACH at most to one."""
    until = now + LEASE
    given = {"now": now, "until": until, "each": EACH, "free": free, "busy": list(busy)}
    return [
        Held(
            row.id, row.subscription_id, row.attempts, row.first_at, row.name, row.kind, row.at, row.data,
            row.personal, row.url, tuple(one for one in (row.secret, row.old_secret) if one), until,
        )
        for row in session.execute(_TAKE, given)
    ]  # fmt: skip


def settle(
    session: Session,
    one: Held,
    outcome: Answered | NotReached,
    *,
    now: datetime,
    millis: int,
    chance: float,
) -> SwitchedOff | None:
    """Write down what came of a try; the listener, where that was the end of it.

    2xx arrived. 410 says that nobody wants to hear any more. Everything else, redirects among it, is tried
    again until patience ends; a listener that nothing reached from the first try of a delivery to its last,
    is switched off. chance: in [0, 1).
    """
    status = outcome.status if isinstance(outcome, Answered) else 0
    detail = outcome.words if isinstance(outcome, Answered) else str(outcome)
    session.execute(_TRIED, {"id": one.id, "at": now, "status": status, "millis": millis, "detail": detail})
    if 200 <= status < 300:
        session.execute(_ARRIVED, {"id": one.id, "now": now})
        session.execute(_WELL, {"id": one.subscription_id, "now": now})
        return None
    asked = outcome.asked if isinstance(outcome, Answered) else None
    wait = None if status == 410 else wait_after(one.attempts, chance, asked)
    held = {"id": one.id, "until": one.lease_until}
    if wait is not None:
        session.execute(_LATER, {**held, "again": now + wait})
    dead = wait is None and session.scalar(_DEAD, {**held, "now": now}) is not None
    failed = session.execute(_FAILED, {"id": one.subscription_id, "now": now}).one_or_none()
    if failed is None:  # it was taken away meanwhile
        return None
    if status == 410:
        return switch_off(session, one.subscription_id, "gone", now)
    if dead and failed.failing_since <= one.first_at + LEASE:
        return switch_off(session, one.subscription_id, "failing", now)
    if (rest := rest_after(failed.failures)) is not None:
        session.execute(_RESTS, {"id": one.subscription_id, "until": now + rest})
    return None


def switch_off(session: Session, subscription_id: int, because: str, now: datetime) -> SwitchedOff | None:
    """Nothing is sent to it any more, nor kept for it; None where that is so already."""
    row = session.execute(_OFF, {"id": subscription_id, "because": because, "now": now}).one_or_none()
    return None if row is None else SwitchedOff(row.id, row.name, row.created_by, because)
