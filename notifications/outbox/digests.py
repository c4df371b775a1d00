"""Notices put off by the daily cap leave as one letter the next decent morning, instead of one by one.

Only what nobody waits for: e-mail about the service, not urgent, of use at any time, of kinds that need no
receipt and may arrive twice. Offers are never joined: they need a permission of their own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from notifications.outbox.queueing import queue_all
from notifications.types import notice_type
from notifications.types.digest import digest
from notifications.writing import Sender, write
from utility_crm.kit.errors import CareError
from utility_crm.kit.settings import settings

MOST = 2000
"""Notices looked at in one go; the next minute takes the rest."""

_PUT_OFF = text("""
    select outbox.id, outbox.notice, outbox.about, outbox.customer_id, outbox.account_id, outbox.language,
           outbox.timezone, outbox.context, outbox.not_before, customers.name
    from outbox join customers on customers.id = outbox.customer_id
    where outbox.state = 'waiting' and outbox.reason = 'daily_cap' and outbox.channel = 'email'
      and outbox.purpose = 'service' and not outbox.urgent and outbox.useful_before is null
      and outbox.not_before > :now and outbox.notice <> 'digest'
    order by outbox.customer_id, outbox.timezone, outbox.id
    limit :limit
    for update of outbox skip locked
""")
_WAITING = text("""
    select id, key from outbox
    where notice = 'digest' and state = 'waiting' and key = any (:keys) for update
""")
_ADD = text("""
    update outbox set context = jsonb_set(context, '{items}', (context -> 'items') || more.items)
    from jsonb_to_recordset(cast(:rows as jsonb)) as more (key text, items jsonb)
    where outbox.key = more.key
""")
_WAIT = text("""
    update outbox set not_before = made.not_before, reason = 'daily_cap'
    from jsonb_to_recordset(cast(:rows as jsonb)) as made (key text, not_before timestamptz)
    where outbox.key = made.key and outbox.state = 'waiting'
""")
_JOIN = text("""
    with told as (
        select member.id, digest.id as digest_id
        from jsonb_to_recordset(cast(:rows as jsonb)) as made (key text, ids jsonb)
        join outbox as digest on digest.key = made.key and digest.state = 'waiting'
        cross join lateral (
            select cast(value as bigint) as id from jsonb_array_elements_text(made.ids)
        ) as member
    ), joined as (
        update outbox set state = 'withheld', reason = 'in_digest', digest_id = told.digest_id
        from told where outbox.id = told.id
        returning outbox.id, told.digest_id
    )
    insert into notice_events (notice_id, at, kind, reason, detail)
    select id, :now, 'joined', 'in_digest', digest_id::text from joined
    returning notice_id
""")


def join_put_off(session: Session, now: datetime, limit: int = MOST) -> int:
    """Join what the cap put off, two or more of a customer, or more to a letter that waits already; how many
    were joined. As many statements for any number. Safe to repeat, and side by side."""
    rows = session.execute(_PUT_OFF, {"now": now, "limit": limit}).all()
    groups = {
        key: found
        for key, group in groupby(rows, key=_key)
        if (found := [(row, item) for row in group if (item := _item(row)) is not None])
    }
    if not groups:
        return 0
    waiting = {row.key for row in session.execute(_WAITING, {"keys": list(groups)})}
    new = {key: found for key, found in groups.items() if key not in waiting and len(found) > 1}
    letters = [
        digest(
            key=key,
            customer_id=found[0][0].customer_id,
            account_id=found[0][0].account_id,
            timezone=found[0][0].timezone,
            items=[item for _row, item in found],
        )
        for key, found in new.items()
    ]
    made = {one.key for one in queue_all(session, letters, now) if one.outcome == "queued"}
    begins = [
        {"key": key, "not_before": min(row.not_before for row, _item_ in new[key]).isoformat()}
        for key in made
    ]
    session.execute(_WAIT, {"rows": json.dumps(begins)})
    more = [{"key": key, "items": [item for _row, item in groups[key]]} for key in waiting]
    session.execute(_ADD, {"rows": json.dumps(more)})
    joined = [{"key": key, "ids": [row.id for row, _item_ in groups[key]]} for key in made | waiting]
    return len(session.execute(_JOIN, {"rows": json.dumps(joined), "now": now}).all())


def _key(row: Row[Any]) -> str:
    """One letter a customer, clock and morning there."""
    morning = row.not_before.astimezone(ZoneInfo(row.timezone)).date().isoformat()
    return f"digest:{row.customer_id}:{row.timezone}:{morning}"


def _item(row: Row[Any]) -> dict[str, Any] | None:
    """The notice's own words, without greeting and name; None for one that has to go by itself."""
    kind = notice_type(row.notice)
    if kind.receipt_within is not None or kind.in_doubt == "park" or row.notice == "confirm_consent":
        return None
    sender = Sender(settings().utility_name)
    try:
        written = write(
            row.notice,
            row.context,
            name=row.name,
            language=row.language,
            timezone=row.timezone,
            sender=sender,
        )
    except (CareError, ValueError, KeyError):  # delivery says what is wrong with it
        return None
    said = _without_frame(written.text.strip().split("\n\n"), row.name, sender.utility)
    return {"id": row.id, "about": row.about, "subject": written.subject, "text": said}


def _without_frame(paragraphs: Sequence[str], name: str, utility: str) -> str:
    inner = list(paragraphs)
    if len(inner) > 1 and inner[-1].strip() == utility:
        inner.pop()
    if len(inner) > 1 and name in inner[0] and len(inner[0]) < len(name) + 30:
        inner.pop(0)
    return "\n\n".join(inner)
