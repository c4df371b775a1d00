"""Rules, limits, findings, estimates and usage as a shell sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from meter_files import JUNE, csv_file
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from meters.commands import app
from utility_crm.kit.database import make_engine
from utility_crm.kit.settings import settings

ORDINARY = [round(0.2 + place / 100, 2) for place in range(48)]
HOLED = [*ORDINARY[:10], None, None, *ORDINARY[12:]]


@pytest.fixture
def fresh(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The database of the command line."""
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    engine = make_engine(fresh_database_url)
    yield engine
    engine.dispose()
    settings.cache_clear()


def run(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert result.stdout, result.exception
    return result.exit_code, json.loads(result.stdout)


def test_a_gap_is_found_estimated_and_known_as_it_was(fresh: Engine, tmp_path: Path) -> None:
    days = [("SP1", JUNE + timedelta(days=day), HOLED if day == 7 else ORDINARY) for day in range(14)]
    code, _ = run("ingest", csv_file(tmp_path, "a.csv", *days))
    assert code == 0
    code, waiting = run("findings")
    assert (code, waiting["waiting"]) == (0, 1)
    [finding] = waiting["findings"]
    assert (finding["rule"], finding["first_day"], finding["found"]) == ("missing", "2024-06-08", 2)
    with fresh.connect() as connection:
        before = connection.scalar(text("select clock_timestamp()"))
    span = ("--service-point", "SP1", "--from", "2024-06-08", "--to", "2024-06-09")
    code, made = run("estimate", *span, "--reason", "The link was down.")
    [estimate] = made["estimates"]
    assert code == 0 and estimate["feed_id"] is not None
    assert {key: estimate[key] for key in ("readings", "total", "methods", "left")} == {
        "readings": 2, "total": "0.61", "methods": ["linear"], "left": 0,
    }  # fmt: skip
    code, now = run("usage", *span)
    [channel] = now["channels"]
    assert (code, channel["known"], channel["missing"], channel["estimated"]) == (0, 48, 0, 2)
    assert channel["readings"][12] == {
        "starts_at": "2024-06-08T06:00:00+01:00", "value": "0.3", "estimated": True,
    }  # fmt: skip
    _, then = run("usage", *span, "--known-at", before.isoformat())
    [channel] = then["channels"]
    assert (channel["known"], channel["missing"], channel["estimated"]) == (46, 2, 0)
    assert run("findings")[1]["waiting"] == 0, "the gap is filled"
    said = CliRunner().invoke(app, ["usage", *span]).stdout
    assert "SP1 import: 20.88 kWh, 48 readings, 0 missing, 2 estimated" in said
    assert "  2024-06-08  20.88 kWh  48 readings, 2 estimated" in said


def test_what_cannot_be_estimated_is_said(fresh: Engine, tmp_path: Path) -> None:
    run("ingest", csv_file(tmp_path, "a.csv", ("SP1", JUNE, HOLED)))
    span = ("--service-point", "SP1", "--from", "2024-06-03", "--to", "2024-06-04")
    code, made = run("estimate", *span, "--method", "like_days")
    assert code == 1 and made["estimates"][0]["left"] == 48 and made["estimates"][0]["feed_id"] is None
    code, made = run("estimate", *span, "--annual", "3652.5")
    assert code == 0 and made["estimates"][0]["methods"] == ["profile"]
    assert 5 < float(made["estimates"][0]["total"]) < 15, "a day of ten units, more or less by the season"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("usage", "--service-point", "SP9", "--from", "2024-06-01", "--to", "2024-06-02"),
         "no_such_channel"),
        (("usage", "--service-point", "SP1", "--from", "2024-06-02", "--to", "2024-06-02"), "empty_span"),
        (("usage", "--service-point", "SP1", "--from", "soon", "--to", "2024-06-02"), "unreadable_time"),
        (("estimate", "--service-point", "SP1", "--from", "2024-06-01", "--to", "2024-06-02",
          "--method", "magic"), "no_such_method"),
        (("estimate", "--service-point", "SP1", "--from", "2024-06-01", "--to", "2024-06-02",
          "--reason", " "), "no_reason"),
        (("rule", "household", "luck"), "no_such_rule"),
        (("rule", "everybody", "spike"), "no_such_segment"),
        (("rule", "household", "spike", "--set", "luck=1"), "no_such_parameter"),
        (("rule", "household", "spike", "--set", "factor=-1"), "bad_number"),
        (("rule", "household", "spike", "--set", "factor=much"), "bad_number"),
        (("limit", "--service-point", "SP1"), "bad_limit"),
    ],
)  # fmt: skip
def test_what_is_refused_is_said(
    fresh: Engine, tmp_path: Path, arguments: tuple[str, ...], code: str
) -> None:
    run("ingest", csv_file(tmp_path, "a.csv", ("SP1", JUNE, ORDINARY)))
    exit_code, document = run(*arguments)
    assert (exit_code, document["error"]["code"]) == (1, code)


def test_a_rule_and_a_limit_are_set(fresh: Engine, tmp_path: Path) -> None:
    code, rule = run("rule", "household", "spike", "--off", "--set", "factor=5")
    assert code == 0
    assert rule == {
        "segment": "household", "rule": "spike", "enabled": False,
        "parameters": {"factor": 5.0, "floor_kw": 5.0, "days": 14.0},
    }  # fmt: skip
    _, again = run("rule", "household", "spike", "--on")
    assert again["parameters"]["factor"] == 5.0 and again["enabled"]
    rules = {(one["segment"], one["rule"]): one for one in run("rules")[1]["rules"]}
    assert rules["household", "spike"]["parameters"]["factor"] == 5
    assert rules["industry", "spike"]["parameters"]["factor"] == 3
    run("ingest", csv_file(tmp_path, "a.csv", ("SP1", JUNE, ORDINARY)))
    code, limit = run("limit", "--service-point", "SP1", "--amperes", "2")
    assert (code, limit["an_hour"], limit["channels"]) == (0, "0.46", ["import"])
    run("ingest", csv_file(tmp_path, "b.csv", ("SP1", JUNE + timedelta(days=1), ORDINARY)))
    assert [one["rule"] for one in run("findings", "--rule", "above_capacity")[1]["findings"]] == [
        "above_capacity"
    ]
