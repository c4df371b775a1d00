"""Writing down what became of the notices a worker held: one short transaction for many."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.domain.ways import RECEIPT_WITHIN
from notifications.outbox.going_on import Claimed, go_another_way
from notifications.outbox.receipts import act_on_early, hold
from notifications.types import notice_type

Outcome = Literal["taken", "later", "refused", "unknown"]

# What was taken is so even after the lease, and is written down in any case; a failure counts only while the
# notice is still this worker's.
_SETTLE = text("""
    update outbox set
        state = done.state, lease_until = null, attempts = outbox.attempts + 1,
        sent_at = case when done.state = 'sent' then cast(:now as timestamptz) end,
        subject = coalesce(done.subject, outbox.subject),
        reason = case when done.state = 'sent' then null else outbox.reason end,
        last_error = done.error, not_before = coalesce(done.not_before, outbox.not_before),
        fall_back_at = done.fall_back_at, version = coalesce(done.version, outbox.version)
    from jsonb_to_recordset(cast(:rows as jsonb)) as done (
        id bigint, state text, lease timestamptz, subject text, error text, not_before timestamptz,
        fall_back_at timestamptz, version integer
    )
    where outbox.id = done.id and outbox.state <> 'sent'
      and (done.state = 'sent' or (outbox.state = 'sending' and outbox.lease_until = done.lease))
    returning outbox.id
""")

_BEGIN = text("""
    insert into delivery_attempts (notice_id, channel, address, message_id, begun_at)
    values (:notice, :channel, :address, :message_id, :now)
    returning id
""")

_END = text("""
    update delivery_attempts as attempt set
        ended_at = :now, outcome = done.outcome, detail = done.detail, provider_id = done.provider_id
    from jsonb_to_recordset(cast(:rows as jsonb)) as done (
        attempt bigint, outcome text, detail text, provider_id text
    )
    where attempt.id = done.attempt
""")

_TRIED = text("""
    insert into delivery_attempts
        (notice_id, channel, address, message_id, begun_at, ended_at, outcome, detail, provider_id)
    select notice, channel, address, message_id, begun_at, :now, outcome, detail, provider_id
    from jsonb_to_recordset(cast(:rows as jsonb)) as done (
        notice bigint, channel text, address text, message_id text, begun_at timestamptz,
        outcome text, detail text, provider_id text
    )
""")


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one try.

    again_at      when a failed one is tried again; None: not this way
    park          it may have arrived and must not arrive twice: a person decides
    attempt       the row that says it was begun, where it was written before
    provider_id   the other side's number of it
    version       of the words it was written with
    """

    claimed: Claimed
    outcome: Outcome
    begun_at: datetime
    subject: str | None = None
    detail: str = ""
    again_at: datetime | None = None
    park: bool = False
    attempt: int | None = None
    provider_id: str = ""
    version: int | None = None


def begin(session: Session, one: Claimed, now: datetime) -> int:
    """Write down that a try begins, before it does: for channels whose other side knows no keys."""
    given = {"notice": one.id, "channel": one.channel, "address": one.address, "message_id": one.message_id}
    return int(session.execute(_BEGIN, {**given, "now": now}).scalar_one())


def settle(session: Session, tried: Sequence[Tried], now: datetime) -> None:
    """Write down what became of these. What one way refused goes the next one, else it is dead; what may
    have arrived, and must not arrive twice, is parked. Nothing happens to a failed one taken over since.

    What a provider told of them meanwhile is acted on at the end.
    """
    if not tried:
        return
    hold(session, [one.claimed.id for one in tried])
    rows = [_row(one, now) for one in tried]
    kept = set(session.scalars(_SETTLE, {"rows": json.dumps(rows), "now": now}))
    for statement, among in (
        (_END, [one for one in tried if one.attempt is not None]),
        (_TRIED, [one for one in tried if one.attempt is None]),
    ):
        if among:
            session.execute(statement, {"rows": json.dumps([_end(one) for one in among]), "now": now})
    dead = {row["id"] for row in rows if row["state"] == "dead"} & kept
    go_another_way(session, [one.claimed for one in tried if one.claimed.id in dead], now)
    act_on_early(session, [one.claimed.message_id for one in tried], now)


def _row(one: Tried, now: datetime) -> dict[str, Any]:
    kind, claimed = notice_type(one.claimed.notice), one.claimed
    row: dict[str, Any] = {
        "id": claimed.id,
        "lease": claimed.lease_until.isoformat(),
        "error": one.detail[:500] or None,
        "subject": one.subject,
        "version": one.version,
    }
    if one.outcome == "taken":
        within = kind.receipt_within or RECEIPT_WITHIN.get(claimed.channel)
        until = now + within if within and claimed.channel in claimed.channels[:-1] else None
        return row | {"state": "sent", "fall_back_at": until and until.isoformat(), "error": None}
    if one.park:
        return row | {"state": "parked"}
    if one.again_at is None:
        return row | {"state": "dead", "not_before": now.isoformat()}
    return row | {"state": "waiting", "not_before": one.again_at.isoformat()}


def _end(one: Tried) -> dict[str, Any]:
    return {
        "attempt": one.attempt,
        "notice": one.claimed.id,
        "channel": one.claimed.channel,
        "address": one.claimed.address,
        "message_id": one.claimed.message_id,
        "begun_at": one.begun_at.isoformat(),
        "outcome": one.outcome,
        "detail": one.detail[:500],
        "provider_id": one.provider_id,
    }
