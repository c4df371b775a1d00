"""Telling people's open pages something: `push`. Nothing here commits."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.said import said
from utility_crm.web.words import mark

CHANNEL: Final = "utility_crm_live"
MOST_NOTIFIED: Final = 7000
"""Bytes of a payload that travels with the notification itself; PostgreSQL takes 7999 in all. A longer one is
read from its row by whoever delivers it."""
KEPT: Final = timedelta(minutes=10)
_PUSH = text("""
    with kept as (
        insert into pushes (user_ids, kind, payload)
        values (cast(:users as bigint[]), :kind, cast(:payload as jsonb))
        returning id
    )
    select pg_notify(:channel, json_build_object(
        'id', id, 'users', cast(:users as bigint[]), 'kind', cast(:kind as text),
        'payload', case when :travels then cast(:payload as json) end
    )::text) from kept
""")
_FORGET = text("delete from pushes where at < now() - cast(:kept as interval)")


def push(session: Session, user_ids: Collection[int], kind: str, payload: Mapping[str, Any]) -> None:
    """Tell the open pages of these people, when this transaction commits and only then.

    kind: what it is, such as "ringing": a page hears of it as the event `live:ringing` of its document, whose
    detail is the payload. Where the payload has a `key`, it hears `live:ringing:<key>` as well, so that a
    part of a page can wait for its own: hx-trigger="live:ticket:12 from:document". payload: JSON, and as
    little as the page needs to ask: who has no page open never hears of it.
    """
    told = sorted(set(user_ids))
    if not told:
        return
    written = json.dumps(payload, ensure_ascii=False)
    travels = len(written.encode()) + 20 * len(told) + len(kind.encode()) <= MOST_NOTIFIED
    session.execute(
        _PUSH,
        {"users": told, "kind": kind, "payload": written, "travels": travels, "channel": CHANNEL},
    )


def forget_pushes(session: Session, now: datetime) -> str:
    """What the clock calls: what was pushed longer ago than KEPT is nobody's news any more.

    `now` may be a demo's pretended one; ages here are the database's.
    """
    del now
    gone = session.execute(_FORGET, {"kept": KEPT})
    return said(mark("%(gone)s pushes forgotten"), gone=gone.rowcount)  # type: ignore[attr-defined]
