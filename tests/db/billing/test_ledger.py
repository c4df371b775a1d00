"""The ledger: the database watches over it, credits and reversals pay and free what they should, and
it balances after any sequence of operations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from billing_world import NOW, World
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from ledger_world import bill
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError
from sqlalchemy.orm import Session

from billing.actions.adjustments import (
    Reason,
    ask_deposit,
    charge_fee,
    credit,
    return_deposit,
    transfer,
    waive_fee,
    write_off,
)
from billing.actions.disputing import close_dispute, open_dispute
from billing.actions.payments import refund, reverse_payment, take_payment
from billing.queries.ledger import check_ledger
from utility_crm.kit.errors import CareError, Conflict, Invalid, NotFound, Refused

TODAY = NOW.date()


def why(reference: str) -> Reason:
    return Reason(reference, "because", TODAY)


def pay(session: Session, account_id: int, amount: int, reference: str, **more: object) -> int:
    return take_payment(
        session, account_id, amount, reference=reference, received_at=NOW, posted_on=TODAY, **more
    ).id  # type: ignore[arg-type]


def still_open(session: Session, account_id: int) -> list[int]:
    rows = text("select open_minor from bills where account_id = :a order by id")
    return list(session.scalars(rows, {"a": account_id}))


def balance(session: Session, account_id: int) -> int:
    found = session.scalar(
        text("select balance_minor from account_balances where account_id = :a"), {"a": account_id}
    )
    return found or 0


def paid_by(session: Session, number: str) -> dict[str, int]:
    """What has paid a bill: reference -> amount."""
    rows = session.execute(
        text(
            """
            select coalesce(p.reference, a.reference), sum(l.amount_minor)
            from allocations l join bills b on b.id = l.to_bill_id
            left join payments p on p.id = l.from_payment_id
            left join adjustments a on a.id = l.from_adjustment_id
            where b.number = :number group by 1 having sum(l.amount_minor) <> 0
            """
        ),
        {"number": number},
    )
    return {str(row[0]): int(row[1]) for row in rows}


def credited(session: Session, bill_id: int) -> int:
    found = session.scalar(
        text("select -sum(amount_minor) from adjustments where kind = 'credit' and bill_id = :b"),
        {"b": bill_id},
    )
    return int(found or 0)


@pytest.fixture
def account(world: World) -> int:
    return world.account()[1]


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger_entries set amount_minor = amount_minor + 1",
        "delete from ledger_entries",
        "truncate ledger_entries",
        "update allocations set amount_minor = 1",
        "delete from allocations",
        "update payments set amount_minor = 1",
        "delete from payments where false",
        "update adjustments set amount_minor = 1",
        "update account_balances set balance_minor = 0",
        "insert into account_balances values (1, 5)",
        "update bills set open_minor = 0",
        "update bills set total_minor = 0",
        "update payments set open_minor = 0",
    ],
)
def test_the_database_lets_nobody_change_the_books(session: Session, account: int, statement: str) -> None:
    bill(session, account, 1000)
    pay(session, account, 400, "p1")
    with (
        pytest.raises((IntegrityError, InternalError), match=r"never changed|follows"),
        session.begin_nested(),
    ):
        session.execute(text(statement))
    assert check_ledger(session).differences == ()


def test_an_entry_in_another_currency_is_refused(session: Session, account: int) -> None:
    pay(session, account, 400, "p1")
    entry = (
        "insert into ledger_entries "
        "(account_id, posted_on, debit, credit, amount_minor, currency, payment_id) "
        "select account_id, '2026-01-01', 'cash', 'receivable', 1, 'EUR', id from payments"
    )
    with pytest.raises(IntegrityError, match="another currency"), session.begin_nested():
        session.execute(text(entry))


def test_no_more_is_allocated_than_there_is(session: Session, account: int) -> None:
    first = bill(session, account, 1000)
    pay(session, account, 400, "p1")
    more = (
        "insert into allocations (account_id, from_payment_id, to_bill_id, amount_minor) "
        "select account_id, id, :bill, :amount from payments"
    )
    for amount in (1, -401):
        with pytest.raises(IntegrityError, match="open_within"), session.begin_nested():
            session.execute(text(more), {"bill": first.id, "amount": amount})


def test_what_is_tampered_with_is_found(session: Session, account: int) -> None:
    bill(session, account, 1000, number="B1")
    pay(session, account, 400, "p1")
    session.execute(text("alter table account_balances disable trigger user"))
    session.execute(text("alter table bills disable trigger user"))
    session.execute(text("update account_balances set balance_minor = 601"))
    session.execute(text("update bills set open_minor = 599"))
    found = {
        (one.kind, one.what, one.kept_minor, one.found_minor) for one in check_ledger(session).differences
    }
    assert found == {
        ("balance", "A0001", 601, 600),
        ("open_items", "A0001", 601, 599),
        ("bill", "B1", 599, 600),
    }


def test_a_payment_pays_as_told_then_the_oldest(session: Session, account: int) -> None:
    for number in ("B1", "B2", "B3"):
        bill(session, account, 1000, number=number)
    pay(session, account, 1300, "p1", pays=[("B2", 700)])
    assert still_open(session, account) == [400, 300, 1000]
    assert paid_by(session, "B2") == {"p1": 700}
    with pytest.raises(Conflict), session.begin_nested():
        pay(session, account, 500, "p2", pays=[("B2", 301)])
    with pytest.raises(Invalid):
        pay(session, account, 500, "p2", pays=[("B3", 501)])
    with pytest.raises(Conflict), session.begin_nested():
        pay(session, account, 500, "p2", pays=[("no such", 500)])


def test_what_pays_nothing_waits_for_the_next_bill(session: Session, account: int) -> None:
    pay(session, account, 1500, "p1")
    bill(session, account, 1000, number="B1")
    bill(session, account, 1000, number="B2")
    assert (still_open(session, account), balance(session, account)) == ([0, 500], 500)
    assert paid_by(session, "B2") == {"p1": 500}


def test_a_bill_in_the_customers_favour_pays_the_next(session: Session, account: int) -> None:
    bill(session, account, -600)
    assert still_open(session, account) == [-600]
    bill(session, account, 1000)
    assert (still_open(session, account), balance(session, account)) == ([0, 400], 400)


def test_a_payment_taken_back_opens_what_it_paid(session: Session, account: int) -> None:
    for number in ("B1", "B2", "B3"):
        bill(session, account, 1000, number=number)
    first = pay(session, account, 1000, "p1")
    pay(session, account, 1000, "p2")
    done = reverse_payment(session, first, reference="r1", reversed_at=NOW, posted_on=TODAY)
    assert (still_open(session, account), balance(session, account)) == ([1000, 0, 1000], 2000)
    again = reverse_payment(session, first, reference="r1", reversed_at=NOW, posted_on=TODAY)
    assert (again.id, again.repeated) == (done.id, True)
    with pytest.raises(Conflict):
        reverse_payment(session, first, reference="r2", reversed_at=NOW, posted_on=TODAY)
    with pytest.raises(Refused):
        reverse_payment(session, done.id, reference="r3", reversed_at=NOW, posted_on=TODAY)
    with pytest.raises(NotFound):
        reverse_payment(session, 10**9, reference="r4", reversed_at=NOW, posted_on=TODAY)


def test_a_credit_of_a_paid_bill_frees_the_money_for_the_next(session: Session, account: int) -> None:
    first = bill(session, account, 1050, number="B1", tax_minor=50)
    pay(session, account, 1050, "p1")
    credit(session, account, 1050, why("c1"), tax_minor=50, bill_id=first.id)
    assert (balance(session, account), paid_by(session, "B1")) == (-1050, {"c1": 1050})
    bill(session, account, 900, number="B2")
    assert paid_by(session, "B2") == {"p1": 900}
    sums = text("select sum(case when credit = 'tax' then amount_minor else -amount_minor end) "
                "from ledger_entries where 'tax' in (debit, credit)")  # fmt: skip
    assert session.scalar(sums) == 0


def test_a_credit_note_of_a_bill_in_favour_charges_it_again(session: Session, account: int) -> None:
    first = bill(session, account, -300)
    credit(session, account, -300, why("c1"), bill_id=first.id)
    assert (balance(session, account), still_open(session, account)) == (0, [0])


def test_fees_write_offs_deposits_and_transfers(world: World, session: Session, account: int) -> None:
    first = bill(session, account, 1000)
    fee = charge_fee(session, account, 250, why("f1"))
    assert (charge_fee(session, account, 250, why("f1")).repeated, balance(session, account)) == (True, 1250)
    with pytest.raises(Conflict):
        charge_fee(session, account, 251, why("f1"))
    waive_fee(session, fee.id, why("w1"))
    assert (balance(session, account), still_open(session, account)) == (1000, [1000])
    with pytest.raises(Refused):
        write_off(session, account, 1001, why("o1"))
    write_off(session, account, 400, why("o1"), bill_id=first.id)
    assert still_open(session, account) == [600]
    ask_deposit(session, account, 500, why("d1"))
    pay(session, account, 1100, "p1")
    assert balance(session, account) == 0
    with pytest.raises(Refused):
        return_deposit(session, account, 501, why("d2"))
    return_deposit(session, account, 500, why("d2"))
    other = world.account()[1]
    transfer(session, account, other, 300, why("t1"))
    assert (balance(session, account), balance(session, other)) == (-200, -300)
    transfer(session, account, other, 300, why("t1"))
    with pytest.raises(Refused):
        refund(session, account, 201, reference="b1", paid_at=NOW, posted_on=TODAY)
    refund(session, account, 200, reference="b1", paid_at=NOW, posted_on=TODAY)
    refund(session, account, 200, reference="b1", paid_at=NOW, posted_on=TODAY)
    assert balance(session, account) == 0
    check = check_ledger(session)
    assert (check.differences, check.accounts) == ((), 2)


AMOUNTS = st.one_of(st.sampled_from([500, 1000]), st.integers(1, 3000))
ACCOUNTS = st.sampled_from([0, 0, 0, 1])


BOOKS = text(
    """
    with items as (
        select account_id, open_minor from bills union all select account_id, open_minor from adjustments
        union all select account_id, -open_minor from payments
    )
    select coalesce((select balance_minor from account_balances b where b.account_id = a.id), 0) as balance,
           coalesce((select sum(open_minor) from items i where i.account_id = a.id and open_minor > 0), 0)
           as owed,
           coalesce((select sum(open_minor) from items i where i.account_id = a.id and open_minor < 0), 0)
           as unused,
           exists (select from payments p where p.account_id = a.id and p.open_minor < 0) as uncovered,
           coalesce((select sum(amount_minor) from allocations l
                     where l.account_id = a.id and l.to_payment_id is null), 0) <> 0 as allocated
    from accounts a where a.id = any(:accounts) order by a.id
    """
)


class Books(RuleBasedStateMachine):
    """Two accounts of one customer, and all that can be booked on them, in any order."""

    def __init__(self, session: Session, accounts: list[int]) -> None:
        super().__init__()
        self.session = session
        self.accounts = accounts
        self.savepoint = session.begin_nested()
        self.turn = 0
        self.sums = [0, 0]
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    def name(self) -> str:
        self.turn += 1
        self.at += timedelta(hours=7)
        return f"x{self.turn}"

    def why(self) -> Reason:
        return Reason(self.name(), "because", self.at.date())

    @rule(account=ACCOUNTS, total=st.one_of(st.sampled_from([500, 1000]), st.integers(-1500, 4000)))
    def bill(self, account: int, total: int) -> None:
        bill(self.session, self.accounts[account], total)
        self.sums[account] += total

    @rule(account=ACCOUNTS, amount=AMOUNTS, told=st.booleans())
    def pay(self, account: int, amount: int, told: bool) -> None:
        pays: list[tuple[str, int]] = []
        if told:
            rows = self.session.execute(
                text("select number, open_minor from bills where account_id = :a and open_minor > 0 "
                     "order by id desc limit 1"), {"a": self.accounts[account]},
            )  # fmt: skip
            pays = [(row.number, min(amount, row.open_minor)) for row in rows]
        take_payment(
            self.session, self.accounts[account], amount, reference=self.name(), received_at=self.at,
            posted_on=self.at.date(), pays=pays,
        )  # fmt: skip
        self.sums[account] -= amount

    @rule(account=ACCOUNTS, amount=AMOUNTS)
    def give_back(self, account: int, amount: int) -> None:
        take_payment(
            self.session, self.accounts[account], -amount, reference=self.name(), received_at=self.at,
            posted_on=self.at.date(),
        )  # fmt: skip
        self.sums[account] += amount

    @rule(account=ACCOUNTS, place=st.integers(0, 5))
    def reverse(self, account: int, place: int) -> None:
        rows = self.session.execute(
            text("select id, amount_minor from payments p where account_id = :a and amount_minor > 0 and "
                 "not exists (select from payments r where r.reverses_id = p.id) order by id"),
            {"a": self.accounts[account]},
        ).all()  # fmt: skip
        if rows:
            row = rows[place % len(rows)]
            reverse_payment(
                self.session, row.id, reference=self.name(), reversed_at=self.at, posted_on=self.at.date()
            )
            self.sums[account] += row.amount_minor

    @rule(account=ACCOUNTS, amount=AMOUNTS, place=st.integers(0, 5), sign=st.sampled_from([1, 1, -1]))
    def credit(self, account: int, amount: int, place: int, sign: int) -> None:
        ids = list(
            self.session.scalars(
                text("select id from bills where account_id = :a order by id"), {"a": self.accounts[account]}
            )
        )
        about = ids[place % len(ids)] if ids and place else None
        credit(
            self.session, self.accounts[account], sign * amount, self.why(),
            tax_minor=sign * (amount // 20), bill_id=about,
        )  # fmt: skip
        self.sums[account] -= sign * amount

    @rule(account=ACCOUNTS, amount=AMOUNTS, place=st.integers(0, 5), times=st.integers(1, 3))
    def dispute_and_win(self, account: int, amount: int, place: int, times: int) -> None:
        """As often as they like: no bill is credited beyond what it charges."""
        rows = self.session.execute(
            text("select id, number, total_minor from bills where account_id = :a and total_minor > 0 "
                 "order by id"), {"a": self.accounts[account]},
        ).all()  # fmt: skip
        if not rows:
            return
        row = rows[place % len(rows)]
        for _ in range(times):
            before = credited(self.session, row.id)
            try:
                made = open_dispute(self.session, row.number, amount, self.name(), today=self.at.date())
            except CareError as refused:
                assert isinstance(refused, Invalid)
                assert amount > row.total_minor - max(before, 0) - self.given_up(row.id)
                return
            close_dispute(self.session, made, won=True, today=self.at.date())
            assert credited(self.session, row.id) == before + amount <= row.total_minor
            self.sums[account] -= amount

    def given_up(self, bill_id: int) -> int:
        found = self.session.scalar(
            text("select sum(l.amount_minor) from allocations l join adjustments a on a.id = "
                 "l.from_adjustment_id where a.kind = 'write_off' and l.to_bill_id = :b"), {"b": bill_id},
        )  # fmt: skip
        return int(found or 0)

    @rule(account=ACCOUNTS, amount=AMOUNTS, kind=st.sampled_from(["fee", "deposit"]))
    def charge(self, account: int, amount: int, kind: str) -> None:
        (charge_fee if kind == "fee" else ask_deposit)(
            self.session, self.accounts[account], amount, self.why()
        )
        self.sums[account] += amount

    @rule(account=ACCOUNTS, amount=AMOUNTS, kind=st.sampled_from(["write_off", "return", "refund", "move"]))
    def where_allowed(self, account: int, amount: int, kind: str) -> None:
        mine, other = self.accounts[account], self.accounts[1 - account]
        before = list(self.sums)
        try:
            if kind == "write_off":
                write_off(self.session, mine, amount, self.why())
                self.sums[account] -= amount
            elif kind == "return":
                return_deposit(self.session, mine, amount, self.why())
                self.sums[account] -= amount
            elif kind == "refund":
                refund(
                    self.session, mine, amount, reference=self.name(), paid_at=self.at,
                    posted_on=self.at.date(),
                )  # fmt: skip
                self.sums[account] += amount
            else:
                transfer(self.session, mine, other, amount, self.why())
                self.sums[account] += amount
                self.sums[1 - account] -= amount
        except CareError as refused:
            assert isinstance(refused, Refused) and self.sums == before

    @invariant()
    def nothing_waits_beside_what_is_owed(self) -> None:
        """Money does not lie unused where something is open; nor is a bill paid while money given back is not
        covered."""
        rows = self.session.execute(BOOKS, {"accounts": self.accounts}).all()
        for row, owed in zip(rows, self.sums, strict=True):
            assert row.balance == owed
            assert (row.owed, row.unused) == (max(owed, 0), min(owed, 0))
            assert not (row.uncovered and row.allocated)

    def teardown(self) -> None:
        differences = check_ledger(self.session).differences
        self.savepoint.rollback()
        assert differences == ()


def test_it_balances_after_any_sequence(world: World, session: Session) -> None:
    accounts = [world.account()[1], world.account()[1]]
    run_state_machine_as_test(
        lambda: Books(session, accounts),
        settings=settings(
            max_examples=14, stateful_step_count=16, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def test_a_bill_of_a_day_is_due_after_the_other(session: Session, account: int) -> None:
    """Bills are paid as they fell due, not as they were made."""
    bill(session, account, 1000, number="B1")
    bill(session, account, 1000, number="B2")
    session.execute(text("update bills set due_on = '2019-12-31' where number = 'B2'"))
    pay(session, account, 1500, "p1")
    assert still_open(session, account) == [500, 0]
