"""Plans, promises and disputes: what they hold back, and how they end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from billing_world import NOW, World
from ledger_world import bill
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.adjustments import Reason, ask_deposit, charge_fee, credit, write_off
from billing.actions.agreeing import agree_plan, cancel_plan, plan_of, take_promise
from billing.actions.direct_debits import add_mandate, collect, set_creditor
from billing.actions.disputing import close_dispute, open_dispute
from billing.actions.judging import Judged, judge_agreed
from billing.actions.payments import reverse_payment, take_payment
from billing.actions.promises import take_back_promise
from billing.jobs import remind_of_late_bills
from billing.queries.dunning import agreed_on, disputed_minor, dunnable_minor
from billing.queries.ledger import check_ledger
from billing.queries.money_room import money_room
from billing.queries.reminders import bills_to_remind
from billing.tables import BillLine
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused

TODAY = date(2020, 4, 1)
"""January is late by then, February too, and March is not due yet."""


@pytest.fixture
def account(world: World) -> int:
    found = world.account()[1]
    for number, total in (("B1", 1000), ("B2", 2000), ("B3", 3000)):
        bill(world.session, found, total, number=number)
    return found


def pay(session: Session, account_id: int, amount: int, reference: str, on: date = TODAY) -> int:
    received_at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    return take_payment(
        session, account_id, amount, reference=reference, received_at=received_at, posted_on=on
    ).id


def reminded(session: Session, today: date = TODAY) -> dict[str, int]:
    late = bills_to_remind(session, today, after_days=1, within_days=400)
    return {one.bill: one.open_minor for one in late}


def promised(session: Session, on: date | None = None) -> list[str]:
    """The states of promises, the first first; as the clock judges them on a day where one is given."""
    if on is not None:
        judge_agreed(session, on)
    return list(session.scalars(text("select state from promises order by id")))


def planned(session: Session, on: date | None = None) -> list[str]:
    """The same of plans."""
    if on is not None:
        judge_agreed(session, on)
    return list(session.scalars(text("select state from payment_plans order by id")))


def test_what_is_late_is_reminded_of(session: Session, account: int) -> None:
    assert reminded(session) == {"B1": 1000, "B2": 2000}
    assert (dunnable_minor(session, account, TODAY), disputed_minor(session, account)) == (3000, 0)


def test_a_dispute_holds_back_its_part_and_won_is_credited_with_its_tax(
    session: Session, account: int
) -> None:
    first = session.execute(text("select id, starts_on, ends_before from bills where number = 'B2'")).one()
    session.add(
        BillLine(
            bill_id=first.id, position=1, charge="tax", label="VAT", starts_on=first.starts_on,
            ends_before=first.ends_before, quantity_micro=1, unit="GBP", price_micro=1, amount_minor=95,
        )
    )  # fmt: skip
    session.flush()
    number = open_dispute(session, "B2", 700, "the meter ran backwards", today=TODAY)
    assert reminded(session) == {"B1": 1000, "B2": 1300}
    assert (dunnable_minor(session, account, TODAY), disputed_minor(session, account)) == (2300, 700)
    with pytest.raises(Conflict):
        open_dispute(session, "B2", 1, "again", today=TODAY)
    close_dispute(session, number, won=True, today=TODAY)
    with pytest.raises(Conflict):
        close_dispute(session, number, won=False, today=TODAY)
    assert reminded(session) == {"B1": 1000, "B2": 1300}
    tax = text("select amount_minor from ledger_entries where debit = 'tax'")
    assert list(session.scalars(tax)) == [33]  # 95 of 2,000, of 700
    assert (disputed_minor(session, account), check_ledger(session).differences) == (0, ())


def test_a_lost_dispute_is_late_again_and_a_won_one_of_a_paid_bill_is_held(
    session: Session, account: int
) -> None:
    lost = open_dispute(session, "B1", 1000, "not mine", today=TODAY)
    assert reminded(session) == {"B2": 2000}
    close_dispute(session, lost, won=False, today=TODAY)
    assert reminded(session) == {"B1": 1000, "B2": 2000}
    pay(session, account, 6000, "p1")
    won = open_dispute(session, "B1", 400, "too much", today=TODAY)
    close_dispute(session, won, won=True, today=TODAY)
    assert session.scalar(text("select balance_minor from account_balances")) == -400
    assert check_ledger(session).differences == ()


def test_no_more_of_a_bill_is_credited_than_it_charges(world: World, session: Session) -> None:
    account = world.account()[1]
    first = bill(session, account, 10_000, number="C1")
    close_dispute(session, open_dispute(session, "C1", 6000, "too much", today=TODAY), won=True, today=TODAY)
    with pytest.raises(Invalid):
        open_dispute(session, "C1", 4001, "again", today=TODAY)
    rest = open_dispute(session, "C1", 4000, "again", today=TODAY)
    # Credited by hand meanwhile, only what still stands is credited with the dispute.
    credit(session, account, 1500, Reason("c1", "goodwill", TODAY), bill_id=first.id)
    close_dispute(session, rest, won=True, today=TODAY)
    assert session.scalar(text("select balance_minor from account_balances")) == 0
    with pytest.raises(Invalid):
        open_dispute(session, "C1", 1, "and again", today=TODAY)


def test_a_dispute_of_what_was_credited_meanwhile_cannot_be_won(world: World, session: Session) -> None:
    account = world.account()[1]
    first = bill(session, account, 10_000, number="C1")
    number = open_dispute(session, "C1", 4000, "too much", today=TODAY)
    credit(session, account, 10_000, Reason("c1", "goodwill", TODAY), bill_id=first.id)
    with pytest.raises(Conflict):
        close_dispute(session, number, won=True, today=TODAY)
    close_dispute(session, number, won=False, today=TODAY)
    assert session.scalar(text("select balance_minor from account_balances")) == 0


def test_what_was_given_up_is_not_credited_as_well(world: World, session: Session) -> None:
    account = world.account()[1]
    bill(session, account, 10_000, number="C1")
    write_off(session, account, 7000, Reason("w1", "gone", TODAY))
    with pytest.raises(Invalid):
        open_dispute(session, "C1", 3001, "too much", today=TODAY)
    close_dispute(session, open_dispute(session, "C1", 3000, "too much", today=TODAY), won=True, today=TODAY)
    assert session.scalar(text("select balance_minor from account_balances")) == 0


def test_what_is_written_off_or_credited_keeps_a_plan_at_once(session: Session, account: int) -> None:
    agree_plan(session, account, 2, TODAY + timedelta(days=10), today=TODAY)
    pay(session, account, 3000, "half")
    write_off(session, account, 1000, Reason("w1", "gone", TODAY))
    assert planned(session) == ["running"]
    credit(session, account, 2000, Reason("c1", "goodwill", TODAY))
    assert planned(session) == ["kept"]


def test_a_dispute_that_is_won_keeps_no_plan_of_the_rest(world: World, session: Session) -> None:
    """Of 100.00 half is disputed and half is planned: the dispute's credit pays none of the plan."""
    account = world.account()[1]
    bill(session, account, 10_000, number="C1")
    disputed = open_dispute(session, "C1", 5000, "too much", today=TODAY)
    agree_plan(session, account, 2, TODAY + timedelta(days=10), today=TODAY)
    close_dispute(session, disputed, won=True, today=TODAY)
    assert planned(session) == ["running"]
    write_off(session, account, 5000, Reason("w1", "gone", TODAY))
    assert planned(session) == ["kept"]


def test_disputes_are_about_something(session: Session, account: int) -> None:
    with pytest.raises(NotFound):
        open_dispute(session, "no such", 1, "why", today=TODAY)
    for amount, reason in ((1001, "why"), (0, "why"), (1, " ")):
        with pytest.raises(Invalid):
            open_dispute(session, "B1", amount, reason, today=TODAY)
    with pytest.raises(NotFound):
        close_dispute(session, 10**9, won=True, today=TODAY)


def test_a_promise_holds_back_the_oldest_until_its_day(session: Session, account: int) -> None:
    take_promise(session, account, 1500, TODAY + timedelta(days=10), today=TODAY)
    assert reminded(session) == {"B2": 1500}
    pay(session, account, 600, "p1")
    assert reminded(session) == {"B2": 1500}
    with pytest.raises(Conflict):
        take_promise(session, account, 1, TODAY, today=TODAY)
    assert promised(session, TODAY + timedelta(days=13)) == ["open"]
    assert promised(session, TODAY + timedelta(days=14)) == ["broken"]
    assert reminded(session) == {"B1": 400, "B2": 2000}
    take_promise(session, account, 500, TODAY, today=TODAY)
    pay(session, account, 500, "p2")
    assert promised(session) == ["broken", "kept"]
    for amount, day in ((0, TODAY), (1, TODAY - timedelta(days=1)), (1, TODAY + timedelta(days=93))):
        with pytest.raises(Invalid):
            take_promise(session, account, amount, day, today=TODAY)


def test_a_plan_holds_back_all_of_it_until_it_is_broken(session: Session, account: int) -> None:
    first_on = date(2020, 4, 10)
    preview = plan_of(session, account, 3, first_on, TODAY)
    assert [(one.due_on, one.amount_minor) for one in preview] == [
        (date(2020, 4, 10), 2000), (date(2020, 5, 10), 2000), (date(2020, 6, 10), 2000),
    ]  # fmt: skip
    agree_plan(session, account, 3, first_on, today=TODAY)
    with pytest.raises(Conflict):
        agree_plan(session, account, 3, first_on, today=TODAY)
    assert reminded(session) == {} and dunnable_minor(session, account, TODAY) == 0
    pay(session, account, 2000, "p1")
    assert planned(session, date(2020, 5, 13)) == ["running"]
    (plan,) = agreed_on(session, [account]).running
    assert (plan.paid_minor, plan.behind_minor(date(2020, 5, 11))) == (2000, 2000)
    assert plan.states(date(2020, 5, 11)) == ["paid", "late", "due"]
    assert judge_agreed(session, date(2020, 5, 14)) == Judged(plans_broken=1)
    assert judge_agreed(session, date(2020, 5, 14)) == Judged()
    assert reminded(session, date(2020, 5, 14)) == {"B2": 1000, "B3": 3000}


def test_a_plan_is_kept_when_all_is_paid(session: Session, account: int) -> None:
    agree_plan(session, account, 2, TODAY, today=TODAY)
    bill(session, account, 500, number="B4")  # a later bill is none of the plan's
    pay(session, account, 6000, "p1")
    assert planned(session) == ["kept"]
    other = agree_plan(session, account, 2, TODAY, today=TODAY)
    cancel_plan(session, other, TODAY)
    with pytest.raises(Conflict):
        cancel_plan(session, other, TODAY)
    with pytest.raises(NotFound):
        cancel_plan(session, 10**9, TODAY)


def paid_of_plan(session: Session, account_id: int) -> int:
    """As the customer's page says it, which is what ops see."""
    (plan,) = agreed_on(session, [account_id]).plans
    (shown,) = [one for one in money_room(session, TODAY).agreed if one.kind == "plan"] or [plan]
    assert shown.paid_minor == plan.paid_minor
    return plan.paid_minor


IN_TIME = timedelta(days=4)


@pytest.mark.parametrize("won", [None, True, False])
def test_what_is_paid_counts_for_the_plan_and_not_for_what_is_disputed(
    world: World, session: Session, won: bool | None
) -> None:
    account = world.account()[1]
    bill(session, account, 10_000, number="C1")
    number = open_dispute(session, "C1", 4000, "too much", today=TODAY)
    agree_plan(session, account, 3, TODAY, today=TODAY)
    for turn in range(3):
        on = [TODAY, date(2020, 5, 1), date(2020, 6, 1)][turn]
        pay(session, account, 2000, f"p{turn}", on)
        assert paid_of_plan(session, account) == 2000 * (turn + 1)
        if turn == 1 and won is not None:
            close_dispute(session, number, won=won, today=on)
            assert paid_of_plan(session, account) == 4000
        assert planned(session, on + IN_TIME) == ["kept" if turn == 2 else "running"]
    left = 0 if won else 4000
    assert session.scalar(text("select open_minor from bills")) == left


def test_money_pays_the_plan_before_an_older_bill_that_is_disputed(world: World, session: Session) -> None:
    account = world.account()[1]
    bill(session, account, 10_000, number="C1")
    bill(session, account, 6000, number="C2")
    open_dispute(session, "C1", 10_000, "not mine", today=TODAY)
    agree_plan(session, account, 3, TODAY, today=TODAY)
    pay(session, account, 2000, "p1")
    assert planned(session, TODAY + IN_TIME) == ["running"]
    assert paid_of_plan(session, account) == 2000
    pay(session, account, 4500, "p2")  # more than the plan asks for: only then the disputed bill
    assert planned(session) == ["kept"]
    assert list(session.scalars(text("select open_minor from bills order by id"))) == [9500, 0]


@pytest.mark.parametrize("charge", [charge_fee, ask_deposit])
def test_money_pays_the_plan_before_an_older_fee_or_deposit(
    world: World, session: Session, charge: Callable[..., Any]
) -> None:
    account = world.account()[1]
    bill(session, account, 10_000, number="C1")
    charge(session, account, 1500, Reason("f1", "Late", date(2020, 1, 2)))
    agree_plan(session, account, 2, TODAY, today=TODAY)
    pay(session, account, 5000, "p1")
    assert planned(session, TODAY + IN_TIME) == ["running"]
    assert paid_of_plan(session, account) == 5000
    pay(session, account, 4999, "p2", date(2020, 5, 1))
    assert planned(session, date(2020, 5, 2) + IN_TIME) == ["broken"]


def test_without_a_plan_what_is_disputed_is_paid_last(session: Session, account: int) -> None:
    open_dispute(session, "B1", 600, "too much", today=TODAY)
    pay(session, account, 5500, "p1")
    assert list(session.scalars(text("select open_minor from bills order by id"))) == [500, 0, 0]


def test_an_older_payment_taken_back_breaks_no_promise(session: Session, account: int) -> None:
    old = pay(session, account, 1000, "old")
    day = TODAY + timedelta(days=10)
    take_promise(session, account, 2000, day, today=TODAY)
    new = pay(session, account, 2000, "new")
    at = datetime(2020, 4, 2, tzinfo=UTC)
    reverse_payment(session, old, reference="r1", reversed_at=at, posted_on=TODAY)
    (promise,) = agreed_on(session, [account]).promises
    assert promise.paid_minor == 2000
    assert (promised(session), promise.ended_on) == (["kept"], TODAY)
    # The one that kept it, taken back, keeps it no more: there is time yet, and then there is none.
    reverse_payment(session, new, reference="r2", reversed_at=at, posted_on=TODAY)
    assert promised(session) == ["open"]
    assert promised(session, day + IN_TIME) == ["broken"]


def test_a_payment_taken_back_after_the_day_breaks_what_it_had_kept(session: Session, account: int) -> None:
    day = TODAY + timedelta(days=10)
    take_promise(session, account, 1000, day, today=TODAY)
    agree_plan(session, account, 2, TODAY, today=TODAY)
    first = pay(session, account, 6000, "p1")
    assert (promised(session), planned(session)) == (["kept"], ["kept"])
    at = datetime(2020, 4, 20, tzinfo=UTC)
    reverse_payment(session, first, reference="r1", reversed_at=at, posted_on=at.date())
    assert (promised(session), planned(session)) == (["broken"], ["broken"])
    assert reminded(session, at.date()) == {"B1": 1000, "B2": 2000, "B3": 3000}
    assert judge_agreed(session, at.date()) == Judged()


def test_a_promise_taken_back_stays_written_and_holds_nothing_back(session: Session, account: int) -> None:
    number = take_promise(session, account, 1500, TODAY + timedelta(days=10), today=TODAY)
    with pytest.raises(Invalid):
        take_back_promise(session, number, " ", today=TODAY, now=NOW)
    assert reminded(session) == {"B2": 1500}
    take_back_promise(session, number, "they lost the job", today=TODAY, now=NOW)
    (promise,) = agreed_on(session, [account]).promises
    assert (promise.state, promise.ended_on, promise.taken_back_at, promise.taken_back_because) == (
        "taken_back", TODAY, NOW, "they lost the job",
    )  # fmt: skip
    assert reminded(session) == {"B1": 1000, "B2": 2000}
    with pytest.raises(Conflict):
        take_back_promise(session, number, "again", today=TODAY, now=NOW)
    pay(session, account, 1500, "p1")
    assert promised(session, TODAY + IN_TIME * 9) == ["taken_back"]
    take_promise(session, account, 500, TODAY, today=TODAY)


@pytest.mark.parametrize(("days", "kept"), [(-1, False), (0, True), (12, True), (13, True), (14, False)])
def test_a_promise_is_kept_by_what_comes_from_its_day_to_its_last(
    session: Session, account: int, days: int, kept: bool
) -> None:
    """Ten days, and three that money takes."""
    take_promise(session, account, 500, TODAY + timedelta(days=10), today=TODAY)
    pay(session, account, 500, "p1", TODAY + timedelta(days=days))
    (promise,) = agreed_on(session, [account]).promises
    assert promise.paid_minor == (500 if kept else 0)
    assert promised(session) == ["kept" if kept else "broken" if days > 13 else "open"]
    assert promised(session, date(2020, 6, 1)) == ["kept" if kept else "broken"]


def test_a_plan_needs_something_open_and_days_to_come(world: World, session: Session, account: int) -> None:
    for count, day in ((1, TODAY), (37, TODAY), (3, TODAY - timedelta(days=1)), (3, date(2020, 8, 1))):
        with pytest.raises(Invalid):
            plan_of(session, account, count, day, TODAY)
    with pytest.raises(Refused):
        plan_of(session, world.account()[1], 3, TODAY, TODAY)


def test_what_is_collected_or_agreed_is_neither_reminded_of_nor_collected_again(
    session: Session, account: int
) -> None:
    iban = "GB33BUKB20201555555555"
    set_creditor(session, "GBP", name="Example", iban=iban, creditor_id="GB98ZZZSDDBARC0000")
    add_mandate(session, account, "M1", signed_on=date(2020, 1, 1), name="Ada", iban=iban)
    open_dispute(session, "B1", 300, "too much", today=TODAY)
    (made,) = collect(session, TODAY, NOW)
    assert (made.debits, made.amount_minor) == (2, 2700)
    assert reminded(session) == {}
    agree_plan(session, account, 2, TODAY, today=TODAY)
    assert collect(session, date(2020, 4, 20), NOW) == []


def test_a_reminder_that_waits_is_withheld_when_the_bill_is_disputed(
    world: World, session: Session, account: int
) -> None:
    session.execute(
        text(
            "insert into contact_points (customer_id, kind, value, normal) select customer_id, 'email', "
            "'ada@mail.example', 'ada@mail.example' from accounts where id = :account"
        ),
        {"account": account},
    )
    night = datetime(2020, 4, 1, 23, 30, tzinfo=UTC)
    assert remind_of_late_bills(session, night).startswith("2 queued")
    open_dispute(session, "B1", 1000, "not mine", today=TODAY)
    assert remind_of_late_bills(session, night + timedelta(minutes=10)).startswith("0 queued")
    became = session.execute(text("select about, state, reason from outbox order by id")).all()
    assert [tuple(row) for row in became] == [
        ("bill:B1", "withheld", "no_longer_true"), ("bill:B2", "waiting", "quiet_hours"),
    ]  # fmt: skip
