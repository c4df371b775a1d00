"""Reminders on the real server: said once, by however many clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.auth.tables import Team, TeamMember, User
from utility_crm.kit.database import make_engine
from utility_crm.tasks.actions import Wanted, add_task, change_task, finish_task, snooze_task
from utility_crm.tasks.jobs import remind

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
HOUR = timedelta(hours=1)


def person(session: Session, login: str) -> int:
    user = User(login=login, name=login.title(), role="agent", password_hash="nobody's")
    session.add(user)
    session.flush()
    return user.id


def reminded(session: Session) -> list[int]:
    told = text("select task_id from task_events where kind = 'reminded' order by id")
    return list(session.scalars(told))


def test_a_reminder_is_said_once_and_again_only_for_another_due(session: Session) -> None:
    me = person(session, "priya")
    due = NOW + HOUR
    one = add_task(session, title="Call", due_at=due, now=NOW, by=me, remind_minutes=60)
    add_task(session, title="No reminder", due_at=due, now=NOW, by=me)
    closed = add_task(session, title="Closed", due_at=due, now=NOW, by=me, remind_minutes=60)
    finish_task(session, closed, now=NOW, by=me)
    assert remind(session, NOW - timedelta(seconds=1)) == "0 reminders said"
    assert remind(session, NOW) == "1 reminders said"
    assert remind(session, NOW) == "0 reminders said"
    assert reminded(session) == [one]
    wanted = Wanted("Call", due + HOUR, assignee_id=me, remind_minutes=60)
    change_task(session, one, wanted, now=NOW, by=me)
    assert remind(session, NOW + HOUR) == "1 reminders said"
    assert reminded(session) == [one, one]


def test_a_sleeper_wakes_and_keeps_the_reminder_that_lies_ahead(session: Session) -> None:
    me = person(session, "priya")
    one = add_task(session, title="Call", due_at=NOW + 5 * HOUR, now=NOW, by=me, remind_minutes=60)
    snooze_task(session, one, NOW + HOUR, now=NOW, by=me)
    assert remind(session, NOW + HOUR / 2) == "0 reminders said"
    assert remind(session, NOW + HOUR) == "1 reminders said"
    assert remind(session, NOW + 2 * HOUR) == "0 reminders said"
    assert remind(session, NOW + 4 * HOUR) == "1 reminders said"


def test_two_clocks_at_once_say_it_once(fresh_database_url: str) -> None:
    engine = make_engine(fresh_database_url)
    with Session(engine) as setting:
        me = person(setting, "priya")
        setting.add(team := Team(name="Billing"))
        setting.flush()
        setting.add(TeamMember(team_id=team.id, user_id=me))
        for number in range(20):
            add_task(
                setting, title=f"Task {number}", due_at=NOW, now=NOW, by=me, team_id=team.id,
                remind_minutes=0,
            )  # fmt: skip
        setting.commit()
    with Session(engine) as first, Session(engine) as second:
        assert remind(first, NOW) == "20 reminders said"
        assert remind(second, NOW) == "0 reminders said", "those the first one holds are left to it"
        first.commit()
        assert remind(second, NOW) == "0 reminders said"
        assert len(reminded(second)) == 20
    engine.dispose()
