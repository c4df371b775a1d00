"""`utility-crm billing dunning import, show, preview`, and a step that costs the customer a fee, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from billing_world import World
from ledger_world import bill
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from billing.actions.disputing import open_dispute
from billing.commands import app
from billing.dunning.acting import dun
from billing.queries.late_fees import Jurisdiction
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.settings import settings

STRATEGY: dict[str, Any] = {
    "format": "dunning/1", "code": "ours", "name": "Ours", "country": "GB", "currency": "GBP",
    "segments": ["household"],
    "versions": [{
        "starts_on": "2020-01-01", "stops": [], "orders": [],
        "steps": [{"step": "reminder", "after_days": 2, "source": "our own rule"},
                  {"step": "overdue", "after_days": 3, "fee_minor": 250, "source": "our own rule"}],
    }],
}  # fmt: skip
TODAY = date(2026, 11, 20)
FEES = text("select amount_minor from adjustments where kind = 'fee' order by id")


@pytest.fixture
def engine(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """One account with a bill of 40.00, due on 12 November 2026, eight days ago."""
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("UTILITY_CRM_AS_OF", TODAY.isoformat())
    monkeypatch.setenv("UTILITY_CRM_COUNTRY", "GB")
    settings.cache_clear()
    load_tables()
    made = make_engine(fresh_database_url)
    with unit_of_work(made) as session:
        bill(session, World(session).account()[1], 4000, number="B1")
        session.execute(text("update bills set due_on = :on"), {"on": TODAY - timedelta(days=8)})
        session.execute(
            text(
                "insert into contact_points (customer_id, kind, value, normal) "
                "select id, 'email', 'ada@mail.example', 'ada@mail.example' from customers"
            )
        )
    yield made
    made.dispose()
    settings.cache_clear()


def call(*words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, ["dunning", *words, "--json"])
    return done.exit_code, json.loads(done.stdout)


def written(folder: Path, document: Any) -> str:
    file = folder / "strategy.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return str(file)


def test_a_strategy_is_taken_shown_and_decides_what_is_next(engine: Engine, tmp_path: Path) -> None:
    code, before = call("preview")
    (one,) = before["accounts"]
    assert (code, one["strategy"], one["step"], one["reason"]) == (0, "gb_household", "reminder", "due")
    assert "reminder           due since 2026-11-19" in CliRunner().invoke(app, ["dunning", "preview"]).stdout
    file = written(tmp_path, STRATEGY)
    assert call("import", file) == (0, {"strategy": "ours", "outcome": "added"})
    assert call("import", file) == (0, {"strategy": "ours", "outcome": "unchanged"})
    later = json.loads(json.dumps(STRATEGY))
    later["versions"][0]["steps"][0]["after_days"] = 30
    assert call("import", written(tmp_path, later)) == (
        0,
        {"strategy": "ours", "outcome": "changed"},
    )
    shown = {one["strategy"]: one for one in call("show")[1]["strategies"]}
    assert [step["after_days"] for step in shown["ours"]["steps"]] == [30, 3]
    assert {"general", "gb_household", "tx_household", "ru_household"} <= set(shown)
    account = one["account"]
    code, document = call("preview", "--account", account)
    (one,) = document["accounts"]
    assert (code, one["strategy"], one["reason"], one["debt_minor"]) == (0, "ours", "waiting", 4000)
    assert one["due_on"] == (TODAY + timedelta(days=22)).isoformat()
    said = CliRunner().invoke(app, ["dunning", "preview"]).stdout
    assert "the days of waiting run, next on 2026-12-12" in said
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from dunning_steps")) == 0, "a preview posts nothing"


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ("{", None),
        ({**STRATEGY, "segments": ["cats"]}, "segments[0]"),
        ({**STRATEGY, "versions": [{**STRATEGY["versions"][0], "steps": []}]}, "versions[0].steps"),
    ],
)
def test_a_strategy_that_is_none_is_refused_by_its_place(
    engine: Engine, tmp_path: Path, document: Any, place: str | None
) -> None:
    file = written(tmp_path, document)
    code, said = call("import", file)
    assert code == 1 and file in json.dumps(said)
    assert place is None or place in json.dumps(said)
    assert call("import", str(tmp_path / "nothing.json"))[0] in (1, 2)
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from dunning_strategies where code = 'ours'")) == 0


def test_an_unknown_account_is_named(engine: Engine) -> None:
    code, said = call("preview", "--account", "NOBODY")
    assert code == 1 and "NOBODY" in json.dumps(said)


def lived(engine: Engine, days: int) -> None:
    """What the clock does on the days up to one, twice each, and a postman."""
    for number in range(days + 1):
        day = TODAY + timedelta(days=number)
        for hour in (9, 15):
            at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
            with unit_of_work(engine) as session:
                dun(session, day, Jurisdiction("GB"), at)
                session.execute(
                    text("update outbox set state = 'sent', sent_at = :at where state = 'waiting'"),
                    {"at": at},
                )


def test_the_fee_of_a_step_is_charged_once_and_none_while_it_is_disputed(
    engine: Engine, tmp_path: Path
) -> None:
    call("import", written(tmp_path, STRATEGY))
    lived(engine, 2)
    with unit_of_work(engine) as session:
        assert session.scalars(FEES).all() == []
        dispute = open_dispute(session, "B1", 4000, "not mine", today=TODAY + timedelta(days=2))
    lived(engine, 10)
    with unit_of_work(engine) as session:
        assert dispute and session.scalars(FEES).all() == []
        session.execute(text("update disputes set state = 'lost', closed_on = :on"), {"on": TODAY})
    lived(engine, 12)
    with engine.connect() as connection:
        assert connection.scalars(FEES).all() == [250]
        steps = connection.scalars(text("select step from dunning_steps where notice_key <> '' order by id"))
        assert steps.all() == ["reminder", "overdue"]
