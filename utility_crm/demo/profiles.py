"""Standard load profiles: BDEW's of 2025 for households (H25) and businesses (G25), as `demandlib` publishes
them.

demandlib is MIT licensed; the profiles are those of the German association of energy and water industries
(BDEW), "Standardlastprofile Strom 2025": an average quarter-hour by month and kind of day, the household's
multiplied by the association's polynomial of the day of the year. The demo moves them to London's clock and
holidays.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from utility_crm.demo.calendar import SLOTS, Calendar

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Profiles:
    """Each (days + 1, 48) by local day and local slot, mean 1 over the time. The extra day is the one that
    summer time reaches into after the last UTC day."""

    household: Float32
    business: Float32


def load_profiles(calendar: Calendar) -> Profiles:
    """Read both profiles. pandas is imported here, not above: only the build needs it."""
    import pandas as pd
    from demandlib import bdew

    quarters = pd.date_range(
        calendar.first_day, calendar.as_of + timedelta(days=1), freq="15min", inclusive="left"
    )
    days_off = sorted(calendar.public_holidays)

    def halves(profile: type[bdew.H25 | bdew.G25]) -> Float32:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # demandlib's own use of pandas
            values = np.asarray(profile(quarters, holidays=days_off).to_numpy(), dtype=np.float64)
        mean = values.reshape(-1, SLOTS, 2).mean(axis=2)
        return np.asarray(mean / mean.mean(), dtype=np.float32)

    return Profiles(halves(bdew.H25), halves(bdew.G25))
