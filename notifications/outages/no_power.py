"""Somebody says that they have no power where no outage is known: a ticket, and ops sees several at a place.

Whoever takes the call cannot say that there is an outage; they say what they heard. What was heard at one
place stands together until ops keeps the outage, or the tickets are solved. Nothing here commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.auth.permissions import ROLES, may
from utility_crm.customers.conversations import log_contact
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.live.actions import push
from utility_crm.tickets.actions import open_ticket
from utility_crm.tickets.actions.opening import known_message
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.web.words import mark

TAG = mark("no power")
# Open tickets of this kind by the transformer of their premise, but where an outage that runs is the reason.
HEARD = """
    select node.id as node_id, node.name as place, above.name as above, min(tickets.opened_at) as since,
           count(distinct tickets.customer_id) as customers, bool_or(tickets.priority = 'urgent') as urgent,
           array_agg(tickets.id order by tickets.id) as tickets
    from tickets
    join premises on premises.id = tickets.premise_id
    join network_nodes as node on node.id = premises.node_id
    left join network_nodes as above on above.id = node.parent_id
    where tickets.tags @> array['no power'] and tickets.status not in ('solved', 'closed')
      and tickets.opened_at > cast(:now as timestamptz) - interval '1 day'
      and not exists (
          with recursive up as (
              select node.id, node.parent_id
              union all
              select next.id, next.parent_id from network_nodes as next join up on next.id = up.parent_id
          )
          select from up join outages on outages.node_id = up.id
          join outages as running on running.id = coalesce(outages.merged_into, outages.id)
          where case when running.planned then running.starts_at <= :now and running.ends_at > :now
                     else running.state in ('reported', 'confirmed', 'estimated') end)
    group by node.id, node.name, above.name
"""
_HEARD = text(f"select * from ({HEARD}) as heard order by customers desc, since, node_id")
_HOMES = text("""
    select distinct on (premises.id) premises.id as premise_id, accounts.id as account_id, node.name as node,
           concat_ws(', ', nullif(premises.address, ''), nullif(premises.city, '')) as place,
           exists (select from customer_flags as flag join accounts as theirs
                     on theirs.customer_id = flag.customer_id
                   join occupancies as lives on lives.account_id = theirs.id
                   where lives.premise_id = premises.id and flag.kind = 'medical'
                     and (lives.ends_before is null or lives.ends_before > :today)) as depends
    from accounts
    join occupancies on occupancies.account_id = accounts.id and occupancies.starts_on <= :today
     and (occupancies.ends_before is null or occupancies.ends_before > :today)
    join premises on premises.id = occupancies.premise_id
    join network_nodes as node on node.id = premises.node_id
    where accounts.customer_id = :customer
    order by premises.id, accounts.id
""")
_WHO = text("select id from users where active and role = any(:roles)")


@dataclass(frozen=True, slots=True)
class Heard:
    """A transformer of which customers say that it is off, and nobody has looked. urgent: somebody there
    depends on the supply; tickets: their ids."""

    node_id: int
    place: str
    above: str | None
    since: datetime
    customers: int
    urgent: bool
    tickets: list[int]

    @property
    def numbers(self) -> list[str]:
        """What people say: T-10432."""
        return [number_of(one) for one in self.tickets]


@dataclass(frozen=True, slots=True)
class Home:
    """Where a customer is supplied, below which node. depends: somebody there needs the supply to live."""

    premise_id: int
    account_id: int
    node: str
    place: str
    depends: bool


@dataclass(frozen=True, slots=True)
class Words:
    """What the ticket says, in the words of whoever opens it: its subject has a `%(place)s`."""

    subject: str
    said: str


def heard(session: Session, now: datetime) -> list[Heard]:
    """Places that may be off, those of most customers first. One statement."""
    return [Heard(**row) for row in session.execute(_HEARD, {"now": now}).mappings()]


def homes(session: Session, customer_id: int, today: date) -> list[Home]:
    """Where they are supplied that day. One statement."""
    rows = session.execute(_HOMES, {"customer": customer_id, "today": today}).mappings()
    return [Home(**row) for row in rows]


def note_no_power(
    session: Session, customer_id: int, premise_id: int, words: Words, *, by: int, form_key: str,
    today: date, now: datetime,
) -> tuple[int, int | None]:  # fmt: skip
    """A ticket for ops, and that they called; their ids. The same form again is the same ticket, and no call.

    It is urgent where somebody there depends on the supply, else high. Raises NotFound for a customer who is
    supplied nowhere, Invalid for a place that is not theirs.
    """
    found = homes(session, customer_id, today)
    if not found:
        raise NotFound("no_supply", mark("They are supplied nowhere now."), str(customer_id))
    home = next((one for one in found if one.premise_id == premise_id), None)
    if home is None:
        raise Invalid("place", mark("Choose one of the places where they are supplied."), "place")
    before = known_message(session, "call", None, form_key)  # and whoever brings the same form waits
    ticket_id = open_ticket(
        session, kind="outage", subject=words.subject % {"place": home.node}, text=words.said, channel="call",
        now=now, customer_id=customer_id, by=by, priority="urgent" if home.depends else "high",
        account_id=home.account_id, premise_id=home.premise_id, tags=(TAG,), form_key=form_key,
    )  # fmt: skip
    if before is not None:
        return ticket_id, None
    contact_id = log_contact(
        session, customer_id, channel="call", topic="outage", note=words.said, now=now, author_id=by
    )
    roles = [name for name in ROLES if may(name, "outages.run")]
    told = session.scalars(_WHO, {"roles": roles}).all()
    push(session, [one for one in told if one != by], "outage", {"ticket": number_of(ticket_id)})
    return ticket_id, contact_id
