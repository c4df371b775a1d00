"""A bill's facts in words: the paper, in the language the customer has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from billing.documents.account import account_of, if_paid_late
from billing.documents.comparing import comparison_of, months_of, what_changed
from billing.documents.lines import line_of, site_facts, summary_of, tax_of
from billing.documents.paper import From, Headline, Paper, PaperSite, Section, To
from billing.documents.paying import payment_of
from billing.documents.reading import Addressee, BillFacts
from billing.documents.usage_chart import usage_of
from billing.domain.accounts.tax_summary import tax_summary
from billing.invoices.supplier import SupplierIdentity
from billing.invoices.tax_identity import shown_tax_number
from billing.wording import in_language, is_month, say
from utility_crm.kit.settings import settings
from utility_crm.web.formats import day_full, kwh, money, month, number
from utility_crm.web.words import LANGUAGES, counting

Words = Callable[..., str]


def paper_of(facts: BillFacts, language: str = "") -> Paper:
    """The paper of a bill; in the addressee's language, or in another one that we speak."""
    language = language_of(facts, language)
    facts = replace(facts, lines=in_language(facts.lines, language))
    _ = say(language)
    bill, tax = facts.bill, tax_summary(facts.lines)
    return Paper(
        language=language,
        number=bill.number,
        title=": ".join((facts.supplier.name, _("Bill %(number)s", number=bill.number))),
        issued=(bill.issued_on.year, bill.issued_on.month, bill.issued_on.day),
        supplier=from_of(facts.supplier, _),
        addressee=to_of(facts.addressee, _),
        facts=_facts(facts, language),
        headline=_headline(facts, language),
        usage=usage_of(facts.days, language),
        summary=summary_of(facts.lines, bill, language),
        account=account_of(facts.standing, bill.total_minor, bill.currency, language),
        compared=comparison_of(facts, language),
        payment=payment_of(bill, facts.supplier, facts.addressee, tax, facts.standing, language),
        detail_heading=_("The bill in detail"),
        columns=(_("Charge"), _("Quantity"), _("Unit"), _("Price"), _("Net")),
        sites=sites_of(facts, language),
        sections=_sections(facts, language),
        tax=tax_of(tax, bill.currency, language),
        months=months_of(facts, language),
        footer=_footer(facts, _),
    )


def _footer(facts: BillFacts, _: Words) -> str:
    return _("Simulated data: this is no real bill.") if facts.supplier.simulated else facts.supplier.name


def language_of(facts: BillFacts, wanted: str) -> str:
    """The language wanted, else the addressee's; the utility's own where we do not speak that."""
    language = wanted or facts.addressee.language
    return language if language in LANGUAGES else settings().language


def from_of(supplier: SupplierIdentity, _: Words) -> From:
    """The supplier as the paper names it."""
    back = ", ".join((supplier.name, *supplier.address))
    tax = (shown_tax_number(supplier.tax_number, _), supplier.registration)
    contact = (supplier.phone, supplier.email, supplier.website)
    return From(supplier.name, back, supplier.address, tuple(filter(None, tax)), tuple(filter(None, contact)))


def to_of(addressee: Addressee, _: Words) -> To:
    """The addressee as the paper names it."""
    return To(addressee.name, addressee.address, shown_tax_number(addressee.tax_number, _))


def period_words(facts: BillFacts, language: str) -> str:
    """1 October 2026 to 31 October 2026."""
    _ = say(language)
    bill = facts.bill
    return _(
        "%(first)s to %(last)s",
        first=day_full(bill.starts_on, language),
        last=day_full(bill.last_on, language),
    )


def _facts(facts: BillFacts, language: str) -> tuple[tuple[str, str], ...]:
    _ = say(language)
    points = list(dict.fromkeys(site.service_point for site in facts.sites))
    rows = [
        (_("Bill number"), facts.bill.number),
        (_("Issued"), day_full(facts.bill.issued_on, language)),
        (_("Account"), facts.addressee.account),
        (_("Customer"), facts.addressee.customer),
        (_("Supply number"), ", ".join(points) if len(points) < 3 else number(len(points), 0, language)),
    ]
    if len(points) == 1 and facts.sites[0].address:
        rows.append((_("Supply at"), facts.sites[0].address[0]))
    return tuple(row for row in rows if row[1])


def _headline(facts: BillFacts, language: str) -> Headline:
    _, ngettext = say(language), counting(language, "billing")
    bill = facts.bill
    final = _("Your final bill, to %(day)s", day=day_full(bill.last_on, language))
    what = (
        final
        if facts.final
        else (
            _("Your bill for %(month)s", month=month(bill.starts_on, language))
            if is_month(bill.starts_on, bill.ends_before)
            else _("Your bill to %(day)s", day=day_full(bill.last_on, language))
        )
    )
    about = _(
        "%(period)s, %(days)s, %(kwh)s kWh",
        period=period_words(facts, language),
        days=ngettext("one day", "%(num)s days", bill.days),
        kwh=kwh(bill.micro_kwh, 1, language),
    )
    asked = facts.standing.asked_minor(bill.total_minor)
    total = money(asked if bill.total_minor > 0 else abs(bill.total_minor), bill.currency, language)
    if not asked:
        return Headline(what, about, _("In your favour") if bill.total_minor < 0 else _("To pay"), total, "")
    due = day_full(bill.due_on, language)
    if facts.addressee.method == "direct_debit":
        return Headline(what, about, _("We collect"), total, _("on %(day)s", day=due))
    return Headline(what, about, _("Please pay"), total, _("by %(day)s", day=due))


def sites_of(facts: BillFacts, language: str) -> tuple[PaperSite, ...]:
    """The places a bill supplies, each with its lines; what belongs to none comes last."""
    _ = say(language)
    points = dict.fromkeys(site.service_point for site in facts.sites)
    found = []
    for point in points:
        parts = [site for site in facts.sites if site.service_point == point]
        lines = [line for line in facts.lines if line.service_point == point and line.charge != "tax"]
        net = money(sum(line.amount_minor for line in lines), facts.bill.currency, language)
        found.append(
            PaperSite(
                ", ".join(parts[0].address) or _("Supply %(number)s", number=point),
                site_facts(parts, lines, language),
                tuple(line_of(line, facts.bill, language) for line in lines),
                (_("Net for this supply"), net) if len(points) > 1 else None,
            )
        )
    others = [line for line in facts.lines if line.service_point is None and line.charge != "tax"]
    if others:
        lines_ = tuple(line_of(line, facts.bill, language) for line in others)
        found.append(PaperSite(_("For the account"), (), lines_, None))
    return tuple(found)


def _sections(facts: BillFacts, language: str) -> tuple[Section, ...]:
    _ = say(language)
    contact = facts.supplier.phone, facts.supplier.email
    call = _(
        "Call %(phone)s or write to %(email)s, and give the bill number.", phone=contact[0], email=contact[1]
    )
    help_words = [call] if all(contact) else []
    help_words.append(
        _("An issued bill never changes: what was wrong is put right by a credit note and a new bill.")
    )
    sections = [Section(_("How your use was read"), how_read((facts,), language))]
    if changed := what_changed(facts, language):
        sections.append(Section(_("What changed"), changed))
    if late := if_paid_late(facts, language):
        sections.append(late)
    sections.append(Section(_("A question, or something wrong?"), " ".join(help_words)))
    return tuple(sections)


def how_read(bills: Sequence[BillFacts], language: str) -> str:
    """How many readings were estimated, how much that was, and on which days."""
    _, ngettext = say(language), counting(language, "billing")
    readings = sum(one.readings for one in bills)
    missing = sum(one.bill.estimated_readings for one in bills)
    if not readings:
        return _("No readings were billed.")
    whole = number(readings, 0, language)
    if not missing:
        return _("All %(whole)s readings came from the meter; none was estimated.", whole=whole)
    estimated = ngettext(
        "One of %(whole)s readings was missing, and was estimated: %(kwh)s of %(all)s kWh.",
        "%(num)s of %(whole)s readings were missing, and were estimated: %(kwh)s of %(all)s kWh.",
        missing,
        whole=whole,
        kwh=kwh(sum(one.bill.estimated_micro_kwh for one in bills), 1, language),
        all=kwh(sum(one.bill.micro_kwh for one in bills), 1, language),
    )
    guessed = sorted({day.day for one in bills for day in one.days if day.estimated})
    days = [day_full(day, language) for day in guessed]
    when = _("It was on %(days)s.", days=_listed(days, language))
    later = _("If the true readings come in and differ, the bill is put right.")
    return " ".join((estimated, when, later))


def _listed(days: Sequence[str], language: str) -> str:
    """The first few, and how many more."""
    _ = say(language)
    if len(days) <= 3:
        return ", ".join(days)
    return _("%(first)s to %(last)s, %(count)s days in all", first=days[0], last=days[-1], count=len(days))
