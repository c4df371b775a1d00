"""What the three simulated tariffs cost before and after the one price change. Billing makes its tariff
files of it."""

from __future__ import annotations

from dataclasses import dataclass

STEADY, DAY_NIGHT, BUSINESS = "steady", "day_night", "business"
TARIFF_NAMES = {STEADY: "Steady", DAY_NIGHT: "Day & Night", BUSINESS: "Business"}
HOUSEHOLD_TAX_PPM, BUSINESS_TAX_PPM = 50_000, 200_000
NIGHT_HOURS = (0, 7)
PEAK_HOURS, DAY_HOURS = (16, 19), (7, 20)
WINTER_MONTHS = (11, 12, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class Prices:
    """Millionths of a pound, before tax: standing charges a day, energy a kWh."""

    steady_day: int
    steady_kwh: int
    day_night_day: int
    night_kwh: int
    day_kwh: int
    business_day: int
    business_night_kwh: int
    business_day_kwh: int
    business_peak_kwh: int
    business_summer_kwh: int


BEFORE = Prices(
    steady_day=526_000,
    steady_kwh=278_000,
    day_night_day=540_000,
    night_kwh=149_000,
    day_kwh=319_000,
    business_day=1_450_000,
    business_night_kwh=187_000,
    business_day_kwh=262_000,
    business_peak_kwh=418_000,
    business_summer_kwh=239_000,
)
AFTER = Prices(
    steady_day=542_000,
    steady_kwh=301_000,
    day_night_day=557_000,
    night_kwh=161_000,
    day_kwh=343_000,
    business_day=1_500_000,
    business_night_kwh=199_000,
    business_day_kwh=281_000,
    business_peak_kwh=446_000,
    business_summer_kwh=256_000,
)
