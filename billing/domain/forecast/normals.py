"""Temperatures as they usually are, day by day of the year, from those that are known of a place.

The mean of a day of the year is a wave of one year fitted by least squares: with a year or two of records
it is nearer the truth than the mean of each date (B. Narapusetty, T. DelSole and M. Tippett, Optimal
estimation of the climatological mean, Journal of Climate 22, 2009). Days scatter about it as they did
about it in the records, so that a degree-day is expected on a day whose mean lies above the balance point,
too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from billing.domain.explanation.weather.parting import WeatherFit
from billing.domain.explanation.weather.record import Floats
from billing.domain.reckoning.days import Period

LEAST_DAYS = 300
"""Fewer do not show a whole year."""
SCATTER = 21
_YEAR = 365.25


@dataclass(frozen=True, eq=False)
class Normals:
    """wave: mean, cosine and sine of the year, float64 (3,). scatter: degrees about it, in equal shares of
    the days, float64 (21,). days: it was fitted on."""

    wave: Floats
    scatter: Floats
    days: int

    def celsius(self, period: Period) -> Floats:
        """Degrees to be expected of each day, float64 (days,)."""
        expected: Floats = _waves(period) @ self.wave
        return expected

    def kwh(self, fit: WeatherFit, period: Period) -> Floats:
        """What a fit lays to such weather, a day, float64 (days,)."""
        degrees = self.celsius(period)[:, None] + self.scatter[None, :]
        heating, cooling = fit.kwh(degrees)
        mean: Floats = (heating + cooling).mean(axis=1)
        return mean


def normals_of(period: Period, celsius: Floats) -> Normals | None:
    """celsius: of each day of the period, NaN where unknown. None where too few are known."""
    known = ~np.isnan(celsius)
    if int(known.sum()) < LEAST_DAYS:
        return None
    waves = _waves(period)[known]
    wave = np.linalg.lstsq(waves, celsius[known], rcond=None)[0].astype(np.float64)
    shares = (np.arange(SCATTER) + 0.5) / SCATTER
    scatter = np.quantile(celsius[known] - waves @ wave, shares)
    return Normals(wave, scatter, int(known.sum()))


def _waves(period: Period) -> Floats:
    first = period.starts_on.toordinal()
    angle = np.arange(first, first + period.days) * (2 * np.pi / _YEAR)
    return np.column_stack((np.ones(angle.size), np.cos(angle), np.sin(angle)))
