"""A customer file: written whole or not at all, safe to repeat, every bad row named."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utility_crm.customers.actions import Imported, import_customers
from utility_crm.customers.importing.reading import Defaults
from utility_crm.customers.tables import Account, ContactPoint, Customer, CustomerFlag, Occupancy
from utility_crm.kit.errors import Invalid
from utility_crm.network.tables import NetworkNode, Premise

DEFAULTS = Defaults("GBP", "GB", "Europe/London")
HEADER = "customer_number,name,account_number,segment,email,phone,premise_code,address,network_node,opened_on"
GOOD = f"""{HEADER}
C1,Ada Example,A1,household,Ada@Mail.example,07700 900123,P1,1 Test Row,NORTH,2025-01-01
C1,Ada Example,A2,household,Ada@Mail.example,07700 900123,P2,2 Test Row,NORTH,2025-02-01
C2,Acme Example Ltd,A3,small_business,,,P3,3 Test Row,,2025-03-01
"""


@pytest.fixture(autouse=True)
def north(session: Session) -> None:
    session.add(NetworkNode(code="NORTH", name="North", kind="area"))
    session.flush()


def bring(session: Session, text: str | bytes, *, dry_run: bool = False) -> Imported:
    content = text if isinstance(text, bytes) else text.encode()
    return import_customers(session, content, today=date(2026, 11, 20), defaults=DEFAULTS, dry_run=dry_run)


def rows(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_file_is_written_and_its_repeat_changes_nothing(session: Session) -> None:
    assert bring(session, GOOD).document() == {"customers": 2, "accounts": 3, "unchanged": 0, "problems": []}
    assert bring(session, GOOD).document() == {"customers": 0, "accounts": 0, "unchanged": 3, "problems": []}
    assert [rows(session, t) for t in (Customer, Account, Premise, Occupancy, ContactPoint)] == [
        2,
        3,
        3,
        3,
        2,
    ]
    assert session.scalars(select(ContactPoint.normal).order_by(ContactPoint.normal)).all() == [
        "+447700900123",
        "ada@mail.example",
    ]


def test_a_change_is_taken_and_counted(session: Session) -> None:
    bring(session, GOOD)
    changed = bring(session, GOOD.replace("Acme Example Ltd", "Acme & Daughters Ltd"))
    assert changed.document() == {"customers": 1, "accounts": 0, "unchanged": 2, "problems": []}


def test_a_dry_run_says_the_same_and_writes_nothing(session: Session) -> None:
    assert bring(session, GOOD, dry_run=True).document()["accounts"] == 3
    assert rows(session, Customer) == 0


@pytest.mark.parametrize(
    ("broken", "line", "code"),
    [
        (GOOD.replace("07700 900123,P2", "12,P2"), 3, "phone"),
        (GOOD.replace("Ada@Mail.example,07700 900123,P1", "nobody,07700 900123,P1"), 2, "email"),
        (GOOD.replace("small_business", "club"), 4, "segment"),
        (GOOD.replace("3 Test Row,,", "3 Test Row,SOUTH,"), 4, "network_node"),
        (GOOD.replace("2 Test Row", ""), 3, "address"),
        (GOOD.replace("C1,Ada Example,A2", "C1,Ada Other,A2"), 3, "clash"),
        (GOOD.replace("2025-03-01", "03/01/2025"), 4, "opened_on"),
        (GOOD.replace("C2,Acme Example Ltd,A3,", "C2,,A3,"), 4, "missing"),
        (GOOD + "C3,Too Few\n", 5, "cells"),
    ],
)
def test_every_bad_row_is_named_and_nothing_is_half_written(
    session: Session, broken: str, line: int, code: str
) -> None:
    done = bring(session, broken)
    assert [(problem.line, problem.code) for problem in done.problems] == [(line, code)]
    assert (done.customers, done.accounts) == (0, 0)
    assert rows(session, Customer) == 0
    assert rows(session, Premise) == 0


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"", "empty", "empty"),
        (GOOD.encode("utf-16"), "encoding", "UTF-8"),
        (b"\x00\x01\x02", "encoding", "binary"),
        (GOOD.replace("network_node", "netwrok_node").encode(), "unknown_column", "network_node"),
        (b"customer_number,name\nC1,A\n", "missing_column", "account_number"),
    ],
)
def test_a_file_that_is_no_table_is_refused(session: Session, content: bytes, code: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        bring(session, content)
    assert refused.value.code == code
    assert says in refused.value.message


def test_a_medical_flag_needs_consent_and_a_review(session: Session) -> None:
    head = "customer_number,name,account_number,medical,flag_consented_on,flag_review_on\n"
    assert bring(session, head + "C1,Ada Example,A1,yes,,\n").problems[0].line == 2
    assert bring(session, head + "C1,Ada Example,A1,yes,2026-01-01,2027-01-01\n").problems == ()
    assert rows(session, CustomerFlag) == 1
