"""A credit note on paper: which bill it takes back, and that bill's lines with the sign turned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.documents.lines import summary_of
from billing.documents.owed import Standing
from billing.documents.paper import Headline, Paper
from billing.documents.reading import BillFacts, bill_facts
from billing.documents.saying import language_of, paper_of
from billing.wording import say
from utility_crm.kit.errors import NotFound
from utility_crm.web.formats import day_full, money
from utility_crm.web.words import mark

_NOTE = text(
    """
    select n.number, n.issued_on, n.bill_id, n.total_minor, b.number
    from credit_notes n
    join corrections c on c.id = n.correction_id
    left join bills b on b.id = c.new_bill_id
    where n.number = :number
    """
)


@dataclass(frozen=True, slots=True)
class CreditFacts:
    """A credit note, the bill it takes back, and the number of the bill in its place, if there is one."""

    number: str
    issued_on: date
    total_minor: int
    replaced_by: str | None
    bill: BillFacts


def credit_facts(session: Session, number: str) -> CreditFacts:
    """Raises NotFound."""
    row = session.execute(_NOTE, {"number": number}).one_or_none()
    if row is None:
        raise NotFound("credit_note", mark("There is no credit note %(note)s."), number, note=number)
    (bill,) = bill_facts(session, [row[2]])
    return CreditFacts(row[0], row[1], row[3], row[4], bill)


def credit_paper(facts: CreditFacts, language: str = "") -> Paper:
    """The paper: the bill's, turned, on one page: without chart and way to pay."""
    language = language_of(facts.bill, language)
    _ = say(language)
    bill = replace(
        facts.bill.bill,
        number=facts.number,
        issued_on=facts.issued_on,
        total_minor=facts.total_minor,
        micro_kwh=-facts.bill.bill.micro_kwh,
    )
    lines = tuple(
        replace(line, quantity_micro=-line.quantity_micro, amount_minor=-line.amount_minor)
        for line in facts.bill.lines
    )
    paper = paper_of(
        replace(facts.bill, bill=bill, lines=lines, days=(), past=(), standing=Standing()), language
    )
    said = _(
        "It takes back bill %(number)s of %(day)s in full.",
        number=facts.bill.bill.number,
        day=day_full(facts.bill.bill.issued_on, language),
    )
    if facts.replaced_by:
        said += " " + _("Bill %(number)s stands in its place.", number=facts.replaced_by)
    total = money(abs(facts.total_minor), bill.currency, language)
    ask = _("In your favour") if facts.total_minor <= 0 else _("To pay")
    return replace(
        paper,
        title=": ".join((facts.bill.supplier.name, _("Credit note %(number)s", number=facts.number))),
        facts=((_("Credit note"), facts.number), *paper.facts[1:]),
        headline=Headline(_("Credit note"), said, ask, total, ""),
        summary=replace(summary_of(lines, bill, language), heading=_("What is taken back")),
        detail_heading=_("The credit note in detail"),
        sections=(paper.sections[-1],),
        brief=True,
    )
