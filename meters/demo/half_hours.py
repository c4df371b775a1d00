"""Half-hours out of the plan's days: the standard profile bent by each home's habits, heating, a car, the
sun.

Pure arithmetic in float32, rounded once to watt-hours, as a meter counts them; energy leaves as int64
micro_kwh.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from utility_crm.demo.calendar import SLOTS
from utility_crm.demo.homes import BUSINESS, HOUSEHOLD, INDUSTRY
from utility_crm.demo.plan import Plan
from utility_crm.demo.random_streams import stream
from utility_crm.demo.weather import sun

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]

MICRO_PER_WH = 1000
CHARGING_SLOTS = slice(1, 9)  # 00:30 to 04:30 local
PANEL_YIELD = 0.82


@dataclass(frozen=True, eq=False)
class Energy:
    """micro_kwh of a few supplies: imported (supplies, days, 48), and exported likewise for those of
    `solar`."""

    imported: Int64
    exported: Int64
    solar: Int64
    """Places, within the chunk, of the supplies with panels."""


class HalfHours:
    """The plan's half-hours, a chunk of supplies at a time; every chunk has a random stream of its own."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._use_weights = plan.homes.use_weights().astype(np.float32)
        self._heat_weights = plan.homes.heat_weights().astype(np.float32)
        self._charge_weights = np.zeros(SLOTS, dtype=np.float32)
        self._charge_weights[CHARGING_SLOTS] = 1 / 8

    @property
    def days(self) -> int:
        return self._plan.calendar.days

    @cached_property
    def _slot(self) -> Int64:
        return self._plan.calendar.local[1]

    @cached_property
    def _profiles(self) -> dict[tuple[int, int], Float32]:
        """(kind, shift) to the profile on UTC's half-hours, (days, 48)."""
        day, slot = self._plan.calendar.local
        flat = np.ones_like(self._plan.profiles.household)
        source = {
            HOUSEHOLD: self._plan.profiles.household,
            BUSINESS: self._plan.profiles.business,
            INDUSTRY: flat,
        }
        return {
            (kind, shift): np.roll(profile, shift, axis=1)[day, slot]
            for kind, profile in source.items()
            for shift in range(-2, 3)
        }

    @cached_property
    def _sunshine(self) -> Float32:
        """(days, 48): kWh of a half-hour for each kW of panels."""
        yields = sun(self._plan.calendar) * self._plan.weather.clear[:, None] * PANEL_YIELD / 2
        return np.asarray(yields, dtype=np.float32)

    def energy(self, chunk: slice) -> Energy:
        """The supplies of a chunk; the same chunk is the same energy, whatever was asked before."""
        plan, homes = self._plan, self._plan.homes
        draw = stream(plan.seed, "half-hours", chunk.start)
        weights = self._spread_use(chunk)
        weights *= plan.energy.use[chunk].astype(np.float32)[:, :, None]
        self._add_heating(weights, chunk)
        jitter = homes.jitter[chunk].astype(np.float32)[:, None, None]
        noise = draw.standard_normal(weights.shape, dtype=np.float32)
        noise *= jitter
        noise -= jitter * jitter / 2
        weights *= np.exp(noise, out=noise)
        solar = np.flatnonzero(homes.solar_kw[chunk] > 0)
        made = homes.solar_kw[chunk][solar].astype(np.float32)[:, None, None] * self._sunshine
        net = weights[solar] - made
        weights[solar] = np.maximum(net, 0)
        return Energy(_micro(weights), _micro(np.maximum(-net, 0)), solar)

    def _spread_use(self, chunk: slice) -> Float32:
        """(supplies, days, 48): shares of each day's plain use, summing to 1."""
        kinds, shifts = self._plan.homes.kind[chunk], self._plan.homes.shift[chunk]
        weights = self._use_weights[chunk][:, self._slot]
        for row, key in enumerate(zip(kinds.tolist(), shifts.tolist(), strict=True)):
            weights[row] *= self._profiles[key]
        weights /= weights.sum(axis=2, keepdims=True)
        return weights

    def _add_heating(self, energy: Float32, chunk: slice) -> None:
        """Only some heat with electricity or charge a car."""
        homes, days = self._plan.homes, self._plan.energy
        for row in np.flatnonzero(homes.heat_slope[chunk] > 0):
            heat = days.heating[chunk.start + row].astype(np.float32)
            energy[row] += heat[:, None] * self._heat_weights[chunk.start + row][self._slot]
        for row in np.flatnonzero(homes.charge_kwh[chunk] > 0):
            charge = days.charging[chunk.start + row].astype(np.float32)
            energy[row] += charge[:, None] * self._charge_weights[self._slot]


def _micro(kwh: Float32) -> Int64:
    watt_hours: Int64 = np.rint(kwh * np.float32(1000)).astype(np.int64)
    watt_hours *= MICRO_PER_WH
    return watt_hours
