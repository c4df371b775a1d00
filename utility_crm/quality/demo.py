"""Data quality's part of the simulated utility: three customers who were kept a second time, all invented."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import text

from utility_crm.demo.context import DemoBuild
from utility_crm.quality.finding import find_duplicates

_WHOM = text("""
    select c.id, c.number, c.name, c.segment, c.language,
        (select value from contact_points p where p.customer_id = c.id and kind = 'phone'
            order by id limit 1) as phone,
        (select normal from contact_points p where p.customer_id = c.id and kind = 'phone'
            order by id limit 1) as normal
    from customers c
    where kind = 'person' and name like '% %'
      and exists (select from contact_points p where p.customer_id = c.id and kind = 'phone')
    order by c.id offset 4 limit 3
""")
_TWIN = text("""
    insert into customers (number, kind, name, segment, language, since, tags)
    values (:number, 'person', :name, :segment, :language, :since, '{}') returning id
""")
_PHONE = text("""
    insert into contact_points (customer_id, kind, value, normal, label)
    values (:customer, 'phone', :phone, :normal, '')
""")
_SAID = text("""
    insert into contacts (customer_id, at, channel, direction, topic, note, resolved)
    values (:customer, :at, 'web', 'in', 'other', 'Asked by web form when the office opens.', true)
""")


def build(context: DemoBuild) -> None:
    """Somebody who was not found was added anew: surname first, a doubled letter lost, an initial alone."""
    day = context.plan.as_of - timedelta(days=9)
    at = datetime.combine(day, time(11, 20), UTC)
    with context.steps.step("Kept twice", 1) as advance:
        _twins(context, day, at)
        with context.session() as session:
            find_duplicates(session, at)
        advance(1)


def _twins(context: DemoBuild, day: date, at: datetime) -> None:
    for place, row in enumerate(context.connection.execute(_WHOM).all()):
        given = {
            "number": f"{row.number}-2", "name": _WAYS[place](row.name), "segment": row.segment,
            "language": row.language, "since": day,
        }  # fmt: skip
        twin = context.connection.execute(_TWIN, given).scalar_one()
        context.connection.execute(_PHONE, {"customer": twin, "phone": row.phone, "normal": row.normal})
        context.connection.execute(_SAID, {"customer": twin, "at": at})


def _turned(name: str) -> str:
    first, _, last = name.rpartition(" ")
    return f"{last} {first}"


def _slipped(name: str) -> str:
    return name[:-2] + name[-1]


def _initial(name: str) -> str:
    first, _, last = name.rpartition(" ")
    return f"{first[0]} {last}"


_WAYS = (_turned, _slipped, _initial)
