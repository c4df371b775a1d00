"""The search box finds a customer by anything they may say."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from utility_crm.customers.actions import import_customers
from utility_crm.customers.importing.reading import Defaults
from utility_crm.customers.search import find
from utility_crm.customers.tables import Customer
from utility_crm.kit.parts import SearchHit

FILE = """customer_number,name,account_number,phone,email,premise_code,address,postcode
C100,Ada Example,4100-1,07700 900123,ada@mail.example,P1,14 Test Row,TE1 1ST
C200,Bela Example,4100-2,07700 900456,bela@mail.example,P2,9 Other Street,TE2 2ND
C300,100% Wool_Works,4200-1,,,P3,1 Mill Lane,TE3 3RD
"""


@pytest.fixture(autouse=True)
def three(session: Session) -> None:
    defaults = Defaults("GBP", "GB", "Europe/London")
    assert not import_customers(session, FILE.encode(), today=date(2026, 11, 20), defaults=defaults).problems


def names(session: Session, said: str) -> list[str]:
    return [found.name for found in find(session, said, country="GB")]


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


MORE = """customer_number,name,account_number,phone,email,premise_code,address,city,postcode
C400,Екатерина Яковлева,4300-1,,,P4,5 Glazier Lane,Kelder Bridge,TE4 4TH
C500,José Müller-Groß,4300-2,,,P5,7 Chandlers Wharf,Kelder Bridge,TE5 5TH
C600,Siân O'Brien,4300-3,,,P6,11 Glaziers Court,Upper Kelder,TE6 6TH
"""


@pytest.fixture
def six(session: Session, three: None) -> None:
    defaults = Defaults("GBP", "GB", "Europe/London")
    assert not import_customers(session, MORE.encode(), today=date(2026, 11, 20), defaults=defaults).problems


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("яковлева", ["Екатерина Яковлева"]),
        ("Yakovleva", ["Екатерина Яковлева"]),
        ("якавлева", ["Екатерина Яковлева"]),
        ("jakovleva ekaterina", ["Екатерина Яковлева"]),
        ("jose mueler", ["José Müller-Groß"]),
        ("gross", ["José Müller-Groß"]),
        ("O’Brien", ["Siân O'Brien"]),
        ("obrien sian", ["Siân O'Brien"]),
        ("chandlres warf", ["José Müller-Groß"]),
        ("glazer lane", ["Екатерина Яковлева"]),
        ("glazier", ["Siân O'Brien", "Екатерина Яковлева"]),
        ("brien glaziers", ["Siân O'Brien"]),
        ("andlers", ["José Müller-Groß"]),
    ],
)
def test_however_it_is_written(session: Session, six: None, said: str, found: list[str]) -> None:
    assert sorted(names(session, said)) == found


def test_who_is_named_comes_before_who_only_lives_there(session: Session) -> None:
    file = (
        MORE.splitlines()[0] + "\nC700,Anna Zenith,4400-1,,,P7,1 Mill Lane,,\nC800,Lane Carver,4400-2,,,,,,\n"
    )
    defaults = Defaults("GBP", "GB", "Europe/London")
    assert not import_customers(session, file.encode(), today=date(2026, 11, 20), defaults=defaults).problems
    assert names(session, "lane") == ["Lane Carver", "100% Wool_Works", "Anna Zenith"]


def test_words_follow_a_change_of_name_a_move_and_a_new_address(session: Session, six: None) -> None:
    session.execute(text("update customers set name = 'Sian Vaughan' where number = 'C600'"))
    assert names(session, "o'brien") == []
    assert names(session, "vaughan glaziers") == ["Sian Vaughan"]
    session.execute(text("update premises set address = '2 Copper Yard' where code = 'P6'"))
    assert names(session, "glaziers court") == []
    assert names(session, "coper yard") == ["Sian Vaughan"]
    session.execute(
        text(
            "update occupancies set premise_id = (select id from premises where code = 'P3') "
            "where premise_id = (select id from premises where code = 'P6')"
        )
    )
    assert names(session, "vaughan mill lane") == ["Sian Vaughan"]
    session.execute(
        text("delete from occupancies where account_id = (select id from accounts where number = '4300-3')")
    )
    assert names(session, "vaughan mill") == []
    assert names(session, "vaughan") == ["Sian Vaughan"]


@pytest.mark.parametrize(
    "said", ["'; drop", "\\", "%_%", "[a-z", "ё" * 400, "a" * 3000, "--", "🙂🙂", "l' l'"]
)
def test_nothing_that_is_typed_breaks_it(session: Session, six: None, said: str) -> None:
    names(session, said)


def test_a_list_takes_the_same_statements_however_many_are_found(session: Session, six: None) -> None:
    sent: list[str] = []
    connection = session.connection()

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    counts = []
    for said in ("kelder", "lane", "glazier", "example"):
        sent.clear()
        assert names(session, said)
        counts.append(len(sent))
    event.remove(connection, "before_cursor_execute", note)
    assert counts == [4] * 4
