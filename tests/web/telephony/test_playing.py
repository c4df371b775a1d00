"""`utility-crm telephony` plays the telephone system."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from utility_crm.auth.actions import add_user
from utility_crm.cli import build
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.settings import settings


@pytest.fixture
def engine_there(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    load_tables()
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    engine = make_engine(fresh_database_url)
    yield engine
    engine.dispose()


def test_a_call_is_played_from_ringing_to_its_end(engine_there: Engine) -> None:
    with unit_of_work(engine_there) as session:
        user_id = add_user(session, login="priya", name="P", role="agent", password="correct horse battery")
        session.execute(text("update users set extension = '201'"))
    run = CliRunner()

    def play(*words: str) -> dict[str, str]:
        done = run.invoke(build("telephony"), ["telephony", *words, "--json"])
        assert done.exit_code == 0, done.output
        told: dict[str, str] = json.loads(done.output)
        return told

    call = play("ring", "--number", "07700 900418", "--extension", "201")["call"]
    assert play("answer", "--call", call, "--extension", "201")["state"] == "answered"
    assert play("hold", "--call", call)["state"] == "held"
    assert play("resume", "--call", call)["state"] == "answered"
    assert play("end", "--call", call, "--recording", "https://rec.example/1")["state"] == "ended"
    refused = run.invoke(
        build("telephony"), ["telephony", "end", "--call", call, "--recording", "ftp:x", "--json"]
    )
    assert refused.exit_code == 1 and json.loads(refused.output)["error"]["where"] == "$.recording"
    with engine_there.connect() as connection:
        pushed = connection.execute(text("select user_ids, kind from pushes order by id")).all()
        assert pushed[0] == ([user_id], "ringing") and {row.kind for row in pushed[1:]} == {"call"}
