"""Several sites on one invoice, and a bill taken back: their numbers, sums and papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from billing_world import NOW, Supplied, World, flat
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.corrections.approving import approve_corrections
from billing.corrections.finding import find_corrections
from billing.cycles import Month
from billing.documents.credited import credit_facts, credit_paper
from billing.documents.gathered import gathered_facts, gathered_paper
from billing.documents.making import document_of
from billing.invoices import number_gaps
from billing.invoices.gathering import customers_asking, gather_bills
from billing.invoices.tax_identity import set_tax_number
from utility_crm.kit.errors import Conflict, NotFound

TODAY = date(2026, 11, 3)


@pytest.fixture
def sites(world: World, session: Session) -> list[Supplied]:
    """Three accounts that the first one's customer pays, one with another tax; and one of somebody else."""
    dear = flat("dear", "0.30")
    dear["versions"][0]["charges"][2]["percent"] = "20"
    world.tariff(dear)
    made = [world.supplied(tariff) for tariff in ("flat", "flat", "dear", "flat")]
    for place, one in enumerate(made):
        world.even(one.channel_id, date(2026, 9, 30), 33, 100_000 * (place + 1))
    session.execute(
        text("update accounts set payer_id = :payer where id = any(:ids)"),
        {"payer": made[0].customer_id, "ids": [one.account_id for one in made[:3]]},
    )
    set_tax_number(session, made[0].customer_id, "GB999999973")
    billed(session, made)
    return made


def billed(session: Session, accounts: Sequence[Supplied]) -> None:
    issue_cycle(
        session, Month(2026, 10), 1, [one.account_id for one in accounts],
        issued_on=TODAY, known_at=NOW, now=NOW,
    )  # fmt: skip


def test_its_sums_are_those_of_its_bills(sites: list[Supplied], session: Session) -> None:
    done = gather_bills(session, "C1", "2026-10", TODAY)
    assert (done.number, done.bills) == ("INV-2026-000001", tuple(f"2026-10-{n:06d}" for n in (1, 2, 3)))
    whole, parts = (
        session.execute(
            text(
                "select sum(net_minor), sum(tax_minor), sum(gross_minor), max(due_on) from invoices "
                f"where {which}"
            )
        ).one()
        for which in ("series = 'invoice'", "bill_id in (select bill_id from gathered_bills)")
    )
    assert tuple(whole) == tuple(parts)
    taxes = session.scalar(text("select taxes from invoices where series = 'invoice'"))
    assert [row["rate_ppm"] for row in taxes] == [50_000, 200_000]
    assert sum(row["tax_minor"] for row in taxes) == whole[1]
    assert number_gaps(session) == ()


def test_its_paper_has_every_sites_lines(sites: list[Supplied], session: Session) -> None:
    number = gather_bills(session, "C1", "2026-10", TODAY).number
    facts = gathered_facts(session, number)
    paper = gathered_paper(facts)
    assert len(paper.sites) == 3 and paper.addressee.tax == "VAT number GB999999973"
    assert [site.facts[0][1] for site in paper.sites] == [f"2026-10-{n:06d}" for n in (1, 2, 3)]
    assert paper.headline.total == f"£{facts.gross_minor / 100:,.2f}" == paper.tax.sums[-1][1]
    assert paper.summary.rows[0][1] == f"£{max(sum_net(one) for one in facts.bills) / 100:,.2f}"
    assert paper.usage is not None and len(paper.usage.days) == 31
    assert paper.usage.days[3].value == pytest.approx(48 * 0.6)
    assert {row[0]: row[1] for row in paper.payment.rows}["Reference"] == number
    assert gathered_paper(facts, "ru").headline.what == "Ваши объекты в одном счёте"
    made = document_of(session, number)
    assert made.startswith(b"%PDF") and made == document_of(session, number)
    with pytest.raises(NotFound):
        gathered_facts(session, "INV-2026-000009")


def sum_net(facts: object) -> int:
    return sum(line.amount_minor for line in facts.lines if line.charge != "tax")  # type: ignore[attr-defined]


def test_no_bill_stands_on_two(sites: list[Supplied], session: Session) -> None:
    gather_bills(session, "C1", "2026-10", TODAY)
    with pytest.raises(Conflict, match="pays 0 bills"):
        gather_bills(session, "C1", "2026-10", TODAY)
    with pytest.raises(Conflict, match="pays 1 bills"):
        gather_bills(session, "C7", "2026-10", TODAY)
    with pytest.raises(NotFound):
        gather_bills(session, "nobody", "2026-10", TODAY)
    assert number_gaps(session) == ()  # refused before a number was taken
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text("insert into gathered_bills select bill_id, invoice_id from gathered_bills"))


def test_who_asks_for_it_is_found_once(sites: list[Supplied], session: Session) -> None:
    assert customers_asking(session, "2026-10") == ()
    session.execute(text("update customers set tags = array['one invoice']"))
    assert customers_asking(session, "2026-10") == ("C1",)
    gather_bills(session, "C1", "2026-10", TODAY)
    assert customers_asking(session, "2026-10") == ()


def test_a_credit_note_says_what_it_takes_back(sites: list[Supplied], world: World, session: Session) -> None:
    later = NOW + timedelta(days=5)
    world.even(
        sites[3].channel_id, date(2026, 10, 5), 5, 900_000, feed_id=world.feed(later - timedelta(hours=1))
    )
    find_corrections(session, known_at=later, today=date(2026, 11, 25), now=later, country="GB")
    ids = session.scalars(text("select id from corrections")).all()
    approve_corrections(
        session, ids, user_id=None, decision="read late", today=date(2026, 11, 25), now=later, country="GB"
    )
    facts = credit_facts(session, "CN-2026-000001")
    paper = credit_paper(facts)
    assert (facts.bill.bill.number, facts.replaced_by) == ("2026-10-000004", "2026-10-000005")
    total = f"{facts.bill.bill.total_minor / 100:,.2f}"
    assert paper.summary.total[1] == paper.tax.sums[-1][1] == f"−£{total}"
    assert paper.headline.total == f"£{total}" and "takes back bill 2026-10-000004" in paper.headline.about
    assert paper.usage is None and paper.payment.qr == ""
    assert document_of(session, "CN-2026-000001").startswith(b"%PDF")
    assert "Кредит-нота" in credit_paper(facts, "ru").headline.what
    with pytest.raises(NotFound):
        credit_facts(session, "CN-2026-000002")
