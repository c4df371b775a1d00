"""What a file of a gigabyte takes of memory, inspected and taken in by the command line.

The reference is no peer but a promise: 400 MB at most, of the process that reads and stores. The database is
a server of its own, which bounds its memory by its settings.
"""

from __future__ import annotations

import json
import os
import subprocess
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


_PEAK = """
import atexit, os, runpy
from pathlib import Path

def told():
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    Path(os.environ["UTILITY_CRM_BENCH_PEAK"]).write_text(line.split()[1])

atexit.register(told)
runpy.run_module("utility_crm", run_name="__main__", alter_sys=True)
"""


def peak_mb(words: list[str], settings: dict[str, str]) -> tuple[dict[str, Any], float]:
    """What `utility-crm meters` prints, and the most memory that its process had.

    The process tells its own peak (VmHWM begins anew with each program): that of `wait4` would be its
    parent's size, where that is more.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "peak"
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, "meters", *words],
            env=os.environ | settings | {"UTILITY_CRM_BENCH_PEAK": str(told)},
            stdout=subprocess.PIPE,
            check=True,
        )
        return json.loads(done.stdout), int(told.read_text()) / 1024


def _readings(document: dict[str, Any]) -> int:
    """Of an inspection, or of what became of feeds."""
    channels = (channel for file in document.get("files", ()) for channel in file["channels"])
    return sum(entry["readings"] for entry in (*document.get("feeds", ()), *channels))
