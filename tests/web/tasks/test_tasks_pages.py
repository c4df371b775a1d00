"""The tasks page: each question is answered, a task goes its way by its forms, the calendar is a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.auth.tables import Team, TeamMember, User
from utility_crm.kit.module import CalendarEntry
from utility_crm.kit.parts import Answer, DeskQuestion, Sheet
from utility_crm.tasks.actions import add_task, snooze_task
from utility_crm.tasks.tables import Task

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
FORM = {
    "title": "Call her back", "due_on": "2026-11-24", "due_time": "14:30", "priority": "normal",
    "remind": "15", "repeats": "", "note": "after two", "once": "a1",
}  # fmt: skip


@pytest.fixture
def agent(make_client: MakeClient) -> TestClient:
    client = make_client("agent")
    client.headers["Origin"] = "http://testserver"
    return client


@pytest.fixture
def me(agent: TestClient, session: Session) -> int:
    found = session.scalar(select(User.id).where(User.login == "agent.en"))
    assert found is not None
    return found


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def sheet(client: TestClient, address: str) -> str:
    answer = client.get(address, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and "<html" not in answer.text
    return words(answer.text)


@pytest.fixture
def some(session: Session, me: int, people: People) -> dict[str, int]:
    def add(title: str, days: int, **more: object) -> int:
        due = TODAY + timedelta(days=days)
        return add_task(session, title=title, due_at=due, now=NOW, by=me, **more)  # type: ignore[arg-type]

    made = {
        "late": add("Send the copy", -3),
        "today": add("Look at the meter", 0, priority="high"),
        "promise": add("Call Margaret back", 2, promised=True, customer_id=people.margaret),
        "far": add("Renew the consent", 60),
        "asleep": add("Ask again", 0),
    }
    snooze_task(session, made["asleep"], datetime(2099, 1, 1, tzinfo=UTC), now=NOW, by=me)
    return made


def test_every_question_is_answered(agent: TestClient, some: dict[str, int]) -> None:
    page = words(agent.get("/tasks").text)
    assert "2 things are to be done today; one of them is late, since 17 Nov." in page
    assert "Look at the meter" in page and "Send the copy" in page and "Ask again" not in page
    assert "One task is late, due on 17 Nov 2026." in sheet(agent, "/tasks?ask=late")
    coming = sheet(agent, "/tasks?ask=coming")
    assert "Call Margaret back" in coming and "Renew the consent" not in coming
    promised = sheet(agent, "/tasks?ask=promised")
    assert "One promise is open" in promised and "Margaret Ashdown" in promised
    assert "One task sleeps" in sheet(agent, "/tasks?ask=snoozed")
    assert "No task was closed" in sheet(agent, "/tasks?ask=done")


def test_a_task_is_added_once_however_often_it_is_sent(agent: TestClient, me: int, session: Session) -> None:
    form = {**FORM, "who": f"person-{me}"}
    for _ in range(2):
        assert agent.post("/tasks", data=form).status_code == 303
    one = session.execute(select(Task)).scalar_one()
    assert (one.title, one.due_at, one.assignee_id) == (
        "Call her back",
        datetime(2026, 11, 24, 14, 30, tzinfo=UTC),
        me,
    )
    assert one.remind_at == datetime(2026, 11, 24, 14, 15, tzinfo=UTC)


def test_everything_wrong_is_said_at_once_and_kept_as_typed(agent: TestClient, session: Session) -> None:
    wrong = {**FORM, "title": " ", "due_on": "soon", "due_time": "25:00", "who": "person-0", "remind": "7"}
    answer = agent.post("/tasks", data=wrong)
    assert answer.status_code == 422
    told = words(answer.text)
    for sentence in (
        "Say in a few words what is to be done.", "“soon” is no day", "“25:00” is no time",
        "Choose one of what is offered.",
    ):  # fmt: skip
        assert sentence in told
    assert "after two" in answer.text
    assert session.scalar(text("select count(*) from tasks")) == 0


def test_a_task_goes_its_way(agent: TestClient, some: dict[str, int], session: Session) -> None:
    path = f"/tasks/{some['promise']}"
    page = words(agent.get(path).text)
    assert "It is due on Sunday 22 November. Margaret Ashdown was told that it will be done." in page
    assert agent.post(f"{path}/snooze", data={"until": "tomorrow"}).status_code == 303
    done = agent.post(f"{path}/done", data={"outcome": "She knows now."})
    assert done.headers["location"] == "/tasks"
    page = words(agent.get(path).text)
    assert "Done by Priya Nair" in page and "She knows now." in page
    twice = agent.post(f"{path}/done", data={"outcome": ""})
    assert twice.status_code == 409 and "Priya Nair closed this task already." in words(twice.text)
    assert agent.post(f"{path}/reopen").status_code == 303
    assert agent.post(f"{path}/drop", data={"outcome": ""}).status_code == 303
    kinds = session.scalars(
        text("select kind from task_events where task_id = :id order by id"), {"id": some["promise"]}
    )
    assert list(kinds) == ["added", "snoozed", "done", "reopened", "dropped"]
    assert "2 tasks were closed" not in sheet(agent, "/tasks?ask=done")


def test_two_people_edit_one_task(agent: TestClient, me: int, some: dict[str, int]) -> None:
    path = f"/tasks/{some['today']}/change"
    form = {**FORM, "who": f"person-{me}", "changes": "0"}
    assert agent.post(path, data=form).status_code == 303
    second = agent.post(path, data={**form, "title": "Something else"})
    assert second.status_code == 409
    assert "Somebody changed this task since you opened it." in words(second.text)
    assert "Something else" in second.text, "what was typed stays"


def test_another_teams_task_is_as_if_not_there_and_ones_own_teams_is(
    make_client: MakeClient, session: Session, agent: TestClient, me: int
) -> None:
    other = User(login="other", name="Otto Berg", role="agent", password_hash="nobody's")
    session.add_all([other, team := Team(name="Billing")])
    session.flush()
    theirs = add_task(session, title="Theirs", due_at=TODAY, now=NOW, by=other.id)
    teams = add_task(session, title="Of the team", due_at=TODAY, now=NOW, by=other.id, team_id=team.id)
    for number in (theirs, teams):
        assert agent.get(f"/tasks/{number}").status_code == 404
        assert agent.post(f"/tasks/{number}/done", data={"outcome": ""}).status_code == 404
    session.add(TeamMember(team_id=team.id, user_id=me))
    session.flush()
    assert agent.get(f"/tasks/{teams}").status_code == 200
    assert "Of the team" in sheet(agent, "/tasks?whose=team")
    assert "Theirs" not in sheet(agent, "/tasks?whose=all"), "an agent sees no more than the team's"
    supervisor = make_client("supervisor")
    assert "Theirs" in sheet(supervisor, "/tasks?whose=all")
    assert supervisor.get(f"/tasks/{theirs}").status_code == 200
    assert agent.get("/tasks/999999").status_code == 404


def test_who_sees_some_areas_only_sees_no_tasks_of_others(
    agent: TestClient, some: dict[str, int], people: People, me: int, session: Session
) -> None:
    far = add_task(
        session, title="Call Joseph", due_at=TODAY, now=NOW, by=me, promised=True, customer_id=people.joseph
    )
    assert "Call Joseph" in sheet(agent, "/tasks")
    area = session.scalar(text("select id from network_nodes where code = 'M'"))
    session.execute(text("update users set area_ids = array[:area] where id = :me"), {"area": area, "me": me})
    for address in ("/tasks", "/tasks?ask=promised&whose=team", "/tasks?ask=week", "/tasks/calendar.ics"):
        page = agent.get(address)
        assert page.status_code == 200 and "Call Joseph" not in page.text
    assert "Call Margaret back" in sheet(agent, "/tasks?ask=promised")
    assert agent.get(f"/tasks/{far}").status_code == 404
    assert agent.get(f"/tasks/{some['today']}").status_code == 200, "a task about no customer is in no area"


def appointment(session: Session, first: date, before: date, user: object) -> list[CalendarEntry]:
    day = date(2026, 11, 19)
    at = datetime(2026, 11, 19, 7, 30, tzinfo=UTC)
    return [CalendarEntry("check-1", day, "Meter check", starts_at=at)] if first <= day < before else []


def broken(session: Session, first: date, before: date, user: object) -> list[CalendarEntry]:
    session.execute(text("select 1/0"))
    return []


def test_week_and_month_are_tables_with_what_other_rooms_put_there(
    agent: TestClient, some: dict[str, int]
) -> None:
    agent.app.state.calendars = (appointment,)  # type: ignore[attr-defined]
    week = sheet(agent, "/tasks?ask=week")
    assert "4 tasks are due in the week from 16 Nov to 22 Nov 2026 , beside one appointment." in week.replace(
        "2026,", "2026 ,"
    )
    assert "07:00" in week and "Meter check" in week
    page = agent.get("/tasks?ask=month&on=2026-11-01").text
    assert page.count('class="month') == 42 and page.count("<thead><tr><th") == 1
    assert "Meter check" in page and 'aria-current="date"' in page
    assert "Meter check" not in agent.get("/tasks?ask=month&on=2027-03-01").text
    assert agent.get("/tasks?ask=week&on=9999-12-31").status_code == 200
    assert agent.get("/tasks?ask=month&on=rubbish").status_code == 200


def test_a_room_that_fails_is_left_out(agent: TestClient, some: dict[str, int], may_fail: None) -> None:
    agent.app.state.calendars = (broken, appointment)  # type: ignore[attr-defined]
    assert "Meter check" in sheet(agent, "/tasks?ask=week")


@pytest.fixture
def statements(session: Session) -> Iterator[list[str]]:
    sent: list[str] = []
    engine = session.connection().engine

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("address", ["/tasks", "/tasks?ask=month", "/tasks?ask=promised&whose=team"])
def test_a_page_asks_as_much_of_ten_tasks_as_of_none(
    agent: TestClient, me: int, session: Session, statements: list[str], address: str
) -> None:
    agent.get(address)
    statements.clear()
    agent.get(address)
    none = len(statements)
    for number in range(10):
        add_task(session, title=f"Task {number}", due_at=TODAY, now=NOW, by=me, promised=True)
    session.flush()
    statements.clear()
    agent.get(address)
    assert len(statements) == none <= 12


def test_a_calendar_program_reads_ones_tasks_without_names_of_customers(
    agent: TestClient, some: dict[str, int], session: Session, me: int
) -> None:
    add_task(
        session, title="Weekly call", due_at=datetime(2026, 11, 23, 10, tzinfo=UTC), now=NOW, by=me,
        repeats="weekly", remind_minutes=15,
    )  # fmt: skip
    made = agent.post("/tasks/calendar", data={"what": "make"})
    found = re.search(r"http://testserver(/calendar/[\w-]+\.ics)", made.text)
    assert found is not None
    stranger = TestClient(agent.app, base_url="http://testserver")
    answer = stranger.get(found[1])
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/calendar")
    assert "Ashdown" not in answer.text
    events = {str(one["summary"]): one for one in icalendar.Calendar.from_ical(answer.text).walk("VEVENT")}
    assert set(events) == {
        "Send the copy", "Look at the meter", "Call Margaret back", "Renew the consent", "Ask again",
        "Weekly call",
    }  # fmt: skip
    assert events["Renew the consent"].decoded("dtstart") == date(2027, 1, 19)
    weekly = events["Weekly call"]
    assert weekly["rrule"].to_ical() == b"FREQ=WEEKLY"
    assert weekly.decoded("dtstart") == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert [one.decoded("trigger") for one in weekly.walk("VALARM")] == [timedelta(minutes=-15)]
    asked = agent.post("/tasks/calendar", data={"what": "make"})
    assert "will not any more" in words(asked.text), "a new address ends the old one: asked first"
    agent.post("/tasks/calendar", data={"what": "end"})
    assert stranger.get(found[1]).status_code == 404
    assert stranger.get("/calendar/wrong.ics").status_code == 404
    assert agent.get("/tasks/calendar.ics").headers["content-disposition"].startswith("attachment")


def test_the_customer_page_says_what_was_promised_and_takes_a_task(
    agent: TestClient, some: dict[str, int], people: People, me: int, session: Session
) -> None:
    path = f"/customers/{people.margaret}"
    page = words(agent.get(path).text)
    assert "We promised: Call Margaret back" in page and "due on 22 Nov, Priya Nair" in page
    panel = agent.get(f"{path}/acts/d", headers={"HX-Request": "true"}).text
    assert 'name="once"' in panel and "A task about this customer" in panel
    form = {**FORM, "who": f"person-{me}", "do": "d", "ask": "said", "promised": "yes", "once": "b2"}
    wrong = agent.post(f"{path}/tasks", data={**form, "title": ""})
    assert wrong.status_code == 422 and "Say in a few words what is to be done." in words(wrong.text)
    assert agent.post(f"{path}/tasks", data=form).headers["location"] == f"{path}?ask=said"
    made = session.execute(select(Task).where(Task.title == "Call her back")).scalar_one()
    assert (made.customer_id, made.promised) == (people.margaret, True)
    agent.post(f"/tasks/{made.id}/done", data={"outcome": "She was told."})
    page = words(agent.get(path).text)
    assert "She was told. · Priya Nair" in page, "what was done is on the timeline"
    assert agent.post("/customers/999999/tasks", data={**form, "once": "c3"}).status_code == 404


def test_a_reminder_stays_until_something_is_done_about_it(
    agent: TestClient, some: dict[str, int], session: Session
) -> None:
    assert words(agent.get("/tasks/reminders").text) == ""
    session.execute(
        text("update tasks set reminded_at = :now where id = :id"), {"now": NOW, "id": some["today"]}
    )
    assert "Look at the meter , due 20 Nov" in words(agent.get("/tasks/reminders").text)
    agent.post(f"/tasks/{some['today']}/done", data={"outcome": ""})
    assert words(agent.get("/tasks/reminders").text) == ""


def test_the_desk_says_what_is_due_today(agent: TestClient, some: dict[str, int], session: Session) -> None:
    page = words(agent.get("/").text)
    assert "What is due today? 2 one of them late" in page
    session.execute(
        text("update tasks set reminded_at = :now where id = :id"), {"now": NOW, "id": some["today"]}
    )
    asked = sheet(agent, "/?ask=tasks")
    assert "2 things are to be done today." in asked and "Send the copy" in asked
    assert "Reminder Look at the meter" in asked
    whole = agent.get("/?ask=tasks").text
    assert whole.count("<h1") == 1 and "Send the copy" in whole


def test_a_desk_question_that_fails_is_left_out(
    agent: TestClient, some: dict[str, int], may_fail: None
) -> None:
    def fails(call: object) -> Answer:
        raise ValueError

    one = DeskQuestion("bad", "Broken?", "tasks.read", 1, fails, lambda call: Sheet("", {}))
    agent.app.state.desk_questions = (one, *agent.app.state.desk_questions)  # type: ignore[attr-defined]
    page = words(agent.get("/").text)
    assert "Broken?" not in page and "What is due today?" in page
