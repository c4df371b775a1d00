"""Readings of the last days that a person should look at: a few meters count what cannot be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meters.demo.faults import Faults
from utility_crm.demo.calendar import SLOTS
from utility_crm.demo.homes import HOUSEHOLD, INDUSTRY
from utility_crm.demo.plan import Plan
from utility_crm.demo.random_streams import stream

Int64 = npt.NDArray[np.int64]

KINDS = ("spike", "spike", "spike", "capacity", "stuck", "stuck", "nothing", "unit")
TAIL = 9
"""None of these days is billed yet, so that bills are right and wait for a person."""
QUIET = 20
"""No other fault is near."""


def odd_supplies(plan: Plan, faults: list[Faults], metered: Int64) -> dict[int, str]:
    """Place of a supply to what its meter does; `metered`, ids of nodes whose energy is balanced, are left in
    peace. Fewer in a small utility."""
    draw = stream(plan.seed, "odd days")
    days = plan.calendar.days
    ends = plan.ends()
    able = [
        place
        for place, supply in enumerate(plan.supplies)
        if plan.homes.kind[place] != INDUSTRY
        and plan.homes.solar_kw[place] == 0
        and ends[place] == days
        and plan.customers[supply.customer].planted is None
        and supply.address.node_id not in metered
        and plan.calendar.place(plan.calendar.periods(supply.cycle_day)[-1][1]) <= days - TAIL
        and not _faulty(faults[place], days - QUIET)
    ]
    chosen = draw.permutation(np.array(able, dtype=np.int64)).tolist()
    # What a capacity is exceeded by, or a day of nothing, is plain for a home on one phase.
    heavy = three_phase(plan)
    homes = [place for place in chosen if plan.homes.kind[place] == HOUSEHOLD and not heavy[place]]
    odd = dict(zip(homes[: max(1, len(homes) // 3)], KINDS, strict=False))
    # A clock that is wrong shows where most is used by the clock.
    by_night = [place for place in chosen if plan.homes.night_heat[place] and place not in odd]
    return odd | dict.fromkeys(by_night[:1], "clock")


def three_phase(plan: Plan) -> npt.NDArray[np.bool_]:
    """bool (supplies,): homes that heat by electricity or charge a car, whose meters are of three phases."""
    homes = plan.homes
    heavy: npt.NDArray[np.bool_] = (homes.heat_slope > 0) | homes.night_heat | (homes.charge_kwh > 0)
    heavy &= homes.kind == HOUSEHOLD
    return heavy


def _faulty(faults: Faults, since: int) -> bool:
    days = [*faults.holes, *faults.absent, *(guess.first + guess.days for guess in faults.guesses)]
    return any(day >= since for day in days)


def bend(micro: Int64, kind: str, turn: int) -> None:
    """Do it to one supply's readings, (days, 48) micro-kWh, in place; `turn` tells two of a kind apart."""
    most = int(micro[-60:].max())
    day, slot = micro.shape[0] - 1 - turn % 3, (7 * turn + 5) % SLOTS
    if kind == "spike":
        micro[day, slot] = max(most * (4 + turn % 3), 3_100_000) // 1000 * 1000
    elif kind == "capacity":
        micro[day, slot] = 31_200_000
    elif kind == "stuck":
        flat = micro[day - 1 : day + 1].reshape(-1)
        flat[slot + 20 : slot + 52] = int(np.median(flat)) or 310_000
    elif kind == "nothing":
        micro[-5:] = 0
    elif kind == "unit":
        micro[day] *= 1000
    elif kind == "clock":
        micro[-TAIL:] = np.roll(micro[-TAIL:].reshape(-1), 4).reshape(-1, SLOTS)
