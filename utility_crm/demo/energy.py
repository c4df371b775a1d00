"""Energy a day: habits, weather, weekdays, absences, and changes for good. Half-hours are made of these
later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from utility_crm.demo.calendar import Calendar
from utility_crm.demo.homes import BUSINESS, HEAT_BASE_C, HOUSEHOLD, INDUSTRY, Homes
from utility_crm.demo.profiles import Profiles
from utility_crm.demo.random_streams import stream
from utility_crm.demo.weather import Weather

Float = npt.NDArray[np.float64]

AWAY_USE = 0.28
INDUSTRY_REST = 0.45
"""What a two-shift works uses on a day off, of what it uses on a working day."""


@dataclass(frozen=True)
class DailyEnergy:
    """kWh of each local day, (supplies, days): plain use, heating, and charging a car."""

    use: Float
    heating: Float
    charging: Float

    @property
    def total(self) -> Float:
        return np.asarray(self.use + self.heating + self.charging)


def make_energy(
    seed: int, calendar: Calendar, homes: Homes, profiles: Profiles, weather: Weather
) -> DailyEnergy:
    """Every supply's days. Noise multiplies, with mean one, so a year comes to about its annual figure."""
    draw = stream(seed, "energy")
    shape = (homes.count, calendar.days)
    use = (homes.annual_kwh / 365)[:, None] * _day_shape(calendar, homes, profiles)
    use *= np.exp(
        homes.day_jitter[:, None] * draw.standard_normal(shape) - homes.day_jitter[:, None] ** 2 / 2
    )
    place = np.arange(calendar.days)
    after = place[None, :] >= homes.change_day[:, None]
    use *= np.where(after, homes.change_factor[:, None], 1.0)
    away = _absences(draw, calendar, homes)
    use *= np.where(away, AWAY_USE, 1.0)
    cold = np.maximum(HEAT_BASE_C - weather.celsius, 0.0)
    heating = homes.heat_slope[:, None] * cold[None, :] * np.where(away, 0.5, 1.0)
    heating *= np.exp(0.12 * draw.standard_normal(shape) - 0.0072)
    plugged = draw.random(shape) < homes.charge_chance[:, None]
    charging = np.where(plugged & ~away, homes.charge_kwh[:, None], 0.0) * draw.uniform(0.6, 1.4, shape)
    return DailyEnergy(use, heating, charging)


def _day_shape(calendar: Calendar, homes: Homes, profiles: Profiles) -> Float:
    """(supplies, days): a day's energy of the standard profile, mean one over the time."""
    works = np.where(calendar.workday, 1.0, INDUSTRY_REST)
    days = np.empty((3, calendar.days))
    days[HOUSEHOLD] = profiles.household[: calendar.days].mean(axis=1)
    days[BUSINESS] = profiles.business[: calendar.days].mean(axis=1)
    days[INDUSTRY] = works / works.mean()
    return days[homes.kind]


def _absences(draw: np.random.Generator, calendar: Calendar, homes: Homes) -> npt.NDArray[np.bool_]:
    """Households are away once or twice in the time, for four to sixteen days."""
    place = np.arange(calendar.days)
    away = np.zeros((homes.count, calendar.days), dtype=bool)
    for chance in (0.7, 0.35):
        goes = (homes.kind == HOUSEHOLD) & (draw.random(homes.count) < chance)
        start = draw.integers(0, calendar.days, homes.count)
        length = draw.integers(4, 17, homes.count)
        out = (place >= start[:, None]) & (place < (start + length)[:, None])
        away |= goes[:, None] & out
    return away
