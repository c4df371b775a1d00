"""The command line of surveys, on a database of its own."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from notifications.consents.recording import record_consent
from tests.db.tickets.conftest import put_in
from utility_crm.customers.tables import ContactPoint
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.settings import settings
from utility_crm.surveys.answering import answer
from utility_crm.surveys.commands import app
from utility_crm.surveys.domain.plans import Plan, Rule
from utility_crm.surveys.plan_store import keep_plan
from utility_crm.tickets.actions import add_message, set_status
from utility_crm.web.visit import present


@pytest.fixture
def terminal(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two customers' tickets whose turn has come; one of them agreed to be asked."""
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    engine = make_engine(fresh_database_url)
    with unit_of_work(engine) as session:
        care, now = put_in(session), present()
        keep_plan(session, Plan(fewest=1, rules=(Rule(1, "csat"),)), seen=0, now=now, by=None)
        session.add(
            ContactPoint(
                customer_id=care.margaret, kind="email", value="m@post.example", normal="m@post.example"
            )
        )
        session.flush()
        record_consent(session, care.margaret, "marketing", "email", granted=True, now=now, proof="a call")
        for customer_id in (care.margaret, care.bakery):
            at = now - timedelta(hours=30)
            ticket = care.open(now=at, customer_id=customer_id)
            add_message(session, ticket, direction="out", channel="call", text="So.", by=care.omar, now=at)
            set_status(session, ticket, "solved", now=now - timedelta(hours=25), by=care.omar)

    def run(*arguments: str) -> Any:
        done = CliRunner().invoke(app, [*arguments, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    yield run, engine
    engine.dispose()


def test_a_dry_run_then_asking_then_figures(terminal: Any) -> None:
    run, engine = terminal
    foreseen = run("next")
    assert (foreseen["asked"], foreseen["not_asked"]) == (1, {"no_address": 1})
    assert [(one["question"], one["reason"]) for one in foreseen["tickets"]] == [
        ("csat", ""),
        ("csat", "no_address"),
    ]
    assert run("next") == foreseen, "looking changes nothing"
    assert run("ask") == {"looked_at": 2, "asked": 1, "not_asked": {"no_address": 1}}
    assert run("ask") == {"looked_at": 0, "asked": 0, "not_asked": {}}
    assert run("figures")["csat"]["value"] is None
    with unit_of_work(engine) as session:
        answer(
            session, session.scalar(text("select id from surveys where state = 'queued'")), 4, "", present()
        )
    found = run("figures", "--days", "1")["csat"]
    assert (found["asked"], found["answers"], found["value"], found["high"]) == (1, 1, 1.0, 1.0)
    said = CliRunner().invoke(app, ["figures", "--days", "1"]).output
    assert "csat: 100% (21% to 100%), 1 of 1 answered" in said and "nps: too few, 0 of 0" in said
    assert run("plan")["rules"][0]["question"] == "csat"


def test_a_person_reads_the_same(terminal: Any) -> None:
    said = CliRunner().invoke(app, ["next"])
    assert said.exit_code == 0 and "1 asked, 1 not" in said.output and "no_address" in said.output
    assert CliRunner().invoke(app, ["figures", "--days", "0"]).exit_code == 2
