"""What a day to come will use: as like days did lately, and around the same date a year ago.

Alike are weekdays, Saturdays, Sundays and public holidays. With a fit of the weather, the use beside the
weather is what is carried on, and the weather that usually is comes on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from billing.domain.explanation.virtual_days import types_of
from billing.domain.explanation.weather.record import Floats, daily_kwh
from billing.domain.reckoning.days import HolidayCalendar, Period
from billing.domain.reckoning.usage import Usage

LATELY, LONGER = 28, 91
"""Days before the first one to come; the longer where too few of the shorter were read."""
LEAST_KNOWN = 7
YEAR, AROUND = 364, 10
"""The same weekday a year ago, and how many days either side of it count."""
LEAST_SHARE = 5
"""A day to come is never foretold below what like days used lately, divided by this."""
_KINDS, _SUNDAY, _HOLIDAY = 4, 2, 3

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class DailyUse:
    """Of each local day of ``period``, float64 (days,): kwh, NaN where it was not measured or is to come.

    kind: 0 weekday, 1 Saturday, 2 Sunday, 3 holiday. weather: kWh that a fit lays to the weather as it was;
    usual: to the weather as it usually is. Both zero where the weather is left out.
    """

    period: Period
    kwh: Floats
    kind: Places
    weather: Floats
    usual: Floats


def daily_use(
    usage: Usage,
    period: Period,
    timezone: str,
    holidays: HolidayCalendar | None,
    weather: tuple[Floats, Floats] | None = None,
) -> DailyUse:
    """usage: all that is known of the period. weather: as it was (NaN where unknown) and as it usually is."""
    kind = _kinds(period, holidays)
    nothing = np.zeros(period.days)
    was, usual = weather or (nothing, nothing)
    return DailyUse(
        period, daily_kwh(usage, period, timezone), kind, np.where(np.isnan(was), usual, was), usual
    )


@lru_cache(maxsize=256)
def _kinds(period: Period, holidays: HolidayCalendar | None) -> Places:
    """The same for all customers of a calendar."""
    kinds = np.array(types_of(period, (holidays,)), dtype=np.int64)
    kinds.flags.writeable = False
    return kinds


def is_known(use: DailyUse, origin: int) -> bool:
    """Whether enough was read before a day to foretell from it on."""
    return int((~np.isnan(use.kwh[max(0, origin - LONGER) : origin])).sum()) >= LEAST_KNOWN


def foretold(use: DailyUse, origins: Places, ahead: int) -> Floats:
    """kWh of each of ``ahead`` days from each origin (a place in the period): float64 (origins, ahead), NaN
    where too little was read before it. Nothing from an origin on is looked at."""
    beside = use.kwh - use.weather
    targets = origins[:, None] + np.arange(ahead)
    kinds = use.kind[targets]
    lately = _lately(beside, use.kind, origins)
    recent = np.take_along_axis(lately, kinds, axis=1)
    begins = targets - YEAR - AROUND
    around = _means(
        beside, use.kind, np.maximum(begins, 0), np.minimum(targets - YEAR + AROUND + 1, origins[:, None])
    )
    year_ago = np.take_along_axis(around, kinds[:, :, None], axis=2)[:, :, 0]
    year_ago[begins < 0] = np.nan
    level = np.where(np.isnan(year_ago), recent, (recent + year_ago) / 2)
    usual = use.usual[targets]
    found: Floats = np.maximum(level + usual, np.maximum(recent + usual, 0) / LEAST_SHARE)
    return found


def knows_a_year_ago(use: DailyUse, origin: int, ahead: int) -> bool:
    """Whether all days to come have days of a year ago beside them."""
    first = origin - YEAR - AROUND
    return first >= 0 and not np.isnan(use.kwh[first : origin + ahead - YEAR + AROUND]).all()


def _lately(beside: Floats, kind: Places, origins: Places) -> Floats:
    """Mean of each kind before each origin, float64 (origins, kinds); a kind that was not there has the
    mean of all, a holiday that of Sundays."""
    begins = np.maximum(origins[None, :] - np.array([[LATELY], [LONGER]]), 0)
    near, far = _means(beside, kind, begins, np.broadcast_to(origins, begins.shape))
    known = np.cumsum(np.concatenate(([0], ~np.isnan(beside))))
    counts = [known[origins] - known[np.maximum(origins - days, 0)] for days in (LATELY, LONGER)]
    found: Floats = np.where((counts[0] >= LEAST_KNOWN)[:, None], near, far)
    found[counts[1] < LEAST_KNOWN] = np.nan
    return found


def _means(beside: Floats, kind: Places, begins: Places, ends: Places) -> Floats:
    """Of spans [begins, ends), any shape: means by kind, float64 (..., kinds)."""
    read = ~np.isnan(beside)
    each = (kind[None, :] == np.arange(_KINDS)[:, None]) & read[None, :]
    nothing = np.zeros((_KINDS, 1))
    sums = np.concatenate((nothing, np.cumsum(np.where(each, beside, 0.0), axis=1)), axis=1)
    counts = np.concatenate((nothing, np.cumsum(each, axis=1)), axis=1)
    ends = np.maximum(ends, begins)
    total = np.moveaxis(sums[:, ends] - sums[:, begins], 0, -1)
    days = np.moveaxis(counts[:, ends] - counts[:, begins], 0, -1)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Floats = total / days
        whole = total.sum(axis=-1) / days.sum(axis=-1)
    holiday = means[..., _HOLIDAY]
    means[..., _HOLIDAY] = np.where(np.isnan(holiday), means[..., _SUNDAY], holiday)
    return np.where(np.isnan(means), whole[..., None], means)
