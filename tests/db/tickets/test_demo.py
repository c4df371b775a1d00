"""The demo's tickets: many, of customers that there are, the same each time."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.demo.build import build_into
from utility_crm.demo.plan import make_plan
from utility_crm.kit.module import Module
from utility_crm.tickets.demo import stories_of
from utility_crm.tickets.domain.numbers import id_of
from utility_crm.tickets.module import MODULE
from utility_crm.tickets.search import find

AS_OF = date(2026, 11, 20)
ALONE = (Module(name="utility_crm.tickets", demo=MODULE.demo),)


def test_tickets_of_customers_that_there_are(session: Session) -> None:
    build_into(session.connection(), ALONE, as_of=AS_OF, customers=150)
    found = session.execute(
        text(
            "select count(*) as n, count(*) filter (where status = 'closed') as closed, "
            "count(*) filter (where waits_since is not null) as waiting, count(parent_id) as below, "
            "count(*) filter (where opened_at >= '2026-11-20') as today, "
            "count(*) filter (where opened_at >= '2026-11-21') as later from tickets"
        )
    ).one()
    assert found.n > 60 and found.closed > 20 and found.waiting >= 14 and found.below > 0
    assert found.later == 0 and found.today <= 18
    alone = text(
        "select count(*) from tickets t where not exists (select from ticket_messages m where "
        "m.ticket_id = t.id) or not exists (select from ticket_events e where e.ticket_id = t.id)"
    )
    assert session.scalar(alone) == 0
    number = "T-10001"
    owner = session.scalar(text("select customer_id from tickets where id = :id"), {"id": id_of(number)})
    hits = find(session, number.lower(), 5)
    assert [hit.customer_id for hit in hits] == ([owner] if owner else [])


def test_the_same_seed_gives_the_same_tickets() -> None:
    plan = make_plan(7, AS_OF, 60)
    one, again = stories_of(plan), stories_of(make_plan(7, AS_OF, 60))
    assert [(s.customer, s.subject, s.said, s.standing) for s in one] == [
        (s.customer, s.subject, s.said, s.standing) for s in again
    ]
    assert len(one) >= 20
