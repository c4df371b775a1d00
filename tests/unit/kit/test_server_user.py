"""Who runs the server where the system does not know the user, and what a home must not be."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from pathlib import Path

import pytest

from utility_crm.kit.server_user import ServerUser, make_home


def test_a_known_user_runs_initdb_as_it_is() -> None:
    assert ServerUser(1000, 1000, "someone", dropped=False).with_a_name(["initdb"]) == ["initdb"]


@pytest.mark.skipif(shutil.which("unshare") is None, reason="this system has no unshare")
def test_a_user_without_an_entry_borrows_one_that_is_not_root() -> None:
    command = ServerUser(54321, 54321, None, dropped=False).with_a_name(["initdb", "-D", "x"])
    assert command[-3:] == ["initdb", "-D", "x"]
    borrowed = int(command[2].removeprefix("--map-user="))
    assert pwd.getpwuid(borrowed).pw_uid != 0


def test_a_new_home_is_closed_and_its_new_parents_are_open_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        make_home(tmp_path / "new" / "home", ServerUser(os.geteuid(), os.getegid(), "someone", dropped=False))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "new" / "home").stat().st_mode) == 0o700
