"""The jobs page: how each job stands in words, who leads, and what a person may ask and decide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from utility_crm.kit.clock import utc_now
from utility_crm.kit.module import Job


def nothing(session: Session, now: datetime) -> str:
    return "nothing"


JOBS = (
    Job("test.well", 3600, nothing, "Do well"),
    Job("test.failing", 60, nothing, "Fail now"),
    Job("test.nightly", 86_400, nothing, "Do it at night", at=time(3, 30)),
)


@pytest.fixture
def ops(make_client: MakeClient) -> TestClient:
    """Somebody of ops in a house with three jobs."""
    return house(make_client("ops"))


def house(client: TestClient) -> TestClient:
    client.app.state.jobs = lambda: JOBS  # type: ignore[attr-defined]
    client.headers["Origin"] = "http://testserver"
    return client


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def ran(session: Session, name: str, **values: object) -> None:
    now = utc_now()
    given = {
        "started_at": now - timedelta(minutes=5), "finished_at": now - timedelta(minutes=5, seconds=-12),
        "due_at": now + timedelta(minutes=55), "result": "7 done", "error": None, "trace": "",
        "failures": 0, "failing_since": None, **values,
    }  # fmt: skip
    names = ", ".join(given)
    session.execute(
        text(f"insert into job_runs (name, {names}) values (:name, {', '.join(f':{one}' for one in given)})"),
        {"name": name, **given},
    )


def lead(session: Session, *, silent: int = 0) -> int:
    made = session.execute(
        text(
            "insert into clocks (host, pid, started_at, seen_at, leads_since) "
            "values ('atlas', 4711, now(), clock_timestamp() - make_interval(secs => :silent), now()) "
            "returning id"
        ),
        {"silent": silent},
    )
    return int(made.scalar_one())


def state_of(session: Session, name: str) -> tuple[bool, bool]:
    row = session.execute(
        text("select asked_at is not null, paused_at is not null from job_runs where name = :name"),
        {"name": name},
    ).one()
    return (row[0], row[1])


def test_each_job_stands_there_in_words(ops: TestClient, session: Session) -> None:
    lead(session)
    ran(session, "test.well")
    ran(
        session, "test.failing", error="ValueError: <b>no</b>", trace='File "a.py", line 3', failures=3,
        failing_since=datetime(2026, 3, 4, 5, 6, tzinfo=UTC), result="",
    )  # fmt: skip
    page = ops.get("/jobs").text
    told = words(page)
    for part in ("atlas", "Do well", "each hour", "7 done", "12 s", "each minute",
                 "Do it at night", "every day at 03:30", "never ran", "Failed: 1; paused: 0"):  # fmt: skip
        assert part in told, part
    assert "ValueError: &lt;b&gt;no&lt;/b&gt;" in page
    assert "<details" in page and "line 3" in page
    failed = words(ops.get("/jobs?ask=failed", headers={"HX-Request": "true"}).text)
    assert "One job failed at its last run" in failed and "Do well" not in failed
    one = words(ops.get("/jobs?job=test.failing").text)
    assert "It failed 3 times in a row, since 4 Mar 2026 at 05:06" in one


def test_what_came_of_a_run_is_said_in_the_readers_language(ops: TestClient, session: Session) -> None:
    ran(session, "test.well", result='[["%(compared)s tariffs compared", {"compared": 4}], ["no bills", {}]]')
    page = ops.get("/jobs").text
    assert "4 tariffs compared; no bills" in words(page)
    session.execute(text("update users set language = 'ru'"))
    session.flush()
    for address in ("/jobs", "/jobs?job=test.well"):
        page = ops.get(address).text
        assert "сравнено тарифов: 4; счетов нет" in words(page) and "tariffs compared" not in page


def test_who_leads_and_that_nobody_does(ops: TestClient, session: Session) -> None:
    assert "No clock leads: no job runs until one is started." in words(ops.get("/jobs").text)
    lead(session, silent=30)
    silent = words(ops.get("/jobs?ask=clocks").text)
    assert "No clock leads" in silent and "silent" in silent
    lead(session)
    assert re.search(
        r"atlas leads since .* No other would take over\.", words(ops.get("/jobs?ask=clocks").text)
    )


def test_a_run_is_asked_for_once_and_not_made_here(ops: TestClient, session: Session) -> None:
    ran(session, "test.well")
    answer = ops.post("/jobs/test.well/run")
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs?job=test.well")
    assert state_of(session, "test.well") == (True, False)
    before = session.scalar(text("select asked_at from job_runs where name = 'test.well'"))
    page = ops.get("/jobs?job=test.well").text
    assert "no clock leads, so nothing runs yet" in words(page) and 'hx-trigger="every 3s"' in page
    ops.post("/jobs/test.well/run")
    assert session.scalar(text("select asked_at from job_runs where name = 'test.well'")) == before
    assert session.scalar(text("select count(*) from job_events where kind = 'asked'")) == 1


def test_a_pause_wants_its_reason_and_keeps_who(ops: TestClient, session: Session) -> None:
    mute = ops.post("/jobs/test.well/pause", data={"reason": " "})
    assert mute.status_code == 422 and "Say why." in words(mute.text)
    said = {"reason": "the tariff is wrong"}
    assert ops.post("/jobs/test.well/pause", data=said).status_code == 303
    page = words(ops.get("/jobs?job=test.well").text)
    assert (
        "Priya Nair paused it on" in page and "the tariff is wrong" in page and "when it is resumed" in page
    )
    again = ops.post("/jobs/test.well/pause", data=said)
    assert again.status_code == 409 and "paused already" in words(again.text)
    assert "the tariff is wrong" in words(ops.get("/jobs?ask=paused").text)
    resumed = ops.post("/jobs/test.well/resume", data={"reason": ""})
    assert resumed.status_code == 303 and state_of(session, "test.well") == (False, False)
    done = words(ops.get("/jobs?ask=done").text)
    assert done.index("resumed Priya Nair") < done.index("paused Priya Nair the tariff is wrong")
    twice = ops.post("/jobs/test.well/resume")
    assert twice.status_code == 409


def test_to_run_what_a_colleague_paused_is_asked_back(ops: TestClient, session: Session) -> None:
    ops.post("/jobs/test.well/pause", data={"reason": "wait for Ann"})
    asked = ops.post("/jobs/test.well/run")
    assert asked.status_code == 200 and "wait for Ann" in words(asked.text)
    assert state_of(session, "test.well") == (False, True)
    token = re.search(r'name="sure" value="(\w+)"', asked.text)
    assert token is not None
    sure = ops.post("/jobs/test.well/run", data={"sure": token[1]})
    assert sure.status_code == 303 and state_of(session, "test.well") == (True, True)


def test_unknown_jobs_and_other_people_are_turned_away(ops: TestClient, make_client: MakeClient) -> None:
    assert ops.get("/jobs?job=test.none").status_code == 404
    assert ops.post("/jobs/test.none/run").status_code == 404
    agent = house(make_client("agent"))
    assert agent.get("/jobs").status_code == 403
    assert agent.post("/jobs/test.well/run").status_code == 403


@pytest.fixture
def counted(session: Session) -> Iterator[list[str]]:
    sent: list[str] = []
    bind = session.connection().engine

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(bind, "before_cursor_execute", note)
    yield sent
    event.remove(bind, "before_cursor_execute", note)


def test_the_number_of_statements_does_not_grow(
    ops: TestClient, session: Session, counted: list[str]
) -> None:
    ops.get("/jobs")
    counted.clear()
    ops.get("/jobs")
    empty = len(counted)
    lead(session)
    for one in JOBS:
        ran(session, one.name)
        ops.post(f"/jobs/{one.name}/pause", data={"reason": "x"})
    counted.clear()
    ops.get("/jobs")
    assert len(counted) == empty
    assert (
        sum("from job_runs" in one or "from clocks" in one or "from job_events" in one for one in counted)
        == 3
    )


def test_every_job_of_the_house_says_what_it_does_in_both_languages(make_client: MakeClient) -> None:
    page = make_client("ops", language="ru").get("/jobs").text
    assert "Выставить счета, которым пора" in page and "каждый час" in words(page)
    from utility_crm.installed import modules
    from utility_crm.kit.module import jobs_of

    assert [job.name for job in jobs_of(modules()) if not (job.title or job.run.__doc__)] == []
