"""Tariff files: JSON text to a Tariff, with the place and the reason of every refusal, and back.

The schema for editors is docs/tariff.schema.json (tariff_schema.py); this reader is stricter: it also
refuses gaps, overlaps, unknown zones and circles. Nothing is ever ignored.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from billing.domain.charges.capacity import CapacityCharge
from billing.domain.charges.demand import DemandCharge
from billing.domain.charges.discount import DiscountCharge
from billing.domain.charges.dynamic import DynamicCharge
from billing.domain.charges.energy import EnergyCharge
from billing.domain.charges.export import ExportCharge
from billing.domain.charges.fixed import FixedCharge
from billing.domain.charges.late_fee import LateFeeCharge
from billing.domain.charges.minimum import MinimumCharge
from billing.domain.charges.periods import Scheduled
from billing.domain.charges.reactive import ReactiveCharge
from billing.domain.charges.tax import TaxCharge
from billing.domain.errors import TariffRefused
from billing.domain.money import DECIMALS, Rounding
from billing.domain.reckoning.days import HolidayCalendar, holidays_of
from billing.domain.reckoning.volume import Volume
from billing.domain.tariffs.currencies import currencies
from billing.domain.tariffs.eligibility import read_eligibility
from billing.domain.tariffs.json_place import Fields, loads
from billing.domain.tariffs.label_names import read_labels
from billing.domain.tariffs.tariff import Charge, MonthDay, Season, Tariff, Version

FORMAT = "tariff/1"
KINDS = (
    "fixed", "energy", "dynamic", "export", "demand", "capacity", "reactive", "discount", "minimum", "tax",
    "late_fee",
)  # fmt: skip
# ISO 4217 currencies whose minor unit is not a hundredth.
_NO_DECIMALS = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)
_THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")
_END_OF_YEAR: MonthDay = (13, 1)


@lru_cache(maxsize=256)
def read_tariff(text: str) -> Tariff:
    """A tariff from JSON text, the same object for the same text. Raises TariffRefused (place, reason)."""
    return tariff_of(loads(text))


def tariff_of(document: Any) -> Tariff:
    """A tariff from parsed JSON. Raises TariffRefused (place, reason)."""
    fields = Fields(document)
    fields.one_of("format", (FORMAT,))
    code, name = fields.code("code"), fields.text("name")
    currency = fields.text("currency")
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        fields.refuse("currency", f"'{currency}' is not a currency code of three capitals, such as EUR")
    if currency not in currencies():
        fields.refuse("currency", f"'{currency}' is no currency of ISO 4217 that is in use")
    decimals = (
        fields.whole_number("decimals", DECIMALS) if fields.has("decimals") else default_decimals(currency)
    )
    rounding = Rounding.HALF_UP
    if fields.has("rounding"):
        rounding = Rounding(fields.one_of("rounding", [rule.value for rule in Rounding]))
    timezone = _read_zone(fields) if fields.has("timezone") else None
    holidays = _read_holidays(fields.fields("holidays")) if fields.has("holidays") else None
    versions = tuple(_read_version(item, at, holidays is not None) for item, at in fields.items("versions"))
    volume = Volume.read(fields.fields("volume")) if fields.has("volume") else None
    eligibility = read_eligibility(fields, volume.commodity if volume else None)
    labels = read_labels(fields, versions)
    fields.finish()
    for index, version in enumerate(versions):
        _check_costs_something(version, f"versions[{index}]")
    for index in range(1, len(versions)):
        if versions[index].starts_on <= versions[index - 1].starts_on:
            raise TariffRefused(f"versions[{index}].starts_on", "versions must follow each other by date")
    _check_one_meaning(versions)
    _check_units(versions, volume)
    return Tariff(
        code, name, currency, decimals, versions, timezone, holidays, rounding, volume=volume,
        eligibility=eligibility, labels=labels,
    )  # fmt: skip


def _check_units(versions: tuple[Version, ...], volume: Volume | None) -> None:
    """Tiers are in the unit of the lines; what is metered in m3 has no power and no price of each hour."""
    unit = "kWh" if volume is None else volume.unit
    for index, version in enumerate(versions):
        for position, charge in enumerate(version.charges):
            place = f"versions[{index}].charges[{position}]"
            if isinstance(charge, EnergyCharge):
                if charge.tiers is not None and not charge.tiers.unit.startswith(unit):
                    raise TariffRefused(f"{place}.tiers.unit", f"the lines of this tariff are in {unit}")
                by_power = charge.tiers is not None and charge.tiers.window_minutes
                if volume is not None and (charge.net is not None or by_power):
                    raise TariffRefused(place, f"{volume.commodity} is not metered as power, nor given back")
            elif volume is not None and isinstance(
                charge, DemandCharge | CapacityCharge | ReactiveCharge | DynamicCharge | ExportCharge
            ):
                raise TariffRefused(
                    place, f"a charge of kind '{charge.kind}' is for electricity, not {volume.commodity}"
                )


def default_decimals(currency: str) -> int:
    """Decimals of the currency's minor unit."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def _read_zone(fields: Fields) -> str:
    name = fields.text("timezone")
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        fields.refuse("timezone", f"'{name}' is not a time zone such as Europe/London")
    return name


def _read_holidays(fields: Fields) -> HolidayCalendar:
    country = fields.text("country")
    subdivision = fields.text("subdivision") if fields.has("subdivision") else None
    fields.finish()
    calendar = HolidayCalendar(country, subdivision)
    try:
        holidays_of(HolidayCalendar(country), 2024)
    except NotImplementedError:
        fields.refuse("country", f"no public holidays are known for '{country}'")
    try:
        holidays_of(calendar, 2024)
    except NotImplementedError:
        fields.refuse("subdivision", f"no public holidays are known for '{subdivision}' of {country}")
    return calendar


def _read_version(item: Any, place: str, has_holidays: bool) -> Version:
    fields = Fields(item, place)
    starts_on = fields.on("starts_on")
    seasons = _read_seasons(fields) if fields.has("seasons") else ()
    names = tuple(season.name for season in seasons)
    charges: list[Charge] = []
    for value, at in fields.items("charges"):
        lines = tuple(known.code for known in charges if not isinstance(known, LateFeeCharge))
        charge = _read_charge(value, at, names, has_holidays, lines)
        if not lines and isinstance(charge, DiscountCharge | TaxCharge):
            words = f"a {charge.kind} is on charges that stand before it, and there is none"
            raise TariffRefused(at, words)
        if any(charge.code == known.code for known in charges):
            raise TariffRefused(f"{at}.code", f"'{charge.code}' is already the code of a charge above")
        if isinstance(charge, DiscountCharge) and charge.up_to_micro is not None:
            _check_has_energy(charge, charges, at)
        charges.append(charge)
    fields.finish()
    return Version(starts_on, tuple(charges), seasons)


def _check_costs_something(version: Version, place: str) -> None:
    """Refuses a version without a line, and seasons that change nothing: where one is named, the others may
    be the rest of the year."""
    if len(version.late_fees) == len(version.charges):
        words = "a late fee is no line of a bill, and there is no other charge"
        raise TariffRefused(f"{place}.charges", words)
    timed: tuple[Scheduled, ...] = (*version.energy, *version.demand, *version.export)
    named = any(period.seasons for charge in timed for period in charge.periods)
    if version.seasons and not named:
        names = ", ".join(season.name for season in version.seasons)
        words = (
            f"no charge names any of them ({names}): name them under 'seasons' of a period, or leave them out"
        )
        raise TariffRefused(f"{place}.seasons", words)


def _check_has_energy(charge: DiscountCharge, before: list[Charge], place: str) -> None:
    """The first kWh are of energy that stands in the base; of none they would never take anything off."""
    base = [one for one in before if charge.base is None or one.code in charge.base]
    if not any(isinstance(one, EnergyCharge | DynamicCharge) for one in base):
        names = ", ".join(one.code for one in base) or "none"
        raise TariffRefused(f"{place}.up_to", f"there is no energy in what it is taken off ({names})")


def _read_charge(
    value: Any, place: str, seasons: tuple[str, ...], has_holidays: bool, codes_before: tuple[str, ...]
) -> Charge:
    fields = Fields(value, place)
    kind = fields.one_of("kind", KINDS)
    charge: Charge
    if kind == "fixed":
        charge = FixedCharge.read(fields)
    elif kind == "energy":
        charge = EnergyCharge.read(fields, seasons, has_holidays)
    elif kind == "dynamic":
        charge = DynamicCharge.read(fields)
    elif kind == "export":
        charge = ExportCharge.read(fields, seasons, has_holidays)
    elif kind == "demand":
        charge = DemandCharge.read(fields, seasons, has_holidays)
    elif kind == "capacity":
        charge = CapacityCharge.read(fields, has_holidays)
    elif kind == "reactive":
        charge = ReactiveCharge.read(fields)
    elif kind == "discount":
        charge = DiscountCharge.read(fields, codes_before)
    elif kind == "minimum":
        charge = MinimumCharge.read(fields, codes_before)
    elif kind == "late_fee":
        charge = LateFeeCharge.read(fields)
    else:
        charge = TaxCharge.read(fields, codes_before)
    return charge


def _check_one_meaning(versions: tuple[Version, ...]) -> None:
    """A code keeps its kind (of a fixed charge or demand also its unit) over all versions, or bills could not
    be compared."""
    known: dict[str, str] = {}
    for index, version in enumerate(versions):
        for position, charge in enumerate(version.charges):
            meaning: str = charge.kind
            if isinstance(charge, FixedCharge):
                meaning = f"fixed by {charge.unit}"
            elif isinstance(charge, EnergyCharge) and charge.net is not None:
                meaning = "net energy"
            elif isinstance(charge, MinimumCharge):
                meaning = f"minimum by {charge.per}"
            elif isinstance(charge, DemandCharge):
                meaning = f"demand by {charge.per}" + _other_unit(charge)
            elif isinstance(charge, CapacityCharge):
                meaning = f"capacity{_other_unit(charge)}"
            if known.setdefault(charge.code, meaning) != meaning:
                raise TariffRefused(
                    f"versions[{index}].charges[{position}]",
                    f"'{charge.code}' is {known[charge.code]} in an earlier version and {meaning} here; "
                    "use another code",
                )


def _other_unit(charge: DemandCharge | CapacityCharge) -> str:
    return "" if charge.unit == "kW" else f" in {charge.unit}"


def _read_seasons(fields: Fields) -> tuple[Season, ...]:
    seasons: list[Season] = []
    for value, place in fields.items("seasons"):
        season = Fields(value, place)
        name = season.text("name")
        start, end = _month_day(season, "from"), _month_day(season, "to")
        season.finish()
        if start == end:
            raise TariffRefused(place, "a season that ends where it begins is empty")
        spans: tuple[tuple[MonthDay, MonthDay], ...] = ((start, end),)
        if start > end:
            spans = ((start, _END_OF_YEAR),) if end == (1, 1) else (((1, 1), end), (start, _END_OF_YEAR))
        earlier = next((known for known in seasons if known.name == name), None)
        if earlier is not None:  # the same season in two spans of the year
            seasons[seasons.index(earlier)] = Season(name, tuple(sorted((*earlier.spans, *spans))))
        else:
            seasons.append(Season(name, spans))
    _check_year(seasons, fields.at("seasons"))
    return tuple(seasons)


def _month_day(fields: Fields, key: str) -> MonthDay:
    text = fields.text(key)
    try:
        if not _MONTH_DAY.fullmatch(text):
            raise ValueError
        day = date.fromisoformat(f"2024-{text}")
    except ValueError:
        fields.refuse(key, f"'{text}' is not a day of the year written MM-DD")
    return (day.month, day.day)


def _check_year(seasons: list[Season], place: str) -> None:
    spans = sorted((start, end, season.name) for season in seasons for start, end in season.spans)
    until: MonthDay = (1, 1)
    last = ""
    for start, end, name in spans:
        if start > until:
            raise TariffRefused(place, f"{_written(until)} to {_written(start)} falls in no season")
        if start < until:
            raise TariffRefused(place, f"{_written(start)} falls in '{last}' and in '{name}'")
        until, last = end, name
    if until != _END_OF_YEAR:
        raise TariffRefused(place, f"{_written(until)} to the end of the year falls in no season")


def _written(day: MonthDay) -> str:
    return "the end of the year" if day == _END_OF_YEAR else f"{day[0]:02d}-{day[1]:02d}"
