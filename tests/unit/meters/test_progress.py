"""How far a long command is: lines off a terminal, for large files alone; a bar on one."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from meters.commands import progress as module
from meters.commands.progress import progress


def test_small_files_are_not_spoken_of(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x" * 100)
    with progress(path) as watch:
        assert watch is None
    assert capsys.readouterr() == ("", "")


def test_large_files_a_line_each_tenth(tmp_path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x" * 100)
    monkeypatch.setattr(module, "LARGE_BYTES", 99)
    with progress(path) as watch:
        for done in range(0, 201, 2):
            watch("read", done << 20, 200 << 20)
        for done in range(0, 3_001, 1_500):
            watch("store", done, 3_000)
    out, err = capsys.readouterr()
    said = err.splitlines()
    assert out == "" and len(said) == 12
    assert said[0] == "Reading a.csv: 20 of 200 MB" and said[-1] == "Storing a.csv: 3,000 of 3,000 days"


PROGRAM = """
import sys
from pathlib import Path
from meters.commands.progress import progress
with progress(Path(sys.argv[1])) as watch:
    watch("read", 5 << 20, 10 << 20)
    watch("store", 1, 4)
"""


def test_a_bar_on_a_terminal(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x")
    ours, theirs = pty.openpty()
    words = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        stderr=theirs,
        stdout=subprocess.PIPE,
        env=words,
        check=True,
    )
    os.close(theirs)
    shown = os.read(ours, 65_536).decode()
    os.close(ours)
    assert done.stdout == b"" and "Reading a.csv" in shown and "Storing a.csv" in shown
