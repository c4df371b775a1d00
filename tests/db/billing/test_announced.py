"""Other systems hear of bills, payments and supply, one by one and in bulk."""

from __future__ import annotations

from datetime import date

from billing_world import NOW, World
from heard import heard, listen_to_all
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreements import end_agreement
from billing.actions.bulk_payments import Received, take_payments
from billing.actions.crediting_bills import BillCredit, credit_bills
from billing.actions.issuing import issue_cycle
from billing.actions.payments import reverse_payment, take_payment
from billing.cycles import Month


def test_a_year_of_an_account(world: World, session: Session) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    assert session.scalar(text("select count(*) from webhook_events")) == 0  # nobody listened
    listen_to_all(session)
    issue_cycle(
        session, Month(2026, 10), 1, [one.account_id],
        issued_on=date(2026, 11, 3), known_at=NOW, now=NOW,
    )  # fmt: skip
    ((kind, told, personal),) = heard(session)
    bill = session.execute(text("select id, number, total_minor from bills")).one()
    number, customer = session.execute(
        text("select a.number, c.number from accounts a join customers c on c.id = a.customer_id "
             "where a.id = :id"), {"id": one.account_id},
    ).one()  # fmt: skip
    assert kind == "bill.issued" and personal is None
    assert (told["bill"], told["total_minor"]) == (bill.number, bill.total_minor)
    assert (told["account"], told["customer"], told["issued_on"]) == (number, customer, "2026-11-03")

    first = take_payment(session, one.account_id, 500, reference="A", received_at=NOW, posted_on=NOW.date())
    take_payment(session, one.account_id, 500, reference="A", received_at=NOW, posted_on=NOW.date())
    batch = [Received(one.account_id, 70, "GBP", name, NOW, NOW.date()) for name in ("A", "B", "C")]
    assert take_payments(session, batch) == 2
    reverse_payment(session, first.id, reference="R", reversed_at=NOW, posted_on=NOW.date())
    found = [
        (kind, told["reference"], told["amount_minor"], told.get("reverses"))
        for kind, told, _ in heard(session)
    ]
    assert found == [
        ("payment.posted", "A", 500, None),
        ("payment.posted", "B", 70, None),
        ("payment.posted", "C", 70, None),
        ("payment.returned", "R", -500, "A"),
    ]  # fmt: skip

    credit_bills(session, [BillCredit(bill.id, "CR-1", 0, 0)], NOW.date(), "wrong")
    assert [(kind, told["bill"]) for kind, told, _ in heard(session)] == [("bill.credited", bill.number)]

    agreement = session.scalar(text("select id from agreements"))
    end_agreement(session, agreement, date(2026, 12, 1), "moved")
    ((kind, told, _),) = heard(session)
    assert (kind, told["ends_before"], told["end_reason"]) == ("supply.ended", "2026-12-01", "moved")
    world.supplied()
    assert [kind for kind, _, _ in heard(session)] == ["supply.begun"]
