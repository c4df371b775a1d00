"""The search box finds a customer by anything they may say."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.customers.actions import import_customers
from utility_crm.customers.importing.reading import Defaults
from utility_crm.customers.search import find
from utility_crm.customers.tables import Customer
from utility_crm.kit.module import SearchHit

FILE = """customer_number,name,account_number,phone,email,premise_code,address,postcode
C100,Ada Example,4100-1,07700 900123,ada@mail.example,P1,14 Test Row,TE1 1ST
C200,Bela Example,4100-2,07700 900456,bela@mail.example,P2,9 Other Street,TE2 2ND
C300,100% Wool_Works,4200-1,,,P3,1 Mill Lane,TE3 3RD
"""


@pytest.fixture(autouse=True)
def three(session: Session) -> None:
    defaults = Defaults("GBP", "GB", "Europe/London")
    assert not import_customers(session, FILE.encode(), today=date(2026, 11, 20), defaults=defaults).problems


def names(session: Session, text: str) -> list[str]:
    return [found.name for found in find(session, text, country="GB")]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("ada", ["Ada Example"]),
        ("example ada", ["Ada Example"]),
        ("EXAMPLE", ["Ada Example", "Bela Example"]),
        ("C200", ["Bela Example"]),
        ("4100-2", ["Bela Example"]),
        ("4100", ["Ada Example", "Bela Example"]),
        ("07700 900456", ["Bela Example"]),
        ("+44 7700 900456", ["Bela Example"]),
        ("900456", ["Bela Example"]),
        ("bela@mail", ["Bela Example"]),
        ("test row", ["Ada Example"]),
        ("TE2 2ND", ["Bela Example"]),
        ("100%", ["100% Wool_Works"]),
        ("l_w", ["100% Wool_Works"]),
        ("41 00-2", ["Bela Example"]),
        ("bela, other street", ["Bela Example"]),
        ("te22nd example", ["Bela Example"]),
        ("ada other street", []),
        ("beela", ["Bela Example"]),
        ("ada exmaple", ["Ada Example"]),
        ("wolo works", ["100% Wool_Works"]),
        ("beela 9", ["Bela Example"]),
        ("bela@mial.example", []),
        ("cy exmaple", []),
        ("%", []),
        ("%%", []),
        ("nobody at all", []),
    ],
)
def test_what_they_say_finds_them(session: Session, said: str, found: list[str]) -> None:
    assert sorted(names(session, said)) == found


def test_a_package_adds_what_it_knows(session: Session) -> None:
    bela = session.scalar(select(Customer.id).where(Customer.number == "C200"))
    assert bela is not None
    hits = find(
        session, "E18-449207", country="GB", finders=[lambda _s, _t, _n: [SearchHit(bela, "meter", 0)]]
    )
    assert [(hit.name, hit.why, hit.account) for hit in hits] == [("Bela Example", "meter", "4100-2")]
