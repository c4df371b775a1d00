"""Names: which can be kept, what a spreadsheet makes of them, and what a file's own name is."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from meter_files import JUNE, csv_file

from meters.feeds.format import ReadOptions
from meters.feeds.reading import read_feed
from meters.file_names import readable
from meters.writing.csv import WRITER
from meters.writing.writer import ChannelToWrite

EVIL = '=HYPERLINK("http://x","y")'


def test_names_that_are_formulas_go_out_guarded_and_come_back(tmp_path: Path) -> None:
    names = [EVIL, f"'{EVIL}", "-5", "+7", "@x", "'tis", "plain"]
    path = csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1.5] * 24))
    [block] = read_feed(path).blocks
    out = io.BytesIO()
    channels = [ChannelToWrite(name, name, block.unit, block.direction, 0, None, [block]) for name in names]
    WRITER.write(channels, datetime.now(UTC), out)
    rows = out.getvalue().decode().splitlines()[1:]
    assert not [row for row in rows if row.lstrip('"')[0] in "=+-@"]
    assert ",1.5," in rows[0], "a number stays one"
    (tmp_path / "b.csv").write_bytes(out.getvalue())
    assert [(one.service_point, one.channel) for one in read_feed(tmp_path / "b.csv").blocks] == [
        (name, name) for name in names
    ]


@pytest.mark.parametrize("order", [("=x", "'=x", "''=x"), ("''=x", "'=x", "=x")])
def test_spellings_of_one_name_are_one(tmp_path: Path, order: tuple[str, ...]) -> None:
    rows = [f"{name},2024-06-01T{hour:02}:00Z,1" for hour in range(24) for name in order[:2]]
    rows += [f"{order[2]},2024-06-02T{hour:02}:00Z,1" for hour in range(24)]
    (tmp_path / "a.csv").write_text("\n".join(["service_point,starts_at,kwh", *rows]))
    assert {one.service_point for one in read_feed(tmp_path / "a.csv").blocks} <= {"=x", "'=x"}


@pytest.mark.parametrize("bad", ["n" * 101, "a\u0085b", "x\u0090"])
def test_a_name_that_cannot_be_kept_is_told_once(tmp_path: Path, bad: str) -> None:
    days = [JUNE, JUNE.replace(day=2)]
    path = csv_file(tmp_path, "a.csv", *((name, day, [1] * 24) for name in (bad, "n" * 100) for day in days))
    file = read_feed(path)
    assert [(one.code, one.line, len(one.message) < 200) for one in file.problems] == [("bad_name", 2, True)]
    assert {one.service_point for one in file.blocks} == {"n" * 100} and file.status == "partial"


def test_a_file_whose_name_is_no_text(tmp_path: Path) -> None:
    named = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xcf\xee.csv"))
    named.write_text("starts_at,kwh\n" + "".join(f"2024-06-01T{hour:02}:00Z,1\n" for hour in range(24)))
    assert readable(named.name) == r"\xcf\xee.csv"
    file = read_feed(named, options=ReadOptions())
    assert file.path.isprintable() and [one.code for one in file.problems] == ["bad_name"]
