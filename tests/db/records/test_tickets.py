"""Tickets and their messages of another system: as they stood, told to nobody; the open ones are led on."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.worlds.records_world import NOW, TODAY, WHERE, check, counts, put, take, three, why
from utility_crm.kit.errors import Refused
from utility_crm.records.queries import import_of
from utility_crm.records.undoing import undo_import
from utility_crm.tickets.actions import add_note
from utility_crm.tickets.care.defaults import begin_with_the_usual
from utility_crm.tickets.tables import Ticket, TicketMessage

TICKETS = """Номер заявки;Клиент;Тема;Тип;Статус;Приоритет;Источник;Создана;Закрыта;Исполнитель;Теги;Описание
Z-1;C1;Неверный счёт;Счёт;Закрыта;Высокий;Телефон;02.03.2026 09:00;05.03.2026 12:00;;долг, спор;Так много?
Z-2;C2;Нет света;Отключение;В работе;Критический;Сайт;19.11.2026 08:00;;Смена;;Темно
Z-3;;Кто-то пишет;Прочее;Ожидает клиента;Обычный;Почта;18.11.2026 10:00;;;;
Z-4;C3;Жалоба;Жалоба;Новая;Обычный;Письмо;18.11.2026;;;;Недовольна
Z-5;C3;Без конца;Прочее;Решена;Обычный;Письмо;18.11.2026;;;;
Z-6;C9;Чужой;Прочее;Новая;Обычный;Письмо;18.11.2026;;;;
"""
MESSAGES = """Номер;Номер заявки;Дата;Тип;Канал;Текст;Автор
m1;Z-1;02.03.2026 10:00;Ответ;Почта;Проверим;Старая Смена
m2;Z-1;02.03.2026 10:05;Заметка;Почта;Счётчик перепутан;
m3;Z-2;19.11.2026 09:00;Исходящее;Сайт;Чиним;
m4;Z-2;19.11.2026 10:00;Клиент;Сайт;Всё ещё темно;
m5;Z-9;19.11.2026 10:00;Клиент;Сайт;Нет такой;
m6;Z-2;01.01.2026;Клиент;Сайт;Раньше заявки;
"""


@pytest.fixture(autouse=True)
def _three(session: Session) -> None:
    three(session)
    begin_with_the_usual(session, now=NOW, by=None)


def tickets(session: Session) -> dict[str, Ticket]:
    session.expire_all()
    return {one.subject: one for one in session.scalars(select(Ticket))}


def test_tickets_stand_as_they_stood(session: Session, tmp_path: Path) -> None:
    one = put(session, tmp_path, "tickets", TICKETS.encode("utf-16"))
    assert import_of(session, one).mapping.columns.keys() == {
        "external_id", "customer", "subject", "kind", "status", "priority", "channel", "opened_at",
        "closed_at", "assignee", "tags", "text",
    }  # fmt: skip
    foretold = check(session, one)
    assert not tickets(session)
    assert take(session, one) == foretold
    assert counts(foretold) == (4, 0, 0, 2)
    assert why(session, one) == [(6, "", "ended_when", ""), (7, "Клиент", "no_customer", "C9")]
    found = tickets(session)
    bill, dark, nobody, complaint = (
        found[name] for name in ("Неверный счёт", "Нет света", "Кто-то пишет", "Жалоба")
    )
    assert (bill.kind, bill.status, bill.priority, bill.channel) == ("billing", "closed", "high", "call")
    assert bill.tags == ["долг", "спор"]
    assert bill.solved_at == bill.closed_at == bill.updated_at
    assert (dark.status, dark.priority, dark.kind) == ("open", "urgent", "outage")
    assert nobody.customer_id is None and nobody.status == "waiting"
    assert bill.solve_due_at is None
    assert dark.solve_due_at is not None  # what is open is owed an answer, as any ticket is
    assert session.scalar(text("select count(*) from complaints")) == 1
    assert complaint.kind == "complaint"
    assert session.scalars(select(TicketMessage.text).order_by(TicketMessage.text)).all() == [
        "Недовольна", "Так много?", "Темно",
    ]  # fmt: skip
    assert session.scalar(text("select count(*) from outbox")) == 0


def test_messages_find_their_tickets_and_answer_them(session: Session, tmp_path: Path) -> None:
    take(session, put(session, tmp_path, "tickets", TICKETS))
    two = put(session, tmp_path, "messages", MESSAGES.encode("cp1251"))
    assert counts(take(session, two)) == (4, 0, 0, 2)
    assert [one[2] for one in why(session, two)] == ["no_ticket", "before"]
    found = tickets(session)
    said = session.execute(
        select(TicketMessage.direction, TicketMessage.channel, TicketMessage.text, TicketMessage.sender,
               TicketMessage.sending)
        .where(TicketMessage.ticket_id == found["Неверный счёт"].id).order_by(TicketMessage.at)
    ).all()  # fmt: skip
    assert [tuple(row) for row in said] == [
        ("in", "call", "Так много?", "", ""), ("out", "email", "Проверим", "Старая Смена", ""),
        ("note", "note", "Счётчик перепутан", "", ""),
    ]  # fmt: skip
    dark = found["Нет света"]
    assert dark.first_answered_at is not None and dark.waits_since is not None
    assert dark.waits_since > dark.first_answered_at
    assert counts(take(session, put(session, tmp_path, "messages", MESSAGES))) == (0, 0, 4, 2)
    assert counts(take(session, put(session, tmp_path, "tickets", TICKETS))) == (0, 0, 4, 2)


def test_a_ticket_that_changed_there_changes_here_unless_it_was_worked_on(
    session: Session, tmp_path: Path
) -> None:
    take(session, put(session, tmp_path, "tickets", TICKETS))
    other = TICKETS.replace("Обычный;Почта", "Высокий;Почта").replace("Критический", "Низкий")
    add_note(session, tickets(session)["Нет света"].id, text="Мы заняты этим", now=NOW)
    two = put(session, tmp_path, "tickets", other)
    assert counts(take(session, two)) == (0, 1, 2, 3)
    assert ("Z-2" in [one[3] for one in why(session, two)]) and why(session, two)[0][2] == "worked_on"
    found = tickets(session)
    assert (found["Кто-то пишет"].priority, found["Нет света"].priority) == ("high", "urgent")
    undo_import(session, two, WHERE, now=NOW, today=TODAY)
    undone = tickets(session)["Кто-то пишет"]
    assert undone.priority == "normal"
    told = session.execute(text("select kind, reason from ticket_events where ticket_id = :id order by id"),
                           {"id": undone.id}).all()  # fmt: skip
    assert [row.kind for row in told] == ["opened", "changed", "changed"]
    assert told[-1].reason == f"record import {two} taken back"


def test_tickets_are_taken_back_with_all_they_brought(session: Session, tmp_path: Path) -> None:
    one = put(session, tmp_path, "tickets", TICKETS)
    take(session, one)
    two = put(session, tmp_path, "messages", MESSAGES)
    take(session, two)
    with pytest.raises(Refused, match=f"messages of import {two} are on ticket Z-1"):
        undo_import(session, one, WHERE, now=NOW, today=TODAY)
    assert undo_import(session, two, WHERE, now=NOW, today=TODAY).removed == 4
    assert tickets(session)["Нет света"].first_answered_at is None
    with session.begin_nested() as savepoint:
        add_note(session, tickets(session)["Нет света"].id, text="Вот так", now=NOW)
        with pytest.raises(Refused, match="Z-2 was worked on here"):
            undo_import(session, one, WHERE, now=NOW, today=TODAY)
        savepoint.rollback()
    undo_import(session, one, WHERE, now=NOW, today=TODAY)
    for table in ("tickets", "ticket_messages", "ticket_events", "complaints", "contacts", "record_things"):
        assert session.scalar(text(f"select count(*) from {table}")) == 0, table
