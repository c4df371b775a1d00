"""Whom an incident reaches, what each of them heard of it so far, and so what each is to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from notifications.domain.incident import Heard, Kind, State, Truth, to_say
from notifications.domain.permission import decent_from
from notifications.outbox.new_notice import NewNotice

Who = tuple[int, str]
"""A customer's id and the time zone of the places meant: whoever lives in two zones is told in both."""

CRITICAL = "critical"
"""The tag of customers on whose supply others depend: a hospital, a waterworks."""
_STILL_OF_USE = timedelta(days=1)

_INCIDENT = text("""
    select outages.id, outages.node_id, outages.starts_at, outages.ends_at, outages.state,
           outages.restored_at, outages.withdrawn_at, outages.merged_into, outages.reason,
           (select coalesce(array_agg(id order by id), '{}') from outages as second
            where second.merged_into = outages.id) as merged,
           (select coalesce(array_agg(node_id), '{}') from outages as second
            where second.merged_into = outages.id) as merged_nodes
    from outages where outages.id = :id
""")

# Who lives below its places since it began, once a customer and zone. `back_at` is when the supply came back
# to the last of their places, where that is a part that came back earlier; null while one of them is off.
# `places` are those of them that are off, else all.
_REACHED = text("""
    with recursive below as (
        select id from network_nodes where id = any (cast(:nodes as bigint[]))
        union
        select node.id from network_nodes as node join below on node.parent_id = below.id
    ), back as (
        select node_id as id, restored_at from outages
        where split_from = any (cast(:outages as bigint[]))
        union
        select node.id, back.restored_at from network_nodes as node join back on node.parent_id = back.id
    ), home as (
        select premises.id, premises.timezone, min(back.restored_at) as back_at,
               concat_ws(', ', nullif(premises.address, ''), nullif(premises.postcode, ''),
                         nullif(premises.city, '')) as place
        from below
        join premises on premises.node_id = below.id
        left join back on back.id = below.id
        group by premises.id
    )
    select accounts.customer_id, home.timezone, customers.number, min(accounts.id) as account_id,
           case when count(*) = count(home.back_at) then max(home.back_at) end as back_at,
           coalesce(array_agg(distinct home.place) filter (where home.back_at is null),
                    array_agg(distinct home.place)) as places,
           bool_or(:critical = any (customers.tags)) as critical,
           exists (select from customer_flags as flag
                   where flag.customer_id = accounts.customer_id and flag.kind = 'medical') as medical,
           exists (select from customer_flags as flag
                   where flag.customer_id = accounts.customer_id and flag.kind = 'vulnerable') as vulnerable,
           exists (select from contacts
                   where contacts.customer_id = accounts.customer_id and contacts.topic = 'outage'
                     and contacts.at >= :starts_at) as called
    from home
    join occupancies on occupancies.premise_id = home.id
     and occupancies.starts_on <= cast(cast(:now as timestamptz) at time zone home.timezone as date)
     and (occupancies.ends_before is null
          or occupancies.ends_before >
             cast(cast(:starts_at as timestamptz) at time zone home.timezone as date))
    join accounts on accounts.id = occupancies.account_id
    join customers on customers.id = accounts.customer_id
    where not :dependent or :critical = any (customers.tags)
       or customers.id in (select customer_id from customer_flags where kind <> 'needs')
    group by accounts.customer_id, home.timezone, customers.number
""")

# What was handed over last to each, unless we know that it did not arrive.
_HEARD = text("""
    select distinct on (outbox.customer_id, outbox.timezone)
           outbox.customer_id, outbox.timezone, customers.number, outbox.account_id, outbox.notice,
           outbox.context
    from outbox join customers on customers.id = outbox.customer_id
    where (not :dependent or :critical = any (customers.tags)
           or customers.id in (select customer_id from customer_flags where kind <> 'needs'))
      and outbox.about = any (cast(:about as text[])) and outbox.state = 'sent'
      and outbox.context ? 'event' and coalesce(outbox.receipt, '') not in ('bounced', 'failed')
    order by outbox.customer_id, outbox.timezone, cast(outbox.context ->> 'event' as bigint) desc,
             outbox.id desc
""")


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody below the places of an incident."""

    customer_id: int
    timezone: str
    number: str
    account_id: int
    back_at: datetime | None
    places: tuple[str, ...]
    critical: bool
    medical: bool
    vulnerable: bool
    called: bool

    @property
    def who(self) -> Who:
        return (self.customer_id, self.timezone)

    @property
    def why_called(self) -> str | None:
        """Why somebody calls them, where that is so."""
        return "medical" if self.medical else "critical" if self.critical else None

    @property
    def priority(self) -> int:
        """Who depends on the supply comes first; all below 20, where emergencies are."""
        return 0 if self.medical or self.critical else 1 if self.vulnerable else 10


@dataclass(frozen=True, slots=True)
class Standing:
    """An incident as it is now, those it reaches, and what was heard of it."""

    outage_id: int
    state: State
    starts_at: datetime
    estimated_at: datetime | None
    restored_at: datetime | None
    withdrawn: bool
    merged: bool
    reason: str
    about: tuple[str, ...]
    reached: Mapping[Who, Reached]
    heard: Mapping[Who, Row[Any]] = field(default_factory=dict)

    def truth(self, who: Who) -> Truth:
        """What is so for one of them."""
        one = self.reached.get(who)
        if one is None or self.withdrawn:
            return Truth(off=False)
        if self.restored_at is not None:
            return Truth(off=False, restored_at=one.back_at or self.restored_at)
        if one.back_at is not None:
            return Truth(off=False, restored_at=one.back_at)
        return Truth(off=self.state.told, estimated_at=self.estimated_at)

    def is_off(self, one: Reached) -> bool:
        """Whether their supply is off, as we say it ourselves."""
        return self.truth(one.who).off


def standing(session: Session, outage_id: int, now: datetime, *, dependent: bool = False) -> Standing:
    """The incident and everybody it concerns: three statements. `dependent`: only those who depend on the
    supply, or are vulnerable: they are found at once, however many live there."""
    row = session.execute(_INCIDENT, {"id": outage_id}).one()
    family = [row.id, *row.merged]
    about = tuple(f"outage:{one}" for one in family)
    nodes = [] if row.withdrawn_at else [row.node_id, *row.merged_nodes]
    given = {
        "nodes": nodes, "outages": family, "starts_at": row.starts_at, "now": now, "critical": CRITICAL,
        "dependent": dependent,
    }  # fmt: skip
    people = [
        Reached(**dict(one) | {"places": tuple(one["places"])})
        for one in session.execute(_REACHED, given).mappings()
    ]
    heard = {
        (one.customer_id, one.timezone): one
        for one in session.execute(
            _HEARD, {"about": list(about), "dependent": dependent, "critical": CRITICAL}
        )
    }
    return Standing(
        outage_id=row.id,
        state=State(row.state),
        starts_at=row.starts_at,
        estimated_at=row.ends_at,
        restored_at=row.restored_at,
        withdrawn=row.withdrawn_at is not None,
        merged=row.merged_into is not None,
        reason=row.reason,
        about=about,
        reached={one.who: one for one in people},
        heard=heard,
    )


def notices(found: Standing, event_id: int, now: datetime) -> list[NewNotice]:
    """What is to be said now, to whom, those who depend on the supply first. Pure but for its arguments; the
    keys are of the event, so that making them again changes nothing."""
    if found.merged:
        return []
    made = [
        notice
        for who in found.reached.keys() | found.heard.keys()
        if (notice := _notice(found, who, event_id, now)) is not None
    ]
    return sorted(made, key=lambda notice: (notice.priority, notice.key))


def _heard(found: Standing, who: Who, truth: Truth) -> Heard | None:
    last, one = found.heard.get(who), found.reached.get(who)
    if last is not None:
        said = last.context.get("estimated_at")
        return Heard(last.notice, datetime.fromisoformat(said) if said else None)
    # Who called about it, and was not written to, knows: they are told the end, too.
    return Heard("unplanned_outage") if one is not None and one.called and not truth.off else None


def _notice(found: Standing, who: Who, event_id: int, now: datetime) -> NewNotice | None:
    truth = found.truth(who)
    kind = to_say(_heard(found, who, truth), truth)
    if kind is None:
        return None
    one, last = found.reached.get(who), found.heard.get(who)
    told: Mapping[str, Any] = last.context if last is not None else {}
    number = one.number if one else last.number  # type: ignore[union-attr]
    priority = one.priority if one else int(told.get("priority", 10))
    back_at = truth.restored_at
    return NewNotice(
        key=f"{kind}:{found.outage_id}:{event_id}:{number}:{who[1]}",
        notice=kind,
        about=f"outage:{found.outage_id}",
        customer_id=who[0],
        account_id=one.account_id if one else last.account_id,  # type: ignore[union-attr]
        timezone=who[1],
        urgent=_urgent(kind, priority, who[1], now),
        priority=priority,
        useful_before=None if truth.off else now + _STILL_OF_USE,
        context={
            "event": event_id,
            "places": list(one.places if one else told.get("places", ())),
            "starts_at": found.starts_at.isoformat(),
            "estimated_at": truth.estimated_at.isoformat() if truth.estimated_at else "",
            "restored_at": back_at.isoformat() if back_at else "",
            "reason": found.reason,
            "medical": bool(one and one.medical),
            "priority": priority,
        },
    )


def _urgent(kind: Kind, priority: int, zone: str, now: datetime) -> bool:
    """That the supply went, or when it comes, passes the night. That it is back wakes nobody but those who
    depend on it; by day it is not counted against the cap, or a storm's last word would come tomorrow."""
    if kind in ("unplanned_outage", "outage_time_changed") or priority == 0:
        return True
    return decent_from(now, zone) <= now


def older_than(session: Session, about: Sequence[str], event_id: int, now: datetime) -> int:
    """Take back what waits of earlier events about these: it is told as it is now instead; how many are being
    sent this moment, of whom nobody knows yet whether they heard."""
    given = {"about": list(about), "event": event_id, "now": now}
    session.execute(_TAKE_BACK, given)
    return int(session.scalar(_ON_THEIR_WAY, given) or 0)


_TAKE_BACK = text("""
    update outbox set state = 'withheld', reason = 'no_longer_true', not_before = :now
    where about = any (cast(:about as text[])) and state = 'waiting'
      and cast(context ->> 'event' as bigint) < :event
""")
_ON_THEIR_WAY = text("""
    select count(*) from outbox
    where about = any (cast(:about as text[])) and state = 'sending'
      and cast(context ->> 'event' as bigint) < :event
""")
