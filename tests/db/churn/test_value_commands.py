"""The command line about value: one document, and what is unknown is said with the command that mends it."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy.orm import Session
from typer.testing import CliRunner

from churn.value.commands import app
from tests.db.churn.test_commands import own_database
from tests.web.churn.conftest import put_scored
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine

__all__ = ["own_database"]


def test_the_commands_say_what_is_known(own_database: str, tmp_path: Path) -> None:
    run = CliRunner()
    early = run.invoke(app, ["list", "--json"])
    assert (early.exit_code, json.loads(early.stdout)["error"]["code"]) == (1, "not_counted")
    load_tables()
    engine = make_engine(own_database)
    with Session(engine) as session, session.begin():
        put_scored(session)
    engine.dispose()
    counted = run.invoke(app, ["count", "--json"])
    assert json.loads(counted.stdout) == {"customers": 4, "known": 0}
    listed = json.loads(run.invoke(app, ["list", "--json", "--rows", "2"]).stdout)
    assert listed["margin_known"] == 0 and "utility-crm value costs import" in listed["note"]
    assert [one["name"] for one in listed["customers"]] == ["Ada Example", "=Works & Sons"]
    assert listed["customers"][0]["worth_minor"] is None
    told = json.loads(run.invoke(app, ["next", "--customer", "C00001", "--json"]).stdout)
    assert told["customer"]["actions"][0]["reason"] == "no_offers"
    assert "unknown" in run.invoke(app, ["next", "--customer", "C00001"]).stdout
    assert run.invoke(app, ["next", "--customer", "NOBODY", "--json"]).exit_code == 1
    assert ": no campaign has offered anything yet" in run.invoke(app, ["list"]).stdout  # words, no keys
    unknown = run.invoke(app, ["list", "--step", "gift", "--json"])
    assert (unknown.exit_code, json.loads(unknown.stdout)["error"]["where"]) == (1, "--step")

    file = tmp_path / "costs.csv"
    file.write_text("kind,valid_from,price\npurchase,2024-01-01,0.1\ngift,2024-01-01,1\n", encoding="utf-8")
    refused = run.invoke(app, ["costs", "import", str(file), "--json"])
    error = json.loads(refused.stdout)["error"]
    assert (refused.exit_code, error["code"], error["where"]) == (1, "kind", "line 3")
    assert json.loads(run.invoke(app, ["costs", "list", "--json"]).stdout) == {"costs": []}
    file.write_text("kind,valid_from,price\npurchase,2024-01-01,0.1\n", encoding="utf-8")
    brought = run.invoke(app, ["costs", "import", str(file), "--json"])
    assert json.loads(brought.stdout) == {"new": 1, "changed": 0, "same": 0}
    (rate,) = json.loads(run.invoke(app, ["costs", "list", "--json"]).stdout)["costs"]
    assert (rate["price_micro"], rate["tariff"], rate["source"]) == (100_000, None, "costs.csv")
    removed = run.invoke(app, ["costs", "remove", str(rate["id"])])
    assert removed.exit_code == 0 and "until the next count" in removed.stdout
    assert run.invoke(app, ["costs", "remove", str(rate["id"]), "--json"]).exit_code == 1
