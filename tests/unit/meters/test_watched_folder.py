"""Files of a watched folder: which are at rest, and how they are put away."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from meters.watching.putting_away import put_away, report_on, without_report
from meters.watching.resting import Resting, look_at


def test_a_file_is_at_rest_when_two_looks_find_it_the_same(tmp_path: Path) -> None:
    resting = Resting(tmp_path)
    (tmp_path / "b.csv").write_text("1")
    (tmp_path / "a.csv").write_text("1")
    assert resting.rested() == {}
    with (tmp_path / "a.csv").open("a") as growing:
        growing.write("2")
    assert list(resting.rested()) == ["b.csv"]
    assert list(resting.rested()) == ["a.csv", "b.csv"]
    (tmp_path / "a.csv").replace(tmp_path / "c.csv")
    assert list(resting.rested()) == ["b.csv"]
    (tmp_path / "b.csv").write_text("3")  # as long as before
    assert "b.csv" not in resting.rested()


def test_what_is_passed_over(tmp_path: Path) -> None:
    for name in (".hidden", "a.part", "b.TMP", "c.csv.part", "d.csv"):
        (tmp_path / name).write_text("1")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "e.csv").write_text("1")
    (tmp_path / "link.csv").symlink_to(tmp_path / "d.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    resting = Resting(tmp_path)
    resting.rested()
    assert list(resting.rested()) == ["d.csv"]
    assert look_at(tmp_path / "none") is None


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    done = tmp_path / "done"
    places = []
    for content in "abc":
        (tmp_path / "x.csv").write_text(content)
        places.append(put_away(tmp_path / "x.csv", done))
    assert [place.name for place in places] == ["x.csv", "x-2.csv", "x-3.csv"]
    assert [place.read_text() for place in places] == ["a", "b", "c"]
    assert not (tmp_path / "x.csv").exists()


def test_a_report_keeps_its_name_too(tmp_path: Path) -> None:
    done = tmp_path / "done"
    (tmp_path / "x.csv").write_text("a")
    place = put_away(tmp_path / "x.csv", done)
    report_on(place, {"status": "ok"}, "taken")
    place.unlink()  # somebody took the file and left its report
    (tmp_path / "x.csv").write_text("b")
    assert put_away(tmp_path / "x.csv", done).name == "x-2.csv"
    assert json.loads((done / "x.csv.report.json").read_text()) == {"status": "ok"}
    assert (done / "x.csv.report.txt").read_text() == "taken\n"


def test_a_move_cut_short_is_finished(tmp_path: Path) -> None:
    done = tmp_path / "done"
    done.mkdir()
    (tmp_path / "x.csv").write_text("a")
    os.link(tmp_path / "x.csv", done / "x.csv")
    report_on(done / "x.csv", {}, "")
    assert put_away(tmp_path / "x.csv", done) == done / "x.csv"
    assert [path.name for path in done.iterdir() if "report" not in path.name] == ["x.csv"]
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP])
def test_a_disk_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def no_links(*_paths: object, **_how: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", no_links)
    for content, name in (("a", "x.csv"), ("b", "x-2.csv")):
        (tmp_path / "x.csv").write_text(content)
        place = put_away(tmp_path / "x.csv", tmp_path / "done")
        assert (place.name, place.read_text()) == (name, content)


def test_a_file_that_went_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError):
        put_away(tmp_path / "none.csv", tmp_path / "done")
    monkeypatch.setattr(os, "link", lambda *_a, **_k: (_ for _ in ()).throw(OSError(errno.EPERM, "no")))
    with pytest.raises(FileNotFoundError):
        put_away(tmp_path / "none.csv", tmp_path / "done")
    assert list((tmp_path / "done").iterdir()) == []


def test_files_whose_reports_are_lacking(tmp_path: Path) -> None:
    assert list(without_report(tmp_path / "done")) == []
    done = tmp_path / "done"
    done.mkdir()
    for name in ("a.csv", "b.csv", "c.csv"):
        (done / name).write_text(name)
    report_on(done / "b.csv", {}, "")
    report_on(done / "c.csv", {}, "")
    (done / "c.csv.report.txt").unlink()
    assert [path.name for path in without_report(done)] == ["a.csv", "c.csv"]
