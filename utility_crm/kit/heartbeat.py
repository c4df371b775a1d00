"""Whether a process that answers no requests still does its work: it touches a file, a health check looks.

`python -m utility_crm.kit.heartbeat NAME [SECONDS]` exits 0 if NAME gave a sign within SECONDS (120), else 1.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

_QUIET_SECONDS: Final = 120.0


def beat(name: str, folder: Path) -> None:
    """A sign of life of the process `name`; called once a round of its loop."""
    folder.mkdir(parents=True, exist_ok=True)
    _file(name, folder).touch()


def silence_seconds(name: str, folder: Path) -> float:
    """How long ago `name` gave its last sign; infinite if it never did."""
    try:
        return time.time() - _file(name, folder).stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def main(arguments: list[str]) -> int:
    """The health check: the exit status."""
    from utility_crm.kit.runtime import home

    allowed = float(arguments[1]) if len(arguments) > 1 else _QUIET_SECONDS
    return 0 if silence_seconds(arguments[0], home()) <= allowed else 1


def _file(name: str, folder: Path) -> Path:
    return folder / f"{name}.beat"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
