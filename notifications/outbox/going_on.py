"""When one way is closed or has failed: the next one that is open."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.domain.message_id import message_id
from notifications.domain.ways import Way, first_way
from notifications.outbox.planning import sendable
from notifications.outbox.recipients import Wish, recipients
from utility_crm.kit.settings import settings

_ANOTHER_WAY = text("""
    with told as (
        insert into notice_events (notice_id, at, kind, detail)
        select outbox.id, :now, 'another_way', outbox.channel || ' > ' || next.channel
        from jsonb_to_recordset(cast(:rows as jsonb)) as next (id bigint, channel text)
        join outbox on outbox.id = next.id
    )
    update outbox set state = 'waiting', reason = null, channel = next.channel, address = next.address,
                      message_id = next.message_id, not_before = :now, lease_until = null, sent_at = null,
                      fall_back_at = null, claims = 0, attempts = 0, receipt = null, receipt_at = null
    from jsonb_to_recordset(cast(:rows as jsonb)) as next (
        id bigint, channel text, address text, message_id text
    )
    where outbox.id = next.id
""")


class Stuck(Protocol):
    """What must be known of a notice to find it another way."""

    @property
    def id(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def customer_id(self) -> int | None: ...
    @property
    def account_id(self) -> int | None: ...
    @property
    def purpose(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def channels(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notice this worker may send until `lease_until`."""

    id: int
    key: str
    message_id: str
    notice: str
    customer_id: int | None
    account_id: int | None
    purpose: str
    channel: str
    channels: tuple[str, ...]
    name: str
    address: str
    language: str
    timezone: str
    context: Mapping[str, Any]
    attempts: int
    lease_until: datetime


def go_another_way(session: Session, stuck: Sequence[Stuck], now: datetime) -> set[int]:
    """Let each of these wait for its next open way; the ids of those that have one. One or two statements.

    Ways before the present one are not tried again. The others stay as they are.
    """
    further = [one for one in stuck if one.channel in one.channels[:-1]]
    if not further:
        return set()
    wishes = [Wish(one.customer_id, one.account_id, one.purpose) for one in further]
    reached = recipients(session, wishes, now)
    here = sendable(settings())
    rows: list[dict[str, Any]] = []
    for one, recipient in zip(further, reached, strict=True):
        left = one.channels[one.channels.index(one.channel) + 1 :]
        way = first_way(recipient.reach, [channel for channel in left if channel in here], one.purpose)
        if isinstance(way, Way):
            named = message_id(one.key, settings().mail_from, way.channel)
            row = {"id": one.id, "channel": way.channel, "address": way.address, "message_id": named}
            rows.append(row)
    if rows:
        session.execute(_ANOTHER_WAY, {"rows": json.dumps(rows), "now": now})
    return {int(row["id"]) for row in rows}
