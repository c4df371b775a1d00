"""Whether a process is alive, without being fooled by zombies or by recycled numbers.

Linux says so under `/proc`; elsewhere (macOS) `ps` is asked.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

_DEAD_STATES = "ZX"


def is_running(pid: int) -> bool:
    """True while `pid` runs. A zombie has ended, though `kill(pid, 0)` still finds it."""
    state = _state(pid)
    return state is not None and state[0] not in _DEAD_STATES


def works_in(pid: int, folder: Path) -> bool:
    """True while `pid` runs and `folder` is where it works: a number alone may long belong to another."""
    if not is_running(pid):
        return False
    if not _has_proc():
        return str(folder) in (_ask_ps(pid, "command=") or "")
    try:
        return Path(f"/proc/{pid}/cwd").samefile(folder)
    except OSError:
        return False


def _state(pid: int) -> str | None:
    if not _has_proc():
        return _ask_ps(pid, "stat=")
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The second field is the program's name in parentheses, and may itself hold blanks and parentheses.
    return status.rsplit(")", 1)[1].split()[0]


def _ask_ps(pid: int, column: str) -> str | None:
    command = ["/bin/ps", "-ww", "-o", column, "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a number
    return answer.stdout.strip() or None


def _has_proc() -> bool:
    return Path("/proc/self/stat").exists()
