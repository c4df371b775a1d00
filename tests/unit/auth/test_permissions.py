"""The one table of who may do what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from utility_crm.auth.permissions import PERMISSIONS, ROLES, may, roles_with
from utility_crm.installed import modules

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("utility_crm", "notifications", "meters", "billing", "churn")
NAMED = re.compile(r"""(?:visit\(\s*request,\s*|\.may\()"([^"]+)\"""")


def test_roles_have_only_permissions_that_are_in_the_table() -> None:
    for role in ROLES.values():
        assert role.permissions <= set(PERMISSIONS), role.name
    assert ROLES["admin"].permissions == set(PERMISSIONS)


def test_every_permission_is_somebodys_besides_the_admins() -> None:
    # Whoever gives roles has all of them, and opens the doors for other systems.
    giving = {"people.write", "webhooks.run", "tokens.all"}
    assert {name for name in PERMISSIONS if not roles_with(name)} == giving


def test_an_unknown_role_may_nothing_and_an_unknown_permission_is_a_fault() -> None:
    assert not may("nobody", "customers.read")
    with pytest.raises(KeyError):
        may("agent", "fly")


def test_every_permission_that_code_names_is_in_the_table_and_every_one_is_named() -> None:
    named = set()
    for package in PACKAGES:
        for path in [*(ROOT / package).rglob("*.py"), *(ROOT / package).rglob("*.html")]:
            named |= set(NAMED.findall(path.read_text()))
    named |= {room.permission for module in modules() for room in module.navigation}
    named |= {"feeds.run"}  # named by a class attribute of meters/pages/uploading.py
    named |= {"articles.read", "articles.write", "articles.approve"}  # likewise
    named |= {"tickets.read", "tickets.write", "tickets.share"}
    assert named == set(PERMISSIONS)


def test_every_room_has_a_key_of_its_own() -> None:
    keys = [room.key for module in modules() for room in module.navigation]
    assert len(keys) == len(set(keys))
