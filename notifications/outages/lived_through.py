"""Outages that a customer lived through: at the places of their accounts, while they were supplied there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from utility_crm.kit.gathering import listed


@dataclass(frozen=True, slots=True)
class PastOutage:
    """ends_at: when the supply came back, or is expected; None where nobody knows. address: the first of the
    places that were off."""

    id: int
    planned: bool
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    address: str


LIVED_THROUGH = listed(
    """
    with recursive homes as (
        select p.node_id, p.address, o.starts_on, o.ends_before
        from accounts a
        join occupancies o on o.account_id = a.id
        join premises p on p.id = o.premise_id
        where a.customer_id = :customer
    ), up as (
        select n.id, n.parent_id, h.address, h.starts_on, h.ends_before
        from homes h join network_nodes n on n.id = h.node_id
        union
        select n.id, n.parent_id, up.address, up.starts_on, up.ends_before
        from up join network_nodes n on n.id = up.parent_id
    ), off as (
        select distinct on (w.id) w.id, w.planned, w.starts_at, w.ends_at, w.reason, up.address
        from up
        join outages r on r.node_id = up.id
        join outages w on w.id = coalesce(r.merged_into, r.id)
        where w.withdrawn_at is null and w.starts_at <= :now
          and w.starts_at >= cast(up.starts_on as timestamptz)
          and (up.ends_before is null or w.starts_at < cast(up.ends_before as timestamptz))
          and not exists (select from outages back join up as below on below.id = back.node_id
                          where back.split_from = w.id and below.address = up.address)
        order by w.id, up.address
    )
    select id, planned, starts_at, ends_at, reason, coalesce(address, '') from off
    order by starts_at desc limit 40
    """,
    PastOutage,
)
"""Of `:customer`, up to `:now`, the newest first."""
