"""A consolidated invoice on paper: the sum of several bills, their sites, and each site's lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import reduce

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.documents.account import account_of, if_paid_late
from billing.documents.daily import DayUse
from billing.documents.lines import rate_words, tax_of
from billing.documents.owed import Standing
from billing.documents.paper import Bars, Headline, Paper, PaperSite, Section, Summary
from billing.documents.paying import payment_of
from billing.documents.reading import BillFacts, bill_facts
from billing.documents.saying import how_read, language_of, paper_of, sites_of
from billing.documents.usage_chart import usage_of
from billing.domain.accounts.tax_summary import TaxSummary, tax_summary
from billing.wording import in_language, say
from utility_crm.kit.errors import NotFound
from utility_crm.web.formats import NBSP, day_full, kwh, money
from utility_crm.web.words import counting, mark

_MOST_ROWS = 8
_INVOICE = text(
    """
    select i.number, i.issued_on, i.due_on, i.gross_minor,
           (select array_agg(g.bill_id order by b.number)
            from gathered_bills g join bills b on b.id = g.bill_id
            where g.invoice_id = i.id)
    from invoices i where i.number = :number and i.series = 'invoice'
    """
)


@dataclass(frozen=True, slots=True)
class GatheredFacts:
    """A consolidated invoice and its bills' facts, by number."""

    number: str
    issued_on: date
    due_on: date
    gross_minor: int
    bills: tuple[BillFacts, ...]


def gathered_facts(session: Session, number: str) -> GatheredFacts:
    """Raises NotFound."""
    row = session.execute(_INVOICE, {"number": number}).one_or_none()
    if row is None:
        raise NotFound("invoice", mark("There is no invoice %(invoice)s."), number, invoice=number)
    return GatheredFacts(row[0], row[1], row[2], row[3], tuple(bill_facts(session, row[4])))


def gathered_paper(facts: GatheredFacts, language: str = "") -> Paper:
    """The paper; in the language of the first bill's addressee, or in another one that we speak."""
    language = language_of(facts.bills[0], language)
    bills = (replace(one, lines=in_language(one.lines, language)) for one in facts.bills)
    facts = replace(facts, bills=tuple(bills))
    first = facts.bills[0]
    _ = say(language)
    tax = tax_summary(line for one in facts.bills for line in one.lines)
    assert tax.gross_minor == facts.gross_minor
    whole = replace(
        first.bill,
        number=facts.number,
        issued_on=facts.issued_on,
        due_on=facts.due_on,
        total_minor=facts.gross_minor,
    )
    paper = paper_of(first, language)
    standing = standing_of(facts.bills)
    merged = replace(first, bill=whole, standing=standing)
    read = Section(_("How your use was read"), how_read(facts.bills, language))
    return replace(
        paper,
        number=facts.number,
        title=": ".join((first.supplier.name, _("Invoice %(number)s", number=facts.number))),
        issued=(facts.issued_on.year, facts.issued_on.month, facts.issued_on.day),
        facts=(
            (_("Invoice number"), facts.number),
            (_("Issued"), day_full(facts.issued_on, language)),
            (_("Customer"), first.addressee.customer),
            (_("Bills on it"), str(len(facts.bills))),
        ),
        headline=_headline(facts, language),
        usage=usage_of(_days(facts.bills), language),
        summary=_summary(facts, tax, language),
        account=account_of(standing, facts.gross_minor, first.bill.currency, language),
        compared=_by_site(facts.bills, language),
        payment=payment_of(whole, first.supplier, first.addressee, tax, standing, language),
        detail_heading=_("The sites in detail"),
        sites=_sites(facts.bills, language),
        sections=tuple(filter(None, (read, if_paid_late(merged, language), paper.sections[-1]))),
        tax=tax_of(tax, first.bill.currency, language),
        months=None,
    )


def standing_of(bills: Sequence[BillFacts]) -> Standing:
    """The payer's accounts together, each just before the first of its bills."""
    accounts: dict[int, BillFacts] = {}
    for one in sorted(bills, key=lambda one: one.bill.id):
        accounts.setdefault(one.bill.account_id, one)
    return reduce(Standing.plus, (one.standing for one in accounts.values()), Standing())


def place_of(facts: BillFacts) -> str:
    """What a payer with many sites calls one: its address, else its account."""
    for site in facts.sites:
        if site.address:
            return site.address[0]
    return facts.addressee.account


def _headline(facts: GatheredFacts, language: str) -> Headline:
    _, ngettext = say(language), counting(language, "billing")
    bills = [one.bill for one in facts.bills]
    currency = bills[0].currency
    last = max(bill.last_on for bill in bills)
    about = _(
        "%(first)s to %(last)s, %(sites)s, %(kwh)s kWh",
        first=day_full(min(bill.starts_on for bill in bills), language),
        last=day_full(last, language),
        sites=ngettext("one bill", "%(num)s bills", len(bills)),
        kwh=kwh(sum(bill.micro_kwh for bill in bills), 1, language),
    )
    asked = standing_of(facts.bills).asked_minor(facts.gross_minor)
    total = money(asked if facts.gross_minor > 0 else abs(facts.gross_minor), currency, language)
    what = _("Your sites on one invoice")
    if not asked:
        return Headline(what, about, _("In your favour") if facts.gross_minor < 0 else _("To pay"), total, "")
    due = day_full(facts.due_on, language)
    if facts.bills[0].addressee.method == "direct_debit":
        return Headline(what, about, _("We collect"), total, _("on %(day)s", day=due))
    return Headline(what, about, _("Please pay"), total, _("by %(day)s", day=due))


def _summary(facts: GatheredFacts, tax: TaxSummary, language: str) -> Summary:
    """The sites with their net, the largest first, the rest in one row; then taxes and the total."""
    _, ngettext = say(language), counting(language, "billing")
    currency = facts.bills[0].bill.currency
    nets = sorted(
        ((tax_summary(one.lines).net_minor, place_of(one)) for one in facts.bills),
        key=lambda row: (-row[0], row[1]),
    )
    if len(nets) > _MOST_ROWS:
        rest = nets[_MOST_ROWS - 1 :]
        words = ngettext("one site more", "%(num)s sites more", len(rest))
        nets = [*nets[: _MOST_ROWS - 1], (sum(net for net, _place in rest), words)]
    rows = [(place, money(net, currency, language)) for net, place in nets]
    rows += [
        (f"{row.label} {rate_words(row.rate_ppm, language)}", money(row.tax_minor, currency, language))
        for row in tax.rows
    ]
    total = money(facts.gross_minor, currency, language)
    return Summary(_("What you pay for"), tuple(rows), (_("Total"), total))


def _by_site(bills: Sequence[BillFacts], language: str) -> Bars | None:
    """The sites that used most."""
    _ = say(language)
    used = sorted(bills, key=lambda one: (-one.bill.micro_kwh, one.bill.number))[: _MOST_ROWS - 1]
    if not used[0].bill.micro_kwh:
        return None
    rows = tuple(
        (
            place_of(one),
            one.bill.micro_kwh / 1_000_000,
            f"{kwh(one.bill.micro_kwh, 0, language)}{NBSP}{_('kWh')}",
        )
        for one in used
    )
    return Bars(_("Where most was used"), rows)


def _days(bills: Sequence[BillFacts]) -> tuple[DayUse, ...]:
    """All sites' days together, from the first day of any to the last; a year before where all know it."""
    days: dict[date, list[DayUse]] = {}
    for one in bills:
        for day in one.days:
            days.setdefault(day.day, []).append(day)
    if not days:
        return ()
    first, last = min(days), max(days)
    found = []
    for place in range((last - first).days + 1):
        on = first + timedelta(days=place)
        parts = days.get(on, [])
        before = [part.before_micro_kwh for part in parts]
        known = [one for one in before if one is not None]
        found.append(
            DayUse(
                on,
                sum(part.micro_kwh for part in parts),
                sum(part.estimated for part in parts),
                sum(known) if parts and len(known) == len(before) else None,
            )
        )
    return tuple(found)


def _sites(bills: Sequence[BillFacts], language: str) -> tuple[PaperSite, ...]:
    """Each bill's sites, with its number, days and net."""
    _ = say(language)
    found = []
    for one in bills:
        net = money(tax_summary(one.lines).net_minor, one.bill.currency, language)
        sites = sites_of(one, language)
        for place, site in enumerate(sites):
            facts = ((_("Bill"), one.bill.number), (_("Account"), one.addressee.account), *site.facts)
            total = (_("Net of bill %(number)s", number=one.bill.number), net)
            found.append(replace(site, facts=facts, total=total if place == len(sites) - 1 else site.total))
    return tuple(found)
