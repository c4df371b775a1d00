"""What is kept of values: session in, frozen values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

PAGE_ROWS = 50
STEPS = ("care", "offer", "alone", "unknown")
FIRST = "care"
"""The one reason that lists and sums give for care first: who needs particular care is nobody's list."""


@dataclass(frozen=True, slots=True)
class ValueState:
    """How the whole base stood when it was last counted: see `tables.ValueDay`."""

    day: date
    counted_at: datetime
    currency: str
    customers: int
    known: int
    revenue_minor: int
    margin_minor: int | None
    worth_minor: int | None
    at_stake_minor: int | None
    horizon_months: int
    discount_percent: float
    scored_on: date | None
    costs_from: date | None
    offers: Sequence[Mapping[str, Any]]
    curves: Mapping[str, Mapping[str, Any]]

    def offer_name(self, key: str) -> str:
        """An offer by its campaign's code; the code itself where it is known no more."""
        return next((str(one["name"]) for one in self.offers if one["key"] == key), key)


@dataclass(frozen=True, slots=True)
class Valued:
    """A customer: see `tables.CustomerValue`."""

    customer_id: int
    number: str
    name: str
    segment: str
    area: str
    tariff: str
    chance: float | None
    revenue_minor: int
    margin_minor: int | None
    unknown_days: int
    month_minor: int | None
    worth_minor: int | None
    at_stake_minor: int | None
    months_at_risk: float | None
    recency: int | None
    frequency: int | None
    money: int | None
    step: str
    reason: str
    offer: str
    saved_minor: int | None
    actions: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How many there are of a next step, by its reason and offer, what is at stake with them and what it is
    expected to save; None where nothing of it is known."""

    step: str
    reason: str
    offer: str
    customers: int
    at_stake_minor: int | None
    saved_minor: int | None


@dataclass(frozen=True, slots=True)
class BySegment:
    """A segment's year: margin of how many is known, and sums."""

    segment: str
    customers: int
    known: int
    revenue_minor: int
    margin_minor: int | None
    worth_minor: int | None
    at_stake_minor: int | None


_STATE = text(
    f"select {', '.join(one.name for one in fields(ValueState))} from value_days order by day desc limit 1"
)
_COLUMNS = """
    v.customer_id, c.number, c.name, v.segment, v.area, v.tariff, v.chance, v.revenue_minor, v.margin_minor,
    v.unknown_days, v.month_minor, v.worth_minor, v.at_stake_minor, v.months_at_risk, v.recency, v.frequency,
    v.money, v.step, v.reason, v.offer, v.saved_minor, v.actions
    from customer_values v join customers c on c.id = v.customer_id
"""
_NARROWED = "(:step = '' or v.step = :step) and (:segment = '' or v.segment = :segment)"
# Where no margin is known, what they may take away is revenue, and is called so.
_VALUES = text(f"""
    select {_COLUMNS} where {_NARROWED}
    order by v.at_stake_minor desc nulls last, v.chance * v.revenue_minor desc nulls last, v.customer_id
    limit :rows offset :skip
""")
_NEXT = text(f"""
    select {_COLUMNS} where {_NARROWED}
    order by array_position(array['care', 'offer', 'alone', 'unknown'], v.step),
             v.saved_minor desc nulls last, v.at_stake_minor desc nulls last, v.chance desc nulls last,
             v.customer_id
    limit :rows offset :skip
""")
_ONE = text(f"select {_COLUMNS} where c.number = :number")
_KINDS = text(f"""
    select step, case when step = 'care' then '{FIRST}' else reason end, offer, count(*),
           cast(sum(at_stake_minor) as bigint), cast(sum(saved_minor) as bigint)
    from customer_values where :segment = '' or segment = :segment group by 1, 2, 3
    order by array_position(array['care', 'offer', 'alone', 'unknown'], step), 4 desc, 2, 3
""")
_BY_SEGMENT = text("""
    select segment, count(*), count(margin_minor), cast(sum(revenue_minor) as bigint),
           cast(sum(margin_minor) as bigint), cast(sum(worth_minor) as bigint),
           cast(sum(at_stake_minor) as bigint)
    from customer_values group by segment order by sum(revenue_minor) desc, segment
""")
_RFM = text("""
    select recency, frequency, money, count(*), cast(sum(revenue_minor) as bigint), avg(chance)
    from customer_values group by 1, 2, 3
""")


def state(session: Session) -> ValueState | None:
    """The newest count; None before the first."""
    row = session.execute(_STATE).one_or_none()
    return None if row is None else ValueState(*row)


def values(
    session: Session, *, step: str = "", segment: str = "", rows: int | None = PAGE_ROWS, skip: int = 0
) -> list[Valued]:
    """Customers, what is most at stake first. rows None: all."""
    given = {"step": step, "segment": segment, "rows": rows, "skip": skip}
    return [_listed(Valued(*row)) for row in session.execute(_VALUES, given)]


def next_ones(
    session: Session, *, step: str = "", segment: str = "", rows: int | None = PAGE_ROWS, skip: int = 0
) -> list[Valued]:
    """Customers by what to do: care first, then offers by what they save. rows None: all."""
    given = {"step": step, "segment": segment, "rows": rows, "skip": skip}
    return [_listed(Valued(*row)) for row in session.execute(_NEXT, given)]


def _listed(one: Valued) -> Valued:
    if one.step != "care":
        return one
    return replace(one, reason=FIRST, actions=[{**action, "reason": FIRST} for action in one.actions])


def value_of(session: Session, number: str) -> Valued | None:
    """The customer of a number, with the very reason."""
    row = session.execute(_ONE, {"number": number}).one_or_none()
    return None if row is None else Valued(*row)


def kinds(session: Session, segment: str = "") -> list[Kind]:
    """What there is to do, counted; "": of every segment."""
    return [Kind(*row) for row in session.execute(_KINDS, {"segment": segment})]


def by_segment(session: Session) -> list[BySegment]:
    """Sums of each segment, who brings most first."""
    return [BySegment(*row) for row in session.execute(_BY_SEGMENT)]


def rfm(session: Session) -> list[tuple[int, int, int, int, int, float | None]]:
    """(recency, frequency, money, customers, revenue, mean chance) of every cell that somebody is in."""
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in session.execute(_RFM)]


@dataclass(frozen=True, slots=True)
class Fifth:
    """A fifth of the base by one figure ("recency": days since they were last in touch or paid; "frequency":
    days on which they were or did; "money": revenue in minor units): its least and most, None: never."""

    figure: str
    fifth: int
    customers: int
    least: int | None
    most: int | None


_FIFTHS = text("""
    select 'recency', recency, count(*), cast(min(:day - last_act_on) as bigint),
           cast(max(:day - last_act_on) as bigint)
    from customer_values group by 2
    union all
    select 'frequency', frequency, count(*), min(acts), max(acts) from customer_values group by 2
    union all
    select 'money', money, count(*), min(revenue_minor), max(revenue_minor) from customer_values group by 2
    order by 1, 2 desc
""")


def fifth_bounds(session: Session, day: date) -> list[Fifth]:
    """What each fifth of recency, frequency and money holds."""
    return [Fifth(*row) for row in session.execute(_FIFTHS, {"day": day})]
