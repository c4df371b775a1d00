"""What nobody could take when a rule handed it out is handed out again: when somebody comes in the morning,
has room again, or has learnt the language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from utility_crm.kit.said import said
from utility_crm.tickets.care.house import house_words
from utility_crm.tickets.domain.routing import Person, chosen
from utility_crm.tickets.routing.giving import give, people, wanted_by
from utility_crm.web.words import mark

MOST, MOST_GIVEN = 5000, 200
_WAITING = """
    select t.id, t.kind, t.language, t.team_id, n.rule, n.wanted, team.id as wanted_team_id
    from tickets t
    cross join lateral (
        select r.name as rule, act ->> 'route' as wanted, n.at
        from ticket_rule_runs n join ticket_rules r on r.id = n.rule_id and r.active,
             jsonb_array_elements(n.did) act
        where n.ticket_id = t.id and act ? 'route'
        order by n.id desc limit 1
    ) n
    left join teams team on team.name = n.wanted
    where t.assignee_id is null and t.status in ('new', 'open') and t.merged_into_id is null
      and t.snoozed_until is null and (n.wanted = 'any' or team.id is not null)
      and not exists (select from ticket_events e where e.ticket_id = t.id and e.at >= n.at
                        and e.after ? 'assignee_id')
      and not exists (select from customers c where c.id = t.customer_id and c.erased_on is not null)
      and (cast(:among as bigint[]) is null or t.id = any(cast(:among as bigint[])))
    order by array_position(array['urgent', 'high', 'normal', 'low'], t.priority),
             coalesce(t.waits_since, t.opened_at), t.id
    limit :most
"""
"""What a person took from somebody, or gave back, since the rule tried, lies in its queue because they wished
it to."""
_HOLD = text("select id from tickets where id = any(:ids) order by id for update skip locked")


def route_again(session: Session, now: datetime) -> str:
    """Hand out what lies in its queue because nobody could take it, the most urgent first."""
    those, given = people(session), 0
    if any(_free(one) for one in those):
        found = session.execute(text(_WAITING), {"among": None, "most": MOST}).all()
        fitting = [row.id for row in found if _fits(row, those)][:MOST_GIVEN]
        held = session.scalars(_HOLD, {"ids": fitting}).all() if fitting else ()
        rows = session.execute(text(_WAITING), {"among": list(held), "most": MOST}).all() if held else ()
        for row in rows:
            if not _fits(row, those):
                continue
            reason = house_words()(mark("by the rule “%(rule)s”"), rule=row.rule)
            give(session, row.id, now=now, team_id=row.wanted_team_id, reason=reason)
            those, given = people(session), given + 1
    return said(mark("%(given)s tickets handed out that waited for somebody"), given=given)


def _free(one: Person) -> bool:
    return one.present and one.open_tickets < one.capacity


def _fits(row: Row[Any], those: Sequence[Person]) -> bool:
    team = row.wanted_team_id if row.wanted_team_id is not None else row.team_id
    return chosen(those, wanted_by(row.kind, row.language, team, those)).person is not None
