"""What no reader may choke on: said in a sentence with its place, exit 1, nothing written, little memory."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from meter_files import JUNE, csv_file, nem12_file
from sqlalchemy import Engine, text

from utility_crm.kit.database import make_engine

MOST_MB = 300
"""Of a process that has read them all; most of it is the program itself."""
HEAD = "100,NEM12,202402010000,MDP1,RET1\n200,6001,E1,E1,E1,N1,M77,kWh,30,\n"


def long_lines(folder: Path) -> Iterator[tuple[Path, str, str, int | None]]:
    """A line of 200 MB where the format has lines of numbers, in each way that a file may come."""
    line = b"1," * 2**20
    plain = folder / "line.csv"
    with plain.open("wb") as file:
        file.write(HEAD.encode())
        for _ in range(100):
            file.write(line)
    yield plain, "line_too_long", "nem12", 3
    packed = folder / "line.csv.gz"
    with gzip.open(packed, "wb", compresslevel=1) as file:
        file.write(HEAD.encode())
        for _ in range(100):
            file.write(line)
    yield packed, "line_too_long", "nem12", 3
    rows = folder / "rows.csv"
    with rows.open("wb") as file:
        file.write(b"service_point,starts_at,kwh\nM1,2024-06-01T00:00Z,1\n")
        for _ in range(100):
            file.write(line)
    yield rows, "line_too_long", "csv", 3


def spoiled(folder: Path) -> Iterator[tuple[Path, str, str, int | None]]:
    """(file, code, format where it is known, line)"""
    days = [("6001", JUNE + timedelta(days=number), [1] * 48) for number in range(700)]
    sound = nem12_file(folder, "sound.csv", *days).read_bytes()
    rows = csv_file(folder, "rows-sound.csv", *days).read_bytes()
    assert len(sound) > 66_000 and len(rows) > 66_000, "the fault lies beyond what is looked at first"
    for name, content, format_name in (("nem", sound, "nem12"), ("rows", rows, "csv")):
        lines = content.split(b"\n")
        at = len(lines) - 20
        for fault, put, code in (("nul", b"\0", "binary"), ("latin", b"\xe4", "encoding")):
            path = folder / f"{name}-{fault}.csv"
            path.write_bytes(
                b"\n".join([*lines[:at], lines[at][:20] + put + lines[at][20:], *lines[at + 1 :]])
            )
            yield path, code, format_name, at + 1
    utf16 = folder / "utf16.csv"
    utf16.write_bytes(sound.decode().encode("utf-16"))
    yield utf16, "utf16", "", None
    whole = folder / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", os.urandom(2**16).hex() + "\n" + sound.decode())
    packed = gzip.compress(sound, mtime=0)
    for name, content, code in (
        ("cut.zip", whole.read_bytes()[: whole.stat().st_size // 2], "damaged_zip"),
        ("cut.csv.gz", packed[: len(packed) // 2], "damaged_gzip"),
    ):
        (folder / name).write_bytes(content)
        yield folder / name, code, "", None
    bomb = folder / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as member:
        member.write(HEAD.encode())
        for _ in range(100):
            member.write(bytes(b"0" * 2**20))
    yield bomb, "line_too_long", "nem12", 3


PEAK = """
import atexit, runpy, sys
from pathlib import Path

def told():
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    sys.stderr.write(line.split()[1])

atexit.register(told)
runpy.run_module("utility_crm", run_name="__main__", alter_sys=True)
"""


def run(command: str, paths: list[Path], url: str) -> tuple[int, list[dict[str, Any]], float]:
    """Exit code, the entries of the document, and the most memory of the process in MB: of the program alone,
    not of the process that it was before (as ru_maxrss counts)."""
    words = {**os.environ, "UTILITY_CRM_DATABASE_URL": url}
    program = [sys.executable, "-c", PEAK, "meters", command, *map(str, paths), "--json"]
    ran = subprocess.run(program, env=words, capture_output=True, check=False)
    document = json.loads(ran.stdout)
    kilobytes = int(ran.stderr.split()[-1])
    return ran.returncode, document.get("files") or document["feeds"], kilobytes / 1024


@pytest.fixture
def engine(fresh_database_url: str) -> Iterator[Engine]:
    made = make_engine(fresh_database_url)
    yield made
    made.dispose()


def test_what_no_reader_may_choke_on(engine: Engine, fresh_database_url: str, tmp_path: Path) -> None:
    told = [*long_lines(tmp_path), *spoiled(tmp_path)]
    paths = [path for path, *_more in told]
    for command in ("inspect", "ingest"):
        code, entries, peak = run(command, paths, fresh_database_url)
        assert code == 1 and len(entries) == len(paths)
        for entry, (path, expected, format_name, line) in zip(entries, told, strict=True):
            (problem,) = entry["problems"]
            assert (entry["status"], problem["code"], problem["line"]) == ("rejected", expected, line), (
                path.name
            )
            assert problem["message"].endswith("."), path.name
            assert command == "ingest" or not format_name or entry["format"] == format_name
        assert peak < MOST_MB
    with engine.connect() as connection:
        for table in ("blocks", "block_history", "channels", "service_points"):
            assert connection.scalar(text(f"select count(*) from {table}")) == 0
        refused = connection.scalar(text("select count(*) from feeds where status = 'rejected'"))
    assert refused == len(paths)
