"""What the customer's own readings say of the tariff they are on: what a price change costs them, whether
another tariff of ours would cost them less, and when they use energy.

The last four weeks before a date are priced by the engine that makes the bills, on the tariffs as they
stood then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from billing.domain.errors import NotRateable
from billing.domain.rating.rate import rate
from billing.domain.reckoning.axis import Axis, axis_of, day_starts_at, epoch_minute
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import UsageMatrix
from billing.domain.tariffs.tariff import Tariff
from billing.queries.prices import with_known_prices
from billing.queries.tariffs import tariffs_by_id
from churn.domain.feature_table import FloatArray
from churn.domain.figures import BoolArray
from meters.usage import UsageTable, usage

DAYS = 28
PRICE_DAYS = 90
NIGHT_ENDS_MINUTE = 7 * 60
MOST_MISSING = 0.25
FEWEST_ON_TARIFF = 5
"""A tariff is on offer to a segment when at least this many of its supplies are on it."""

EVENING_MINUTES = (17 * 60, 21 * 60)
SHARES = ("night_flat", "evening_share")
COLUMNS = ("as_of", "customer_id", "cost_minor", "price_rise_minor", "saving_minor", "cheaper", *SHARES)


@dataclass(frozen=True, slots=True)
class Batch:
    """Supplies priced together: same tariff, segment, zone and axis. rows: their places in the usage
    table."""

    customer_ids: tuple[int, ...]
    tariff_id: int
    segment: str
    timezone: str
    rows: tuple[int, ...]


def tariff_fit(session: Session, supplies: pd.DataFrame) -> pd.DataFrame:
    """One row a customer and date (see COLUMNS): the cost of four weeks, what the price changes of the last
    90 days added to it, what the cheapest other tariff would take off it and that tariff's name, and the
    share of energy used from 00:00 to 07:00, 0 where hours differ in price; and from 17:00 to
    21:00. Supplies with too few readings are left out.

    supplies: as `churn.known.supplies` gives them.
    """
    if supplies.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    tariffs = tariffs_by_id(session, sorted({int(each) for each in supplies["tariff_id"]}))
    found: list[pd.DataFrame] = []
    for as_of in sorted(set(supplies["as_of"])):
        live = supplies[supplies["as_of"] == as_of]
        offered = _offered(live)
        period = Period(as_of - timedelta(days=DAYS), as_of)
        channels = live["channel_id"].astype(int).tolist()
        starts_at, ends_before = _span(period, live["timezone"].unique())
        priced = with_known_prices(session, tariffs, starts_at, ends_before)
        for table in usage(session, channels, starts_at, ends_before):
            for batch in _batches(live, table):
                found.append(_priced(table, batch, priced, offered[batch.segment], period))
    if not found:
        return pd.DataFrame(columns=list(COLUMNS))
    return _by_customer(pd.concat(found, ignore_index=True))


def frozen_at(tariff: Tariff, day: date) -> Tariff:
    """The tariff as if what is in force on `day` had always been. Raises NotRateable before its first
    version."""
    return replace(tariff, versions=(replace(tariff.version_on(day), starts_on=date.min),))


def is_flat(tariff: Tariff, day: date) -> bool:
    """Whether every hour of every day costs the same on `day`. Raises NotRateable before its first
    version."""
    version = tariff.version_on(day)
    charges = version.energy
    return not version.dynamic and all(
        len({period.price_micro for period in charge.periods}) == 1 for charge in charges
    )


def _offered(live: pd.DataFrame) -> dict[str, tuple[int, ...]]:
    """The tariffs that enough supplies of each segment are on."""
    counts = live.groupby(["segment", "tariff_id"]).size()
    held = counts[counts >= FEWEST_ON_TARIFF].reset_index()
    return {
        str(segment): tuple(held.loc[held["segment"] == segment, "tariff_id"].astype(int))
        for segment in live["segment"].unique()
    }


def _span(period: Period, zones: Iterable[str]) -> tuple[datetime, datetime]:
    """The instants that hold the period in every zone."""
    known = list(zones)
    starts = [day_starts_at(period.starts_on, zone) for zone in known]
    ends = [day_starts_at(period.ends_before, zone) for zone in known]
    return min(starts), max(ends)


def _batches(live: pd.DataFrame, table: UsageTable) -> list[Batch]:
    places = {channel: place for place, channel in enumerate(table.channel_ids)}
    inside = live[live["channel_id"].isin(places)]
    return [
        Batch(
            tuple(group["customer_id"].astype(int)),
            int(group["tariff_id"].iloc[0]),
            str(group["segment"].iloc[0]),
            str(group["timezone"].iloc[0]),
            tuple(places[int(channel)] for channel in group["channel_id"]),
        )
        for _, group in inside.groupby(["tariff_id", "segment", "timezone"])
    ]


def _priced(
    table: UsageTable,
    batch: Batch,
    tariffs: Mapping[int, Tariff],
    offered: Sequence[int],
    period: Period,
) -> pd.DataFrame:
    """A row a supply; empty where the tariff itself cannot be priced."""
    rows = list(batch.rows)
    matrix = UsageMatrix(table.starts_at, table.interval_minutes, table.micro[rows], table.missing[rows])
    tariff = tariffs[batch.tariff_id]
    yesterday = period.ends_before - timedelta(days=1)
    now = _cost(matrix, tariff, yesterday, period, batch.timezone)
    if now is None:
        return pd.DataFrame(columns=list(COLUMNS))
    before = _cost(
        matrix, tariff, period.ends_before - timedelta(days=PRICE_DAYS + 1), period, batch.timezone
    )
    saving, cheaper = np.zeros(len(rows)), np.full(len(rows), "", dtype=object)
    for other_id in offered:
        other = tariffs[other_id]
        if other_id == batch.tariff_id or other.currency != tariff.currency:
            continue
        cost = _cost(matrix, other, yesterday, period, batch.timezone)
        if cost is not None:
            cheaper = np.where(now - cost > saving, other.name, cheaper)
            saving = np.maximum(saving, now - cost)
    shares = _shares(matrix, period, batch.timezone)
    if not is_flat(tariff, yesterday):
        shares["night_flat"] = np.zeros(len(rows))
    frame = pd.DataFrame(
        {
            "as_of": period.ends_before,
            "customer_id": batch.customer_ids,
            "cost_minor": now,
            "price_rise_minor": np.nan if before is None else now - before,
            "saving_minor": saving,
            "cheaper": cheaper,
            **shares,
        }
    )
    return frame[_whole_enough(matrix, period, batch.timezone)]


def _cost(matrix: UsageMatrix, tariff: Tariff, day: date, period: Period, timezone: str) -> FloatArray | None:
    """Minor units of each row for the period at the prices of `day`; None where the tariff was not there
    yet, or has no price for an hour of it."""
    try:
        frozen = frozen_at(tariff, day)
        return rate(matrix, frozen, period, timezone=timezone).total_minor.astype(np.float64)
    except NotRateable:
        return None


def _columns(matrix: UsageMatrix, axis: Axis) -> tuple[slice, slice]:
    """Which columns of the matrix lie in the period, and which part of its axis they are."""
    offset = (axis.first_minute - epoch_minute(matrix.starts_at)) // matrix.interval_minutes
    begin = max(0, -offset)
    end = max(begin, min(axis.size, matrix.micro_kwh.shape[1] - offset))
    return slice(begin + offset, end + offset), slice(begin, end)


def _shares(matrix: UsageMatrix, period: Period, timezone: str) -> dict[str, FloatArray]:
    """Of each row's energy, by SHARES; NaN where none was used."""
    axis = axis_of(timezone, matrix.interval_minutes, epoch_minute(matrix.starts_at), period)
    columns, part = _columns(matrix, axis)
    used = matrix.micro_kwh[:, columns]
    clock = axis.clock_minute[part]
    total = used.sum(axis=1)

    def share(chosen: BoolArray) -> FloatArray:
        return np.where(total > 0, used[:, chosen].sum(axis=1) / np.where(total > 0, total, 1), np.nan)

    evening = (clock >= EVENING_MINUTES[0]) & (clock < EVENING_MINUTES[1])
    return dict(zip(SHARES, (share(clock < NIGHT_ENDS_MINUTE), share(evening)), strict=True))


def _whole_enough(matrix: UsageMatrix, period: Period, timezone: str) -> BoolArray:
    axis = axis_of(timezone, matrix.interval_minutes, epoch_minute(matrix.starts_at), period)
    columns, _ = _columns(matrix, axis)
    assert matrix.missing is not None
    present = np.count_nonzero(~matrix.missing[:, columns], axis=1)
    return np.asarray(present >= (1 - MOST_MISSING) * axis.size)


def _by_customer(supplies: pd.DataFrame) -> pd.DataFrame:
    """Several supplies of a customer as one: money is added, shares weigh by cost, and the tariff named is
    that of the largest saving."""
    ordered = supplies.sort_values(["as_of", "customer_id", "saving_minor"], ascending=[True, True, False])
    cost = ordered["cost_minor"].where(ordered["cost_minor"] > 0)
    weighed = ordered.assign(
        **{name: ordered[name] * cost for name in SHARES},
        **{f"{name}_cost": cost.where(ordered[name].notna()) for name in SHARES},
    )
    grouped = weighed.groupby(["as_of", "customer_id"])
    found = grouped.agg(
        cost_minor=("cost_minor", "sum"), saving_minor=("saving_minor", "sum"), cheaper=("cheaper", "first")
    )
    found["price_rise_minor"] = grouped["price_rise_minor"].sum(min_count=1)
    for name in SHARES:  # where nothing was used there is no share, and none that weighs in another's
        found[name] = grouped[name].sum(min_count=1) / grouped[f"{name}_cost"].sum(min_count=1)
    return found.reset_index()[list(COLUMNS)]
