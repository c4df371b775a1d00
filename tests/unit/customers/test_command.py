"""`utility-crm customers import` where there is nothing to import."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from utility_crm.commands.customers import app


@pytest.mark.parametrize(
    ("name", "says"), [("none.csv", "There is no such file."), ("", "This is not a file.")]
)
def test_a_path_that_is_no_file_is_a_usage_error_with_its_document(
    tmp_path: Path, name: str, says: str
) -> None:
    path = tmp_path / name
    done = CliRunner().invoke(app, ["import", str(path), "--json"])
    error = {"code": "no_such_path", "message": says, "where": str(path)}
    assert (done.exit_code, json.loads(done.stdout)) == (2, {"error": error})
