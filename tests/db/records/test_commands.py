"""What `utility-crm records` says of a file before anybody takes it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from utility_crm.cli import build
from utility_crm.kit.settings import settings

FILE = """Customer No;Full name;Account;Telephone;Colour
L-1;Ann Hill;LA1;07700 900111;red
L-2;Dan Poe;LA2;12;blue
"""


def test_a_guess_is_a_mapping_file_and_says_what_is_open(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    runner, app = CliRunner(), build("records")
    file, mapping = tmp_path / "there.csv", tmp_path / "map.json"
    file.write_text(FILE, encoding="utf-8")

    def run(*words: str) -> tuple[int, str, str]:
        done = runner.invoke(app, ["records", *words])
        return done.exit_code, done.stdout, done.stderr

    code, out, beside = run("map", str(file), "--kind", "customers")
    assert code == 0 and json.loads(out)["columns"]["account_number"] == "Account"
    assert beside.splitlines() == ["Colour is left out."]
    mapping.write_text(out, encoding="utf-8")
    options = ("--kind", "customers", "--source", "old", "--map", str(mapping), "--dry-run")
    code, out, _beside = run("import", str(file), *options)
    assert code == 1 and "Colour is left out\n" in out and "1 new, 0 changed, 0 the same, 1 refused" in out
    assert re.search(
        r"line 3, \S+: The customer file says: phone: “12” has too many or too few digits", out
    ), out
    assert json.loads(run("import", str(file), *options, "--json")[1])["left_out"] == ["Colour"]

    code, out, beside = run("map", str(file), "--kind", "payments")
    assert code == 0 and "No column is named for external_id, and it is needed." in beside.splitlines()
    settings.cache_clear()
