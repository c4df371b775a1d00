"""What the clock calls, and what a person at the terminal asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from notifications.commands import app
from notifications.jobs import JOBS, tell_newcomers
from notifications.outages.announcing import Interruption, plan_outage
from notifications.outbox.claims import Terms, claim
from notifications.outbox.queries import STATES, outbox_figures
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.settings import settings

STARTS = datetime(2026, 11, 27, 9, tzinfo=UTC)


def works(town: Any) -> Interruption:
    return Interruption(town.west, STARTS, STARTS + timedelta(hours=3))


def test_who_moves_in_after_the_announcement_is_told(session: Session, town: Any, now: datetime) -> None:
    town.person()
    plan_outage(session, works(town), now)
    assert tell_newcomers(session, now) == "1 planned outages, 0 more notices, 0 withheld"
    town.person()
    town.person(mail=None)
    assert tell_newcomers(session, now) == "1 planned outages, 1 more notices, 1 withheld"
    assert tell_newcomers(session, now) == "1 planned outages, 0 more notices, 0 withheld"
    assert [row.key.split(":")[2] for row in town.rows()] == ["C0001", "C0002", "C0003"]
    # once it has begun, the clock announces nothing any more
    town.person()
    assert tell_newcomers(session, STARTS) == "0 planned outages, 0 more notices, 0 withheld"
    assert tell_newcomers in [job.run for job in JOBS]


def test_figures_of_an_empty_outbox(session: Session, now: datetime) -> None:
    found = outbox_figures(session, now)
    assert found.states == dict.fromkeys(STATES, 0)
    assert (found.withheld, found.sent_since, found.oldest_waiting) == ({}, 0, None)


@pytest.fixture
def terminal(
    fresh_database_url: str,
    make_town: Callable[[Session], Any],
    monkeypatch: pytest.MonkeyPatch,
    now: datetime,
) -> Any:
    """The command line on a database with two notices to send and one withheld."""
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    engine = make_engine(fresh_database_url)
    with unit_of_work(engine) as session:
        town = make_town(session)
        for mail in ("", "", None):
            town.person(mail=mail)
        plan_outage(session, works(town), now)

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, list(arguments))

    yield engine, run
    engine.dispose()
    settings.cache_clear()


def test_the_outbox_in_figures(terminal: Any) -> None:
    _, run = terminal
    answer = run("outbox", "--json")
    assert answer.exit_code == 0
    assert json.loads(answer.stdout) == {
        "states": {
            "waiting": 2,
            "sending": 0,
            "gathered": 0,
            "sent": 0,
            "dead": 0,
            "parked": 0,
            "withheld": 1,
        },
        "withheld": {"no_address": 1},
        "sent_last_day": 0,
        "oldest_waiting": "2026-11-20T14:42:00+00:00",
    }
    words = run("outbox").stdout
    assert "waiting  2" in words and "1 withheld because we have no address" in words


def test_dead_notices_begin_anew(terminal: Any) -> None:
    engine, run = terminal
    with engine.begin() as connection:
        connection.execute(text("update outbox set state = 'dead', attempts = 8 where state = 'waiting'"))
        one = connection.scalar(text("select min(id) from outbox where state = 'dead'"))
    assert json.loads(run("retry", "--notice", str(one), "--json").stdout) == {"waiting": 1}
    assert json.loads(run("retry", "--json").stdout) == {"waiting": 1}
    assert json.loads(run("retry", "--json").stdout) == {"waiting": 0}
    assert run("retry", "--notice", "0").exit_code == 2


def test_a_customer_s_word_is_kept_and_heeded_by_what_waits(terminal: Any) -> None:
    engine, run = terminal
    words = ("--customer", "C0001", "--purpose", "service", "--proof", "by telephone")
    answer = run("consent", *words, "--withdrawn", "--json")
    assert answer.exit_code == 0
    assert json.loads(answer.stdout) == {
        "customer": "C0001", "purpose": "service", "channel": "email", "granted": False,
    }  # fmt: skip
    with unit_of_work(engine) as session:
        looked_at, held = claim(session, STARTS - timedelta(hours=1), Terms(), "care@utility.example")
    assert (looked_at, len(held)) == (2, 1)
    with engine.connect() as connection:
        withheld = "select reason from outbox o join customers c on c.id = customer_id where number = 'C0001'"
        assert connection.scalar(text(withheld)) == "consent_withdrawn"
    assert run("consent", *words, "--granted").stdout.endswith("granted\n")
    unknown = run("consent", *words[2:], "--customer", "C9", "--withdrawn", "--json")
    assert (unknown.exit_code, json.loads(unknown.stdout)["error"]["code"]) == (1, "no_such_customer")
