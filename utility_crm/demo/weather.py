"""A simulated year of weather for the north of England: mean temperature and cloud of each day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from utility_crm.demo.calendar import SLOTS, Calendar
from utility_crm.demo.random_streams import stream

Float = npt.NDArray[np.float64]

YEAR_MEAN, SEASON_SWING, COLDEST_DAY = 9.8, 6.4, 22  # degrees C; the 22nd day of the year is the coldest
PERSISTENCE, DAILY_SD = 0.8, 1.7
COLD_SPELLS = 3
LATITUDE = np.radians(54.6)


@dataclass(frozen=True)
class Weather:
    """celsius: (days,) daily mean. clear: (days,) share of clear-sky sun that reaches the ground, 0.15 to
    1."""

    celsius: Float
    clear: Float


def make_weather(seed: int, calendar: Calendar) -> Weather:
    """Season + first-order noise + a few cold spells between November and March."""
    draw = stream(seed, "weather")
    days = [calendar.day(place) for place in range(calendar.days)]
    of_year = np.array([day.timetuple().tm_yday for day in days])
    season = YEAR_MEAN - SEASON_SWING * np.cos(2 * np.pi * (of_year - COLDEST_DAY) / 365.25)
    shocks = draw.normal(0, DAILY_SD, calendar.days)
    noise = np.zeros(calendar.days)
    for place in range(1, calendar.days):
        noise[place] = PERSISTENCE * noise[place - 1] + shocks[place]
    winter = np.flatnonzero([day.month in (11, 12, 1, 2, 3) for day in days])
    for start in draw.choice(winter, COLD_SPELLS, replace=False):
        noise[start : start + int(draw.integers(4, 10))] -= draw.uniform(3.5, 7.0)
    clear = np.clip(draw.beta(2.2, 1.8, calendar.days), 0.15, 1.0)
    return Weather(np.round(season + noise, 1), np.round(clear, 3))


def sun(calendar: Calendar) -> Float:
    """(days, 48): sine of the sun's height above the horizon at the middle of each UTC half-hour, 0 at night.

    Declination by the usual 23.45 degree cosine; longitude taken as Greenwich.
    """
    of_year = np.array([calendar.day(place).timetuple().tm_yday for place in range(calendar.days)])
    declination = np.radians(-23.45) * np.cos(2 * np.pi * (of_year + 10) / 365.25)
    hour = np.radians(15) * ((np.arange(SLOTS) + 0.5) / 2 - 12)
    height = np.sin(LATITUDE) * np.sin(declination)[:, None] + np.cos(LATITUDE) * np.cos(declination)[
        :, None
    ] * np.cos(hour)
    return np.asarray(np.maximum(height, 0.0))
