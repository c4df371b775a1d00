"""The locks hold every requirement, a hash for each, and nothing of the place where they were made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("requirements", "requirements-dev", "requirements-bench")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _wanted(name: str) -> set[str]:
    lines = (line.split("#")[0].strip() for line in (ROOT / f"{name}.in").read_text().splitlines())
    return {_normal(found.group()) for line in lines if (found := re.match(r"[\w.-]+", line))}


def _locked(name: str) -> dict[str, str]:
    """Package -> version; every logical line must be a pinned package with hashes, and nothing else."""
    text = (ROOT / f"{name}.lock").read_text().replace("\\\n", " ")
    locked = {}
    for line in text.splitlines():
        found = re.fullmatch(
            r"([\w.-]+)(?:\[[\w,-]+\])?==(\S+)( ; [^#]+?)?((?: +--hash=sha256:[0-9a-f]{64})+) *", line
        )
        assert found, f"{name}.lock: {line[:80]!r} is no pinned package with hashes"
        locked[_normal(found[1])] = found[2]
    return locked


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_pins_what_is_wanted_with_hashes_and_nothing_else(name: str) -> None:
    missing = _wanted(name) - set(_locked(name))
    assert not missing, f"run `make lock`: {sorted(missing)} are not in {name}.lock"


@pytest.mark.parametrize("name", NAMES[1:])
def test_the_locks_agree_on_versions(name: str) -> None:
    base, other = _locked(NAMES[0]), _locked(name)
    assert {package: base[package] for package in base.keys() & other.keys()} == {
        package: other[package] for package in base.keys() & other.keys()
    }
