"""The command line of segments, on a database of its own."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text as sql
from typer.testing import CliRunner

from tests.db.segments.conftest import built
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.settings import settings
from utility_crm.segments.actions import save_segment
from utility_crm.segments.commands import app
from utility_crm.segments.domain.tree import Leaf
from utility_crm.web.visit import present


@pytest.fixture
def terminal(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Forty customers, twenty of them in a segment."""
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    engine = make_engine(fresh_database_url)
    with unit_of_work(engine) as session:
        built(session, 40)
        session.execute(sql("update customers set name = '=1+1' where number = 'S2'"))
        save_segment(session, "On Steady", Leaf("tariff", "any_of", ("steady",)), present(), by=None)
    engine.dispose()
    yield lambda *given: CliRunner().invoke(app, list(given))
    settings.cache_clear()


def test_listed_counted_taken_out(terminal: Any, tmp_path: Path) -> None:
    listed = json.loads(terminal("list", "--json").output)
    assert [(one["name"], one["customers"]) for one in listed["segments"]] == [("On Steady", 20)]
    assert json.loads(terminal("count", "--segment", "on steady", "--json").output)["customers"] == 20

    question = tmp_path / "question.json"
    saving = {"fact": "saving_on", "parameter": "day-night", "op": "known"}
    tree = {"and": [{"fact": "area", "op": "any_of", "values": ["K"]}, {"not": saving}]}
    question.write_text(json.dumps(tree), encoding="utf-8")
    counted = json.loads(terminal("count", "--tree", str(question), "--json").output)
    assert counted["customers"] == 13
    assert counted["facts"] == [{"fact": "saving_on", "parameter": "day-night", "computed_at": None}]

    out = tmp_path / "out.csv"
    done = json.loads(terminal("export", "--segment", "On Steady", "--out", str(out), "--json").output)
    assert done["customers"] == 20
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 20 and rows[0]["area"] in ("Moorside", "Kelder")
    [evil] = [row for row in rows if row["number"] == "S2"]
    assert evil["name"] == "'=1+1", "no spreadsheet runs it"
    whole = json.loads(terminal("export", "--segment", str(listed["segments"][0]["id"]), "--json").output)
    assert [row["number"] for row in whole["rows"]] == [row["number"] for row in rows]


def test_what_is_wrong_is_told_with_its_place(terminal: Any, tmp_path: Path) -> None:
    question = tmp_path / "question.json"
    deep = "[" * 100_000
    for text, where in (
        ("{", str(question)),
        (deep, str(question)),
        ('{"and": [{"fact": "shoe", "op": "known"}]}', "and[0].fact"),
    ):
        question.write_text(text, encoding="utf-8")
        done = terminal("count", "--tree", str(question), "--json")
        assert done.exit_code == 1 and json.loads(done.output)["error"]["where"] == where
    assert terminal("count", "--segment", "nobody", "--json").exit_code == 1
    assert terminal("count").exit_code == 2
    assert terminal("count", "--tree", str(tmp_path / "none.json")).exit_code == 2
    unwritable = tmp_path / "nowhere" / "out.csv"
    assert terminal("export", "--segment", "On Steady", "--out", str(unwritable)).exit_code == 1
