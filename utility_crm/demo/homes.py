"""How each supply uses energy: size, shape over the day, heating, sun, habits. All arrays run over
supplies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from utility_crm.demo.calendar import SLOTS
from utility_crm.demo.planted import Planted
from utility_crm.demo.random_streams import stream

Float = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

HOUSEHOLD, BUSINESS, INDUSTRY = 0, 1, 2
NIGHT_SLOTS = 14  # 00:00 to 07:00 local, the two-rate tariff's night
HEAT_BASE_C = 15.5

_CLOCK = np.arange(SLOTS) / 2


def _bump(hour: float, width: float) -> Float:
    away = (_CLOCK - hour + 12) % 24 - 12
    return np.asarray(np.exp(-0.5 * (away / width) ** 2))


MORNING, EVENING, NIGHT = _bump(7.5, 1.2), _bump(18.5, 1.8), _bump(2.5, 2.2)
HEATING_DAY = 0.25 + _bump(7.0, 1.5) + 1.2 * _bump(18.5, 2.5)
HEATING_NIGHT = ((_CLOCK >= 0.5) & (_CLOCK < 6.5)) + 0.03
TWO_SHIFTS = 0.55 + 0.45 * ((_CLOCK >= 5.5) & (_CLOCK < 22))


@dataclass(frozen=True)
class Homes:
    """One element a supply.

    kind: 0 household, 1 business, 2 industry. annual_kwh: a year without heating and charging.
    morning, evening, night: log weights of those hours; shift: half-hours later than the profile.
    heat_slope: kWh a day a degree below 15.5 C; night_heat: at night, as storage heaters take it.
    charge_kwh: a night the car is charged, with chance charge_chance; solar_kw: panels' peak, 0 for none.
    jitter: log noise of a half-hour; day_jitter: of a day. change_day, change_factor: use moves once for
    good.
    """

    kind: Int64
    annual_kwh: Float
    morning: Float
    evening: Float
    night: Float
    shift: Int64
    heat_slope: Float
    night_heat: Bool
    charge_kwh: Float
    charge_chance: Float
    solar_kw: Float
    jitter: Float
    day_jitter: Float
    change_day: Int64
    change_factor: Float

    @property
    def count(self) -> int:
        return self.kind.size

    def use_weights(self) -> Float:
        """(supplies, 48): what a supply's habits make of its profile, by local slot."""
        habits = np.exp(
            self.morning[:, None] * MORNING + self.evening[:, None] * EVENING + self.night[:, None] * NIGHT
        )
        return np.asarray(np.where((self.kind == INDUSTRY)[:, None], TWO_SHIFTS * habits, habits))

    def heat_weights(self) -> Float:
        """(supplies, 48): heating over the day by local slot, summing to 1."""
        weights = np.where(self.night_heat[:, None], HEATING_NIGHT, HEATING_DAY)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def night_share(self) -> Float:
        """(supplies,): about what share of the plain use falls in the two-rate tariff's night."""
        weights = self.use_weights()
        base = 0.45 + 0.55 * (MORNING + 1.4 * EVENING + 0.5 * ((_CLOCK > 8) & (_CLOCK < 22)))
        return np.asarray((weights * base)[:, :NIGHT_SLOTS].sum(axis=1) / (weights * base).sum(axis=1))


def make_homes(seed: int, kind: Int64, planted: list[Planted | None], days: int) -> Homes:
    """Draw every supply's habits, then put in what was written by hand."""
    draw = stream(seed, "homes")
    count, home, works = kind.size, kind == HOUSEHOLD, kind == INDUSTRY
    median = np.array([2600.0, 13000.0, 420000.0])[kind]
    spread = np.array([0.42, 0.7, 0.6])[kind]
    annual = median * np.exp(spread * draw.normal(size=count))
    lot, slope = draw.random(count), np.exp(draw.normal(np.log(0.45), 0.6, count))
    night_heat = home & (lot < 0.075)
    heats = home & (lot < 0.34)
    heat_slope = np.where(heats, slope * np.where(night_heat, 2.2, 1.0), 0.0)
    heat_slope = np.where((kind == BUSINESS) & (lot < 0.3), slope * 3, heat_slope)
    charges = home & (draw.random(count) < 0.06)
    panels = home & (draw.random(count) < 0.07)
    homes = Homes(
        kind=kind,
        annual_kwh=annual,
        morning=draw.normal(0, 0.3, count) * np.where(works, 0.2, 1),
        evening=draw.normal(0, 0.35, count) * np.where(home, 1, 0.2),
        night=draw.normal(0, 0.55, count) * np.where(home, 1, 0.3),
        shift=np.where(home, draw.integers(-2, 3, count), draw.integers(-1, 2, count)),
        heat_slope=heat_slope,
        night_heat=night_heat,
        charge_kwh=np.where(charges, draw.uniform(9, 24, count), 0.0),
        charge_chance=draw.uniform(0.2, 0.6, count),
        solar_kw=np.where(panels, np.round(draw.uniform(2.0, 5.2, count), 1), 0.0),
        jitter=np.array([0.45, 0.16, 0.07])[kind] * draw.uniform(0.75, 1.2, count),
        day_jitter=np.array([0.16, 0.08, 0.06])[kind],
        change_day=np.where(draw.random(count) < 0.14, draw.integers(20, max(days - 10, 21), count), days),
        change_factor=np.exp(draw.choice([-0.3, 0.25, 0.4], count) * draw.uniform(0.7, 1.3, count)),
    )
    for place, by_hand in enumerate(planted):
        if by_hand is not None:
            _put_in(homes, place, by_hand, days)
    return homes


def _put_in(homes: Homes, place: int, by_hand: Planted, days: int) -> None:
    if by_hand.annual_kwh is not None:
        homes.annual_kwh[place] = by_hand.annual_kwh
    if by_hand.heat_slope is not None:
        homes.heat_slope[place] = by_hand.heat_slope
        homes.night_heat[place] = by_hand.night_heat
        homes.charge_kwh[place] = 0.0
        homes.change_day[place] = days
    homes.solar_kw[place] = by_hand.solar_kw or 0.0
