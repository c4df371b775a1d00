"""Addresses that nothing is sent to any more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from notifications.tables import Suppression
from utility_crm.kit.errors import NotFound

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


def lift(session: Session, suppression_id: int, by: int | None, now: datetime) -> None:
    """Send to an address again. Raises `NotFound` where no suppression of this number stands."""
    lifted = session.execute(
        update(Suppression)
        .where(Suppression.id == suppression_id, Suppression.lifted_at.is_(None))
        .values(lifted_at=now, lifted_by=by)
        .returning(Suppression.id)
    )
    if lifted.first() is None:
        raise NotFound("no_such_suppression", "that address is not suppressed", str(suppression_id))
