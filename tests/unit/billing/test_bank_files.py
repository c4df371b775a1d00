"""What banks' files say, read exactly; what is no whole file is refused with its place."""

from __future__ import annotations

from datetime import date

import pytest
from bank_files import entry, report, statement, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing.money_in.camt053 import read_statement
from billing.money_in.csv_file import read_csv
from billing.money_in.entries import BankEntry, ReadFile, minor_of
from billing.money_in.matching import Known, match, normal
from billing.money_in.pain002 import read_report
from billing.money_in.xml_file import read_xml
from utility_crm.kit.errors import Invalid


def read(content: bytes) -> ReadFile:
    return read_statement(read_xml(content))


@pytest.mark.parametrize("version", ["02", "04", "08"])
def test_an_entry_is_read_in_every_version(version: str) -> None:
    details = transaction(
        version=version, text="Thank you, A0001", structured="RF18539007547034", payer="Ada Example",
        end_to_end="E2E-1",
    )  # fmt: skip
    found = read(statement(entry("43.17", details, version=version, reference="BR1"), version=version))
    assert found.entries == (
        BankEntry(
            place="line 5", bank_reference="BR1", booked_on=date(2026, 11, 20), amount_minor=4317,
            currency="GBP", payer="Ada Example", structured=("RF18539007547034",), text="Thank you, A0001",
            end_to_end_ids=("E2E-1",),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("version", ["02", "08"])
def test_a_batch_is_its_transactions(version: str) -> None:
    parts = [transaction(amount, version=version, text=amount) for amount in ("10.00", "20.50")]
    found = read(statement(entry("30.50", *parts, version=version, reference="B9"), version=version))
    assert [(one.bank_reference, one.amount_minor) for one in found.entries] == [
        ("B9/1", 1000),
        ("B9/2", 2050),
    ]


def test_a_reversal_takes_back_and_what_is_not_booked_is_not_there() -> None:
    found = read(
        statement(
            entry("5.00", transaction(code="AC04", end_to_end="DD1-1"), way="DBIT", reversal=True),
            entry("6.00", transaction(text="fee"), way="DBIT"),
            entry("7.00", transaction(text="soon"), status="PDNG"),
            entry("0.00", transaction(text="a notice")),
        )
    )
    back, out = found.entries
    assert (back.amount_minor, back.takes_back, back.return_code) == (-500, True, "AC04")
    assert (out.amount_minor, out.takes_back, found.ignored) == (-600, False, 2)
    assert len({back.bank_reference, out.bank_reference}) == 2


def test_balances_hold_the_entries_together() -> None:
    good = statement(entry("5.00"), entry("2.00", way="DBIT"), opening="-1.00", closing="2.00")
    assert len(read(good).entries) == 2
    with pytest.raises(Invalid) as refused:
        read(statement(entry("5.00"), opening="-1.00", closing="2.00"))
    assert refused.value.code == "does_not_add_up"


@pytest.mark.parametrize(
    ("content", "code", "where"),
    [
        (statement(entry("5.00"))[:-40], "bad_xml", "line 5"),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"/>', "not_camt053", "line 1"),
        (b"<html/>", "not_camt053", "line 1"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + statement(entry("5.00"))[39:], "doctype", "line 1"),
        (statement(entry("5.001")), "amount", "line 5"),
        (statement(entry("five")), "amount", "line 5"),
        (statement(entry("-1.00")), "amount", "line 5"),
        (statement(entry("5.00", way="LEFT")), "direction", "line 5"),
        (statement(entry("5.00", day="20.11.2026")), "day", "line 5"),
        (statement(entry("5.00", transaction("2.00"), transaction("2.00"))), "does_not_add_up", "line 5"),
        (statement(entry("5.00", currency="")), "currency", "line 5"),
    ],
)
def test_a_bad_statement_is_refused_with_its_place(content: bytes, code: str, where: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(content)
    assert (refused.value.code, refused.value.where) == (code, where)


CSV = "Buchungstag;Betrag;Waehrung;Verwendungszweck;Zahler\n20.11.2026;1.043,17;EUR;Danke A0001;Ada\n"


def test_a_table_is_read_by_its_own_columns() -> None:
    columns = {"date": "Buchungstag", "amount": "Betrag", "currency": "Waehrung", "text": "Verwendungszweck"}
    (found,) = read_csv(CSV.encode(), columns, "GBP").entries
    assert (found.amount_minor, found.currency, found.text) == (104317, "EUR", "Danke A0001")
    assert (found.booked_on, found.place) == (date(2026, 11, 20), "line 2")


def test_rows_alike_are_two_payments_and_the_same_in_the_next_file() -> None:
    twice = b"date,amount,text\n2026-11-20,5.00,A1\n2026-11-20,5.00,A1\n"
    one, two = read_csv(twice, {}, "GBP").entries
    assert one.bank_reference != two.bank_reference
    (again,) = read_csv(b"date,amount,text\n2026-11-20,5.00,A1\n", {}, "GBP").entries
    assert again.bank_reference == one.bank_reference


@pytest.mark.parametrize(
    ("content", "code", "where"),
    [
        ("date,amount\n2026-11-20,5.00,x\n", "cells", "line 2"),
        ("date,amount\n2026-11-20,five\n", "amount", "line 2, amount"),
        ("date,amount\n2026-11-20,0.00\n", "amount", "line 2, amount"),
        ('date,amount\n2026-11-20,"1,234"\n', "amount", "line 2, amount"),
        ("date,amount\n2026-11-20,1.250\n", "amount", "line 2, amount"),
        ('date,amount\n2026-11-20,"1,25.00"\n', "amount", "line 2, amount"),
        ("date,amount\n2026-13-20,5.00\n", "day", "line 2, date"),
        ("date,amount,currency\n2026-11-20,5.00,pounds\n", "currency", "line 2, currency"),
        ("date,sum\n2026-11-20,5.00\n", "missing_column", "line 1"),
        ("date,amount,amount\n", "twice", "line 1"),
        ('date,amount\n2026-11-20,"5.00\n', "framing", "line 2"),
        ("", "empty", "line 1"),
        ("date,amount\n2026-11-20,5.00,\udcff\n", "encoding", "line 2"),
    ],
)
def test_a_bad_table_is_refused_with_its_place(content: str, code: str, where: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_csv(content.encode("utf-8", "surrogateescape"), {}, "GBP")
    assert (refused.value.code, refused.value.where) == (code, where)


@given(
    st.integers(-(10**12), 10**12),
    st.sampled_from(["GBP", "JPY", "KWD"]),
    st.sampled_from(["plain", "comma"]),
)
def test_amounts_come_back_exactly(minor: int, currency: str, style: str) -> None:
    decimals = {"GBP": 2, "JPY": 0, "KWD": 3}[currency]
    whole, part = divmod(abs(minor), 10**decimals)
    words = f"{whole}.{part:0{decimals}d}" if decimals else str(whole)
    words = ("-" if minor < 0 else "") + words
    assert minor_of(words, currency, "x") == minor
    if style == "comma" and decimals == 2 and minor:
        said = f"{whole:,}".replace(",", ".") + f",{part:02d}"
        row = f"date;amount;currency\n2026-11-20;{'-' if minor < 0 else ''}{said};{currency}\n"
        assert read_csv(row.encode(), {}, "").entries[0].amount_minor == minor


@pytest.mark.parametrize(
    "text",
    ["1_000", "١٢", "１２", " 5", "5 ", "5\n", "\u00a05", "5e2", "5E2", "+5", "--5", "1.2.3", "1,5", ".5",
     "5.", "0x5", "NaN", "Infinity", "", "-", "\u22125", "1 000", "9" * 16, "1." + "0" * 27 + "1"],
)  # fmt: skip
def test_what_python_reads_as_a_number_is_no_amount(text: str) -> None:
    with pytest.raises(Invalid, match="is no amount") as refused:
        minor_of(text, "GBP", "line 7")
    assert (refused.value.code, refused.value.where) == ("amount", "line 7")


@pytest.mark.parametrize(
    ("text", "minor"), [("5", 500), ("-0.05", -5), ("0043.170", 4317), ("9" * 15, 10**17 - 100)]
)
def test_a_plain_amount_is_read(text: str, minor: int) -> None:
    assert minor_of(text, "GBP", "line 7") == minor


@pytest.mark.parametrize(("text", "minor"), [("+5.00", 500), ("1 234,50", 123450), ("\u22125,00", -500)])
def test_a_table_has_signs_and_spaces_as_banks_write_them(text: str, minor: int) -> None:
    (found,) = read_csv(f"date;amount\n2026-11-20;{text}\n".encode(), {}, "GBP").entries
    assert found.amount_minor == minor


@pytest.mark.parametrize("text", ["1_000", "١٢", "5e2", "1.2.3", "", "."])
def test_a_statement_with_no_decimal_of_xml_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is no amount"):
        read(statement(entry(text)))


@pytest.mark.parametrize(("text", "minor"), [(" 5.00\n", 500), ("+5", 500), (".5", 50), ("5.", 500)])
def test_a_statement_has_the_decimals_of_xml(text: str, minor: int) -> None:
    (found,) = read(statement(entry(text))).entries
    assert found.amount_minor == minor


KNOWN = {"A0001": Known(1, "GBP"), "A0002": Known(2, "GBP"),
    "2026-10-000001": Known(1, "GBP", "2026-10-000001"),
         "539007547034": Known(2, "GBP")}  # fmt: skip


def said(text: str = "", structured: tuple[str, ...] = (), currency: str = "GBP") -> BankEntry:
    return BankEntry("line 1", "R", date(2026, 11, 20), 500, currency, structured=structured, text=text)


@pytest.mark.parametrize(
    ("one", "account", "bills", "code"),
    [
        (said("thanks a0001!"), 1, (), ""),
        (said("account A 0001"), 1, (), ""),
        (said("bill 2026-10-000001, A0001"), 1, ("2026-10-000001",), ""),
        (said("A0001", ("A0002",)), 2, (), ""),
        (said(structured=("RF18 5390 0754 7034",)), 2, (), ""),
        (said(structured=("RF19 5390 0754 7034",)), 0, (), "unknown_reference"),
        (said("A0001 and A0002"), 0, (), "several"),
        (said("A0001", currency="EUR"), 0, (), "currency"),
        (said("hello"), 0, (), "unknown_reference"),
        (said(""), 0, (), "no_reference"),
    ],
)
def test_whose_money_it_is(one: BankEntry, account: int, bills: tuple[str, ...], code: str) -> None:
    found = match(one, KNOWN)
    assert (found.account_id, found.bills, found.code) == (account, bills, code)


def test_a_creditor_reference_stands_for_what_follows_its_check_digits() -> None:
    assert normal("rf18 5390 0754 7034") == "539007547034"
    assert normal("RF17539007547034") == "RF17539007547034"


def test_a_report_names_what_was_rejected() -> None:
    found = read_report(read_xml(report(("DD1-1", "AM04"), accepted=2)))
    assert [(one.end_to_end_id, one.code) for one in found.returned] == [("DD1-1", "AM04")]
    assert found.other == 2
    with pytest.raises(Invalid, match="camt"):
        read_report(read_xml(statement()))
