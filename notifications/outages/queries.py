"""What pages ask about outages: what is off, what is planned, and whom it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.domain.incident import State
from notifications.outages.affected import CUSTOMERS_OFF
from utility_crm.kit.errors import NotFound
from utility_crm.kit.gathering import listed
from utility_crm.kit.settings import settings

# Counts are of customers, however many notices each got, from one look at them; the place is named with what
# lies above it.
_OUTAGES = text("""
    select outages.id, outages.node_id, node.name as place, node.kind, above.name as above, outages.planned,
           outages.starts_at, outages.ends_at, outages.reason, users.name as announced_by, outages.created_at,
           outages.state, outages.restored_at, outages.withdrawn_at, outages.merged_into, outages.split_from,
           coalesce(told.sent, 0) as sent, coalesce(told.waiting, 0) as waiting,
           coalesce(told.not_sent, 0) as not_sent
    from outages
    join network_nodes as node on node.id = outages.node_id
    left join network_nodes as above on above.id = node.parent_id
    left join users on users.id = outages.created_by
    left join lateral (
        select count(*) filter (where sent) as sent,
               count(*) filter (where under_way and not sent) as waiting,
               count(*) filter (where not sent and not under_way and not_sent) as not_sent
        from (select bool_or(state = 'sent') as sent,
                     bool_or(state in ('waiting', 'sending', 'gathered')) as under_way,
                     bool_or(state in ('withheld', 'dead', 'parked')) as not_sent
              from outbox where about = 'outage:' || outages.id group by customer_id) as each
    ) as told on true
    where outages.id = :id
       or cast(:id as bigint) is null and outages.merged_into is null
          and (outages.ends_at > cast(:since as timestamptz)
               or outages.state in ('reported', 'confirmed', 'estimated'))
    order by outages.starts_at, outages.id
    limit :limit
""")

_PLACES = text("""
    with recursive tree as (
        select id, name, kind, 0 as depth, array[name] as path from network_nodes where parent_id is null
        union all
        select node.id, node.name, node.kind, tree.depth + 1, tree.path || node.name
        from network_nodes as node join tree on node.parent_id = tree.id
    )
    select id, name, kind, depth from tree order by path
""")

_ZONE_BELOW = text("""
    with recursive below as (
        select id from network_nodes where id = :node
        union all
        select node.id from network_nodes as node join below on node.parent_id = below.id
    )
    select mode() within group (order by premises.timezone)
    from premises join below on premises.node_id = below.id
""")


@dataclass(frozen=True, slots=True)
class OutageRow:
    """An outage with what became of its notices."""

    id: int
    node_id: int
    place: str
    kind: str
    above: str | None
    planned: bool
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    announced_by: str | None
    created_at: datetime
    state: State
    restored_at: datetime | None
    withdrawn_at: datetime | None
    merged_into: int | None
    split_from: int | None
    sent: int
    waiting: int
    not_sent: int

    def runs(self, now: datetime) -> bool:
        """Whether the supply is off there: planned works by their times, others until it is known to be
        back."""
        if not self.planned:
            return self.state.running
        return self.ends_at is not None and self.starts_at <= now < self.ends_at

    def over(self, now: datetime) -> bool:
        """Whether it is behind us."""
        if not self.planned:
            return not self.state.running
        return self.ends_at is not None and self.ends_at <= now


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the network; `depth` 0 is an area."""

    id: int
    name: str
    kind: str
    depth: int


@dataclass(frozen=True, slots=True)
class OutageHere:
    """An outage that reaches a customer, running or coming: where, and what she was told of it.

    `customers` are those it reaches. `medical` is the detail of her medical flag, None without one.
    `spoken_of`: somebody spoke with her about an outage since it was announced.
    """

    id: int
    planned: bool
    state: str
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    address: str
    timezone: str
    customers: int
    notice_id: int | None
    notice_state: str | None
    sent_at: datetime | None
    medical: str | None
    spoken_of: bool

    def local(self, at: datetime) -> datetime:
        """An instant on the premise's wall clock."""
        return at.astimezone(ZoneInfo(self.timezone))


# From the premises where the customer is supplied now up to the areas, and what is off anywhere on the way.
AT_CUSTOMER = listed(
    f"""
    with recursive homes as (
        select premises.node_id, premises.address, premises.timezone
        from accounts
        join occupancies on occupancies.account_id = accounts.id
         and (occupancies.ends_before is null
              or occupancies.ends_before > cast(cast(:now as timestamptz) as date))
        join premises on premises.id = occupancies.premise_id
        where accounts.customer_id = :customer
    ), up as (
        select node.id, node.parent_id, homes.address, homes.timezone
        from homes join network_nodes as node on node.id = homes.node_id
        union
        select node.id, node.parent_id, up.address, up.timezone
        from up join network_nodes as node on node.id = up.parent_id
    )
    select distinct on (outages.starts_at, outages.id, up.address)
           outages.id, outages.planned, outages.state, outages.starts_at, outages.ends_at, outages.reason,
           up.address, up.timezone, reach.customers,
           notice.id as notice_id, notice.state as notice_state, notice.sent_at,
           (select detail from customer_flags
            where customer_flags.customer_id = :customer and kind = 'medical') as medical,
           exists (select from contacts
                   where contacts.customer_id = :customer and contacts.topic = 'outage'
                     and contacts.at >= outages.created_at) as spoken_of
    from up
    join outages as reported on reported.node_id = up.id
    join outages on outages.id = coalesce(reported.merged_into, reported.id)
     and case when outages.planned then outages.ends_at > :now
              else outages.state in ('reported', 'confirmed', 'estimated') end
     and not exists (select from outages as back join up as below on below.id = back.node_id
                     where back.split_from = outages.id and below.address = up.address)
    left join lateral (
        select id, state, sent_at from outbox
        where outbox.about in ('outage:' || outages.id, 'outage:' || reported.id)
          and outbox.customer_id = :customer and coalesce(outbox.reason, '') <> 'no_longer_true'
        order by state = 'sent' desc, id desc limit 1
    ) as notice on true
    cross join lateral ({CUSTOMERS_OFF}) as reach
    order by outages.starts_at, outages.id, up.address
    """,
    OutageHere,
)
"""Outages that reach `:customer`, running or coming as of `:now`."""


def outages_since(session: Session, since: datetime, limit: int = 200) -> list[OutageRow]:
    """Outages that end after `since`, or run, in the order they start; second reports left out."""
    rows = session.execute(_OUTAGES, {"id": None, "since": since, "limit": limit}).mappings()
    return [_row(dict(row)) for row in rows]


def outage(session: Session, outage_id: int) -> OutageRow:
    """One outage. Raises `NotFound`."""
    row = session.execute(_OUTAGES, {"id": outage_id, "since": None, "limit": 1}).mappings().one_or_none()
    if row is None:
        raise NotFound("no_such_outage", "there is no such outage", str(outage_id))
    return _row(dict(row))


def _row(row: dict[str, Any]) -> OutageRow:
    return OutageRow(**row | {"state": State(row["state"])})


def places(session: Session) -> list[Place]:
    """The network as a list: each area, its feeders, their transformers."""
    return [Place(**row) for row in session.execute(_PLACES).mappings()]


def zone_below(session: Session, node_id: int) -> str:
    """The time zone of most premises below a node; the utility's own where there is none."""
    return session.scalar(_ZONE_BELOW, {"node": node_id}) or settings().timezone
