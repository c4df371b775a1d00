"""Hours from sunrise to sunset, so that a dark season is not passed off as a cold one."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

from billing.domain.reckoning.days import Period


def day_lengths(period: Period, latitude: float) -> npt.NDArray[np.float64]:
    """Hours of each local day, float64 (days,), at a latitude in degrees north.

    N = 24/pi * arccos(-tan(latitude) tan(d)), with the sun's declination d = 0.409 sin(2 pi J / 365 - 1.39)
    on the year's day J: R. G. Allen, L. S. Pereira, D. Raes and M. Smith, Crop evapotranspiration, FAO
    Irrigation and Drainage Paper 56 (1998), equations 24, 25 and 34. Beyond the polar circles 0 or 24.
    """
    first = period.starts_on
    ordinals = np.arange(first.toordinal(), period.ends_before.toordinal())
    january = {year: date(year, 1, 1).toordinal() for year in range(first.year, period.ends_before.year + 1)}
    years = np.array([day.year for day in period.dates()])
    of_year = ordinals - np.array([january[year] for year in years.tolist()]) + 1
    declination = 0.409 * np.sin(2 * np.pi * of_year / 365 - 1.39)
    cosine = -np.tan(np.radians(latitude)) * np.tan(declination)
    hours: npt.NDArray[np.float64] = 24 / np.pi * np.arccos(np.clip(cosine, -1, 1))
    return hours
