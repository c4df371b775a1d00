"""Whose number it is."""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers
from sqlalchemy import text
from sqlalchemy.orm import Session

MOST = 9
_CALLERS = text("""
    select distinct on (c.id) c.id, c.name, c.number, c.segment, coalesce(p.address, ''), coalesce(p.city, '')
    from contact_points cp
    join customers c on c.id = cp.customer_id
    left join lateral (
        select a.id from accounts a where a.customer_id = c.id
        order by a.closed_on is not null, a.opened_on, a.id limit 1
    ) a on true
    left join lateral (
        select o.premise_id from occupancies o where o.account_id = a.id order by o.starts_on desc limit 1
    ) o on true
    left join premises p on p.id = o.premise_id
    where cp.kind = 'phone' and cp.normal = :number
    order by c.id limit :most
""")


@dataclass(frozen=True, slots=True)
class Caller:
    """A customer who has this number."""

    id: int
    name: str
    number: str
    segment: str
    address: str
    city: str


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


def callers(session: Session, number: str) -> list[Caller]:
    """Customers with this number (E.164), at most MOST."""
    if not number:
        return []
    rows = session.execute(_CALLERS, {"number": number, "most": MOST})
    return [Caller(*row) for row in rows]
