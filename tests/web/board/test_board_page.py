"""The board: six questions answered for supervisors, by as many statements however much there is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from tests.db.tickets.conftest import Care
from tests.web.conftest import MakeClient
from utility_crm.tickets.tables import Ticket
from utility_crm.web.visit import present

ASKS = ("waits", "breaks", "people", "today", "pace", "satisfied")


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def late(care: Care, many: int) -> list[int]:
    now = present()
    made = [care.open(now=now - timedelta(hours=3), subject=f"My bill {place}") for place in range(many)]
    care.session.execute(
        update(Ticket)
        .where(Ticket.id.in_(made))
        .values(assignee_id=care.priya, first_answer_due_at=now - timedelta(hours=1))
    )
    return made


def statements(session: Session, ask: Callable[[], object]) -> int:
    counted: list[str] = []

    def count(connection: object, cursor: object, statement: str, *rest: object) -> None:
        counted.append(statement)

    engine = session.connection().engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(counted)


def test_every_question_is_answered(make_client: MakeClient, care: Care) -> None:
    client = make_client("supervisor")
    empty = words(client.get("/board").text)
    assert "Nothing waits: every ticket is solved or sleeps." in empty
    late(care, 2)
    assert "2 customers wait for us" in words(client.get("/board").text)
    breaks = words(client.get("/board?ask=breaks").text)
    assert "2 promises are broken; none more breaks within the hour." in breaks
    assert "My bill 0" in breaks and "late by 1 h" in breaks
    people = words(client.get("/board?ask=people").text)
    assert "nobody is on the telephone now." in people and "Omar Haddad" in people
    assert "Answered in time" in words(client.get("/board?ask=today").text)
    pace = words(client.get("/board?ask=pace").text)
    assert "2 tickets came and 0 were solved: 2 more are open than before." in pace
    assert "By the way they came" in pace and "Open tickets stood between 0 and 2" in pace
    assert "What waits now?" in words(client.get("/board?ask=nonsense").text)


@pytest.mark.parametrize("ask", ASKS)
def test_it_speaks_russian_and_swaps_the_sheet(make_client: MakeClient, care: Care, ask: str) -> None:
    late(care, 1)
    client = make_client("supervisor", language="ru")
    sheet = client.get(f"/board?ask={ask}", headers={"HX-Request": "true"})
    assert sheet.status_code == 200 and "<html" not in sheet.text
    assert re.search("[а-я]{4}", words(sheet.text))


@pytest.mark.parametrize(
    ("role", "status"), [("supervisor", 200), ("admin", 200), ("agent", 403), ("ops", 403)]
)
def test_it_is_for_supervisors(make_client: MakeClient, role: str, status: int) -> None:
    assert make_client(role).get("/board").status_code == status


@pytest.mark.parametrize("ask", ASKS)
def test_more_work_takes_no_more_statements(
    make_client: MakeClient, care: Care, session: Session, ask: str
) -> None:
    client = make_client("supervisor")
    late(care, 1)
    client.get(f"/board?ask={ask}")
    few = statements(session, lambda: client.get(f"/board?ask={ask}"))
    late(care, 12)
    assert statements(session, lambda: client.get(f"/board?ask={ask}")) == few <= 16
