"""An import killed -9 in the middle leaves nothing behind and runs again; the command says what it did."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.worlds.records_world import three
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine, unit_of_work

ROOT = Path(__file__).resolve().parents[3]
KILLED = """
import os, signal, sys
from utility_crm.cli import main
from utility_crm.records import taking
whole, seen = taking._batch, []
def batch(run, rows):
    whole(run, rows)
    seen.append(rows)
    if len(seen) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
taking._batch = batch
main()
"""
ROWS = 2500
TABLES = ("payments", "ledger_entries", "record_imports", "record_rows", "record_things", "record_refusals")


def left(session: Session) -> dict[str, int]:
    counted = {table: session.scalar(text(f"select count(*) from {table}")) or 0 for table in TABLES}
    session.rollback()
    return counted


def test_killed_in_the_middle_it_leaves_nothing_and_runs_again(
    fresh_database_url: str, tmp_path: Path
) -> None:
    load_tables()
    engine = make_engine(fresh_database_url)
    with unit_of_work(engine) as session:
        three(session)
    path = tmp_path / "payments.csv"
    rows = "".join(f"P{n};A{n % 3 + 1};2026-01-{n % 28 + 1:02d};{n + 1},50;GBP\n" for n in range(ROWS))
    path.write_text(f"id;account;date;amount;currency\n{rows}P0;A1;2026-01-01;7,00;GBP\n", encoding="utf-8")
    given = os.environ | {"UTILITY_CRM_DATABASE_URL": fresh_database_url, "UTILITY_CRM_CURRENCY": "GBP"}
    words = ["records", "import", str(path), "--kind", "payments", "--source", "old till", "--json"]

    def ran(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command], env=given, cwd=ROOT, capture_output=True, text=True, check=False
        )

    with Session(engine) as session:
        killed = ran("-c", KILLED, *words)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert left(session) == dict.fromkeys(TABLES, 0)

        done = ran("-m", "utility_crm", *words)
        assert done.returncode == 1, done.stderr  # one row stands twice
        told: dict[str, Any] = json.loads(done.stdout)
        assert {name: told["report"][name] for name in ("rows", "made", "refused", "adds_up")} == {
            "rows": ROWS + 1, "made": ROWS, "refused": 1, "adds_up": True,
        }  # fmt: skip
        assert [(one["line"], one["code"]) for one in told["refusals"]] == [(ROWS + 2, "twice")]
        minor = ROWS * (ROWS + 1) // 2 * 100 + ROWS * 50
        assert told["report"]["money"][0]["booked"] == minor
        assert session.scalar(text("select -sum(balance_minor) from account_balances")) == minor
        counted = left(session)
        assert (counted["payments"], counted["record_things"], counted["record_rows"]) == (ROWS, ROWS, 1)
    engine.dispose()


@pytest.mark.parametrize("words", [["--kind", "letters"], ["--kind", "payments", "--encoding", "nope"]])
def test_what_cannot_be_meant_is_a_usage_error_or_a_named_one(words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id\n1\n", encoding="utf-8")
    given = os.environ | {"UTILITY_CRM_DATABASE_URL": "postgresql://nowhere.invalid/x"}
    done = subprocess.run(
        [sys.executable, "-m", "utility_crm", "records", "import", str(path), "--source", "s", "--json",
         *words],
        env=given, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == (2 if "nope" in words else 1)
    assert json.loads(done.stdout)["error"]["code"] == ("usage" if "nope" in words else "no_such_kind")
