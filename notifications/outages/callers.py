"""Who called us about an outage: the incident is the one ticket for all of them. Nothing here commits.

A call is a contact about an outage, kept by one press of a button. Whoever called hears of the end as those
do who were written to (`outages.reached`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.outages.affected import PLACES_OFF
from utility_crm.customers.conversations import Saying, log_contact, said_lately
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.web.words import mark

_NAMED = text("""
    select node.name as place,
           case when outages.planned then outages.ends_at > :now
                else outages.state in ('reported', 'confirmed', 'estimated') end as running
    from outages join network_nodes as node on node.id = outages.node_id where outages.id = :outage
""")
_CALLERS = text(f"""
    select contacts.customer_id, customers.name as customer, contacts.at, contacts.note,
           coalesce(users.name, '') as author, count(*) over () as number
    from outages
    cross join lateral ({PLACES_OFF}) as off
    join premises on premises.node_id = off.id
    join occupancies on occupancies.premise_id = premises.id
    join accounts on accounts.id = occupancies.account_id
    join contacts on contacts.customer_id = accounts.customer_id
    join customers on customers.id = contacts.customer_id
    left join users on users.id = contacts.author_id
    where outages.id = :outage and contacts.topic = 'outage' and contacts.direction = 'in'
      and contacts.at >= outages.starts_at
      and contacts.at <= coalesce(outages.restored_at, outages.withdrawn_at, 'infinity')
      and (occupancies.ends_before is null
           or occupancies.ends_before > cast(outages.starts_at at time zone premises.timezone as date))
    group by contacts.id, customers.name, users.name
    order by contacts.at desc, contacts.id desc limit :limit
""")


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who spoke to us about the outage while it ran; `number`: how many times anybody did."""

    customer_id: int
    customer: str
    at: datetime
    note: str
    author: str
    number: int


def note_call(
    session: Session, outage_id: int, customer_id: int, words: str, *, author_id: int, now: datetime
) -> bool:
    """Keep that they called about it, in `words` with `%(place)s` in them; False where the same person has
    just kept it. Raises NotFound; Conflict once it is over."""
    row = session.execute(_NAMED, {"outage": outage_id, "now": now}).one_or_none()
    if row is None:
        raise NotFound("no_such_outage", mark("there is no such outage"), str(outage_id))
    if not row.running:
        raise Conflict("over_already", mark("this outage is over already"), str(outage_id))
    said = Saying("call", "outage", words % {"place": row.place})
    if said_lately(session, customer_id, said, now=now, author_id=author_id):
        return False
    log_contact(
        session, customer_id, channel=said.channel, topic=said.topic, note=said.note, now=now,
        author_id=author_id,
    )  # fmt: skip
    return True


def callers(session: Session, outage_id: int, limit: int = 50) -> list[Caller]:
    """Who called about it from where it is off, the newest first. One statement."""
    rows = session.execute(_CALLERS, {"outage": outage_id, "limit": limit}).mappings()
    return [Caller(**row) for row in rows]
