"""The command line about leaving: one document, and the exit status that goes with it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from churn.commands import app
from tests.web.churn.conftest import put_scored
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.kit.settings import settings


@pytest.fixture
def own_database(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    yield fresh_database_url
    settings.cache_clear()


def test_the_commands_say_what_there_is(own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UTILITY_CRM_AS_OF", "2026-11-20")
    settings.cache_clear()
    run = CliRunner()
    nobody = run.invoke(app, ["list", "--json"])
    assert nobody.exit_code == 1
    assert json.loads(nobody.stdout)["error"]["code"] == "not_scored"

    for command in ("fit", "train"):
        vain = run.invoke(app, [command, "--as-of", "2026-11-20", "--json"])
        assert vain.exit_code == 1  # there is nothing to learn from
        assert json.loads(vain.stdout)["status"] == "too_short"
    unscored = run.invoke(app, ["score", "--json"])
    assert (unscored.exit_code, json.loads(unscored.stdout)["status"]) == (1, "no_model")
    assert run.invoke(app, ["fit", "--as-of", "yesterday"]).exit_code == 2
    for command in ("fit", "train", "score"):  # a day to come would take the place of today's list
        ahead = run.invoke(app, [command, "--as-of", "2026-11-21", "--json"])
        assert (ahead.exit_code, json.loads(ahead.stdout)["error"]["where"]) == (1, "--as-of")

    load_tables()
    engine = make_engine(own_database)
    with Session(engine) as session, session.begin():
        put_scored(session)
    engine.dispose()
    for command in ("fit", "score"):  # nor may a day that is over
        behind = run.invoke(app, [command, "--as-of", "2026-11-19", "--json"])
        assert (behind.exit_code, json.loads(behind.stdout)["error"]["where"]) == (1, "--as-of")
    listed = run.invoke(app, ["list", "--json", "--rows", "2"])
    assert listed.exit_code == 0
    document = json.loads(listed.stdout)
    assert (document["as_of"], document["usual"]) == ("2026-11-20", 0.1)
    assert [one["name"] for one in document["customers"]] == ["Ada Example", "=Works & Sons"]
    assert document["customers"][0]["reasons"][0]["reason"] == "complaints"
    spoken = run.invoke(app, ["list", "--segment", "small_business"])
    for option in ("--segment", "--area"):  # none would be shown, as if nobody of theirs might leave
        unknown = run.invoke(app, ["list", option, "nowhere", "--json"])
        assert (unknown.exit_code, json.loads(unknown.stdout)["error"]["where"]) == (1, option)
    assert "Day & Night would cost less +4" in spoken.stdout and "Ada" not in spoken.stdout

    known = json.loads(run.invoke(app, ["models", "--json"]).stdout)["models"]
    assert [(one["state"], one["why"]) for one in known] == [("champion", "first"), ("refused", "too_short")]
    assert known[0]["fingerprint"] == "c0ffee" * 10 and known[0]["features"][0] == "saving"
    assert "challenger" not in run.invoke(app, ["models"]).stdout
