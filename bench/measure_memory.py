"""What a file of a gigabyte takes of memory, inspected and taken in by the command line.

The reference is no peer but a promise: 400 MB at most, of the process that reads and stores. The database is
a server of its own, which bounds its memory by its settings.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.databases import migrated_database
from bench.measurement import Measurement
from bench.nem12_files import nem12_file

SIZE_BYTES, DAYS = 10**9, 365
MOST_MB = 400.0


def measurements() -> Iterator[Measurement]:
    """Peak megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "readings.csv"
        readings = nem12_file(path, DAYS, size_bytes=SIZE_BYTES)
        yield _measured("inspect", path, readings, {})
        with migrated_database() as engine:
            url = engine.url.render_as_string(hide_password=False)
            yield _measured("ingest", path, readings, {"UTILITY_CRM_DATABASE_URL": url})


def _measured(command: str, path: Path, readings: int, settings: dict[str, str]) -> Measurement:
    document, peak = peak_mb([command, str(path), "--json"], settings)
    assert _readings(document) == readings
    return Measurement(f"{command} of a 1 GB NEM12 file, peak MB, to its bound", peak, MOST_MB, "lower", 1.0)


def peak_mb(words: list[str], settings: dict[str, str]) -> tuple[dict[str, Any], float]:
    """What `utility-crm meters` prints, and the most memory that its process had."""
    with tempfile.TemporaryFile() as out:
        program = [sys.executable, "-m", "utility_crm", "meters", *words]
        child = os.posix_spawn(
            sys.executable,
            program,
            os.environ | settings,
            file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)],
        )
        _pid, status, usage = os.wait4(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        out.seek(0)
        return json.load(out), usage.ru_maxrss / 1024


def _readings(document: dict[str, Any]) -> int:
    """Of an inspection, or of what became of feeds."""
    channels = (channel for file in document.get("files", ()) for channel in file["channels"])
    return sum(entry["readings"] for entry in (*document.get("feeds", ()), *channels))
