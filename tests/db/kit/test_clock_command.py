"""`utility-crm clock --status` says who leads and how the jobs stand."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from utility_crm.cli import build
from utility_crm.installed import modules
from utility_crm.kit import job_records as records
from utility_crm.kit.database import make_engine
from utility_crm.kit.module import Job, jobs_of
from utility_crm.kit.said import said
from utility_crm.kit.scheduler import run_job
from utility_crm.kit.settings import settings


def fails(session: Session, now: datetime) -> str:
    raise ValueError("no")


def counts(session: Session, now: datetime) -> str:
    return said("%(sent)s sent", sent=3)


def test_its_document_and_its_words(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    runner, app = CliRunner(), build("clock")
    nobody = runner.invoke(app, ["clock", "--status"])
    assert nobody.exit_code == 0 and "No clock leads" in nobody.stdout
    engine = make_engine(fresh_database_url)
    with engine.begin() as connection:
        me = records.announce(connection)
        records.take_the_lead(connection, me)
        records.announce(connection)
    run_job(engine, Job("billing.bill", 3600, fails), datetime(2026, 11, 20, 12, tzinfo=UTC))
    run_job(engine, Job("billing.corrections", 3600, counts), datetime(2026, 11, 20, 12, tzinfo=UTC))
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into job_runs (name, paused_at, paused_because) "
                "values ('billing.remind', now(), 'wait') on conflict do nothing"
            )
        )
    engine.dispose()
    told = runner.invoke(app, ["clock", "--status", "--json"])
    assert told.exit_code == 0
    document = json.loads(told.stdout)
    jobs = {one["name"]: one for one in document["jobs"]}
    assert document["leader"]["leads_since"] and len(document["waiting"]) == 1
    assert jobs.keys() == {job.name for job in jobs_of(modules())}
    failed = jobs["billing.bill"]
    assert (failed["state"], failed["error"], failed["failures"]) == ("failing", "ValueError: no", 1)
    assert failed["next_at"] == "2026-11-20T13:00:00+00:00"
    assert (jobs["billing.remind"]["state"], jobs["billing.remind"]["next_at"]) == ("paused", None)
    assert jobs["billing.corrections"]["result"] == "3 sent"
    assert " 3 sent\n" in runner.invoke(app, ["clock", "--status"]).stdout
    assert jobs["billing.dunning"]["state"] == "never"
    assert runner.invoke(app, ["clock", "--json"]).exit_code == 2
    settings.cache_clear()
