"""Announcing that the supply will be off: who is told, in which order, and that nobody is told twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications.domain.permission import Reason, SendNotBefore, Withhold, decent_from
from notifications.outages.lead import Lead, lead_of
from notifications.outbox.new_notice import NewNotice, Queued
from notifications.outbox.queueing import foresee, queue_all
from notifications.tables import Outage
from utility_crm.announcing.telling import announce
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.network.tables import NetworkNode

# Those who live under the node on the outage's local day, once a customer and zone. Flags count only while
# the customer's consent to keep them stands, which is while the row exists.
_AUDIENCE = text("""
    with recursive below as (
        select id from network_nodes where id = :node
        union all
        select network_nodes.id from network_nodes join below on network_nodes.parent_id = below.id
    )
    select accounts.customer_id, premises.timezone,
           min(accounts.id) as account_id,
           customers.number,
           array_agg(distinct concat_ws(', ', nullif(premises.address, ''), nullif(premises.postcode, ''),
                                        nullif(premises.city, ''))) as places,
           bool_or(coalesce(flag.kind = 'medical', false)) as medical,
           bool_or(coalesce(flag.kind = 'vulnerable', false)) as vulnerable
    from below
    join premises on premises.node_id = below.id
    join occupancies on occupancies.premise_id = premises.id
     and occupancies.starts_on < cast(:ends_at as timestamptz) at time zone premises.timezone
     and (occupancies.ends_before is null
          or occupancies.ends_before > cast(cast(:starts_at as timestamptz) at time zone premises.timezone as
          date))
    join accounts on accounts.id = occupancies.account_id
    join customers on customers.id = accounts.customer_id
    left join customer_flags as flag on flag.customer_id = customers.id
    group by accounts.customer_id, premises.timezone, customers.number
    order by medical desc, vulnerable desc, customers.number, premises.timezone
""")

_NEW_REASON = text("""
    update outbox set context = jsonb_set(context, '{reason}', to_jsonb(cast(:reason as text)))
    where about = :about and state = 'waiting' and context ->> 'reason' is distinct from :reason
""")


@dataclass(frozen=True, slots=True)
class Interruption:
    """No supply below a node from `starts_at` until before `ends_at` (both aware)."""

    node_id: int
    starts_at: datetime
    ends_at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Affected:
    """A customer an outage reaches: the premises (as addresses) in one time zone, and what to be careful
    of."""

    customer_id: int
    account_id: int
    number: str
    timezone: str
    places: tuple[str, ...]
    medical: bool
    vulnerable: bool


@dataclass(frozen=True, slots=True)
class Audience:
    """Who would be told: `now` at once, `later` after their quiet hours, the rest not, by reason. `lead`: by
    when they have to hear of it, and from when on they do."""

    lead: Lead
    customers: int
    medical: int
    vulnerable: int
    now: int
    later: int
    withheld: Mapping[Reason, int]


@dataclass(frozen=True, slots=True)
class Announcement:
    """What an announcement did: the outage, and what became of each notice (medical and vulnerable first).
    `lead` says from when on they are told, and by when they had to be."""

    outage_id: int
    lead: Lead
    notices: tuple[Queued, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many were queued, already there, withheld."""
        return Counter(notice.outcome for notice in self.notices)


def plan_outage(
    session: Session, interruption: Interruption, now: datetime, *, created_by: int | None = None
) -> Announcement:
    """Record a planned outage and queue a notice to everyone who lives under its node; where the works are
    far ahead, the clock does that when their time has come (`Lead.tell_from`).

    Safe to repeat: the same node and times are the same outage, and nobody is told twice. Its reason is the
    one given last, also in notices that wait; a letter that went out stays as it was. Raises `NotFound` for
    an unknown node, `Invalid` for times that do not fit.
    """
    _check(session, interruption, now)
    values = {
        "node_id": interruption.node_id,
        "starts_at": interruption.starts_at,
        "ends_at": interruption.ends_at,
        "reason": interruption.reason,
        "planned": True,
        "created_by": created_by,
        "created_at": now,
    }
    kept = session.execute(
        insert(Outage)
        .values(values)
        .on_conflict_do_update(
            index_elements=[Outage.node_id, Outage.starts_at, Outage.ends_at],
            index_where=text("planned"),
            set_={"reason": interruption.reason},
        )
        .returning(Outage.id)
    ).scalar_one()
    told = {"outage": kept, "place": session.get_one(NetworkNode, interruption.node_id).code}
    told |= {"starts_at": interruption.starts_at, "ends_at": interruption.ends_at}
    announce(session, "outage.planned", now, told | {"reason": interruption.reason})
    session.execute(_NEW_REASON, {"about": f"outage:{kept}", "reason": interruption.reason})
    return tell_of_outage(session, kept, interruption, now)


def tell_of_outage(
    session: Session, outage_id: int, interruption: Interruption, now: datetime
) -> Announcement:
    """Queue the notices of an outage to whoever lives there and has none yet, such as those who moved in
    since; nothing while it is too early."""
    lead = lead_of(session, interruption.node_id, interruption.starts_at, now)
    if lead.waits:
        return Announcement(outage_id, lead, ())
    notices = [_notice(outage_id, interruption, one, now) for one in affected(session, interruption)]
    return Announcement(outage_id, lead, tuple(queue_all(session, notices, now)))


def audience(session: Session, interruption: Interruption, now: datetime) -> Audience:
    """Who an announcement would tell, without telling anyone. Raises as `plan_outage` does."""
    _check(session, interruption, now)
    people = affected(session, interruption)
    verdicts = foresee(session, [_notice(0, interruption, one, now) for one in people], now)
    withheld = Counter(verdict.reason for verdict in verdicts if isinstance(verdict, Withhold))
    later = sum(isinstance(verdict, SendNotBefore) for verdict in verdicts)
    return Audience(
        lead=lead_of(session, interruption.node_id, interruption.starts_at, now),
        customers=len(people),
        medical=sum(one.medical for one in people),
        vulnerable=sum(one.vulnerable for one in people),
        now=len(people) - later - withheld.total(),
        later=later,
        withheld=withheld,
    )


def affected(session: Session, interruption: Interruption) -> Sequence[Affected]:
    """Who lives below the node on the days of the outage, medical first, then vulnerable, then by number."""
    given = {
        "node": interruption.node_id,
        "starts_at": interruption.starts_at,
        "ends_at": interruption.ends_at,
    }
    return [
        Affected(
            row.customer_id,
            row.account_id,
            row.number,
            row.timezone,
            tuple(row.places),
            row.medical,
            row.vulnerable,
        )
        for row in session.execute(_AUDIENCE, given)
    ]


def _check(session: Session, interruption: Interruption, now: datetime) -> None:
    if session.get(NetworkNode, interruption.node_id) is None:
        raise NotFound("no_such_node", "there is no such place in the network", "node")
    if interruption.ends_at <= interruption.starts_at:
        raise Invalid("ends_before_it_starts", "an outage has to end after it starts", "ends")
    if interruption.starts_at <= now:
        raise Invalid("already_begun", "a planned outage begins in the future", "starts")


def _notice(outage_id: int, interruption: Interruption, one: Affected, now: datetime) -> NewNotice:
    return NewNotice(
        key=f"planned_outage:{outage_id}:{one.number}:{one.timezone}",
        notice="planned_outage",
        about=f"outage:{outage_id}",
        customer_id=one.customer_id,
        account_id=one.account_id,
        timezone=one.timezone,
        urgent=_urgent(interruption, one, now),
        priority=0 if one.medical else 1 if one.vulnerable else 10,
        useful_before=interruption.ends_at,
        context={
            "places": list(one.places),
            "starts_at": interruption.starts_at.isoformat(),
            "ends_at": interruption.ends_at.isoformat(),
            "reason": interruption.reason,
            "medical": one.medical,
        },
    )


def _urgent(interruption: Interruption, one: Affected, now: datetime) -> bool:
    """Who depends on the supply is told in the night, too, where waiting would mean hearing of it too
    late."""
    return (one.medical or one.vulnerable) and decent_from(now, one.timezone) >= interruption.starts_at
