"""What the README and the guides tell a newcomer to type exists, and so do the columns they tell of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from utility_crm.cli import build
from utility_crm.commands.customers import import_columns

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"^(?: {4})?utility-crm +([a-z][a-z -]*)", re.MULTILINE)


def told(page: str) -> list[list[str]]:
    """The words after `utility-crm` in a page's listings, options and file names left out."""
    return [found.split() for found in COMMAND.findall((ROOT / page).read_text(encoding="utf-8"))]


def leads_to_a_command(words: list[str]) -> bool:
    at: Any = typer.main.get_command(build())
    for word in words:
        if not hasattr(at, "commands"):
            return True
        if word not in at.commands:
            return False
        at = at.commands[word]
    return not hasattr(at, "commands")


@pytest.mark.parametrize("page", ["README.md", "docs/tariffs.md"])
def test_every_command_told_exists(page: str) -> None:
    found = told(page)
    assert found and [words for words in found if not leads_to_a_command(words)] == []


def test_a_command_that_is_not_there_is_seen() -> None:
    assert not leads_to_a_command(["billing", "import-tariff"])
    assert not leads_to_a_command(["billing"])


def test_the_customer_file_has_every_column_documented_for_a_package_and_no_other() -> None:
    page = (ROOT / "docs/customers.md").read_text(encoding="utf-8").split("Installed packages add")[1]
    documented = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert {name for columns in import_columns() for name in columns.names} == documented
