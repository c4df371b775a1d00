"""A tariff: data, validated once into frozen types. How it is read from a file: tariff_file.py."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from billing.domain.charges.capacity import CapacityCharge
from billing.domain.charges.demand import DemandCharge
from billing.domain.charges.discount import DiscountCharge
from billing.domain.charges.dynamic import DynamicCharge
from billing.domain.charges.energy import EnergyCharge
from billing.domain.charges.export import ExportCharge
from billing.domain.charges.fixed import FixedCharge
from billing.domain.charges.late_fee import LateFeeCharge
from billing.domain.charges.minimum import MinimumCharge
from billing.domain.charges.reactive import ReactiveCharge
from billing.domain.charges.tax import TaxCharge
from billing.domain.errors import NotRateable
from billing.domain.money import Rounding
from billing.domain.reckoning.days import HolidayCalendar
from billing.domain.reckoning.volume import Volume
from billing.domain.tariffs.eligibility import ANYBODY, Eligibility, Fuel
from billing.domain.tariffs.hashed_once import HashedOnce, hash_once
from billing.domain.tariffs.price_series import PriceSeries

Labels = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""By language: each label of the charges, and its name in it."""
Charge = (
    FixedCharge
    | EnergyCharge
    | DynamicCharge
    | ExportCharge
    | DemandCharge
    | ReactiveCharge
    | CapacityCharge
    | DiscountCharge
    | MinimumCharge
    | TaxCharge
    | LateFeeCharge
)
MonthDay = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Season:
    """Spans of (month, day), half-open, in the year's order; one that passes the New Year is two spans.

    An end of (13, 1) is the end of the year.
    """

    name: str
    spans: tuple[tuple[MonthDay, MonthDay], ...]

    def holds(self, day: date) -> bool:
        return any(start <= (day.month, day.day) < end for start, end in self.spans)


@dataclass(frozen=True)
class Version(HashedOnce):
    """In force from ``starts_on`` until the next version's. ``charges`` stand in the order of the lines."""

    starts_on: date
    charges: tuple[Charge, ...]
    seasons: tuple[Season, ...] = ()

    def __hash__(self) -> int:
        return hash_once(self)

    def season_of(self, day: date) -> str:
        """The season's name; empty where the version has none."""
        return next((season.name for season in self.seasons if season.holds(day)), "")

    @property
    def taxes(self) -> tuple[TaxCharge, ...]:
        return tuple(charge for charge in self.charges if isinstance(charge, TaxCharge))

    @property
    def late_fees(self) -> tuple[LateFeeCharge, ...]:
        """They make no line."""
        return tuple(charge for charge in self.charges if isinstance(charge, LateFeeCharge))

    @property
    def discounts(self) -> tuple[DiscountCharge, ...]:
        return tuple(charge for charge in self.charges if isinstance(charge, DiscountCharge))

    @property
    def minimums(self) -> tuple[MinimumCharge, ...]:
        return tuple(charge for charge in self.charges if isinstance(charge, MinimumCharge))

    @property
    def fixed(self) -> tuple[FixedCharge, ...]:
        return tuple(charge for charge in self.charges if isinstance(charge, FixedCharge))

    @property
    def energy(self) -> tuple[EnergyCharge, ...]:
        return tuple(charge for charge in self.charges if isinstance(charge, EnergyCharge))

    @property
    def dynamic(self) -> tuple[DynamicCharge, ...]:
        return tuple(charge for charge in self.charges if isinstance(charge, DynamicCharge))

    @property
    def export(self) -> tuple[ExportCharge, ...]:
        return tuple(charge for charge in self.charges if isinstance(charge, ExportCharge))

    @property
    def series_named(self) -> tuple[str, ...]:
        paid = [charge.terms for charge in self.export if charge.terms is not None]
        return tuple(dict.fromkeys(one.series for one in (*(c.terms for c in self.dynamic), *paid)))

    @property
    def reads_export(self) -> bool:
        """Whether anything depends on the energy given back."""
        return bool(self.export) or any(one.net for one in self.energy)

    @property
    def demand(self) -> tuple[DemandCharge, ...]:
        return tuple(charge for charge in self.charges if isinstance(charge, DemandCharge))

    @property
    def capacity(self) -> tuple[CapacityCharge, ...]:
        return tuple(charge for charge in self.charges if isinstance(charge, CapacityCharge))

    @property
    def reactive(self) -> tuple[ReactiveCharge, ...]:
        return tuple(charge for charge in self.charges if isinstance(charge, ReactiveCharge))

    @property
    def reads_demand(self) -> bool:
        """Whether anything depends on the highest demand."""
        return bool(self.demand or self.capacity) or any(
            one.tiers and one.tiers.window_minutes for one in self.energy
        )

    @property
    def reads_apparent(self) -> bool:
        """Whether power is measured of reactive energy too."""
        units = (*(one.unit for one in self.demand), *(one.unit for one in self.capacity))
        return any(unit != "kW" for unit in units)

    @property
    def looks_back(self) -> bool:
        """Whether a bill depends on what was drawn, or billed, in the months before it."""
        return any(one.ratchet for one in self.demand) or any(one.per == "year" for one in self.minimums)


@dataclass(frozen=True)
class Tariff(HashedOnce):
    """timezone None: the premise's. holidays None: no day is a holiday.

    prices: the series that it names, as far as they were given; see `with_prices`. A tariff file has none.
    labels: by language the names of its labels; no part of what it is.
    """

    code: str
    name: str
    currency: str
    decimals: int
    versions: tuple[Version, ...]
    timezone: str | None = None
    holidays: HolidayCalendar | None = None
    rounding: Rounding = Rounding.HALF_UP
    prices: tuple[PriceSeries, ...] = ()
    volume: Volume | None = None
    eligibility: Eligibility = ANYBODY
    labels: Labels = field(default=(), compare=False)

    def __hash__(self) -> int:
        return hash_once(self)

    @property
    def fuel(self) -> Fuel:
        """What it is a price of."""
        return self.eligibility.fuel

    @property
    def series_named(self) -> tuple[str, ...]:
        """The price series that its versions name, each once."""
        return tuple(dict.fromkeys(name for version in self.versions for name in version.series_named))

    @cached_property
    def reads_export(self) -> bool:
        """Whether a version depends on the energy given back."""
        return any(version.reads_export for version in self.versions)

    @cached_property
    def looks_back(self) -> bool:
        """Whether a bill of any version depends on the months before it."""
        return any(version.looks_back for version in self.versions)

    def with_prices(self, known: Iterable[PriceSeries]) -> Tariff:
        """The same tariff priced by these series; those that it does not name are left out."""
        named = self.series_named
        mine = tuple(series for series in known if series.name in named)
        return replace(self, prices=mine) if named else self

    @cached_property
    def reads_apparent(self) -> bool:
        """Whether a version measures power of the intervals of reactive energy."""
        return any(version.reads_apparent for version in self.versions)

    @cached_property
    def reads_reactive(self) -> bool:
        """Whether a version depends on reactive energy, by the day or by the interval."""
        return self.reads_apparent or any(version.reactive for version in self.versions)

    @property
    def metered_unit(self) -> str:
        """What its meters count."""
        return "kWh" if self.volume is None else "m3"

    def version_on(self, day: date) -> Version:
        """Raises NotRateable for a day before the first version."""
        index = bisect_right(self.versions, day, key=lambda version: version.starts_on)
        if index == 0:
            first = self.versions[0].starts_on
            raise NotRateable(f"tariff {self.code} has no version on {day}: its first starts on {first}")
        return self.versions[index - 1]

    def zone(self, premise_timezone: str | None) -> str:
        """The tariff's own time zone, else the premise's. Raises NotRateable when neither is known."""
        found = self.timezone or premise_timezone
        if found is None:
            raise NotRateable(f"tariff {self.code} names no time zone, and none was given")
        return found
