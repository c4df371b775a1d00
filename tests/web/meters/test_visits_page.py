"""A visit to the meter: booked, moved and cancelled on the page, told of each time, and what came of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from meters.visits.calendar import visits_between
from meters.visits.tomorrow import tell_of_tomorrow
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.auth.queries import active_user

HX = {"HX-Request": "true"}
BOOKED = text("select id from appointments order by id desc limit 1")


def told(session: Session) -> list[tuple[str, str, str]]:
    """Event, state and reason of each notice, the oldest first."""
    rows = session.execute(
        text("select context ->> 'event', state, coalesce(reason, '') from outbox order by id")
    )
    return [(event, state, reason) for event, state, reason in rows]


def book(client: TestClient, session: Session, people: People, day: str = "2026-11-24") -> str:
    premise = session.scalar(text("select id from premises where code = 'P1'"))
    form = {"place": premise, "on_day": day, "slot": "08-12", "note": "runs backwards"}
    answer = client.post(f"/customers/{people.margaret}/meter-checks", data=form)
    assert answer.status_code == 303, answer.text
    return f"/customers/{people.margaret}/visits/{session.scalar(BOOKED)}"


def test_a_visit_is_moved_away_and_back_and_told_each_time(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client = make_client("agent")
    path = book(client, session, people)
    due = text("select due_at from tasks where key like 'visit:%' and done_at is null")
    assert session.execute(due).scalar_one() == datetime(2026, 11, 24, 12, tzinfo=UTC)
    silent = client.post(f"{path}/move", data={"on_day": "2026-11-25", "slot": "12-16", "why": " "})
    assert silent.status_code == 422 and "Say why it is moved." in silent.text
    same = client.post(f"{path}/move", data={"on_day": "2026-11-24", "slot": "08-12", "why": "x"})
    assert same.status_code == 409
    for day in ("2026-11-25", "2026-11-24", "2026-11-25"):
        moved = client.post(f"{path}/move", data={"on_day": day, "slot": "08-12", "why": "they work"})
        assert moved.status_code == 303
    assert [one[0] for one in told(session)] == ["booked", "moved", "moved", "moved"]
    assert [one[1] for one in told(session)].count("waiting") == 1  # what was not true any more went back
    assert session.execute(due).scalar_one() == datetime(2026, 11, 25, 12, tzinfo=UTC)
    page = client.get(f"/customers/{people.margaret}?ask=visits").text
    assert "Wednesday 25 November" in page and "they work" in page and "Priya Nair" in page
    assert page.count("Visit moved") >= 3


def test_a_cancelled_visit_is_told_and_cannot_be_cancelled_again(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client = make_client("agent")
    path = book(client, session, people)
    assert client.post(f"{path}/cancel", data={"why": "it shows figures again"}).status_code == 303
    assert [one[:2] for one in told(session)] == [("booked", "withheld"), ("cancelled", "waiting")]
    assert client.post(f"{path}/cancel", data={"why": "again"}).status_code == 409
    dropped = session.execute(text("select dropped, outcome from tasks where key like 'visit:%'")).one()
    assert tuple(dropped) == (True, "it shows figures again")
    assert "nothing booked" not in client.get(f"/customers/{people.margaret}").text
    book(client, session, people)  # the place is free again


def test_one_visit_at_a_time_comes_to_a_place_also_on_its_day(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client = make_client("agent")
    book(client, session, people)
    session.execute(text("update appointments set on_day = '2026-11-20'"))  # today
    premise = session.scalar(text("select id from premises where code = 'P1'"))
    form = {"place": premise, "on_day": "2026-11-25", "slot": "08-12", "note": ""}
    again = client.post(f"/customers/{people.margaret}/meter-checks", data=form)
    assert again.status_code == 409 and "is booked already" in again.text


@pytest.mark.parametrize(("ended", "state"), [("done", "done"), ("missed", "no access")])
def test_what_came_of_it_is_noted_from_its_day_on(
    session: Session, make_client: MakeClient, people: People, ended: str, state: str
) -> None:
    client = make_client("agent")
    path = book(client, session, people)
    early = client.post(f"{path}/ended", data={"ended": ended, "found": "a loose wire"})
    assert early.status_code == 422 and "yet to come" in early.text
    session.execute(text("update appointments set on_day = '2026-11-19'"))
    page = client.get(f"/customers/{people.margaret}?ask=visits").text
    assert "nobody noted what came of it" in page
    assert client.post(f"{path}/ended", data={"ended": ended, "found": "a loose wire"}).status_code == 303
    page = client.get(f"/customers/{people.margaret}?ask=visits").text
    assert state in page and "a loose wire" in page
    assert session.execute(text("select done_at is not null from tasks")).scalar_one()


def test_the_day_before_they_are_told_once_but_not_who_has_just_been_told(
    session: Session, make_client: MakeClient, people: People
) -> None:
    book(make_client("agent"), session, people)
    made = session.execute(text("select made_at from appointments")).scalar_one()
    day = text("update appointments set on_day = :day, made_at = :made")
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    session.execute(day, {"day": date(2026, 11, 24), "made": datetime(2026, 11, 23, 8, tzinfo=UTC)})
    assert tell_of_tomorrow(session, now) == ""
    session.execute(day, {"day": date(2026, 11, 24), "made": made.replace(year=2026, month=11, day=20)})
    assert str(tell_of_tomorrow(session, now)) == "1 told of a visit tomorrow"
    assert tell_of_tomorrow(session, now) == ""
    assert [one[0] for one in told(session)] == ["booked", "tomorrow"]


def test_it_stands_in_the_calendar_of_who_booked_it_and_in_the_file(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client = make_client("agent")
    book(client, session, people)
    page = client.get("/tasks?ask=week&on=2026-11-24")
    assert page.status_code == 200 and "Meter check" in page.text

    def of(login: str) -> list[Any]:
        user_id = session.execute(text("select id from users where login = :l"), {"l": login}).scalar_one()
        user = active_user(session, user_id)
        assert user is not None
        return list(visits_between(session, date(2026, 11, 20), date(2026, 12, 1), user))

    (mine,) = of("agent.en")
    assert mine.starts_at == datetime(2026, 11, 24, 8, tzinfo=UTC) and "Margaret" not in mine.title
    make_client("agent", language="ru")
    make_client("marketer")
    make_client("supervisor")
    assert (of("agent.ru"), of("marketer.en")) == ([], []) and len(of("supervisor.en")) == 1


def test_another_customers_visit_is_not_to_be_had(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client = make_client("agent")
    path = book(client, session, people).replace(str(people.margaret), str(people.joseph), 1)
    assert client.post(f"{path}/cancel", data={"why": "x"}).status_code in (404, 422)
    assert session.execute(text("select state from appointments")).scalar_one() == "booked"
