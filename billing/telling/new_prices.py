"""Tariffs whose prices change on a day to come, what changes in them, and who takes supply on them then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import blake2b

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.reckoning.axis import day_starts_at
from billing.domain.tariffs.tariff import Labels, Tariff, Version
from billing.queries.prices import with_known_prices
from billing.queries.tariffs import tariffs_by_id
from billing.what_if.base import CHUNK, Sums
from billing.what_if.reading import readings_of
from billing.what_if.supplies import base_supplies
from notifications.types.tariff_change import ChangedPrice, YearOfUse

AHEAD_DAYS = 120
"""New prices farther ahead are not looked at yet."""

_IN_USE = text("""
    select distinct g.tariff_id from agreements g
    where g.starts_on < cast(:today as date) + cast(:ahead as int)
      and (g.ends_before is null or g.ends_before > :today)
""")
# Who is supplied on it before and after the day; once an account, whatever number of places it has.
_ON_IT = text("""
    select a.id, a.number, a.payer_id, u.segment, min(g.starts_on),
           string_agg(distinct coalesce(nullif(p.address, ''), s.code), '; ')
    from agreements g
    join accounts a on a.id = g.account_id
    join customers u on u.id = a.customer_id
    join service_points s on s.id = g.service_point_id
    left join premises p on p.id = s.premise_id
    where g.tariff_id = :tariff and g.starts_on < :day and (g.ends_before is null or g.ends_before > :day)
      and u.segment = any(:segments) and a.id > :after
      and not exists (select from outbox o
                      where o.key = 'tariff_change:' || cast(:change as text) || ':' || a.number)
    group by a.id, u.segment order by a.id limit :limit
""")
_TOLD_OF = text("select distinct about from outbox where state = 'waiting' and notice = 'tariff_change'")


@dataclass(frozen=True, slots=True)
class NewPrices:
    """A tariff from a day on: as it is priced before (`old`) and after (`new`), each with that version alone.

    name: the tariff, the day and a digest of both, so that prices that are written anew are told anew.
    """

    name: str
    tariff_id: int
    starts_on: date
    old: Tariff
    new: Tariff
    prices: tuple[ChangedPrice, ...]


@dataclass(frozen=True, slots=True)
class OnTariff:
    """An account on a tariff that changes. since: the first day of its supply on it."""

    account_id: int
    account: str
    payer_id: int
    segment: str
    since: date
    places: str


def new_prices(session: Session, today: date) -> list[NewPrices]:
    """What changes in the next days, by tariff and day; two statements, and one where prices are a series."""
    ids = set(session.scalars(_IN_USE, {"today": today, "ahead": AHEAD_DAYS}))
    known = tariffs_by_id(session, ids)
    noon = day_starts_at(today, "UTC")
    priced = with_known_prices(session, known, noon - timedelta(days=430), noon + timedelta(days=1))
    found = [
        change
        for tariff_id, tariff in priced.items()
        for change in _changes(tariff_id, tariff, today, today + timedelta(days=AHEAD_DAYS))
    ]
    return sorted(found, key=lambda one: (one.starts_on, one.name))


def no_longer_announced(session: Session, changes: list[NewPrices]) -> list[str]:
    """What waiting notices are about that is not to come any more."""
    coming = {f"tariff:{one.name}" for one in changes}
    return [one for one in session.scalars(_TOLD_OF) if one not in coming]


def accounts_on(
    session: Session, change: NewPrices, segments: list[str], after: int, limit: int
) -> list[OnTariff]:
    """The next accounts of these segments that were not told of it yet."""
    values = {
        "tariff": change.tariff_id,
        "day": change.starts_on,
        "change": change.name,
        "segments": segments,
        "after": after,
        "limit": limit,
    }
    return [OnTariff(*row) for row in session.execute(_ON_IT, values)]


def years_of_use(
    session: Session, change: NewPrices, accounts: list[int], today: date
) -> dict[int, YearOfUse]:
    """The last twelve billing months of these accounts' own readings at both prices; accounts of which too
    little was read, or that cannot be priced, are not in it. Three statements for each `CHUNK`."""
    supplies = [
        one for one in base_supplies(session, today, accounts=accounts) if one.tariff_id == change.tariff_id
    ]
    sums = Sums(supplies)
    for start in range(0, len(supplies), CHUNK):
        for group, usage in readings_of(session, supplies[start : start + CHUNK], today):
            sums.add(group, usage, change.old, change.new, today)
    return {one.account_id: YearOfUse(one.own_minor, one.other_minor) for one in sums.told(1).accounts}


def changed_prices(
    before: Version, after: Version, unit: str, labels: Labels = ()
) -> tuple[ChangedPrice, ...]:
    """The prices that can be said in one figure and differ, in the order of the tariff. unit: kWh or m3.
    labels: what they are called in other languages."""
    was, will = dict(_prices(before, unit)), dict(_prices(after, unit))
    named = [(language, dict(names)) for language, names in labels]
    return tuple(
        ChangedPrice(
            key.label + key.season,
            key.per,
            was.get(key),
            will.get(key),
            {language: names[key.label] + key.season for language, names in named if key.label in names},
        )
        for key in dict.fromkeys([*will, *was])
        if was.get(key) != will.get(key)
    )


def _changes(tariff_id: int, tariff: Tariff, today: date, until: date) -> Iterator[NewPrices]:
    for before, after in zip(tariff.versions, tariff.versions[1:], strict=False):
        same = (before.charges, before.seasons) == (after.charges, after.seasons)
        if same or not today < after.starts_on <= until:
            continue
        digest = blake2b(repr((before, after)).encode(), digest_size=6).hexdigest()
        yield NewPrices(
            f"{tariff.code}:{after.starts_on.isoformat()}:{digest}",
            tariff_id,
            after.starts_on,
            replace(tariff, versions=(before,)),
            replace(tariff, versions=(after,)),
            changed_prices(before, after, tariff.metered_unit, tariff.labels),
        )


@dataclass(frozen=True, slots=True)
class _Key:
    """Which price it is; season: in brackets, empty where there is none."""

    code: str
    label: str
    season: str
    per: str


def _prices(version: Version, unit: str) -> Iterator[tuple[_Key, int]]:
    """The price of what has one: no tiers, no series, no price for each kW."""
    for charge in version.fixed:
        if charge.each is None:
            yield _Key(charge.code, charge.label, "", charge.per), charge.price_micro
    for energy in version.energy:
        if energy.tiers is not None or energy.net is not None:
            continue
        for period in energy.periods:
            if not period.tiers:
                season = f" ({', '.join(period.seasons)})" if period.seasons else ""
                yield _Key(energy.code, period.label, season, unit), period.price_micro
