"""What the README and the guides tell a newcomer to type exists, and so do the columns they tell of."""

from __future__ import annotations

import re
from functools import cache
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


@cache
def every_command() -> Any:
    return typer.main.get_command(build())


def leads_to_a_command(words: list[str]) -> bool:
    at = every_command()
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


PAGES = ["README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]
LINE = re.compile(r"(?:^(?: {4})?|`)utility-crm ((?:[^`\n\\]|\\\n)+)", re.MULTILINE)
OPTION = re.compile(r"--[a-z][a-z-]*")


def unknown_options(line: str) -> list[str]:
    """What a line of a page names that its command does not take; a command that is not there, too."""
    typed = re.split(r"\s#|\s{4,}\S", line.replace("\\\n", " "))[0]
    at = every_command()
    for word in re.findall(r"[\w-]+", re.split(r"[\[|]| -", typed)[0]):
        if hasattr(at, "commands"):
            at = at.commands.get(word)
    if at is None:
        return [typed]
    taken = {name for param in at.params for name in (*param.opts, *param.secondary_opts)} | {"--help"}
    return [name for name in OPTION.findall(typed) if name not in taken]


@pytest.mark.parametrize("page", PAGES)
def test_every_option_told_is_taken(page: str) -> None:
    lines = LINE.findall((ROOT / page).read_text(encoding="utf-8"))
    wrong = [(line, names) for line in lines if (names := unknown_options(line))]
    assert wrong == []


def test_an_option_that_is_not_there_is_seen() -> None:
    assert sum(len(LINE.findall((ROOT / page).read_text(encoding="utf-8"))) for page in PAGES) > 90
    assert unknown_options("billing bills --account A --acount B") == ["--acount"]
    assert unknown_options("billing bill --account A") == ["billing bill --account A"]
    assert unknown_options("billing run --period 2026-10 --draft --json     # all --of it") == []


def test_the_customer_file_has_every_column_documented_for_a_package_and_no_other() -> None:
    page = (ROOT / "docs/customers.md").read_text(encoding="utf-8").split("Installed packages add")[1]
    documented = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert {name for columns in import_columns() for name in columns.names} == documented


FILE = re.compile(
    r"`([\w./-]+\.(?:py|md|sh|html|toml|yml))`|\]\(([\w./-]+\.md)\)|([\w-]+/[\w./-]+\.(?:py|md|sh|html))"
)


def files_told(page: str) -> set[str]:
    """Names of the project's own files in a page; an address of the web is none."""
    text = re.sub(r"https?://\S+", "", (ROOT / page).read_text(encoding="utf-8"))
    return {next(filter(None, found)) for found in FILE.findall(text)}


@cache
def every_file() -> tuple[str, ...]:
    own = ("utility_crm", "notifications", "meters", "billing", "churn", "tests", "docs", "bench", "scripts")
    inside = (path for folder in own for path in (ROOT / folder).rglob("*") if path.is_file())
    return tuple(f"/{path.relative_to(ROOT)}" for path in (*inside, *ROOT.glob("*.*")))


def is_a_file(name: str) -> bool:
    return any(path.endswith("/" + name.removeprefix("../").removeprefix("./")) for path in every_file())


@pytest.mark.parametrize("page", PAGES)
def test_every_file_told_exists(page: str) -> None:
    assert [name for name in sorted(files_told(page)) if not is_a_file(name)] == []


def test_a_file_that_is_not_there_is_seen() -> None:
    assert sum(len(files_told(page)) for page in PAGES) > 60
    assert is_a_file("billing/domain/tariffs/file.py") and not is_a_file("tariff_file.py")
