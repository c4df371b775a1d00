"""A bill's line as its tariff says it: the rule in words, the arithmetic, and since when the price holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.domain.charges.capacity import CapacityCharge
from billing.domain.charges.demand import DemandCharge
from billing.domain.charges.discount import DiscountCharge
from billing.domain.charges.dynamic import DynamicCharge
from billing.domain.charges.energy import EnergyCharge
from billing.domain.charges.fixed import FixedCharge
from billing.domain.charges.minimum import MinimumCharge
from billing.domain.charges.periods import DAY_MINUTES, PricedPeriod
from billing.domain.charges.tax import TaxCharge
from billing.domain.errors import NotRateable
from billing.domain.money import micro_text
from billing.domain.tariffs.file import default_decimals
from billing.domain.tariffs.tariff import Charge, Tariff, Version
from billing.queries.bills import LineRow
from billing.wording import day_kinds, in_language, per_said, say
from utility_crm.web.formats import kwh, money, number, price


@dataclass(frozen=True, slots=True)
class Explained:
    """A line taken apart. since: the day from which its price holds, None where its tariff does not say.

    arithmetic: quantity × price, as people read it.
    """

    line: LineRow
    rule: str
    arithmetic: str
    since: date | None
    version: date | None


def explained_line(line: LineRow, tariff: Tariff | None, currency: str, language: str) -> Explained:
    """tariff: of the line's agreement; None where it has none."""
    version = _version(tariff, line)
    charge = charge_of(version, line) if version else None
    rule = rule_words(charge, line, language) if charge else ""
    since = _since(tariff, version, charge) if tariff and version and charge else None
    (said,) = in_language([line], language)
    return Explained(
        said, rule, arithmetic(line, currency, language), since, version.starts_on if version else None
    )


def charge_of(version: Version, line: LineRow) -> Charge | None:
    """The charge that made a line: by its kind and what it calls itself."""
    for charge in version.charges:
        if isinstance(charge, EnergyCharge | DemandCharge):
            if charge.kind == line.charge and any(_named(one, line) for one in charge.periods):
                return charge
        elif charge.label == line.label and (
            charge.kind == line.charge or isinstance(charge, DynamicCharge | CapacityCharge)
        ):
            return charge
    return None


def arithmetic(line: LineRow, currency: str, language: str) -> str:
    """Quantity × price: 361.9 kWh × 29.10 p; of a share, £120.00 × 5 %."""
    if of_share(line):
        base = money(_minor(line, currency), currency, language)
        return f"{base} × {share_words(line, language)}"
    return f"{quantity_words(line, language)} × {price(abs(line.price_micro), currency, language)}"


def of_share(line: LineRow) -> bool:
    """Whether the line is a share of others: its quantity is their sum, its price the rate."""
    return line.charge in ("tax", "discount") and abs(line.price_micro) != 1_000_000


def share_words(line: LineRow, language: str) -> str:
    """5 %, −10 %."""
    rate = Decimal(line.price_micro) / 10_000
    places = len(micro_text(abs(line.price_micro) * 100).partition(".")[2]) if rate % 1 else 0
    return number(rate, min(4, places), language) + "\N{NO-BREAK SPACE}%"


def quantity_words(line: LineRow, language: str) -> str:
    """361.9 kWh, 31 days."""
    _ = say(language)
    units = {"day": _("days"), "month": _("months"), "kWh": _("kWh")}
    unit = units.get(line.unit, line.unit)
    if line.unit == "kWh":
        return f"{kwh(line.quantity_micro, 3, language)} {unit}"
    whole = line.quantity_micro % 1_000_000 == 0
    return f"{number(Decimal(line.quantity_micro) / 1_000_000, 0 if whole else 3, language)} {unit}"


def rule_words(charge: Charge, line: LineRow, language: str) -> str:
    """What the charge is for."""
    _ = say(language)
    if isinstance(charge, EnergyCharge):
        period = next(one for one in charge.periods if _named(one, line))
        return _("energy used %(when)s", when=when_words(period, language))
    if isinstance(charge, DemandCharge):
        period = next(one for one in charge.periods if _named(one, line))
        return _(
            "the highest power over %(minutes)s minutes, %(when)s",
            minutes=charge.window_minutes,
            when=when_words(period, language),
        )
    if isinstance(charge, DynamicCharge):
        name = charge.terms.series
        return _("energy at the price of each interval, from the series %(series)s", series=name)
    if isinstance(charge, CapacityCharge):
        return _("the mean of the power in the grid’s own peak hours")
    if isinstance(charge, FixedCharge):
        return _("the same for each %(per)s, whatever is used", per=per_said(charge, language))
    if isinstance(charge, TaxCharge | DiscountCharge | MinimumCharge):
        base = ", ".join(charge.base) if charge.base else _("the lines above")
        if isinstance(charge, TaxCharge):
            return _("a tax on %(base)s", base=base)
        if isinstance(charge, DiscountCharge):
            return _("taken off %(base)s", base=base)
        return _("what %(base)s fall short of the least that is charged", base=base)
    return _("a fee on what is overdue")


def when_words(period: PricedPeriod, language: str) -> str:
    """At any hour; from 16:00–20:00 on weekdays, in winter."""
    _ = say(language)
    parts = []
    if period.otherwise:
        parts.append(_("at all other hours"))
    else:
        if period.spans != ((0, DAY_MINUTES),):
            parts.append(", ".join(f"{_clock(first)}–{_clock(last)}" for first, last in period.spans))
        if len(period.day_kinds) < 7:
            parts.append(day_kinds(period.day_kinds, language))
    if period.seasons:
        parts.append(", ".join(period.seasons))
    return ", ".join(parts) or _("at any hour")


def _named(period: PricedPeriod, line: LineRow) -> bool:
    """Whether the line bears the period's label, or that of one of its tiers."""
    return line.label == period.label or (bool(period.tiers) and line.label.startswith(f"{period.label}, "))


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _minor(line: LineRow, currency: str) -> int:
    """The base of a tax or a discount: its quantity is in millionths of the currency unit."""
    return round(Decimal(line.quantity_micro).scaleb(default_decimals(currency) - 6))


def _version(tariff: Tariff | None, line: LineRow) -> Version | None:
    try:
        return tariff.version_on(line.last_on) if tariff else None
    except NotRateable:
        return None


def _since(tariff: Tariff, version: Version, charge: Charge) -> date:
    """The first day of the versions in a row that have the very same charge."""
    since = version.starts_on
    for earlier in reversed([one for one in tariff.versions if one.starts_on < version.starts_on]):
        if charge not in earlier.charges:
            break
        since = earlier.starts_on
    return since
