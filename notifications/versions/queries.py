"""What the pages of kinds ask: a session in, frozen values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_SENT = text("""
    select notice, count(*) as number from outbox
    where state = 'sent' and sent_at >= :since group by notice
""")
_VERSIONS = text("""
    select v.id, v.kind, v.language, v.channel, v.part, v.text, v.state, v.number, v.written_by,
           author.name as author, v.written_at, other.name as decider, v.decided_at
    from notice_versions v
    join users author on author.id = v.written_by
    left join users other on other.id = v.decided_by
    where (cast(:kind as text) is null or v.kind = :kind)
      and (cast(:state as text) is null or v.state = :state)
    order by v.written_at desc, v.id desc limit 100
""")
_CASE = text("""
    select customers.name, customers.number, latest.id, latest.context, latest.timezone, latest.created_at
    from customers
    left join lateral (
        select id, context, timezone, created_at from outbox
        where outbox.customer_id = customers.id and outbox.notice = :kind
        order by created_at desc, id desc limit 1
    ) as latest on true
    where customers.number = :customer
""")


@dataclass(frozen=True, slots=True)
class Version:
    """Words that somebody wrote, and what was decided about them."""

    id: int
    kind: str
    language: str
    channel: str
    part: str
    text: str
    state: str
    number: int | None
    written_by: int
    author: str
    written_at: datetime
    decider: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Case:
    """A customer, and the latest notice of a kind to them, if there was one."""

    name: str
    number: str
    notice_id: int | None
    context: Mapping[str, Any] | None
    timezone: str | None
    created_at: datetime | None


def sent_by_kind(session: Session, since: datetime) -> dict[str, int]:
    """How many notices of each kind went out since then."""
    return {row.notice: row.number for row in session.execute(_SENT, {"since": since})}


def versions(session: Session, kind: str | None = None, state: str | None = None) -> list[Version]:
    """Words that were written, of a kind and in a state if these are given, newest first."""
    rows = session.execute(_VERSIONS, {"kind": kind, "state": state})
    return [Version(**row) for row in map(dict, rows.mappings())]


def latest_case(session: Session, kind: str, customer: str) -> Case | None:
    """The customer of that number and what was last written to them of a kind; None: there is no such
    customer."""
    row = session.execute(_CASE, {"kind": kind, "customer": customer}).one_or_none()
    return None if row is None else Case(*row)
