"""A password is asked for at a terminal alone; a script pipes it in."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from utility_crm.commands.users import app, password_of


def test_without_a_terminal_nothing_is_asked_and_it_says_what_to_do() -> None:
    done = CliRunner().invoke(app, ["add", "ada", "--role", "agent"], input="secret words\n")
    assert done.exit_code == 2
    said = " ".join(done.output.replace("│", " ").split())
    assert "--password-from -" in said and "Aborted" not in said


def test_it_comes_from_a_pipe_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("secret words\nmore\n"))
    assert password_of("", Path("-")) == "secret words"
    kept = tmp_path / "kept"
    kept.write_text("other words\r\n", encoding="utf-8")
    assert password_of("", kept) == "other words"
    assert password_of("given", None) == "given"


@pytest.mark.parametrize("content", ["", "\nsecond"])
def test_an_empty_line_is_no_password(content: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text(content, encoding="utf-8")
    with pytest.raises(typer.BadParameter, match="empty"):
        password_of("", kept)
    with pytest.raises(typer.BadParameter, match="once"):
        password_of("given", kept)
