"""Taking prices of a series in: what changes is kept as it was known before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import lcm
from typing import Literal

from sqlalchemy import Text, cast, insert, literal, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from billing.domain.reckoning.axis import epoch_minute, instant_of, local_date
from billing.domain.tariffs.price_series import PriceSeries
from billing.queries.tariffs import parsed
from billing.tables import PriceDay, PriceDayHistory, PriceImport, Tariff
from billing.tables import PriceSeries as SeriesTable
from meters.usage import enter_readings

_BILLED = text(
    """
    select c.day, b.id
    from unnest(cast(:tariffs as bigint[]), cast(:days as date[])) as c(tariff_id, day)
    join agreements g on g.tariff_id = c.tariff_id
    join bill_lines l on l.agreement_id = g.id and l.starts_on <= c.day and l.ends_before > c.day
    join bills b on b.id = l.bill_id and b.status = 'issued'
    group by c.day, b.id
    """
)

Day = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class PricesImport:
    """What became of a file of prices. days_added, days_changed: days (UTC) with prices that were not known,
    or were others. billed_days: local days of issued bills whose prices were others; bills: how many."""

    series: str
    outcome: Literal["added", "changed", "unchanged"]
    days_added: int = 0
    days_changed: int = 0
    billed_days: tuple[date, ...] = ()
    bills: int = 0


def import_prices(
    session: Session, series: PriceSeries, *, file_name: str, received_at: datetime | None = None
) -> PricesImport:
    """Store prices; those of other times stay, the same prices again change nothing.

    received_at: when they came to be known; now, behind the door of the readings, when left out. Bills that
    were issued stay as they are, made from what was known then.
    """
    instant = received_at or enter_readings(session)
    series_id = _locked_series(session, series.name)
    given = _by_day(series)
    known = {
        row.day: (tuple(row.price_micro), row.import_id)
        for row in session.execute(
            select(PriceDay.day, PriceDay.price_micro, PriceDay.import_id).where(
                PriceDay.series_id == series_id, PriceDay.day.in_(list(given))
            )
        )
    }
    fresh: dict[date, Day] = {}
    changed: list[datetime] = []
    for day, prices in given.items():
        before = known[day][0] if day in known else ()
        after = merged(before, prices)
        if not before or _wider(before, len(after)) != after:
            fresh[day] = after
            changed += _changed(day, before, after)
    if not fresh:
        return PricesImport(series.name, "unchanged")
    import_id = session.scalar(
        insert(PriceImport)
        .values(series_id=series_id, file_name=file_name, received_at=instant)
        .returning(PriceImport.id)
    )
    assert import_id is not None, "an insert returns its key"
    replaced = [day for day in fresh if day in known]
    _keep_history(session, series_id, replaced, import_id)
    _write(session, series_id, fresh, import_id)
    billed = _billed(session, series.name, changed)
    return PricesImport(
        series.name,
        "changed" if replaced else "added",
        len(fresh) - len(replaced),
        len(replaced),
        tuple(sorted({day for day, _bill in billed})),
        len({bill for _day, bill in billed}),
    )


def merged(before: Sequence[int | None], after: Sequence[int | None]) -> Day:
    """A day's prices where those given stand over those known; at the shorter of both intervals."""
    if not before:
        return tuple(after)
    slots = lcm(len(before), len(after))
    pairs = zip(_wider(before, slots), _wider(after, slots), strict=True)
    return tuple(old if new is None else new for old, new in pairs)


def _wider(prices: Sequence[int | None], slots: int) -> Day:
    return tuple(price for price in prices for _ in range(slots // len(prices)))


def _by_day(series: PriceSeries) -> dict[date, Day]:
    """Days of UTC, each whole, None where the series has no price."""
    slots = 1440 // series.interval_minutes
    found: dict[date, list[int | None]] = {}
    first = epoch_minute(series.starts_at)
    missing = series.missing.tolist()
    for place, price in enumerate(series.price_micro.tolist()):
        at = instant_of(first + place * series.interval_minutes)
        of_day = found.setdefault(at.date(), [None] * slots)
        of_day[(at.hour * 60 + at.minute) // series.interval_minutes] = None if missing[place] else price
    return {day: tuple(prices) for day, prices in found.items()}


def _changed(day: date, before: Day, after: Day) -> Iterable[datetime]:
    """Instants at which another price was known."""
    step = timedelta(minutes=1440 // len(after))
    midnight = datetime.combine(day, time(), UTC)
    for place, (old, new) in enumerate(zip(_wider(before, len(after)), after, strict=False)):
        if old is not None and old != new:
            yield midnight + place * step


def _locked_series(session: Session, name: str) -> int:
    session.execute(upsert(SeriesTable).values(name=name).on_conflict_do_nothing())
    locked = select(SeriesTable.id).where(SeriesTable.name == name).with_for_update()
    return session.execute(locked).scalar_one()


def _keep_history(session: Session, series_id: int, days: Sequence[date], import_id: int) -> None:
    if not days:
        return
    session.execute(
        insert(PriceDayHistory).from_select(
            ["series_id", "day", "price_micro", "import_id", "replaced_by"],
            select(
                PriceDay.series_id, PriceDay.day, PriceDay.price_micro, PriceDay.import_id, literal(import_id)
            ).where(tuple_(PriceDay.series_id, PriceDay.day).in_([(series_id, day) for day in days])),
        )
    )


def _write(session: Session, series_id: int, fresh: Mapping[date, Day], import_id: int) -> None:
    statement = upsert(PriceDay)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["series_id", "day"],
            set_={"price_micro": statement.excluded.price_micro, "import_id": statement.excluded.import_id},
        ),
        [
            {"series_id": series_id, "day": day, "price_micro": list(prices), "import_id": import_id}
            for day, prices in fresh.items()
        ],
    )


def _billed(session: Session, name: str, changed: Sequence[datetime]) -> list[tuple[date, int]]:
    """(local day, bill) of issued bills under tariffs that name the series."""
    if not changed:
        return []
    pairs: set[tuple[int, date]] = set()
    for tariff_id, document in session.execute(select(Tariff.id, cast(Tariff.document, Text))):
        tariff = parsed(document)
        if name in tariff.series_named:
            pairs |= {(tariff_id, local_date(at, tariff.timezone or "UTC")) for at in changed}
    values = {"tariffs": [pair[0] for pair in pairs], "days": [pair[1] for pair in pairs]}
    return [(row[0], row[1]) for row in session.execute(_BILLED, values)]
