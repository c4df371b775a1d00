"""One customer file makes an account billable: premise, service point, meter, agreement."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.importing import COLUMNS as BILLING
from billing.tables import Agreement, Tariff
from meters.importing import COLUMNS as METERS
from meters.tables import Meter, ServicePoint
from utility_crm.customers.actions import Imported, import_customers
from utility_crm.customers.importing.reading import Defaults

HEADER = (
    "customer_number,name,account_number,premise_code,address,service_point,meter_serial,tariff,supply_from\n"
)
ROW = "C1,Ada Example,A1,P1,1 Test Row,SP1,M1,FLAT,2025-01-01\n"


@pytest.fixture(autouse=True)
def flat(session: Session) -> None:
    session.add(Tariff(code="FLAT", name="Flat", currency="GBP", document={}))
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


def test_a_service_point_that_a_feed_brought_in_is_assigned(session: Session) -> None:
    bring(session, ROW.replace("SP1", "SP2"))
    assert session.scalar(select(ServicePoint.premise_id).where(ServicePoint.code == "SP2")) is not None


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ("C2,Bela Example,A2,P2,2 Test Row,SP1,,,\n", "another premise"),
        ("C2,Bela Example,A2,P1,1 Test Row,SP1,,FLAT,2026-01-01\n", "another agreement"),
        ("C2,Bela Example,A2,P2,2 Test Row,SP9,,DEAR,\n", "no tariff 'DEAR'"),
        ("C2,Bela Example,A2,P2,2 Test Row,SP9,,FLAT,yesterday\n", "no date"),
        ("C2,Bela Example,A2,,,SP9,,,\n", "needs a premise_code"),
        ("C2,Bela Example,A2,P2,2 Test Row,,,FLAT,\n", "needs a service_point"),
    ],
)
def test_what_clashes_is_named_and_nothing_is_written(session: Session, second: str, says: str) -> None:
    assert bring(session, ROW).problems == ()
    done = bring(session, ROW + second)
    assert [problem.line for problem in done.problems] == [3]
    assert says in done.problems[0].message
    assert session.scalar(select(ServicePoint.id).where(ServicePoint.code == "SP9")) is None
