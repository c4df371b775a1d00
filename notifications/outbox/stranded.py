"""Notices that wait for a way nobody works at any more: a gateway or the letters were taken out of the
settings."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.domain.permission import Reason
from notifications.outbox.going_on import go_another_way
from notifications.outbox.planning import sendable
from notifications.outbox.receipts import Sent
from utility_crm.kit.settings import settings

_STRANDED = text("""
    select id, key, customer_id, account_id, purpose, channel, channels from outbox
    where state = 'waiting' and not channel = any (:here)
    order by id limit :limit for update skip locked
""")
_WITHHOLD = text("""
    with told as (
        update outbox set state = 'withheld', reason = :reason
        where id in (select cast(value as bigint) from jsonb_array_elements_text(cast(:ids as jsonb)))
        returning id
    )
    insert into notice_events (notice_id, at, kind, reason) select id, :now, 'withheld', :reason from told
""")


def withhold_stranded(session: Session, now: datetime, limit: int = 2000) -> tuple[int, int]:
    """Let them go their next open way, else withhold them as `no_channel`; how many of each."""
    rows = session.execute(_STRANDED, {"here": sorted(sendable(settings())), "limit": limit})
    found = [Sent(*row) for row in rows]
    gone = go_another_way(session, found, now)
    left = [one.id for one in found if one.id not in gone]
    if left:
        session.execute(_WITHHOLD, {"ids": json.dumps(left), "reason": Reason.NO_CHANNEL, "now": now})
    return len(gone), len(left)
