"""What providers tell of notices afterwards: arrived, read, bounced; and what follows from it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from notifications.outbox.going_on import go_another_way
from notifications.outbox.suppressing import suppress_sent
from utility_crm.announcing.telling import Happening, announce_all

Kind = Literal["delivered", "read", "bounced", "failed", "complained"]
KINDS: Final[tuple[Kind, ...]] = ("delivered", "read", "bounced", "failed", "complained")

# Whoever settles these at this moment is waited for; whoever begins to waits for us. In one order, always.
_HOLD = text("select id from outbox where id = any (:ids) order by id for no key update")
_HOLD_TOLD = text("select id from outbox where message_id = any (:ids) order by id for no key update")

# A notice that has since gone another way is found by its attempt. While one is being sent nobody here knows
# yet that it was: what is told of it then is early.
_KEEP = text("""
    insert into receipts (provider, event, notice_id, message_id, kind, detail, at, received_at, early)
    select :provider, told.event,
           coalesce(now_.id, (select tried.notice_id from delivery_attempts as tried
                              where tried.message_id = told.message_id limit 1)),
           told.message_id, told.kind, told.detail, told.at, :now, coalesce(now_.state = 'sending', false)
    from jsonb_to_recordset(cast(:rows as jsonb)) as told (
        event text, message_id text, kind text, detail text, at timestamptz
    )
    left join lateral (
        select id, state from outbox where outbox.message_id = told.message_id limit 1
    ) as now_ on true
    on conflict (provider, event) do nothing
    returning event, notice_id, message_id, kind, detail, at, early
""")
_TAKE_EARLY = text("""
    update receipts set early = false where early and message_id = any (:ids)
    returning event, notice_id, message_id, kind, detail, at, early
""")

_IN_DOUBT = """exists (
    select from delivery_attempts as tried
    where tried.notice_id = outbox.id and tried.message_id = outbox.message_id and tried.outcome = 'unknown'
)"""
_ORDER = ("delivered", "read", "failed", "bounced", "complained")
_MARK = text("""
    update outbox set receipt = told.kind, receipt_at = told.at, fall_back_at = null
    from jsonb_to_recordset(cast(:rows as jsonb)) as told (
        notice bigint, message_id text, kind text, rank int, at timestamptz
    )
    where outbox.id = told.notice and outbox.message_id = told.message_id
      and told.rank > coalesce(array_position(cast(:kinds as text[]), outbox.receipt), 0)
""")

# One that may have arrived, and is to be tried again or to be looked at, did.
_ARRIVED = text(
    """
    update outbox set state = 'sent', sent_at = told.at, reason = null, last_error = null
    from jsonb_to_recordset(cast(:rows as jsonb)) as told (notice bigint, message_id text, at timestamptz)
    where outbox.id = told.notice and outbox.message_id = told.message_id
      and outbox.state in ('waiting', 'parked') and """
    + _IN_DOUBT
    + """
"""
)
_NOT_ARRIVED = text(
    """
    update outbox set state = 'dead', sent_at = null, fall_back_at = null, last_error = told.error,
                      not_before = :now
    from jsonb_to_recordset(cast(:rows as jsonb)) as told (notice bigint, message_id text, error text)
    where outbox.id = told.notice and outbox.message_id = told.message_id
      and (outbox.state in ('sent', 'parked') or outbox.state = 'waiting' and """
    + _IN_DOUBT
    + """)
    returning outbox.id
"""
)

_STUCK = "select id, key, customer_id, account_id, purpose, channel, channels from outbox"
_OF_IDS = text(f"{_STUCK} where id = any (:ids)")
_UNRECEIPTED = text(f"""{_STUCK}
    where state = 'sent' and fall_back_at <= :now and receipt is null
    order by fall_back_at limit :limit for update skip locked
""")
_ANNOUNCED = text("""
    select id, notice, channel, customer_id, address from outbox where id = any (:ids) order by id
""")
_NO_LONGER = text("update outbox set fall_back_at = null where id = any (:ids) and state = 'sent'")


@dataclass(frozen=True, slots=True)
class Told:
    """An event of a provider: `event` is its own number of it, `at` when it happened (aware)."""

    event: str
    message_id: str
    kind: Kind
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A notice that did not arrive, to be sent another way; a row of `_STUCK`."""

    id: int
    key: str
    customer_id: int | None
    account_id: int | None
    purpose: str
    channel: str
    channels: Sequence[str]


def take_receipts(session: Session, provider: str, told: Sequence[Told], now: datetime) -> Mapping[str, int]:
    """Keep what a provider tells, each event once, and act on it: how many were new, known, of no notice.

    Bounced and complained: nothing goes to that address any more. Bounced and failed: the next way is tried,
    else the notice is dead and waits for a person. What is told of a notice that a worker is sending at this
    moment is kept, and acted on when that is settled; where a worker died or the other side broke off, it
    says whether the notice arrived.
    """
    unique = {one.event: one for one in told}
    rows = [
        {"event": e.event, "message_id": e.message_id, "kind": e.kind, "detail": e.detail[:500]}
        | {"at": e.at.isoformat()}
        for e in unique.values()
    ]
    session.execute(_HOLD_TOLD, {"ids": [one.message_id for one in unique.values()]})
    given = {"provider": provider, "rows": json.dumps(rows), "now": now}
    new = session.execute(_KEEP, given).all()
    known = [row for row in new if row.notice_id is not None]
    _mark_and_close(session, known, now)
    _announce(session, [row for row in known if row.kind in ("bounced", "failed", "complained")], now)
    _decide(session, [row for row in known if not row.early], now)
    return Counter(new=len(known), known=len(told) - len(new), of_no_notice=len(new) - len(known))


def _announce(session: Session, known: Sequence[Row[Any]], now: datetime) -> None:
    """Other systems hear of what did not arrive, or was not wanted."""

    def told() -> Iterator[Happening]:
        kinds = {row.notice_id: row.kind for row in known}
        for row in session.execute(_ANNOUNCED, {"ids": sorted(kinds)}):
            data = {"notice": row.id, "kind": row.notice, "channel": row.channel, "what": kinds[row.id]}
            yield Happening(data, row.customer_id, personal={"address": row.address})

    if known:
        announce_all(session, "notice.bounced", now, told)


def hold(session: Session, notice_ids: Sequence[int]) -> None:
    """Let nothing be told of these until this transaction ends, nor before what is told now is kept."""
    session.execute(_HOLD, {"ids": sorted(notice_ids)})


def act_on_early(session: Session, message_ids: Sequence[str], now: datetime) -> None:
    """What was told of these while they were being sent decides, now that they are settled; the caller holds
    them (`hold`). One statement where nothing was told."""
    if early := session.execute(_TAKE_EARLY, {"ids": list(message_ids)}).all():
        _decide(session, early, now)


def _mark_and_close(session: Session, known: Sequence[Row[Any]], now: datetime) -> None:
    marks = [
        {"notice": row.notice_id, "message_id": row.message_id, "kind": row.kind, "at": row.at.isoformat()}
        | {"rank": _ORDER.index(row.kind) + 1}
        for row in sorted(known, key=lambda row: _ORDER.index(row.kind))
    ]
    newest = {mark["notice"]: mark for mark in marks}
    session.execute(_MARK, {"rows": json.dumps(list(newest.values())), "kinds": list(_ORDER)})
    closing = [
        (row.message_id, row.kind, row.detail) for row in known if row.kind in ("bounced", "complained")
    ]
    suppress_sent(session, closing, now)


def _decide(session: Session, known: Sequence[Row[Any]], now: datetime) -> None:
    """Whether a notice in doubt arrived, and where one goes that did not."""
    came = [
        {"notice": row.notice_id, "message_id": row.message_id, "at": row.at.isoformat()}
        for row in known
        if row.kind in ("delivered", "read")
    ]
    if came:
        session.execute(_ARRIVED, {"rows": json.dumps(came)})
    lost = [
        {"notice": row.notice_id, "message_id": row.message_id}
        | {"error": f"{row.kind}: {row.detail}".rstrip(": ")[:500]}
        for row in known
        if row.kind in ("bounced", "failed")
    ]
    ids = list(session.scalars(_NOT_ARRIVED, {"rows": json.dumps(lost), "now": now})) if lost else []
    _further(session, ids, now)


def fall_back(session: Session, now: datetime, limit: int = 2000) -> int:
    """Let notices of which no receipt came in time go their next way; how many that were."""
    late = session.execute(_UNRECEIPTED, {"now": now, "limit": limit}).all()
    if not late:
        return 0
    gone = go_another_way(session, [Sent(*row) for row in late], now)
    session.execute(_NO_LONGER, {"ids": [row.id for row in late if row.id not in gone]})
    return len(gone)


def _further(session: Session, ids: Sequence[int], now: datetime) -> None:
    if ids:
        rows = session.execute(_OF_IDS, {"ids": list(ids)})
        go_another_way(session, [Sent(*row) for row in rows], now)
