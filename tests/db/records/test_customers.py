"""Customers of another system: the customer file's own rules, a mapping before them, bad rows left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.worlds.records_world import NOW, TODAY, WHERE, check, counts, put, take, why
from utility_crm.kit.errors import Refused
from utility_crm.records.queries import import_of, refusals
from utility_crm.records.undoing import undo_import

FILE = """Лицевой счёт;Номер клиента;ФИО;Тип клиента;Телефон;Эл. почта;Код объекта;Адрес;Дата договора
A-1;K-1;Анна Пример;Население;07700 900111;anna@mail.example;P-1;1 Test Row;01.02.2024
A-2;K-1;Анна Пример;Население;07700 900111;anna@mail.example;P-2;2 Test Row;05.03.2024
A-3;K-2;Пекарня Пример;Малый бизнес;12;;P-3;3 Test Row;05.03.2024
A-4;K-3;Пётр Образец;Население;;не адрес;P-4;4 Test Row;05.03.2024
A-5;K-4;Борис Образец;Население;;;;;31.02.2024
A-6;K-5;Вера Образец;Население;;;P-6;6 Test Row;06.03.2024
"""


def people(session: Session) -> list[tuple[str, str]]:
    rows = session.execute(
        text("select a.number, c.name from accounts a join customers c on c.id = a.customer_id order by 1")
    )
    return [(row.number, row.name) for row in rows]


def test_what_can_be_is_in_and_the_rest_is_named(session: Session, tmp_path: Path) -> None:
    one = put(session, tmp_path, "customers", FILE.encode("cp1251"))
    assert import_of(session, one).mapping.columns.keys() == {
        "account_number", "customer_number", "name", "segment", "phone", "email", "premise_code", "address",
        "opened_on",
    }  # fmt: skip
    foretold = check(session, one)
    assert people(session) == []
    assert take(session, one) == foretold
    assert counts(foretold) == (3, 0, 0, 3)
    assert [one[0] for one in why(session, one)] == [4, 5, 6]
    assert "12" in refusals(session, one)[0].document()["message"]
    assert people(session) == [("A-1", "Анна Пример"), ("A-2", "Анна Пример"), ("A-6", "Вера Образец")]
    phone = session.execute(text("select value, normal from contact_points where kind = 'phone'")).one()
    assert tuple(phone) == ("+44 7700 900111", "+447700900111")


def test_dropped_again_it_changes_what_changed_and_says_before_and_after(
    session: Session, tmp_path: Path
) -> None:
    take(session, put(session, tmp_path, "customers", FILE))
    changed = FILE.replace("Вера Образец", "Вера Новая").replace("не адрес", "p@mail.example")
    two = put(session, tmp_path, "customers", changed)
    assert counts(take(session, two)) == (1, 1, 2, 2)
    note = session.execute(text("select before, after from audit_log where kind = 'detail'")).one()
    assert (note.before, note.after) == ({"name": "Вера Образец"}, {"name": "Вера Новая"})
    with pytest.raises(Refused, match="customer A-6 was changed by it"):
        undo_import(session, two, WHERE, now=NOW, today=TODAY)


def test_new_customers_are_taken_back_where_nothing_hangs_on_them(session: Session, tmp_path: Path) -> None:
    one = put(session, tmp_path, "customers", FILE)
    take(session, one)
    contacts = "id;customer;date\n1;K-1;2026-01-01\n"
    two = put(session, tmp_path, "contacts", contacts)
    take(session, two)
    undo_import(session, two, WHERE, now=NOW, today=TODAY)
    assert undo_import(session, one, WHERE, now=NOW, today=TODAY).removed == 3
    for table in ("customers", "accounts", "premises", "contact_points", "occupancies", "record_things"):
        assert session.scalar(text(f"select count(*) from {table}")) == 0, table
    assert counts(take(session, put(session, tmp_path, "customers", FILE))) == (3, 0, 0, 3)


def test_what_others_have_built_on_a_customer_keeps_it(session: Session, tmp_path: Path) -> None:
    one = put(session, tmp_path, "customers", FILE)
    take(session, one)
    take(session, put(session, tmp_path, "payments", "id;account;date;amount\nP;A-1;2026-01-01;5,00\n"))
    with pytest.raises(Refused, match="rows of"):
        undo_import(session, one, WHERE, now=NOW, today=TODAY)
    assert len(people(session)) == 3


def test_customers_that_were_here_before_are_not_taken_away(session: Session, tmp_path: Path) -> None:
    take(session, put(session, tmp_path, "customers", FILE))
    other = put(session, tmp_path, "customers", FILE, source="a third system")
    assert counts(take(session, other)) == (3, 0, 0, 3)
    with pytest.raises(Refused, match="account A-1 was here before"):
        undo_import(session, other, WHERE, now=NOW, today=TODAY)


def test_nobody_who_was_erased_comes_back(session: Session, tmp_path: Path) -> None:
    take(session, put(session, tmp_path, "customers", FILE))
    session.execute(text("update customers set name = 'E', erased_on = '2026-11-01' where number = 'K-1'"))
    again = put(session, tmp_path, "customers", FILE, source="a third system")
    assert counts(take(session, again)) == (1, 0, 0, 5)
    told = refusals(session, again)[0].document()
    assert (told["line"], told["field"]) == (2, "customer_number")
    assert "'K-1' is of somebody who was erased on 2026-11-01" in told["message"]
    content = "account_number,customer_number,name,payer_number\nA-1,K-9,X,\nA-9,K-8,Y,K-1\nA-8,K-7,Z,\n"
    other = put(session, tmp_path, "customers", content)
    assert counts(take(session, other)) == (1, 0, 0, 2)
    assert [one.field for one in refusals(session, other)] == ["account_number", "payer_number"]
    assert people(session) == [("A-1", "E"), ("A-2", "E"), ("A-6", "Вера Образец"), ("A-8", "Z")]
    calls = "id;customer;account;date\n1;K-1;;2026-01-01\n2;;A-1;2026-01-01\n"
    said = put(session, tmp_path, "contacts", calls)
    assert counts(take(session, said)) == (0, 0, 0, 2)
    assert {code for _line, _title, code, _value in why(session, said)} == {"erased"}


@pytest.mark.parametrize(
    ("table", "sql"),
    [("contacts", "insert into contacts (customer_id, channel, topic) "
      "select id, 'call', 'bill' from customers"),
     ("customer_flags", "insert into customer_flags (customer_id, kind, consented_at, review_on) "
      "select id, 'needs', now(), '2027-01-01' from customers"),
     ("contact_points", "update contact_points set label = 'work'"),
     ("contact_points", "insert into contact_points (customer_id, kind, value, normal) "
      "select id, 'email', 'by@hand.example', 'by@hand.example' from customers"),
     ("customer_flags", "insert into customer_flags (customer_id, kind, consented_at, review_on) "
      "select id, 'medical', now(), '2027-01-01' from customers")],
)  # fmt: skip
def test_what_colleagues_wrote_of_a_customer_keeps_the_import(
    session: Session, tmp_path: Path, table: str, sql: str
) -> None:
    one = put(session, tmp_path, "customers", FILE)
    take(session, one)
    session.execute(text(sql))
    with pytest.raises(Refused, match=f"rows of {table} about customer K-1"):
        undo_import(session, one, WHERE, now=NOW, today=TODAY)
    assert len(people(session)) == 3
