"""Wrong words on the command line: exit 2, said to a person, and with --json as one document."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from billing.commands import app
from utility_crm.cli import build, main
from utility_crm.kit.settings import settings

WRONG = [
    (["bills"], "--account"),
    (["bills", "--account", ""], "--account"),
    (["run", "--period", "2026-13"], "--period"),
    (["run", "--period", ""], "--period"),
    (["document", "--out", "x", "--period", "2026-00"], "--period"),
    (["document", "--out", "x"], "--bill"),
    (["gather", "--period", "June"], "--period"),
    (["compare", "--tariff", "t", "--usage", "u", "--before", "2026-1", "--after", "2026-02"], "--before"),
    (["compare", "--tariff", "t", "--usage", "u", "--before", "2026-01", "--after", "2026-01"], "--after"),
    (["quote", "--tariff", "t", "--usage", "u", "--from", "2026-02-01", "--to", "2026-01-01"], "--to"),
    (["compare", "--tariff", "t", "--usage", "u", "--before", "9999-12", "--after", "2026-01"], "--before"),
    (["compare", "--tariff", "t", "--usage", "u", "--before", "2026-01", "--after", "0001-01"], "--after"),
    (["quote", "--tariff", "t", "--usage", "u", "--from", "0001-01-01"], "--from"),
    (["quote", "--tariff", "t", "--usage", "u", "--to", "9999-12-31"], "--to"),
    (["statement", "--account", "A1", "--from", "2026-05-01", "--to", "2026-05-01"], "--to"),
    (["statement", "--account", "A1", "--from", "2026-05-32"], "--from"),
    (["corrections", "--approve", " "], "--approve"),
    (["corrections", "--bill", ""], "--bill"),
    (["late-fees", "post", "--account", ""], "--account"),
    (["gather", "--period", "2026-10", "--customer", ""], "--customer"),
    (["answer", "why", "--account", "A1", "--language", "xx"], "--language"),
    (["answer", "why", "--account", "A1", "--param", "bill"], "--param"),
    (["answer", "why", "--account", "A1", "--param", "bill="], "--param"),
    (["answer", "why", "--account", "A1", "--param", "bill=a", "--param", "bill=b"], "--param"),
    (["supply", "end", "--service-point", "P", "--last-day", ""], "--last-day"),
    (["direct-debit", "end", "--reference", "R", "--on", "soon"], "--on"),
    (
        ["adjust", "fee", "--account", "A1", "--amount", "1", "--reference", "", "--reason", "r"],
        "--reference",
    ),
]


@pytest.mark.parametrize(("words", "where"), WRONG)
def test_what_is_wrong_is_named(words: list[str], where: str) -> None:
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 2 and said.stdout == "" and where in said.stderr
    told = CliRunner().invoke(app, [*words, "--json"])
    assert told.exit_code == 2
    error = json.loads(told.stdout)["error"]
    assert (error["code"], error["where"]) == ("usage", where) and error["message"]


@pytest.mark.parametrize("words", [["billing", "nothing"], ["nothing"], ["billing", "bills", "--no"]])
def test_unknown_words_are_a_document_too(words: list[str]) -> None:
    told = CliRunner().invoke(build("billing"), [*words, "--json"])
    assert told.exit_code == 2
    assert json.loads(told.stdout)["error"]["code"] == "usage"


def test_help_names_every_question_and_what_it_takes() -> None:
    said = CliRunner().invoke(app, ["answer", "--help"], env={"COLUMNS": "400"}).stdout
    for word in ("charge", "estimated", "meter", "most", "next", "owe", "parts", "tariff", "why"):
        assert word in said
    for word in ("against", "bill", "count", "line", "shift"):
        assert word in said


@pytest.mark.parametrize(
    ("name", "value"), [("DATABASE_URL", "mysql://somebody@host/x"), ("AS_OF", "soon"), ("TIMEZONE", "Moon")]
)
def test_a_wrong_setting_is_a_document_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(f"UTILITY_CRM_{name}", value)
    monkeypatch.setattr("sys.argv", ["utility-crm", "billing", "numbers", "--json"])
    settings.cache_clear()
    try:
        with pytest.raises(SystemExit) as left:
            main()
    finally:
        settings.cache_clear()
    error = json.loads(capsys.readouterr().out)["error"]
    assert (left.value.code, error["code"], error["where"]) == (2, "settings", f"UTILITY_CRM_{name}")
    assert value in error["message"]


def test_a_home_that_cannot_be_made_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UTILITY_CRM_HOME", "/proc/nowhere")
    monkeypatch.delenv("UTILITY_CRM_DATABASE_URL", raising=False)
    settings.cache_clear()
    try:
        told = CliRunner().invoke(app, ["numbers", "--json"])
    finally:
        settings.cache_clear()
    assert told.exit_code == 1
    assert "/proc/nowhere cannot be made" in json.loads(told.stdout)["error"]["message"]
