"""Numbers of documents: one after another in their series, without a gap and none twice.

A bill counts within the month it is for (2026-10-000001), a credit note and a consolidated invoice within
the year they are issued in (CN-2026-000001, INV-2026-000001). Each legal entity counts for itself, and its
code stands before the number. A month belongs to one year, so a year's bills are twelve series without a gap.

The counter is a row of the database, and is locked until the transaction ends: if that is undone or killed,
its numbers are given to the next. The `invoices` table proves it, row by row: each document refers to the one
before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.settings import settings

Series = Literal["bill", "credit_note", "invoice"]

_SHAPES: dict[Series, tuple[str, str]] = {
    "bill": ("", "%Y-%m"),
    "credit_note": ("CN-", "%Y"),
    "invoice": ("INV-", "%Y"),
}
"""What stands before the period, and the period of which a series counts anew."""

_TAKE = text(
    """
    insert into number_series (entity, series, period, last_number)
    values (:entity, :series, :period, :count)
    on conflict (entity, series, period) do update
        set last_number = number_series.last_number + excluded.last_number
    returning last_number
    """
)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A number that was given out, and where it stands. sequence: 1 is the first of its period."""

    number: str
    entity: str
    series: Series
    period: str
    sequence: int


def next_numbers(session: Session, series: Series, day: date, count: int) -> list[Numbered]:
    """The next `count` numbers of a series, in the caller's transaction.

    day: for a bill any day of the month it is for, else the day of issue. Others who want a number of the
    same series wait until the caller's transaction ends: take it last, after the locks on accounts. Who
    needs several series in one transaction takes them in the order bill, credit_note, invoice.
    """
    if count < 1:
        return []
    before, shape = _SHAPES[series]
    entity, period = settings().supplier_code, day.strftime(shape)
    values = {"entity": entity, "series": series, "period": period, "count": count}
    last = session.scalar(_TAKE, values)
    assert isinstance(last, int)
    begin = f"{entity}-{before}{period}" if entity else f"{before}{period}"
    return [
        Numbered(f"{begin}-{sequence:06d}", entity, series, period, sequence)
        for sequence in range(last - count + 1, last + 1)
    ]


def next_number(session: Session, series: Series, day: date) -> Numbered:
    """The next number of a series; see `next_numbers`."""
    return next_numbers(session, series, day, 1)[0]


@dataclass(frozen=True, slots=True)
class SeriesState:
    """A series: the last number given out, how many documents there are, and the highest number on one."""

    entity: str
    series: str
    period: str
    last_number: int
    documents: int
    highest: int


_SERIES = text(
    """
    select s.entity, s.series, s.period, s.last_number, count(i.id), coalesce(max(i.sequence), 0)
    from number_series s
    left join invoices i using (entity, series, period)
    group by s.entity, s.series, s.period, s.last_number
    order by 1, 2, 3
    """
)


def number_series(session: Session) -> tuple[SeriesState, ...]:
    """Every series there is, one statement."""
    return tuple(SeriesState(*tuple(row)) for row in session.execute(_SERIES))


def number_gaps(session: Session) -> tuple[SeriesState, ...]:
    """Series that do not count from 1 to their last number once each; there is none but among documents
    from before the rules."""
    return tuple(one for one in number_series(session) if not one.documents == one.highest == one.last_number)
