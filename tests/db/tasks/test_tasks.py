"""Tasks on the real server: once, for somebody, again, and with what happened to them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from utility_crm.auth.tables import User
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.tasks.actions import Wanted, add_task, change_task, finish_task, reopen_task, snooze_task
from utility_crm.tasks.tables import Task

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def priya(session: Session) -> int:
    user = User(login="priya", name="Priya Nair", role="agent", password_hash="nobody's")
    session.add(user)
    session.flush()
    return user.id


def row(session: Session, task_id: int) -> Task:
    session.expire_all()
    return session.execute(select(Task).where(Task.id == task_id)).scalar_one()


def happened(session: Session, task_id: int) -> list[str]:
    told = text("select kind from task_events where task_id = :id order by id")
    return list(session.scalars(told, {"id": task_id}))


def test_a_task_is_kept_and_whoever_adds_it_has_it(session: Session, priya: int) -> None:
    made = add_task(session, title="  Call\nback ", due_at=TODAY, now=NOW, by=priya, remind_minutes=60)
    one = row(session, made)
    assert (one.title, one.due_on, one.due_at, one.assignee_id) == ("Call back", TODAY, None, priya)
    assert one.remind_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    at = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    timed = row(session, add_task(session, title="Late shift", due_at=at, now=NOW, by=priya))
    assert (timed.due_on, timed.due_at) == (TODAY, at)
    assert happened(session, made) == ["added"]


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"note": "x" * 4001}, "note"),
        ({"priority": "sky-high"}, "priority"),
        ({"repeats": "hourly"}, "repeats"),
        ({"remind_minutes": 100_000}, "remind"),
    ],
)
def test_what_cannot_be_is_refused_in_its_place(
    session: Session, priya: int, given: dict[str, object], where: str
) -> None:
    whole: dict[str, object] = {"title": "Call back", "due_at": TODAY, "now": NOW, "by": priya, **given}
    with pytest.raises(Invalid) as refused:
        add_task(session, **whole)  # type: ignore[arg-type]
    assert refused.value.where == where


def test_the_same_key_is_the_same_task(session: Session, priya: int) -> None:
    def add() -> int:
        return add_task(session, title="Check", due_at=TODAY, now=NOW, by=None, assignee_id=priya, key="r1")

    assert add() == add()
    assert session.scalar(text("select count(*) from tasks")) == 1
    assert session.scalar(text("select count(*) from task_events")) == 1


def test_a_task_is_closed_once_and_it_is_said_who_did(session: Session, priya: int) -> None:
    made = add_task(session, title="Call back", due_at=TODAY, now=NOW, by=priya)
    assert finish_task(session, made, now=NOW, by=priya, outcome="she knows") is None
    one = row(session, made)
    assert (one.done_at, one.done_by, one.dropped, one.outcome) == (NOW, priya, False, "she knows")
    with pytest.raises(Conflict, match="Priya Nair closed this task already"):
        finish_task(session, made, now=NOW, by=priya)
    for act in (
        lambda: snooze_task(session, made, NOW + timedelta(hours=1), now=NOW, by=priya),
        lambda: change_task(session, made, Wanted("Other", TODAY), now=NOW, by=priya),
    ):
        with pytest.raises(Conflict):
            act()
    reopen_task(session, made, now=NOW, by=priya)
    with pytest.raises(Conflict):
        reopen_task(session, made, now=NOW, by=priya)
    assert row(session, made).done_at is None
    assert finish_task(session, made, now=NOW, by=priya, dropped=True) is None
    assert happened(session, made) == ["added", "done", "reopened", "dropped"]
    with pytest.raises(NotFound):
        finish_task(session, made + 1000, now=NOW, by=priya)


def test_a_change_says_what_was_and_who_saw_an_older_state_is_told(session: Session, priya: int) -> None:
    made = add_task(session, title="Call back", due_at=TODAY, now=NOW, by=priya, remind_minutes=0)
    session.execute(text("update tasks set reminded_at = :now"), {"now": NOW})
    wanted = Wanted("Call back", TODAY + timedelta(days=3), assignee_id=priya, remind_minutes=0)
    assert change_task(session, made, wanted, now=NOW, by=priya, seen=0)
    one = row(session, made)
    assert (one.due_on, one.reminded_at, one.changes) == (TODAY + timedelta(days=3), None, 1)
    assert not change_task(session, made, wanted, now=NOW, by=priya, seen=1), "nothing is different"
    with pytest.raises(Conflict, match="changed this task since"):
        change_task(session, made, Wanted("Other", TODAY), now=NOW, by=priya, seen=0)
    told = session.scalar(text("select detail from task_events where kind = 'changed'"))
    assert told == {"due_on": ["2026-11-20", "2026-11-23"]}


def test_snoozing_moves_no_due(session: Session, priya: int) -> None:
    made = add_task(session, title="Call back", due_at=TODAY, now=NOW, by=priya)
    until = NOW + timedelta(hours=2)
    snooze_task(session, made, until, now=NOW, by=priya)
    assert (row(session, made).snoozed_until, row(session, made).due_on) == (until, TODAY)
    with pytest.raises(Invalid):
        snooze_task(session, made, NOW, now=NOW, by=priya)


def test_a_series_goes_on_once_on_its_own_days(session: Session, priya: int) -> None:
    first = date(2026, 1, 31)
    begun = datetime(2026, 1, 30, 9, tzinfo=UTC)
    one = add_task(session, title="Read the meter", due_at=first, now=begun, by=priya, repeats="monthly")
    two = finish_task(session, one, now=begun, by=priya)
    assert two is not None and row(session, two).due_on == date(2026, 2, 28)
    reopen_task(session, one, now=begun, by=priya)
    assert finish_task(session, one, now=begun, by=priya) is None, "its next is there already"
    late = datetime(2026, 5, 30, 9, tzinfo=UTC)
    three = finish_task(session, two, now=late, by=priya)
    assert three is not None and row(session, three).due_on == date(2026, 5, 31), (
        "months that are over are not made up"
    )
    assert session.scalar(text("select count(distinct series_id) from tasks")) == 1
    wanted = Wanted("Read the meter", date(2026, 6, 3), assignee_id=priya, repeats="weekly")
    change_task(session, three, wanted, now=late, by=priya)
    four = finish_task(session, three, now=datetime(2026, 6, 3, 9, tzinfo=UTC), by=priya)
    assert four is not None and row(session, four).due_on == date(2026, 6, 10)


def test_a_timed_series_keeps_its_hour_through_the_change_of_clocks(session: Session, priya: int) -> None:
    at = datetime(2026, 10, 23, 8, 30, tzinfo=UTC)  # 09:30 in London, summer
    one = add_task(session, title="Weekly call", due_at=at, now=at, by=priya, repeats="weekly")
    two = finish_task(session, one, now=at, by=priya)
    assert two is not None and row(session, two).due_at == datetime(2026, 10, 30, 9, 30, tzinfo=UTC)


def test_what_happened_to_a_task_is_never_changed(session: Session, priya: int) -> None:
    add_task(session, title="Call back", due_at=TODAY, now=NOW, by=priya)
    with pytest.raises(DBAPIError, match="never changed"):
        session.execute(text("update task_events set kind = 'done'"))
