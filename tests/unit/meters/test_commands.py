"""`meters inspect` as a shell sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from meters.commands import app
from meters.commands.options import parse_columns

CSV = "LCLid,tstp,energy(kWh/hh)\nM1,2013-01-01 00:00:00, 0.5 \nM1,2013-01-01 00:30:00, 0.25 \n"


def run(*arguments: str | Path):
    return CliRunner().invoke(app, ["inspect", *map(str, arguments)])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    good, bad = tmp_path / "a b.csv", tmp_path / "bad.csv"
    good.write_text(CSV)
    bad.write_text("")
    return good, bad


def test_one_document_and_nothing_else(files) -> None:
    result = run(files[0], "--timezone", "UTC", "--json")
    assert result.exit_code == 0 and result.stderr == ""
    assert json.loads(result.stdout) == {
        "files": [
            {
                "path": str(files[0]),
                "format": "csv",
                "status": "ok",
                "channels": [
                    {
                        "service_point": "M1",
                        "channel": "import",
                        "unit": "kWh",
                        "interval_minutes": 30,
                        "readings": 2,
                        "missing": 0,
                        "total": "0.75",
                        "starts_at": "2013-01-01T00:00:00+00:00",
                        "ends_before": "2013-01-01T01:00:00+00:00",
                        "quality": {"actual": 2},
                    }
                ],
                "problems": [],
            }
        ]
    }


def test_an_entry_a_path_in_order_and_exit_1_for_what_is_refused(files) -> None:
    result = run(files[1], files[0], files[1], "--timezone", "UTC", "--json")
    found = json.loads(result.stdout)["files"]
    assert result.exit_code == 1
    assert [(file["path"], file["status"]) for file in found] == [
        (str(files[1]), "rejected"),
        (str(files[0]), "ok"),
        (str(files[1]), "rejected"),
    ]
    assert found[0]["format"] is None
    assert found[0]["problems"] == [
        {"member": None, "line": None, "code": "empty", "message": "The file is empty."}
    ]


def test_usage_is_exit_2(files, tmp_path: Path) -> None:
    missing = run(files[0], tmp_path / "none.csv", "--json")
    assert missing.exit_code == 2 and json.loads(missing.stdout)["error"]["where"].endswith("none.csv")
    assert run(tmp_path).exit_code == 2
    assert run(files[0], "--timezone", "Mars/Olympus").exit_code == 2
    assert run(files[0], "--format", "pdf").exit_code == 2
    assert run(files[0], "--columns", "what=ever").exit_code == 2
    assert run().exit_code == 2


def test_a_person_reads_words(files) -> None:
    result = run(*files, "--timezone", "UTC")
    assert "2 readings, 0 missing" in result.stdout and "The file is empty." in result.stdout


def test_columns_as_the_shell_hands_them_over() -> None:
    told = 'service_point=LCLid,starts_at=tstp,value="energy(kWh/hh)"'
    expected = {"service_point": "LCLid", "starts_at": "tstp", "value": "energy(kWh/hh)"}
    assert parse_columns(told) == parse_columns(told.replace('"', "")) == expected
    assert parse_columns('value="a, b"') == {"value": "a, b"}
