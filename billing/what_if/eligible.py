"""Which tariffs a supply could be on: offered now, for such as it is, in its currency and on its clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.tariffs.eligibility import SEGMENTS, Place
from billing.domain.tariffs.tariff import Tariff
from billing.queries.tariffs import parsed


@dataclass(frozen=True, slots=True)
class Offer:
    """A tariff, and how many supplies are on it today: of the segment asked about, and of all."""

    id: int
    tariff: Tariff
    of_segment: int
    of_all: int

    @property
    def code(self) -> str:
        return self.tariff.code


_OFFERS = text(
    """
    select t.id, cast(t.document as text),
           count(*) filter (where c.segment = :segment), count(c.id)
    from tariffs t
    left join agreements g on g.tariff_id = t.id and g.starts_on <= :today
                          and (g.ends_before is null or g.ends_before > :today)
    left join accounts a on a.id = g.account_id
    left join customers c on c.id = a.customer_id
    group by t.id order by t.code
    """
)


def offers_for(session: Session, places: Sequence[Place], today: date) -> list[Offer]:
    """Every tariff in force today that all these supplies of one customer fit, by code; one statement.

    Where a tariff's file names no segments, one that others are on but nobody of the segment is for those
    others; one that nobody is on yet is for everybody.
    """
    rows = session.execute(_OFFERS, {"segment": places[0].segment, "today": today})
    offers = [Offer(row[0], parsed(row[1]), row[2], row[3]) for row in rows]
    return [
        one
        for one in offers
        if in_force(one.tariff, today)
        and not any(one.tariff.eligibility.unfit(place, today) for place in places)
        and (one.tariff.eligibility.segments or one.of_segment or not one.of_all)
    ]


_SEGMENTS = text(
    """
    select distinct c.segment
    from agreements g
    join accounts a on a.id = g.account_id
    join customers c on c.id = a.customer_id
    where g.tariff_id = :tariff and g.starts_on <= :today
      and (g.ends_before is null or g.ends_before > :today)
    order by 1
    """
)


def segments_of(session: Session, tariff_id: int, tariff: Tariff, today: date) -> list[str]:
    """The segments that a tariff is for, by the same rule."""
    if tariff.eligibility.segments:
        return sorted(tariff.eligibility.segments)
    found = list(session.scalars(_SEGMENTS, {"tariff": tariff_id, "today": today}))
    return found or list(SEGMENTS)


def in_force(tariff: Tariff, today: date) -> bool:
    """Whether a version holds today."""
    return tariff.versions[0].starts_on <= today


def alike(one: Tariff, other: Tariff, premise_timezone: str) -> bool:
    """Whether a supply on one could be on the other: same money, same clock."""
    return (one.currency, one.decimals, one.zone(premise_timezone)) == (
        other.currency,
        other.decimals,
        other.zone(premise_timezone),
    )


def taken_back(tariff: Tariff, day: date) -> Tariff:
    """The tariff as if its first version had already held on `day`, so that it can be priced over the
    past."""
    first, *later = tariff.versions
    if first.starts_on <= day:
        return tariff
    return replace(tariff, versions=(replace(first, starts_on=day), *later))


def candidates(offers: Sequence[Offer], own: Sequence[Tariff], premise_timezone: str) -> list[Offer]:
    """What a supply on the tariffs `own` could change to."""
    codes = {tariff.code for tariff in own}
    return [
        one
        for one in offers
        if one.code not in codes and all(alike(one.tariff, mine, premise_timezone) for mine in own)
    ]
