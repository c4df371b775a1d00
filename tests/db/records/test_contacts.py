"""Contacts of another system, mapped, checked, taken, dropped twice, changed and taken back."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.worlds.records_world import NOW, TODAY, WHERE, check, counts, put, take, three, why
from utility_crm.customers.tables import Contact
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.privacy.reading import judgement_of, scopes_of
from utility_crm.records.personal import PERSONAL
from utility_crm.records.queries import import_of, refused_rows
from utility_crm.records.undoing import undo_import, what_stands

RUSSIAN = """№ обращения;Лицевой счёт;Дата и время;Канал;Направление;Тема;Текст;Сотрудник
101;A1;03.04.2026 10:15;Звонок;Входящий;Счёт;Спросила, почему так много;Старая Смена
102;A2;04.04.2026 09:00;Сайт;Входящий;Показания;;
103;A9;05.04.2026;Звонок;Входящий;Тариф;Никого;
104;A1;31.02.2026;Звонок;Входящий;Тариф;Нет такого дня;
105;A3;06.04.2026;Голубь;Исходящий;Прочее;Неведомый канал;
101;A3;07.04.2026;Звонок;Входящий;Прочее;Дважды;
"""


@pytest.fixture(autouse=True)
def _three(session: Session) -> None:
    three(session)


def contacts(session: Session) -> list[tuple[str, str, str, str]]:
    rows = session.execute(select(Contact.channel, Contact.direction, Contact.topic, Contact.note)
                           .order_by(Contact.at, Contact.id))  # fmt: skip
    return [tuple(row) for row in rows]  # type: ignore[misc]


def test_a_file_in_another_language_is_guessed_checked_and_taken(session: Session, tmp_path: Path) -> None:
    one = put(session, tmp_path, "contacts", RUSSIAN.encode("cp1251"))
    shown = import_of(session, one)
    assert (shown.encoding, shown.delimiter, shown.rows) == ("cp1251", ";", 6)
    assert shown.mapping.columns == {
        "external_id": "№ обращения", "account": "Лицевой счёт", "at": "Дата и время", "channel": "Канал",
        "direction": "Направление", "topic": "Тема", "note": "Текст", "author": "Сотрудник",
    }  # fmt: skip
    assert shown.mapping.values["channel"] == {"Звонок": "call", "Сайт": "web", "Голубь": ""}

    foretold = check(session, one)
    assert contacts(session) == []
    refused = [
        (4, "Лицевой счёт", "no_account", "A9"), (5, "Дата и время", "day", "31.02.2026"),
        (6, "Канал", "unknown_value", "Голубь"), (7, "№ обращения", "twice", "101"),
    ]  # fmt: skip
    assert why(session, one) == refused

    report = take(session, one)
    assert report == foretold
    assert counts(report) == (2, 0, 0, 4)
    assert why(session, one) == refused
    assert contacts(session) == [
        ("call", "in", "bill", "Спросила, почему так много\n(Старая Смена)"), ("web", "in", "meter", ""),
    ]  # fmt: skip
    at = session.scalar(select(Contact.at).order_by(Contact.at).limit(1))
    assert at is not None
    assert at.isoformat() == "2026-04-03T09:15:00+00:00"  # 10:15 of London's summer
    with pytest.raises(Conflict):
        take(session, one)


def test_refused_rows_are_mended_and_dropped_again(session: Session, tmp_path: Path) -> None:
    one = put(session, tmp_path, "contacts", RUSSIAN)
    take(session, one)
    titles = [column.title for column in import_of(session, one).columns]
    rows = list(refused_rows(session, one))
    assert [row[0] for row in rows] == ["103", "104", "105", "101"]
    assert rows[0][-1] == "Лицевой счёт: There is no account A9."
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerows([[*titles, "refused because"], *rows])
    mended = (
        out.getvalue().replace("A9", "A2").replace("31.02.2026", "28.02.2026").replace("Голубь", "Письмо")
    )
    again = put(session, tmp_path, "contacts", mended.replace("\r\n101;", "\r\n106;"))
    assert counts(take(session, again)) == (4, 0, 0, 0)
    assert len(contacts(session)) == 6


def test_dropped_twice_nothing_is_doubled(session: Session, tmp_path: Path) -> None:
    take(session, put(session, tmp_path, "contacts", RUSSIAN))
    again = take(session, put(session, tmp_path, "contacts", RUSSIAN))
    assert counts(again) == (0, 0, 2, 4)
    assert len(contacts(session)) == 2
    other = take(session, put(session, tmp_path, "contacts", RUSSIAN, source="another desk"))
    assert counts(other) == (2, 0, 0, 4)


def test_a_changed_row_is_an_update_with_both_sides_in_the_audit(session: Session, tmp_path: Path) -> None:
    take(session, put(session, tmp_path, "contacts", RUSSIAN))
    changed = RUSSIAN.replace("почему так много", "отчего так много").replace("101;A3", "107;A3")
    two = put(session, tmp_path, "contacts", changed)
    assert counts(take(session, two)) == (1, 1, 1, 3)
    row = session.execute(text("select before, after from audit_log where kind = 'detail'")).one()
    assert row.before == {"note": "Спросила, почему так много\n(Старая Смена)"}
    assert row.after == {"note": "Спросила, отчего так много\n(Старая Смена)"}

    undone = undo_import(session, two, WHERE, now=NOW, today=TODAY)
    assert (undone.removed, undone.restored) == (1, 1)
    assert [one[3] for one in contacts(session)] == ["Спросила, почему так много\n(Старая Смена)", ""]
    assert counts(take(session, put(session, tmp_path, "contacts", RUSSIAN))) == (0, 0, 2, 4)


def test_an_import_is_taken_back_whole_where_nothing_was_built_on_it(
    session: Session, tmp_path: Path
) -> None:
    one = put(session, tmp_path, "contacts", RUSSIAN)
    with pytest.raises(Conflict):
        undo_import(session, one, WHERE, now=NOW, today=TODAY)
    take(session, one)
    two = put(session, tmp_path, "contacts", RUSSIAN.replace("почему", "отчего"))
    take(session, two)
    with pytest.raises(Refused, match=f"101 was brought again by import {two}"):
        undo_import(session, one, WHERE, now=NOW, today=TODAY)
    session.execute(text("update contacts set note = 'changed by hand' where note <> ''"))
    stands = what_stands(session, two, WHERE, now=NOW, today=TODAY)
    assert [(one.external_id, dict(one.figures)) for one in stands] == [("101", {"id": "101"})]
    session.execute(
        text("update contacts set note = 'Спросила, отчего так много\n(Старая Смена)' where note <> ''")
    )
    undo_import(session, two, WHERE, now=NOW, today=TODAY)
    assert undo_import(session, one, WHERE, now=NOW, today=TODAY).removed == 2
    assert contacts(session) == []
    assert import_of(session, one).state == "undone"
    assert counts(take(session, put(session, tmp_path, "contacts", RUSSIAN))) == (2, 0, 0, 4)


SLASHES = "id,customer,date,channel,notes,dept\n7,C1,03/04/2026,Phone,Hello,x\n"


def test_what_can_be_read_in_two_ways_is_asked(session: Session, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="dmy or mdy") as caught:
        check(session, put(session, tmp_path, "contacts", SLASHES))
    assert caught.value.code == "ask_dates"
    mapping = """
        [columns]
        external_id = "id"
        customer = "customer"
        at = "date"
        note = "notes"
        [fixed]
        channel = "letter"
        [dates]
        at = "mdy"
    """
    take(session, put(session, tmp_path, "contacts", SLASHES, mapping=mapping))
    held = session.execute(select(Contact.at, Contact.channel)).one()
    assert (held.at.date().isoformat(), held.channel) == ("2026-03-04", "letter")


def test_a_file_without_ids_is_not_taken(session: Session, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="dropped twice would double"):
        check(session, put(session, tmp_path, "contacts", "customer,date\nC1,2026-01-01\n"))


@pytest.mark.parametrize(
    ("mapping", "told"),
    [("[columns]\nnames = 'x'", "no field names"), ("[columns]\nat = 'When'", "no column When"),
     ("[values.channel]\nx = 'pigeon'", "become one of"), ("[dates]\nat = 'dym'", "dmy, mdy, ymd"),
     ("[colums]", "has the parts"), ("columns = 3", "has the parts"), ("[", "cannot be read")],
)  # fmt: skip
def test_a_mapping_file_that_is_wrong_says_where(
    session: Session, tmp_path: Path, mapping: str, told: str
) -> None:
    with pytest.raises(Invalid, match=told):
        put(session, tmp_path, "contacts", SLASHES, mapping=mapping)


def test_a_kind_there_is_not_is_named(session: Session, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="contacts"):
        put(session, tmp_path, "letters", SLASHES)


def test_what_went_here_since_is_made_again(session: Session, tmp_path: Path) -> None:
    take(session, put(session, tmp_path, "contacts", RUSSIAN))
    session.execute(text("delete from contacts where note = ''"))
    two = put(session, tmp_path, "contacts", RUSSIAN)
    assert counts(take(session, two)) == (1, 0, 1, 4)
    assert len(contacts(session)) == 2
    assert undo_import(session, two, WHERE, now=NOW, today=TODAY).removed == 1


def test_cells_that_begin_like_formulas_are_guarded_and_come_back_as_they_were(
    session: Session, tmp_path: Path
) -> None:
    content = "id;customer;date;note\n+1;C9;2026-01-01;=1+1\n@2;C9;2026-01-01;-1\n"
    one = put(session, tmp_path, "contacts", content)
    take(session, one)
    rows = list(refused_rows(session, one))
    assert [(row[0], row[3]) for row in rows] == [("'+1", "'=1+1"), ("'@2", "'-1")]
    mended = "\n".join(["id;customer;date;note;why", *(";".join(row) for row in rows)]).replace("C9", "C1")
    assert counts(take(session, put(session, tmp_path, "contacts", mended))) == (2, 0, 0, 0)
    assert [one[3] for one in contacts(session)] == ["=1+1", "-1"]


def test_an_erasure_waits_for_a_file_that_nobody_has_taken(session: Session, tmp_path: Path) -> None:
    ben = session.scalar(text("select id from customers where number = 'C2'"))
    assert ben is not None
    scopes = scopes_of(session, ben, TODAY)

    def waits() -> list[str]:
        standings = judgement_of(session, scopes, "GB", TODAY).waits
        return [one.which for one in standings if one.code == "file_not_taken"]

    assert waits() == []
    one = put(session, tmp_path, "contacts", "id;customer;date;note\n1;C2;2026-01-01;Ben Sample called\n")
    assert waits() == [str(one)]
    rows = next(held for held in PERSONAL.holdings if held.table == "record_rows")
    count = text(f"select count(*) from record_rows t where {rows.whose}")
    assert session.scalar(count, scopes) == 0
    check(session, one)
    assert waits() == [str(one)]
    take(session, one)
    assert waits() == []


def test_every_file_that_brought_a_record_is_known(session: Session, tmp_path: Path) -> None:
    content = "id,customer,date\n1,C1,2026-01-01\n2,C2,2026-01-01\n"
    one, two, three_ = (put(session, tmp_path, "contacts", content, name=f"{n}.csv") for n in range(3))
    for each in (one, two, three_):
        take(session, each)
    undo_import(session, three_, WHERE, now=NOW, today=TODAY)
    with pytest.raises(Refused, match=f"1 was brought again by import {two}"):
        undo_import(session, one, WHERE, now=NOW, today=TODAY)
    seen = text("select distinct seen_import from record_things")
    assert session.scalars(seen).all() == [two]
    undo_import(session, two, WHERE, now=NOW, today=TODAY)
    assert session.scalars(seen).all() == [one]
    assert undo_import(session, one, WHERE, now=NOW, today=TODAY).removed == 2
