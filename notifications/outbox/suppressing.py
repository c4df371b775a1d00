"""Addresses that nothing is sent to any more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from notifications.tables import Suppression
from utility_crm.kit.errors import NotFound
from utility_crm.web.words import mark

Why = Literal["bounced", "complained", "asked"]

_SUPPRESS = text("""
    insert into suppressions (channel, address, reason, detail, at)
    values (:channel, lower(:address), :reason, :detail, :now)
    on conflict (channel, address) where lifted_at is null do nothing
""")
_SUPPRESS_SENT = text("""
    insert into suppressions (channel, address, reason, detail, at)
    select distinct on (went.channel, lower(went.address))
           went.channel, lower(went.address), told.reason, told.detail, cast(:now as timestamptz)
    from jsonb_to_recordset(cast(:rows as jsonb)) as told (message_id text, reason text, detail text)
    cross join lateral (
        select channel, address from delivery_attempts where message_id = told.message_id
        union all select channel, address from outbox where message_id = told.message_id
    ) as went
    where went.address <> ''
    order by went.channel, lower(went.address), told.reason desc
    on conflict (channel, address) where lifted_at is null do nothing
""")

_CLOSED = text("""
    select one.id, one.channel, one.address, one.reason, one.detail, one.at, one.lifted_at,
           coalesce(users.name, ''), one.lifted_because
    from suppressions as one left join users on users.id = one.lifted_by
    order by one.lifted_at is not null, coalesce(one.lifted_at, one.at) desc, one.id desc limit :limit
""")


def suppress(session: Session, channel: str, address: str, reason: Why, detail: str, now: datetime) -> None:
    """Send nothing to this address by this channel from now on, whoever has it. Safe to repeat."""
    given = {"channel": channel, "address": address.strip(), "reason": reason, "detail": detail, "now": now}
    session.execute(_SUPPRESS, given)


def suppress_sent(session: Session, told: Sequence[tuple[str, str, str]], now: datetime) -> None:
    """The same for where messages went: (Message-ID, reason, detail) each. One statement, in one order, so
    that two of these never wait for each other."""
    rows = [
        {"message_id": message_id, "reason": reason, "detail": detail[:500]}
        for message_id, reason, detail in told
    ]
    if rows:
        session.execute(_SUPPRESS_SENT, {"rows": json.dumps(rows), "now": now})


@dataclass(frozen=True, slots=True)
class Closed:
    """An address that nothing is sent to, or was until `lifted_at`; `lifted_by` is a name."""

    id: int
    channel: str
    address: str
    reason: str
    detail: str
    at: datetime
    lifted_at: datetime | None
    lifted_by: str
    lifted_because: str


def suppressions(session: Session, limit: int = 200) -> list[Closed]:
    """Closed addresses, newest first, then those that were opened again. One statement."""
    return [Closed(*row) for row in session.execute(_CLOSED, {"limit": limit})]


def lift(session: Session, suppression_id: int, by: int | None, now: datetime, because: str = "") -> str:
    """Send to an address again, and keep why; the address. Raises `NotFound` where no suppression of this
    number stands."""
    lifted = session.execute(
        update(Suppression)
        .where(Suppression.id == suppression_id, Suppression.lifted_at.is_(None))
        .values(lifted_at=now, lifted_by=by, lifted_because=because)
        .returning(Suppression.address)
    ).scalar_one_or_none()
    if lifted is None:
        raise NotFound("no_such_suppression", mark("That address is open already."), str(suppression_id))
    return lifted
