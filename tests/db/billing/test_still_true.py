"""What is asked for is asked once more when it is about to leave: what is paid or agreed on since is not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from billing_world import World
from ledger_world import bill
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.adjustments import Reason, credit
from billing.actions.agreeing import agree_plan, cancel_plan, take_promise
from billing.actions.disputing import open_dispute
from billing.actions.payments import take_payment
from billing.jobs import remind_of_late_bills
from billing.telling.jobs import tell_what_is_due
from notifications.outbox.claims import Terms, claim
from notifications.outbox.digests import join_put_off
from notifications.outbox.queueing import queue
from notifications.outbox.receipts import Told, take_receipts
from notifications.outbox.settling import Tried, settle
from notifications.types.dunning_words import Debt, dunning_notice
from notifications.types.payment_reminder import payment_reminder
from utility_crm.customers.tables import ContactPoint

# January 2020 is billed on 1 February and due on the fifteenth.
NIGHT = datetime(2020, 2, 12, 22, tzinfo=UTC)
LATE_NIGHT = datetime(2020, 2, 25, 22, tzinfo=UTC)
MAIL = "care@utility.example"
ENDS = ["payment", "credit", "dispute", "plan", "promise"]


@pytest.fixture
def account(world: World) -> int:
    customer, account = world.account()
    address = "ada@example.org"
    world.session.add(ContactPoint(customer_id=customer, kind="email", value=address, normal=address))
    world.session.flush()
    bill(world.session, account, 4512, number="B1")
    return account


def ends(session: Session, account: int, how: str, at: datetime, amount: int = 4512) -> None:
    today = at.date()
    if how == "payment":
        take_payment(session, account, amount, reference="p", received_at=at, posted_on=today)
    elif how == "credit":
        credit(session, account, amount, Reason("c", "goodwill", today))
    elif how == "dispute":
        open_dispute(session, "B1", amount, "wrong meter", today=today)
    elif how == "plan":
        agree_plan(session, account, 2, today + timedelta(days=20), today=today)
    else:
        take_promise(session, account, amount, today + timedelta(days=9), today=today)


def reminder(session: Session, account: int) -> None:
    customer = session.scalar(text("select payer_id from accounts where id = :id"), {"id": account})
    assert customer is not None
    made = payment_reminder(
        customer_id=customer, account_id=account, account="A", bill="B1", amount_minor=4512, currency="GBP",
        due_on=date(2020, 2, 15),
    )  # fmt: skip
    queue(session, made, LATE_NIGHT)


def warning(session: Session, account: int) -> None:
    row = session.execute(text("select payer_id, number from accounts where id = :id"), {"id": account}).one()
    debt = Debt(
        row.payer_id, account, row.number, 4512, "GBP", date(2020, 2, 15), date(2020, 3, 15), 20, "our own"
    )
    queue(session, dunning_notice("final_warning", debt, "dunning:1:final_warning:1"), LATE_NIGHT)


def morning(session: Session, at: datetime) -> list[Any]:
    return claim(session, at + timedelta(hours=11), Terms(), MAIL)[1]


def states(session: Session) -> list[tuple[str, str | None]]:
    return [(row.state, row.reason) for row in session.execute(text("select state, reason from outbox"))]


@pytest.mark.parametrize("how", ENDS)
def test_what_falls_due_is_not_asked_for_any_more(session: Session, account: int, how: str) -> None:
    assert tell_what_is_due(session, NIGHT).startswith("1 queued")
    ends(session, account, how, NIGHT)
    assert morning(session, NIGHT) == []
    assert states(session) == [("withheld", "no_longer_true")]


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("kind", [reminder, warning])
def test_nobody_is_warned_of_what_is_paid_or_agreed_on(
    session: Session, account: int, how: str, kind: Any
) -> None:
    kind(session, account)
    ends(session, account, how, LATE_NIGHT)
    assert morning(session, LATE_NIGHT) == []
    assert states(session) == [("withheld", "no_longer_true")]


@pytest.mark.parametrize("how", ["payment", "credit", "dispute", "promise"])
@pytest.mark.parametrize("kind", [reminder, warning])
def test_it_asks_for_what_is_left_of_it(session: Session, account: int, how: str, kind: Any) -> None:
    kind(session, account)
    ends(session, account, how, LATE_NIGHT, 4000)
    (held,) = morning(session, LATE_NIGHT)
    assert held.context["amount_minor"] == 512
    assert session.scalar(text("select context ->> 'amount_minor' from outbox")) == "512"


def test_a_reminder_that_was_joined_into_a_letter_leaves_it(session: Session, account: int) -> None:
    reminder(session, account)
    session.execute(
        text("update outbox set reason = 'daily_cap', not_before = not_before + interval '1 day'")
    )
    for number in (2, 3):
        session.execute(
            text(f"""
            insert into outbox (key, notice, about, customer_id, account_id, purpose, channel, channels,
                address, language, timezone, urgent, priority, context, state, reason, not_before, created_at)
            select 'payment_reminder:X{number}:1', notice, 'bill:X{number}', customer_id, account_id, purpose,
                channel, channels, address, language, timezone, urgent, priority, context, state, reason,
                not_before, created_at from outbox where key = 'payment_reminder:B1:1'""")
        )
    assert join_put_off(session, LATE_NIGHT) == 3
    ends(session, account, "dispute", LATE_NIGHT)
    remind_of_late_bills(session, LATE_NIGHT + timedelta(hours=1))
    reason = "select reason from outbox where key = 'payment_reminder:B1:1'"
    assert session.scalar(text(reason)) == "no_longer_true"


def test_it_leaves_as_it_was_where_nothing_changed(session: Session, account: int) -> None:
    tell_what_is_due(session, NIGHT)
    (held,) = morning(session, NIGHT)
    assert held.context["amount_minor"] == 4512


def test_an_instalment_of_a_plan_that_ended_or_was_paid_is_not_asked_for(
    session: Session, account: int
) -> None:
    first_on = NIGHT.date() + timedelta(days=2)
    plan = agree_plan(session, account, 2, first_on, today=NIGHT.date())
    tell_what_is_due(session, NIGHT)
    ends(session, account, "payment", NIGHT, 2256)
    assert morning(session, NIGHT) == []
    assert states(session) == [("withheld", "no_longer_true")]
    cancel_plan(session, plan, NIGHT.date())


def test_a_reminder_that_bounced_goes_no_further_way_once_it_is_paid(session: Session, account: int) -> None:
    customer = session.scalar(text("select payer_id from accounts where id = :id"), {"id": account})
    phone = "+447700900123"
    session.add(ContactPoint(customer_id=customer, kind="phone", value=phone, normal=phone))
    session.flush()
    reminder(session, account)
    (held,) = morning(session, LATE_NIGHT)
    at = LATE_NIGHT + timedelta(hours=11)
    settle(session, [Tried(held, "taken", at, "subject")], at)
    ends(session, account, "payment", at)
    take_receipts(session, "gateway", [Told("e", held.message_id, "bounced", at)], at)
    assert claim(session, at, Terms(), MAIL, channel="sms")[1] == []
    assert [state for state, _reason in states(session)] != ["sent"]
