"""Payments of another system in the ledger: to the cent, once; balances held against theirs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.payments import refund
from tests.worlds.ledger_world import bill
from tests.worlds.records_world import NOW, TODAY, WHERE, check, counts, put, take, three, why
from utility_crm.kit.errors import Invalid, Refused
from utility_crm.records.queries import refusals
from utility_crm.records.undoing import undo_import

FILE = """Номер платежа;Лицевой счёт;Дата платежа;Сумма;Валюта;Способ оплаты
P1;A1;03.01.2026;1 234,50;GBP;Наличные
P2;A2;15.01.2026;20,00;GBP;Карта
P3;A2;15.02.2026;-5,00;GBP;Перевод
P4;A3;16.02.2026;7,00;EUR;Перевод
P5;A3;17.02.2026;0,00;GBP;Перевод
P6;A3;18.02.2026;1,005;GBP;Перевод
P7;A3;32.02.2026;9,99;GBP;Перевод
"""


@pytest.fixture(autouse=True)
def _three(session: Session) -> None:
    three(session)


def balances(session: Session) -> dict[str, int]:
    rows = session.execute(
        text("select number, balance_minor from account_balances b join accounts a on a.id = b.account_id")
    )
    return {row.number: int(row.balance_minor) for row in rows if row.balance_minor}


def test_payments_are_booked_and_reckoned_up(session: Session, tmp_path: Path) -> None:
    one = put(session, tmp_path, "payments", FILE.encode("cp1251"))
    foretold = check(session, one)
    assert balances(session) == {}
    report = take(session, one)
    assert report == foretold
    assert counts(report) == (3, 0, 0, 4)
    assert [(line, code) for line, _title, code, _value in why(session, one)] == [
        (5, "currency"), (6, "amount"), (7, "parts"), (8, "day"),
    ]  # fmt: skip
    assert balances(session) == {"A1": -123450, "A2": -1500}
    money = [tuple(line.values()) for line in report["money"]]
    assert money == [
        ("EUR", "2026-02", 1, 700, 0, 0, 700, 0, 0),
        ("GBP", "2026-01", 2, 125450, 125450, 0, 0, 125450, 0),
        ("GBP", "2026-02", 2, -500, -500, 0, 0, -500, 0),
    ]
    assert report["unreadable"] == 2  # 1,005 has no minor units, 32.02 is in no month
    assert sum(line["rows"] for line in report["money"]) + report["unreadable"] == report["rows"]


def test_a_payment_pays_what_is_open(session: Session, tmp_path: Path) -> None:
    account = session.scalar(text("select id from accounts where number = 'A2'"))
    assert account is not None
    bill(session, account, 3000)
    take(session, put(session, tmp_path, "payments", FILE))
    assert session.scalar(text("select open_minor from bills")) == 1500


def test_dropped_twice_nothing_is_booked_twice_and_nothing_changes(session: Session, tmp_path: Path) -> None:
    take(session, put(session, tmp_path, "payments", FILE))
    again = take(session, put(session, tmp_path, "payments", FILE))
    assert counts(again) == (0, 0, 3, 4)
    assert again["money"][1]["same"] == again["money"][1]["booked"] == 125450
    other = put(session, tmp_path, "payments", FILE.replace("20,00", "21,00").replace("Наличные", "Карта"))
    assert counts(take(session, other)) == (0, 0, 2, 5)
    told = next(one for one in refusals(session, other) if one.code == "never_changes").document()
    assert told["message"].startswith("It was booked as 20.00 GBP on account A2, received 2026-01-15.")
    assert balances(session) == {"A1": -123450, "A2": -1500}


def test_payments_are_taken_back_by_the_books_and_may_come_again(session: Session, tmp_path: Path) -> None:
    one = put(session, tmp_path, "payments", FILE)
    take(session, one)
    undone = undo_import(session, one, WHERE, now=NOW, today=TODAY)
    assert (undone.removed, balances(session)) == (3, {})
    two = put(session, tmp_path, "payments", FILE)
    assert counts(take(session, two)) == (3, 0, 0, 4)
    assert balances(session) == {"A1": -123450, "A2": -1500}
    undo_import(session, two, WHERE, now=NOW, today=TODAY)
    assert counts(take(session, put(session, tmp_path, "payments", FILE))) == (3, 0, 0, 4)


def test_a_file_that_found_them_again_is_taken_back_first(session: Session, tmp_path: Path) -> None:
    one = put(session, tmp_path, "payments", FILE)
    take(session, one)
    two = put(session, tmp_path, "payments", FILE)
    assert counts(take(session, two)) == (0, 0, 3, 4)
    with pytest.raises(Refused, match=f"P1 was brought again by import {two}"):
        undo_import(session, one, WHERE, now=NOW, today=TODAY)
    assert balances(session) == {"A1": -123450, "A2": -1500}
    assert undo_import(session, two, WHERE, now=NOW, today=TODAY).removed == 0
    assert undo_import(session, one, WHERE, now=NOW, today=TODAY).removed == 3
    assert balances(session) == {}


def test_money_given_back_since_stands_in_the_way(session: Session, tmp_path: Path) -> None:
    one = put(session, tmp_path, "payments", FILE)
    take(session, one)
    account = session.scalar(text("select id from accounts where number = 'A1'"))
    assert account is not None
    refund(session, account, 100, reference="r", paid_at=NOW, posted_on=TODAY)
    with pytest.raises(Refused, match="money of account A1 was given back since"):
        undo_import(session, one, WHERE, now=NOW, today=TODAY)
    assert balances(session) == {"A1": -123350, "A2": -1500}


def test_an_amount_that_may_be_thousands_is_asked(session: Session, tmp_path: Path) -> None:
    content = 'id,account,date,amount\nQ1,A1,2026-01-03,"1,234"\n'
    with pytest.raises(Invalid, match="thousands or parts"):
        check(session, put(session, tmp_path, "payments", content))
    mapping = 'columns = {external_id = "id", account = "account", received_on = "date", amount = "amount"}\n'
    told = put(session, tmp_path, "payments", content, mapping=f'{mapping}decimals = {{amount = "."}}')
    take(session, told)
    assert balances(session) == {"A1": -123400}


def test_a_workbook_and_a_customer_with_one_account(session: Session, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Payment ID", "Customer number", "Payment date", "Amount"])
    sheet.append([9001, "C1", TODAY, 12.3])
    sheet.append([9002, "C9", TODAY, 1])
    book.save(tmp_path / "book.xlsx")
    content = (tmp_path / "book.xlsx").read_bytes()
    one = put(session, tmp_path, "payments", content, name="book.xlsx")
    assert counts(take(session, one)) == (1, 0, 0, 1)
    assert balances(session) == {"A1": -1230}
    assert session.scalar(text("select reference from payments")) == "old desk:9001"


def test_balances_of_the_other_system_are_held_against_ours(session: Session, tmp_path: Path) -> None:
    take(session, put(session, tmp_path, "payments", FILE))
    control = "account;balance\nA1;-1234,50\nA3;12,00\nA9;1,00\n"
    one = put(session, tmp_path, "balances", control)
    report = take(session, one)
    assert not report["adds_up"]
    assert (report["same"], report["refused"], report["made"]) == (1, 2, 0)
    told = [one.document() for one in refusals(session, one)]
    assert [(one["code"], one["message"]) for one in told] == [
        ("differs", "Theirs is 12.00, ours 0.00: -12.00 GBP apart."),
        ("no_account", "There is no account A9."),
    ]  # fmt: skip
    assert report["missing"][0]["count"] == 1 and report["missing"][0]["first"] == ["A2"]
    agreed = take(session, put(session, tmp_path, "balances", "account;balance\nA1;-1234,50\nA2;-15,00\n"))
    assert agreed["adds_up"] and not agreed["missing"] and counts(agreed) == (0, 0, 2, 0)
    assert agreed["money"][0]["booked"] == agreed["money"][0]["in_file"] == -124950


_PAYMENT = st.tuples(
    st.sampled_from(["A1", "A2", "A3", "A9"]), st.dates(TODAY.replace(year=2024), TODAY),
    st.integers(-(10**7), 10**7), st.sampled_from(["GBP", "EUR", ""]), st.integers(1, 9),
)  # fmt: skip


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_PAYMENT, max_size=12))
def test_whatever_the_file_the_report_adds_up_to_the_cent(
    session: Session, rows: list[tuple[str, object, int, str, int]]
) -> None:
    if not rows:
        return
    lines = [f"{number};{account};{day};{Decimal(minor).scaleb(-2)};{currency}"
             for account, day, minor, currency, number in rows]  # fmt: skip
    content = "\n".join(["id;account;date;amount;currency", *lines])
    with session.begin_nested() as savepoint, TemporaryDirectory() as folder:
        report = take(session, put(session, Path(folder), "payments", content))
        assert report["adds_up"]
        assert report["rows"] == len(rows) == report["made"] + report["refused"]
        in_file = sum(line["in_file"] for line in report["money"])
        assert in_file == sum(minor for _a, _d, minor, _c, _n in rows)
        made = sum(line["made"] for line in report["money"])
        assert -made == sum(balances(session).values())
        assert made == session.scalar(text("select coalesce(sum(amount_minor), 0) from payments"))
        savepoint.rollback()
