"""A few customers written by hand, for a demonstration to return to: they never leave, and their stories are
fixed."""

from __future__ import annotations

from dataclasses import dataclass

from utility_crm.demo.calendar import BILLS


@dataclass(frozen=True, slots=True)
class Said:
    """Something the customer said so many days before the as-of date; a complaint waits for its answer."""

    days_before: int
    channel: str
    topic: str
    note: str
    complaint: bool = False


@dataclass(frozen=True, slots=True)
class Planted:
    """Who, where, and what is particular; everything left out is drawn like anybody else's."""

    name: str
    segment: str
    address: tuple[str, str, str, int] | None = None
    """Line, city, postcode, place of the area."""
    language: str = "en"
    annual_kwh: float | None = None
    heat_slope: float | None = None
    """kWh a day for each degree below 15.5."""
    night_heat: bool = False
    solar_kw: float | None = None
    tariff: str | None = None
    cycle_day: int | None = None
    late: float = 0.0
    """Chance that a bill is paid late."""
    unpaid: tuple[int, ...] = ()
    """Places of the bills that nothing has been paid of."""
    medical: bool = False
    since_years: float | None = None
    said: tuple[Said, ...] = ()
    guessed_days: bool = False
    """Three days of the last bill but one were estimated, and read after it was issued."""


PLANTED = (
    Planted(
        "Margaret Ashdown",
        "household",
        ("14 Tannery Row", "Kelder Bridge", "KB4 2TN", 1),
        annual_kwh=2500,
        heat_slope=0.55,
        tariff="steady",
        cycle_day=1,
        unpaid=(BILLS - 2, BILLS - 1),
        medical=True,
        since_years=7.7,
        said=(
            Said(32, "call", "bill", "Asked why three days were estimated; promised they would be read."),
            Said(9, "email", "meter", "Complains that her bill was estimated again.", complaint=True),
        ),
        guessed_days=True,
    ),
    Planted("Joseph Okafor", "household", ("3 Rope Walk", "Saltwick", "KB1 6HD", 0), tariff="steady"),
    Planted(
        "Ludmila Petrova",
        "household",
        ("27 Glazier Street", "Minsterwick", "KB7 3RL", 2),
        language="ru",
        annual_kwh=3900,
        heat_slope=1.1,
        night_heat=True,
        tariff="steady",
        cycle_day=1,
        said=(Said(2, "email", "bill", "Счёт вырос, почему?"),),
    ),
    Planted(
        "Greta Halloran",
        "household",
        ("8 Heron Rise", "Nether Holme", "KB8 4WS", 3),
        annual_kwh=3600,
        solar_kw=4.2,
        tariff="day_night",
    ),
    Planted("Piers Lomond", "household", ("51 Candle Lane", "Minsterwick", "KB7 1NB", 2), tariff="steady"),
    Planted("Hanna Olesk", "household", ("19 Fuller Close", "High Garth", "KB5 8DG", 1), tariff="day_night"),
    Planted("Thornbury Bakery Ltd", "small_business", ("2 Corn Street", "Kelder Bridge", "KB4 1QE", 1)),
    Planted("Quayside Dental", "small_business", ("5 Quay Street", "Saltwick", "KB1 2AF", 0)),
    Planted("Ashby & Sons Ltd", "small_business", ("40 Forge Road", "Nether Holme", "KB8 7TJ", 3), late=0.8),
    Planted(
        "Valley Cold Store", "industry", ("1 Sluice Lane", "Wharram Mills", "KB9 5ZX", 3), annual_kwh=1.4e6
    ),
)
