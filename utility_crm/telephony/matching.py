"""Whose number it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import phonenumbers
from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.customers.party_tables import SPEAKING
from utility_crm.customers.reach import written_form
from utility_crm.web.words import mark, translator

PACKAGE = "utility_crm.telephony"
MOST = 9
_CALLERS = text("""
    with known as (
        select distinct on (customer_id) customer_id, relation_id
        from (
            select customer_id, null::bigint as relation_id, 0 as turn
            from contact_points where kind = 'phone' and normal = :number
            union all
            select customer_id, id, case when kind = any(:speaking) then 1 else 2 end
            from relations
            where reach_number = :number and reach_number <> '' and starts_on <= :today
              and (ends_before is null or ends_before > :today)
        ) as one
        order by customer_id, turn, relation_id
    )
    select c.id, c.name, c.number, c.segment, coalesce(p.address, ''), coalesce(p.city, ''), h.relation_id,
           coalesce(s.name, r.name, ''), coalesce(r.kind, '')
    from known h
    join customers c on c.id = h.customer_id
    left join relations r on r.id = h.relation_id
    left join customers s on s.id = r.other_id
    left join lateral (
        select a.id from accounts a where a.customer_id = c.id
        order by a.closed_on is not null, a.opened_on, a.id limit 1
    ) a on true
    left join lateral (
        select o.premise_id from occupancies o where o.account_id = a.id order by o.starts_on desc limit 1
    ) o on true
    left join premises p on p.id = o.premise_id
    order by h.relation_id is not null, c.id limit :most
""")
SPOKEN = {
    "speaks_for": mark("%(who)s may speak for %(whom)s"),
    "guardian": mark("%(who)s, guardian of %(whom)s"),
    "executor": mark("%(who)s settles the affairs of %(whom)s"),
    "household": mark("%(who)s lives with %(whom)s"),
    "works_for": mark("%(who)s works for %(whom)s"),
    "part_of": mark("%(who)s, to whom %(whom)s belongs"),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """A customer who has this number, or of whom somebody has it: relation_id, and their name as `speaker`,
    in the relation `speaks_as`."""

    id: int
    name: str
    number: str
    segment: str
    address: str
    city: str
    relation_id: int | None
    speaker: str
    speaks_as: str


def normal_number(said: str, country: str) -> str:
    """A number as E.164; empty where it is none, such as a withheld one. `country` (ISO) reads numbers
    without a country code."""
    try:
        number = phonenumbers.parse(said, country)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_number(said: str, country: str) -> str:
    """A number to be read, with its country (ITU-T E.123); as it was said where it is none."""
    normal = normal_number(said, country)
    return written_form("phone", normal, country) if normal else said


def callers(session: Session, number: str, today: date) -> list[Caller]:
    """Customers with this number (E.164), then those for whom somebody with it may call that day; at most
    MOST, each once. One statement."""
    if not number:
        return []
    values = {"number": number, "today": today, "speaking": list(SPEAKING), "most": MOST}
    return [Caller(*row) for row in session.execute(_CALLERS, values)]


def spoken_for(speaks_as: str, who: str, whom: str, language: str) -> str:
    """Who calls, and for whom."""
    return translator(language, PACKAGE)(SPOKEN[speaks_as], who=who, whom=whom)
