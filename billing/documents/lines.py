"""The lines of a bill on paper: each in detail, all in few rows, and their tax by rate."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from billing.documents.daily import Site
from billing.documents.paper import Line, Pair, Summary, Tax
from billing.domain.accounts.tax_summary import TaxSummary
from billing.domain.money import micro_text
from billing.domain.tariffs.file import default_decimals
from billing.queries.bills import BillRow, LineRow
from billing.wording import say
from utility_crm.web.formats import NBSP, day, kwh, money, number, price

_MOST_ROWS = 7


def exact(micro: int, language: str) -> str:
    """Millionths with as many decimals as there are."""
    text = micro_text(micro)
    return number(Decimal(text), len(text.partition(".")[2]), language)


def rate_words(rate_ppm: int, language: str) -> str:
    """50,000 ppm is 5 %."""
    return exact(rate_ppm * 100, language) + NBSP + "%"


def unit_words(unit: str, language: str) -> str:
    """A line's unit; one that nobody named is shown as it is."""
    _ = say(language)
    known = {"day": _("days"), "month": _("months"), "kWh": _("kWh"), "kW": _("kW"), "kVA": _("kVA")}
    return known.get(unit, unit)


def quantity_words(line: LineRow, language: str) -> str:
    """A line's quantity as people read it."""
    if line.unit == "kWh":
        return kwh(line.quantity_micro, 1, language)
    return exact(line.quantity_micro, language)


def line_of(line: LineRow, bill: BillRow, language: str) -> Line:
    """One line. What is reckoned on other lines, as a discount, has its rate for a price."""
    _ = say(language)
    detail = _("%(first)s to %(last)s", first=day(line.starts_on, language), last=day(line.last_on, language))
    if line.unit == bill.currency:
        base = money_micro(line.quantity_micro, bill.currency, language)
        rate = "" if abs(line.price_micro) == 1_000_000 else rate_words(line.price_micro, language)
        return Line(line.label, detail, base, "", rate, money(line.amount_minor, bill.currency, language))
    return Line(
        line.label,
        detail,
        quantity_words(line, language),
        unit_words(line.unit, language),
        price(line.price_micro, bill.currency, language),
        money(line.amount_minor, bill.currency, language),
    )


def money_micro(micro: int, currency: str, language: str) -> str:
    """An amount in millionths of the currency; bases of taxes are whole minor units."""
    return money(round(Decimal(micro).scaleb(default_decimals(currency) - 6)), currency, language)


def site_facts(parts: Sequence[Site], lines: Sequence[LineRow], language: str) -> tuple[Pair, ...]:
    """What is known of a supply: its number, meters, tariffs, and how much it took."""
    _ = say(language)
    used = sum(line.quantity_micro for line in lines if line.charge == "energy" and line.unit == "kWh")
    meters = dict.fromkeys(serial for site in parts for serial in site.meters)
    rows = (
        (_("Supply number"), parts[0].service_point),
        (_("Meter"), ", ".join(meters)),
        (_("Tariff"), ", ".join(dict.fromkeys(site.tariff for site in parts))),
        (_("Used"), f"{kwh(used, 1, language)}{NBSP}{_('kWh')}"),
    )
    return tuple(row for row in rows if row[1])


def summary_of(lines: Sequence[LineRow], bill: BillRow, language: str) -> Summary:
    """The lines in at most seven rows: those of one name together, then all energy together."""
    _ = say(language)
    rows = _grouped(lines, bill, language, by_label=True)
    if len(rows) > _MOST_ROWS:
        rows = _grouped(lines, bill, language, by_label=False)
    total = money(bill.total_minor, bill.currency, language)
    return Summary(_("What you pay for"), tuple(rows), (_("Total"), total))


def _grouped(lines: Sequence[LineRow], bill: BillRow, language: str, *, by_label: bool) -> list[Pair]:
    _ = say(language)
    groups: dict[tuple[str, str, int], tuple[int, int]] = {}
    for line in lines:
        rate = line.price_micro if line.charge == "tax" else 0
        name = line.label if by_label or line.charge != "energy" else _("Energy")
        quantity, amount = groups.get((line.charge, name, rate), (0, 0))
        groups[line.charge, name, rate] = quantity + line.quantity_micro, amount + line.amount_minor
    rows = []
    for (charge, name, rate), (quantity, amount) in groups.items():
        words = name
        if charge == "energy":
            words = f"{name}, {kwh(quantity, 1, language)}{NBSP}{_('kWh')}"
        elif charge == "tax":
            words = f"{name} {rate_words(rate, language)}"
        rows.append((words, money(amount, bill.currency, language)))
    return rows


def tax_of(tax: TaxSummary, currency: str, language: str) -> Tax:
    """Taxes by rate, then net, tax and total."""
    _ = say(language)
    rows = tuple(
        (
            row.label,
            rate_words(row.rate_ppm, language),
            money_micro(row.base_micro, currency, language),
            money(row.tax_minor, currency, language),
        )
        for row in tax.rows
    )
    sums = (
        (_("Net"), money(tax.net_minor, currency, language)),
        (_("Tax"), money(tax.tax_minor, currency, language)),
        (_("Total"), money(tax.gross_minor, currency, language)),
    )
    return Tax(_("Net, tax and total"), (_("Tax"), _("Rate"), _("On"), _("Amount")), rows, sums)
