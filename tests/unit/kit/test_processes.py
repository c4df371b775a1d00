"""Who is alive and where, with `/proc` and without."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from utility_crm.kit import processes
from utility_crm.kit.processes import is_running, works_in

NO_SUCH = 2**22 + 1  # beyond what Linux and macOS number


@pytest.fixture(params=["proc", "ps"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "ps":
        if not Path("/bin/ps").exists():
            pytest.skip("this system has no ps")
        monkeypatch.setattr(processes, "_has_proc", lambda: False)
    elif not processes._has_proc():
        pytest.skip("this system has no /proc")


@pytest.fixture
def child(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Works in the test's folder, and names it on its command line as PostgreSQL does."""
    program = "import sys; sys.stdin.read()"
    command = [sys.executable, "-c", program, "-D", str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=tmp_path) as process:
        yield process
        process.kill()


@pytest.mark.usefixtures("_way")
def test_a_child_is_running_until_killed_though_nobody_waited_for_it(
    child: subprocess.Popen[bytes],
) -> None:
    assert is_running(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_running(child.pid)
    assert not is_running(NO_SUCH)


@pytest.mark.usefixtures("_way")
def test_a_process_is_only_taken_for_ours_in_its_folder(
    child: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    assert works_in(child.pid, tmp_path)
    assert not works_in(child.pid, tmp_path / "other")
    assert not works_in(NO_SUCH, tmp_path)
