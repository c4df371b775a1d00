"""One customer file makes an account billable: premise, service point, meter, agreement."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from billing_world import flat as flat_file
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from billing.actions.tariffs import import_tariff
from billing.importing import COLUMNS as BILLING
from billing.tables import Agreement
from meters.importing import COLUMNS as METERS
from meters.tables import Meter, ServicePoint
from utility_crm.customers.actions import Imported, import_customers
from utility_crm.customers.importing.reading import Defaults

HEADER = (
    "customer_number,name,account_number,premise_code,address,service_point,meter_serial,tariff,supply_from\n"
)
ROW = "C1,Ada Example,A1,P1,1 Test Row,SP1,M1,flat,2025-01-01\n"


@pytest.fixture(autouse=True)
def flat(session: Session) -> None:
    import_tariff(session, flat_file("flat"))
    session.add(ServicePoint(code="SP2"))
    session.flush()


def bring(session: Session, rows: str) -> Imported:
    defaults = Defaults("GBP", "GB", "Europe/London")
    content = (HEADER + rows).encode()
    return import_customers(
        session, content, today=date(2026, 11, 20), defaults=defaults, added=[METERS, BILLING]
    )


def test_one_row_makes_an_account_billable_and_its_repeat_changes_nothing(session: Session) -> None:
    assert bring(session, ROW).problems == ()
    assert bring(session, ROW).document() == {"customers": 0, "accounts": 0, "unchanged": 1, "problems": []}
    agreement = session.execute(select(Agreement.starts_on, Agreement.ends_before)).one()
    assert agreement == (date(2025, 1, 1), None)
    assert session.scalars(select(Meter.serial)).all() == ["M1"]


def test_a_term_is_kept_and_put_right_by_the_next_file(session: Session) -> None:
    def brought(until: str) -> Imported:
        content = f"{HEADER.strip()},contract_until\n{ROW.strip()},{until}\n"
        return import_customers(
            session, content.encode(), today=date(2026, 11, 20), added=[METERS, BILLING],
            defaults=Defaults("GBP", "GB", "Europe/London"),
        )  # fmt: skip

    def term() -> date | None:
        return session.scalar(select(Agreement.term_ends_before))

    assert brought("2026-12-31").problems == () and term() == date(2027, 1, 1)
    assert brought("2026-12-31").document()["unchanged"] == 1
    assert brought("").document()["unchanged"] == 1 and term() == date(2027, 1, 1)
    assert brought("2027-12-31").problems == () and term() == date(2028, 1, 1)
    for wrong, words in (("31.12.2027", "is no date"), ("2024-12-31", "before its first day")):
        (problem,) = brought(wrong).problems
        assert problem.code == "contract_until" and words in problem.message
    assert term() == date(2028, 1, 1)


def test_a_tax_number_is_checked_and_kept(session: Session) -> None:
    def brought(number: str) -> Imported:
        content = f"customer_number,name,account_number,tax_number\nC1,Ada Example,A1,{number}\n"
        return import_customers(
            session, content.encode(), today=date(2026, 11, 20), added=[METERS, BILLING],
            defaults=Defaults("GBP", "GB", "Europe/London"),
        )  # fmt: skip

    assert brought("gb 999 9999 73").problems == ()
    assert session.scalar(text("select number from tax_identities")) == "GB999999973"
    assert brought("GB999999973").document()["unchanged"] == 1
    assert brought("").problems == ()
    (problem,) = brought("GB999999974").problems
    assert problem.code == "tax_number" and "check" in problem.message
    assert session.scalar(text("select number from tax_identities")) == "GB999999973"


def test_a_service_point_that_a_feed_brought_in_is_assigned(session: Session) -> None:
    bring(session, ROW.replace("SP1", "SP2"))
    assert session.scalar(select(ServicePoint.premise_id).where(ServicePoint.code == "SP2")) is not None


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ("C2,Bela Example,A2,P2,2 Test Row,SP1,,,\n", "another premise"),
        ("C2,Bela Example,A2,P1,1 Test Row,SP1,,flat,2026-01-01\n", "another agreement"),
        ("C2,Bela Example,A2,P2,2 Test Row,SP9,,dear,\n", "no tariff 'dear'"),
        ("C2,Bela Example,A2,P2,2 Test Row,SP9,,flat,yesterday\n", "no date"),
        ("C2,Bela Example,A2,,,SP9,,,\n", "needs a premise_code"),
        ("C2,Bela Example,A2,P2,2 Test Row,,,flat,\n", "needs a service_point"),
    ],
)
def test_what_clashes_is_named_and_nothing_is_written(session: Session, second: str, says: str) -> None:
    assert bring(session, ROW).problems == ()
    done = bring(session, ROW + second)
    assert [problem.line for problem in done.problems] == [3]
    assert says in done.problems[0].message
    assert session.scalar(select(ServicePoint.id).where(ServicePoint.code == "SP9")) is None


def test_supply_inside_what_was_billed_is_a_problem_of_its_row(session: Session) -> None:
    bring(session, ROW)
    session.execute(
        text(
            "insert into bills (number, account_id, starts_on, ends_before, issued_on, due_on, currency, "
            "total_minor, open_minor, micro_kwh) select 'B1', id, '2026-10-01', '2026-11-01', '2026-11-02', "
            "'2026-11-20', 'GBP', 100, 100, 0 from accounts where number = 'A1'"
        )
    )
    assert bring(session, ROW).problems == ()  # what runs already is left alone
    again = "C1,Ada Example,A1,P1,1 Test Row,SP2,,flat,{}\n"
    done = bring(session, ROW + again.format("2026-10-31"))
    assert [(problem.line, problem.code) for problem in done.problems] == [(3, "supply_from")]
    assert "billed for all before 2026-11-01" in done.problems[0].message
    assert len(session.scalars(select(Agreement.id)).all()) == 1
    assert bring(session, ROW + again.format("2026-11-01")).problems == ()
    assert len(session.scalars(select(Agreement.id)).all()) == 2


@pytest.mark.parametrize(
    ("limits", "cells", "says"),
    [
        ({"eligibility": {"segments": ["industry"]}}, "household,SP9,,limited,", "another kind of customer"),
        ({"eligibility": {"areas": ["NORTH"]}}, "household,SP9,,limited,", "for the areas NORTH"),
        (
            {"eligibility": {"connection_kw": {"least": "15"}}},
            "household,SP9,7.5,limited,",
            "this one is 7.5",
        ),
        ({"eligibility": {"closed_from": "2026-01-01"}}, "household,SP9,,limited,2026-02-01", "no new cust"),
        ({"fuel": "gas"}, "household,SP9,,limited,", "is for gas; electricity is supplied here"),
        ({"currency": "EUR"}, "household,SP9,,limited,", "account A2 is in GBP, limited in EUR"),
    ],
)
def test_a_tariff_that_is_not_for_the_supply_is_a_problem_of_its_row_and_nothing_is_written(
    session: Session, limits: dict[str, Any], cells: str, says: str
) -> None:
    import_tariff(session, flat_file("limited", name="limited", **limits))
    header = (
        "customer_number,name,account_number,premise_code,address,segment,service_point,connection_kw,tariff,"
        "supply_from\n"
    )
    good = "C1,Ada Example,A1,P1,1 Test Row,household,SP1,,flat,2025-01-01\n"

    def brought(second: str) -> Imported:
        content = (header + good + second).encode()
        return import_customers(
            session, content, today=date(2026, 11, 20), added=[METERS, BILLING],
            defaults=Defaults("GBP", "GB", "Europe/London"),
        )  # fmt: skip

    done = brought(f"C2,Bela Example,A2,P2,2 Test Row,{cells}\n")
    assert [(problem.line, problem.code) for problem in done.problems] == [(3, "tariff")]
    assert says in done.problems[0].message
    assert session.scalars(select(Agreement.id)).all() == []
    # Whom it is for may have it: all else of the row was right.
    assert brought(f"C2,Bela Example,A2,P2,2 Test Row,{cells.replace('limited', 'flat')}\n").problems == ()


def test_the_power_of_a_connection_is_kept_and_checked(session: Session) -> None:
    def brought(point: str, power: str) -> Imported:
        header = "customer_number,name,account_number,premise_code,address,service_point,connection_kw\n"
        content = f"{header}C1,Ada Example,A1,P1,1 Test Row,{point},{power}\n"
        return import_customers(
            session, content.encode(), today=date(2026, 11, 20), added=[METERS, BILLING],
            defaults=Defaults("GBP", "GB", "Europe/London"),
        )  # fmt: skip

    assert brought("SP1", "7.5").problems == ()
    assert brought("SP1", "7.5").document()["unchanged"] == 1
    assert brought("SP1", "").problems == ()
    kept = select(ServicePoint.connection_micro_kw).where(ServicePoint.code == "SP1")
    assert session.scalar(kept) == 7_500_000
    for power in ("0", "-3", "7,5", "strong"):
        cell = f'"{power}"'
        (problem,) = brought("SP1", cell).problems
        assert problem.code == "connection_kw" and "no power in kW" in problem.message
    assert [one.code for one in brought("", "8").problems] == ["connection_kw"]
