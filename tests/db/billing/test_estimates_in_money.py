"""What an estimate was worth: the same figure as its correction, or the difference is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from billing_world import NOW, Supplied, World, two_rate
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.answers.asking import answered
from billing.corrections.approving import approve_corrections
from billing.corrections.finding import find_corrections
from billing.corrections.queries import corrections_of
from billing.customer import loads
from billing.customer.why import estimate_alone
from billing.cycles import Month
from billing.explaining import explain_bill
from billing.explaining.kept import Kept
from billing.explaining.put_right import put_right_minor
from billing.explaining.right_alone import alone_minor
from billing.queries.bill_parts import parts_of_bills, read_parts
from billing.queries.bills import bills_of
from utility_crm.kit.parts import CustomerCall
from utility_crm.web.formats import money, signed_money

TODAY = date(2026, 11, 20)


@pytest.fixture
def guessed(world: World) -> Supplied:
    """September and October billed; 9 October was filled, and has been read since."""
    world.tariff(two_rate())
    one = world.supplied("night")
    world.random(one.channel_id, date(2026, 8, 1), 95, 11)
    read = world.random(one.channel_id, date(2026, 10, 9), 1, 12)
    world.read(one.channel_id, date(2026, 10, 9), [None] * 48)
    for month in (9, 10):
        issue_cycle(
            world.session, Month(2026, month), 1, [one.account_id],
            issued_on=TODAY, known_at=NOW - timedelta(days=10), now=NOW,
        )  # fmt: skip
    late = world.feed(NOW - timedelta(days=1))
    world.read(one.channel_id, date(2026, 10, 9), [2 * value for value in read], feed_id=late)
    return one


def ask(session: Session, one: Supplied, question: str, **given: str) -> str:
    told = answered(session, one.account, question, now=NOW, today=TODAY, language="en", params=given)
    return f"{told['sentence']} {told['if_asked_on']}"


def test_the_estimate_and_its_correction_are_the_same_figure(session: Session, guessed: Supplied) -> None:
    bill = bills_of(session, [guessed.account_id])[0]
    minor = put_right_minor(read_parts(session, bill, parts_of_bills(session, [bill.id])[bill.id]))
    assert minor is not None and minor != 0
    way, amount = ("more" if minor > 0 else "less"), f"£{abs(minor) / 100:.2f}"
    said = ask(session, guessed, "estimated")
    assert f"With what is read now the bill would be {amount} {way}." in said
    for known_at in (NOW - timedelta(days=5), NOW):
        find_corrections(session, known_at=known_at, today=TODAY, now=NOW, country="GB")
    waits = ask(session, guessed, "estimated")
    sign = "+" if minor > 0 else "\N{MINUS SIGN}"
    assert f"A correction waits to be approved: {sign}{amount}." in waits and "apart" not in waits
    (correction,) = corrections_of(session, [guessed.account_id])
    assert correction.difference_minor == minor
    approve_corrections(
        session, [correction.id], user_id=None, decision="read since", today=TODAY, now=NOW, country="GB"
    )
    (kept,) = corrections_of(session, [guessed.account_id])
    assert kept.new_bill is not None
    made = bills_of(session, [guessed.account_id])
    assert next(one.total_minor for one in made if one.number == kept.new_bill) == bill.total_minor + minor
    after = ask(session, guessed, "estimated", bill=kept.new_bill)
    assert f"It was put right on 20 Nov: {sign}{amount}." in after


def test_an_effect_beside_others_says_what_the_estimate_is_by_itself(
    session: Session, guessed: Supplied
) -> None:
    october, september = bills_of(session, [guessed.account_id])[:2]
    call = CustomerCall(session, guessed.customer_id, NOW, TODAY)
    found = explain_bill(session, october, september)
    effect = next(row.amount_minor for row in found.rows if row.effect == "estimate")
    both = call.once(loads.both)
    alone = -(put_right_minor(both[1]) or 0)
    assert alone * effect > 0 and abs(alone - effect) <= abs(alone) // 5
    assert (estimate_alone(Kept(found, alone_minor(found, both)), "en") == "") == (alone == effect)
    other = alone + 2
    rows = (replace(row, amount_minor=other) if row.effect == "estimate" else row for row in found.rows)
    found = replace(found, rows=tuple(rows))
    told = estimate_alone(Kept(found, alone_minor(found, both)), "en")
    assert signed_money(alone, "GBP") in told and signed_money(other, "GBP") in told
    assert f"the {money(2, 'GBP')} between them" in told
