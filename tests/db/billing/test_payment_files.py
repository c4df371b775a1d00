"""Banks' files are booked whole and once; what is nobody's waits; direct debits go out and come back."""

from __future__ import annotations

from datetime import date

import pytest
from bank_files import entry, report, statement, transaction
from billing_world import NOW, World
from ledger_world import bill
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.direct_debits import add_mandate, collect, end_mandate, return_debits, set_creditor
from billing.actions.suspending import assign_suspense, return_suspense
from billing.money_in.taking import TakenFile, take_file
from billing.queries.ledger import check_ledger
from billing.queries.statements import statement_of
from utility_crm.kit.errors import CareError, Conflict, Invalid, NotFound

TODAY = NOW.date()
IBAN = "GB33BUKB20201555555555"


@pytest.fixture
def account(world: World) -> int:
    return world.account()[1]


def take(session: Session, content: bytes, name: str = "bank.xml") -> TakenFile:
    done = take_file(session, name, content, now=NOW, currency="GBP")
    assert check_ledger(session).differences == ()
    return done


def counts(done: TakenFile) -> dict[str, int]:
    return {fate: count for fate, count in done.counts.items() if count}


def balance(session: Session, account_id: int) -> int:
    found = text("select balance_minor from account_balances where account_id = :a")
    return session.scalar(found, {"a": account_id}) or 0


def still_open(session: Session, account_id: int) -> dict[str, int]:
    rows = text("select number, open_minor from bills where account_id = :a order by id")
    return {row.number: row.open_minor for row in session.execute(rows, {"a": account_id})}


def waiting(session: Session) -> list[tuple[str, int, str]]:
    rows = text(
        "select bank_reference, amount_minor, code from suspense_items where state = 'waiting' order by id"
    )
    return [(row[0], row[1], row[2]) for row in session.execute(rows)]


def test_a_statement_is_booked_once(world: World, session: Session, account: int) -> None:
    other = world.account()[1]
    for number in ("B1", "B2"):
        bill(session, account, 4000, number=number)
    content = statement(
        entry("40.00", transaction(text="B2 thanks"), reference="R1"),
        entry("15.00", transaction(structured="A0002"), reference="R2"),
        entry("12.00", transaction(text="hello"), reference="R3"),
        entry("3.00", way="DBIT", reference="R4"),
        entry("9.00", status="PDNG"),
    )
    assert counts(take(session, content)) == {"booked": 2, "suspended": 1, "ignored": 2}
    assert still_open(session, account) == {"B1": 4000, "B2": 0}
    assert (balance(session, account), balance(session, other)) == (4000, -1500)
    assert waiting(session) == [("R3", 1200, "unknown_reference")]
    again = take(session, content)
    assert again.again and counts(again) == {"repeated": 5}
    # Another file with the same entries, and one more.
    more = statement(
        entry("40.00", transaction(text="B2 thanks"), reference="R1"),
        entry("12.00", transaction(text="hello"), reference="R3"),
        entry("1.00", transaction(text="A0001"), reference="R5"),
        entry("1.00", transaction(text="A0001"), reference="R5"),
        name="S2",
    )
    assert counts(take(session, more)) == {"booked": 1, "repeated": 3}
    assert balance(session, account) == 3900


def test_a_refused_file_leaves_nothing(session: Session, account: int) -> None:
    content = statement(entry("40.00", transaction(text="A0001"), reference="R1"))
    with pytest.raises(Invalid), session.begin_nested():
        take_file(session, "cut.xml", content[:-30], now=NOW)
    with pytest.raises(Invalid), session.begin_nested():
        bad = b"date,amount,text\n2026-11-20,5.00,A0001\n2026-11-20,x,A0001\n"
        take_file(session, "bad.csv", bad, now=NOW, currency="GBP")
    assert session.scalar(text("select count(*) from payments")) == 0
    assert session.scalar(text("select count(*) from payment_files")) == 0
    assert counts(take(session, content)) == {"booked": 1}


def test_a_bill_named_is_paid_before_older_ones_and_no_more_than_is_open(
    session: Session, account: int
) -> None:
    for number in ("B1", "B2", "B3"):
        bill(session, account, 1000, number=number)
    table = b"date,amount,bill\n2026-11-20,7.00,B3\n2026-11-20,7.00,B3\n2026-11-20,0.50,B2\n"
    assert counts(take(session, table, "pay.csv")) == {"booked": 3}
    assert still_open(session, account) == {"B1": 600, "B2": 950, "B3": 0}


def test_what_was_nobodys_is_assigned_or_returned(world: World, session: Session, account: int) -> None:
    first = bill(session, account, 1000, number="B1")
    take(session, statement(entry("10.00", reference="R1"), entry("5.00", reference="R2")))
    one, two = session.scalars(text("select id from suspense_items order by id")).all()
    assign_suspense(session, one, account, now=NOW, posted_on=TODAY, by=None)
    assert still_open(session, account) == {"B1": 0} and first.number == "B1"
    with pytest.raises(Conflict):
        assign_suspense(session, one, account, now=NOW, posted_on=TODAY, by=None)
    return_suspense(session, two, now=NOW, posted_on=TODAY, by=None)
    with pytest.raises(Conflict):
        return_suspense(session, two, now=NOW, posted_on=TODAY, by=None)
    with pytest.raises(NotFound):
        return_suspense(session, 10**9, now=NOW, posted_on=TODAY, by=None)
    assert check_ledger(session).differences == ()
    accounts = text(
        "select sum(case when debit = 'cash' then amount_minor else -amount_minor end) "
        "from ledger_entries where 'cash' in (debit, credit)"
    )
    assert (session.scalar(accounts), waiting(session)) == (1000, [])


def test_the_bank_takes_a_payment_back(session: Session, account: int) -> None:
    bill(session, account, 1000, number="B1")
    take(session, statement(entry("10.00", transaction(text="A0001"), reference="R1")))
    back = entry(
        "10.00", transaction(end_to_end="R1", code="AC04"), way="DBIT", reversal=True, reference="R2"
    )
    lost = entry("3.00", transaction(end_to_end="who"), way="DBIT", reversal=True, reference="R3")
    assert counts(take(session, statement(back, lost, name="S2"))) == {"reversed": 1, "suspended": 1}
    assert (still_open(session, account), waiting(session)) == (
        {"B1": 1000},
        [("R3", -300, "unknown_return")],
    )


@pytest.fixture
def creditor(session: Session) -> None:
    set_creditor(
        session,
        "GBP",
        name="Example Energy",
        iban=IBAN,
        creditor_id="GB98ZZZSDDBARC0000",
        return_fee_minor=350,
    )


def mandate(session: Session, account_id: int, reference: str = "M1") -> int:
    return add_mandate(
        session, account_id, reference, signed_on=date(2020, 1, 1), name="Ada Example", iban=IBAN
    )


@pytest.mark.usefixtures("creditor")
def test_what_is_due_is_collected_once_and_paid_in_one_sum(
    world: World, session: Session, account: int
) -> None:
    other = world.account()[1]
    mandate(session, account)
    mandate(session, other, "M2")
    bill(session, account, 1000, number="B1")
    bill(session, account, 2000, number="B2")
    bill(session, other, 500, number="B3")
    (made,) = collect(session, date(2026, 11, 24), NOW)
    assert (made.message_id, made.debits, made.amount_minor) == ("DDGBP20261124-1", 3, 3500)
    assert collect(session, date(2026, 11, 24), NOW) == []
    bill(session, account, 700, number="B4")
    (more,) = collect(session, date(2026, 11, 24), NOW)
    assert (more.message_id, more.amount_minor) == ("DDGBP20261124-2", 700)
    rows = text("select sequence from direct_debits order by id")
    assert list(session.scalars(rows)) == ["FRST", "RCUR", "FRST", "RCUR"]
    first = statement(
        entry("15.00", batch="DDGBP20261124-1-FRST", reference="C1"),
        entry("20.00", batch="DDGBP20261124-1-RCUR", reference="C2"),
        entry("7.01", batch="DDGBP20261124-2", reference="C3"),
    )
    assert counts(take(session, first)) == {"booked": 2, "suspended": 1}
    assert waiting(session) == [("C3", 701, "batch_differs")]
    assert (balance(session, account), balance(session, other)) == (700, 0)
    methods = text("select distinct method from payments")
    assert list(session.scalars(methods)) == ["direct_debit"]


@pytest.mark.usefixtures("creditor")
def test_a_returned_debit_opens_the_bill_and_costs_a_fee(session: Session, account: int) -> None:
    mandate(session, account)
    bill(session, account, 1000, number="B1")
    collect(session, TODAY, NOW)
    (name,) = session.scalars(text("select end_to_end_id from direct_debits"))
    take(session, statement(entry("10.00", transaction(end_to_end=name), reference="C1")))
    assert balance(session, account) == 0
    content = statement(
        entry("10.00", transaction(end_to_end=name, code="AM04"), way="DBIT", reversal=True, reference="C2"),
        name="S2",
    )
    assert counts(take(session, content)) == {"reversed": 1}
    assert (balance(session, account), still_open(session, account)) == (1350, {"B1": 1000})
    # The report that follows, and the entry in another file, change nothing more.
    assert counts(take(session, report((name, "AM04"), ("not ours", "AM04")))) == {
        "repeated": 1,
        "ignored": 1,
    }
    assert balance(session, account) == 1350
    (again,) = collect(session, TODAY, NOW)
    assert again.amount_minor == 1000
    kinds = [row.kind for row in statement_of(session, "A0001", None, date(2027, 1, 1)).rows]
    assert kinds == ["bill", "payment", "reversal", "fee"]


@pytest.mark.usefixtures("creditor")
def test_a_debit_rejected_before_it_was_paid_books_nothing(session: Session, account: int) -> None:
    mandate(session, account)
    bill(session, account, 1000, number="B1")
    collect(session, TODAY, NOW)
    (name,) = session.scalars(text("select end_to_end_id from direct_debits"))
    assert counts(take(session, report((name, "AC04"), accepted=1))) == {"reversed": 1, "ignored": 1}
    assert session.scalar(text("select count(*) from payments")) == 0
    assert return_debits(session, [(name, "AC04")], now=NOW).repeated == 1


def test_mandates_are_one_at_a_time(world: World, session: Session, account: int) -> None:
    assert mandate(session, account) == mandate(session, account)
    refused: list[tuple[type[CareError], str, int, str]] = [
        (Conflict, "M2", account, IBAN),
        (Conflict, "M1", world.account()[1], IBAN),
        (Invalid, "M 3", account, IBAN),
        (Invalid, "M3", account, IBAN[:-1] + "6"),
    ]
    for kind, reference, of, iban in refused:
        with pytest.raises(kind):
            add_mandate(session, of, reference, signed_on=TODAY, name="Ada", iban=iban)
    end_mandate(session, "M1", TODAY)
    with pytest.raises(NotFound):
        end_mandate(session, "M1", TODAY)
    mandate(session, account, "M2")


def test_a_statement_of_account_adds_up_and_says_what_paid_what(session: Session, account: int) -> None:
    for number in ("B1", "B2"):
        bill(session, account, 1000, number=number)
    table = b"date,amount,account,reference\n2020-02-20,15.00,A0001,R1\n2020-03-20,9.00,A0001,R2\n"
    take(session, table, "pay.csv")
    found = statement_of(session, "A0001", None, date(2026, 11, 21))
    assert [(row.kind, row.name, row.amount_minor, row.balance_minor) for row in found.rows] == [
        ("bill", "B1", 1000, 1000),
        ("payment", "bank:R1", -1500, -500),
        ("bill", "B2", 1000, 500),
        ("payment", "bank:R2", -900, -400),
    ]
    paid = [[(part.name, part.amount_minor) for part in row.pays] for row in found.rows]
    assert paid == [[], [("B1", 1000), ("B2", 500)], [], [("B2", 500)]]
    assert (found.rows[3].unused_minor, found.closing_minor) == (400, -400)
    part = statement_of(session, "A0001", date(2020, 2, 10), date(2020, 3, 10))
    assert (part.opening_minor, part.closing_minor) == (1000, 500)
    with pytest.raises(NotFound):
        statement_of(session, "nobody", None, TODAY)
