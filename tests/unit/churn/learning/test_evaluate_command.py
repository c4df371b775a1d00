"""`churn evaluate`: one document, and exit statuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from churn.commands import app
from churn.learning import evaluation
from churn.learning.thoroughness import QUICK
from tests.unit.churn.learning.conftest import supplier_table

Write = Callable[[pd.DataFrame | str], Path]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    whole = evaluation.evaluate_file
    monkeypatch.setattr(
        evaluation,
        "evaluate_file",
        lambda *given, **named: whole(*given, **{**named, "how": QUICK, "workers": 1}),
    )

    def invoke(*words: object) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["evaluate", *map(str, words)])
        return done.exit_code, done.stdout

    return invoke


def test_the_document(run: Callable[..., tuple[int, str]], written: Write) -> None:
    path = written(supplier_table(800))
    status, out = run("--data", path, "--target", "churn", "--positive", "1", "--id", "id", "--json")
    document = json.loads(out)
    assert status == 0 and out.count("\n") == 1
    assert set(document) >= {
        "rows", "base_rate", "roc_auc", "pr_auc", "top_decile_lift", "calibration_error", "baseline",
        "leakage_suspects",
    }  # fmt: skip
    assert all({"mean", "sd"} <= set(document[name]) for name in ("roc_auc", "pr_auc", "top_decile_lift"))
    status, out = run("--data", path, "--target", "churn")
    assert status == 0 and "baseline" in out and "Taken by nested choice" in out


def test_what_is_wrong(run: Callable[..., tuple[int, str]], written: Write) -> None:
    path = written(supplier_table(100))
    status, out = run("--data", path, "--target", "gone", "--json")
    assert status == 1 and json.loads(out)["error"]["code"] == "no_such_column"
    assert run("--data", path.with_name("nowhere.csv"), "--target", "churn", "--json")[0] == 2
    assert run("--data", path)[0] == 2
    assert run("--data", path, "--target", "churn", "--gap-days", "30")[0] == 2
