"""docs/security.md: the checklist is whole, every test it names exists, what it says of headers and keys
holds."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from utility_crm.kit.settings import Settings
from utility_crm.web.security import HEADERS, POLICY

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROW = re.compile(r"^\| (\d+)\.(\d+)\.(\d+) \| ([12]) \| (.+?) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
PLACED = re.compile(r"`((?:docs|tests|utility_crm|meters|billing|notifications|churn)/[\w./-]+)`")
SECTIONS = {
    "1.1": [1, 2],
    "1.2": [1, 2, 3, 4, 5, 6, 7, 8, 9],
    "1.3": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    "1.4": [1, 2, 3],
    "1.5": [1, 2],
    "2.1": [1, 2, 3],
    "2.2": [1, 2, 3],
    "2.3": [1, 2, 3, 4],
    "2.4": [1],
    "3.2": [1, 2],
    "3.3": [1, 2, 3, 4],
    "3.4": [1, 2, 3, 4, 5, 6],
    "3.5": [1, 2, 3, 4, 5],
    "3.7": [1, 2],
    "4.1": [1, 2, 3],
    "4.2": [1],
    "4.3": [1, 2],
    "4.4": [1, 2, 3, 4],
    "5.1": [1],
    "5.2": [1, 2, 3],
    "5.3": [1, 2],
    "5.4": [1, 2, 3],
    "6.1": [1, 2, 3],
    "6.2": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    "6.3": [1, 2, 3, 4],
    "6.4": [1, 2, 3, 4],
    "6.5": [1, 2, 3, 4, 5],
    "6.6": [1, 2, 3],
    "6.8": [1, 2, 3, 4],
    "7.1": [1, 2, 3],
    "7.2": [1, 2, 3, 4],
    "7.3": [1, 2],
    "7.4": [1, 2, 3, 4, 5],
    "7.5": [1, 2],
    "7.6": [1, 2],
    "8.1": [1, 2],
    "8.2": [1, 2, 3],
    "8.3": [1],
    "8.4": [1],
    "9.1": [1, 2, 3],
    "9.2": [1, 2, 3, 4],
    "10.1": [1, 2],
    "10.2": [1, 2],
    "10.3": [1, 2, 3, 4],
    "10.4": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    "10.5": [1, 2, 3, 4, 5],
    "10.6": [1, 2],
    "10.7": [1, 2, 3],
    "11.1": [1, 2],
    "11.2": [1, 2, 3],
    "11.3": [1, 2, 3],
    "11.4": [1, 2, 3, 4],
    "11.5": [1],
    "11.6": [1],
    "12.1": [1, 2, 3],
    "12.2": [1, 2],
    "12.3": [1, 2, 3, 4],
    "13.1": [1],
    "13.2": [1, 2, 3, 4, 5],
    "13.3": [1, 2],
    "13.4": [1, 2, 3, 4, 5],
    "14.1": [1, 2],
    "14.2": [1, 2, 3, 4],
    "14.3": [1, 2, 3],
    "15.1": [1, 2, 3],
    "15.2": [1, 2, 3],
    "15.3": [1, 2, 3, 4, 5, 6, 7],
    "16.1": [1],
    "16.2": [1, 2, 3, 4, 5],
    "16.3": [1, 2, 3, 4],
    "16.4": [1, 2, 3],
    "16.5": [1, 2, 3],
    "17.1": [1],
    "17.2": [1, 2, 3, 4],
    "17.3": [1, 2],
}
"""Requirements of levels 1 and 2 in each section of ASVS 5.0, as the standard numbers them."""


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))


def test_every_requirement_stands_there_once() -> None:
    found: dict[str, list[int]] = {}
    for chapter, section, number, *_ in ROW.findall(PAGE):
        found.setdefault(f"{chapter}.{section}", []).append(int(number))
    assert found == SECTIONS
    assert sum(map(len, SECTIONS.values())) == 253


def test_each_is_met_by_a_test_or_says_why_not() -> None:
    for *number, _, _, how in ROW.findall(PAGE):
        where = ".".join(number)
        if how.startswith(("Exception: ", "Not applicable: ")):
            assert len(how.split(": ", 1)[1]) > 8, where
        else:
            assert NAMED.match(how), f"{where} points at no test"


def test_every_test_and_file_it_names_exists() -> None:
    named = set(NAMED.findall(PAGE))
    assert len(named) > 100
    for path, test in sorted(named):
        assert (ROOT / path).is_file(), path
        assert test in names_in(path), f"{path}::{test}"
    for path in PLACED.findall(PAGE):
        assert (ROOT / path).exists(), path


def test_its_sums_are_right() -> None:
    rows = [how for *_, how in ROW.findall(PAGE)]
    exceptions = sum(how.startswith("Exception: ") for how in rows)
    beside = sum(how.startswith("Not applicable: ") for how in rows)
    said = re.search(
        r"(\d+) are met and point at tests, (\d+) are exceptions with their reason, (\d+) do\s+not apply",
        PAGE,
    )
    assert said is not None
    assert [int(one) for one in said.groups()] == [len(rows) - exceptions - beside, exceptions, beside]


def test_headers_are_what_the_page_says() -> None:
    policy = dict(one.partition(" ")[::2] for one in POLICY.split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert HEADERS["Referrer-Policy"] == "same-origin" and HEADERS["X-Content-Type-Options"] == "nosniff"


SHARED = re.compile("_(secrets?|password)$")
"""Settings of this name are shared with another service: one line of the inventory is about them all."""


def test_the_inventory_names_every_secret_setting() -> None:
    keys = PAGE[PAGE.index("## Keys") : PAGE.index("## Limits")]
    assert "ending in `_SECRET`, `_SECRETS` or `_PASSWORD`" in keys
    secret = [
        name for name in Settings.model_fields if re.search(r"secret|password|key|token|database_url", name)
    ]
    for name in secret:
        assert SHARED.search(name) or f"`UTILITY_CRM_{name.upper()}`" in keys, name


@pytest.mark.parametrize(
    "said", ["UTILITY_CRM_" + name for name in ("SECRET_KEY", "TRUSTED_PROXIES", "IDLE_MINUTES")]
)
def test_settings_it_names_exist(said: str) -> None:
    named = set(re.findall(r"`(UTILITY_CRM_[A-Z_]+)", PAGE))
    assert said in named
    assert {one.removeprefix("UTILITY_CRM_").lower() for one in named} <= set(Settings.model_fields)
