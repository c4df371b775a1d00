"""Which files of a folder have come to rest: nobody has written to them between two looks."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

PASSED_OVER = (".part", ".tmp")
"""Endings of files that somebody is still writing, as are names that begin with a dot."""

Look = tuple[int, int, int, int]
"""Inode, size, and the times of the last change of content and of anything, in nanoseconds."""


def look_at(path: Path) -> Look | None:
    """What a file is like now; None where it is no plain file, or gone."""
    try:
        found = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@dataclass(slots=True)
class Resting:
    """Looks at one folder, not at what lies below it. Raises OSError where the folder cannot be read."""

    folder: Path
    _before: dict[str, Look] = field(default_factory=dict)

    def rested(self) -> dict[str, Look]:
        """The files that are as they were at the look before this, by name."""
        now: dict[str, Look] = {}
        with os.scandir(self.folder) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(".") or name.lower().endswith(PASSED_OVER):
                    continue
                found = look_at(self.folder / name)
                if found is not None:
                    now[name] = found
        rested = {name: now[name] for name in sorted(now) if self._before.get(name) == now[name]}
        self._before = now
        return rested
