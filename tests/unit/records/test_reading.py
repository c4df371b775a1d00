"""Tables as other systems write them: letters, signs between cells, workbooks; what cannot be is said."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from utility_crm.kit.errors import Invalid
from utility_crm.records.domain.seen import Cell
from utility_crm.records.reading import open_table

CYRILLIC = "Номер;Клиент;Текст\n1;Иванова Анна;Спросила о счёте за октябрь\n2;Пётр;Нет света с утра\n"


def rows_of(path: Path, **told: str) -> tuple[tuple[str, ...], list[tuple[int, list[Cell]]], str, str]:
    with open_table(path, **told) as opened:
        return opened.titles, list(opened.rows), opened.encoding, opened.delimiter


def written(tmp_path: Path, content: bytes, name: str = "file.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1251", "cp1251"), ("koi8-r", "koi8-r"),
     ("cp866", "cp866"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be")],
)  # fmt: skip
def test_letters_are_found_out(tmp_path: Path, encoding: str, found: str) -> None:
    titles, rows, told, delimiter = rows_of(written(tmp_path, CYRILLIC.encode(encoding)))
    assert (titles, told, delimiter) == (("Номер", "Клиент", "Текст"), found, ";")
    assert rows[1] == (3, ["2", "Пётр", "Нет света с утра"])


def test_letters_far_below_the_beginning_are_found_out(tmp_path: Path) -> None:
    plain = "id,name\n" + "".join(f"{n},plain ascii name\n" for n in range(20_000))
    path = written(tmp_path, plain.encode() + "20000,Иванова Анна Петровна\n".encode("cp1251"))
    assert rows_of(path)[1][-1] == (20_002, ["20000", "Иванова Анна Петровна"])


def test_told_wrong_letters_are_refused_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        rows_of(written(tmp_path, CYRILLIC.encode("cp1251")), encoding="utf-8")
    assert (caught.value.code, caught.value.where) == ("encoding", "file.csv, line 1")
    with pytest.raises(Invalid, match="scrambled"):
        rows_of(written(tmp_path, CYRILLIC.encode()), encoding="cp1251")
    with pytest.raises(Invalid, match="utf-16"):
        rows_of(written(tmp_path, CYRILLIC.encode("utf-16")), encoding="cp1251")


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_sign_between_cells_is_found_out(tmp_path: Path, sign: str) -> None:
    text = f'a{sign}b\n1{sign}"x, y; z"\n\n2{sign}"two\nlines"\n3{sign}w\n'
    titles, rows, _encoding, delimiter = rows_of(written(tmp_path, text.encode()))
    assert delimiter == sign
    assert titles == ("a", "b")
    assert rows == [(2, ["1", "x, y; z"]), (4, ["2", "two\nlines"]), (6, ["3", "w"])]


def test_excels_first_line_is_passed_over_and_titles_are_told_apart(tmp_path: Path) -> None:
    titles, rows, *_ = rows_of(written(tmp_path, b"sep=;\r\nx;x;;y\r\n1;2;3;4\r\n"))
    assert titles == ("x", "x (2)", "(3)", "y")
    assert rows == [(3, ["1", "2", "3", "4"])]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty"), (b'a,b\n1,"x', "framing"),
     (bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 99, "old_workbook"),
     (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "encoding"), (b"PK\x03\x04nothing", "workbook")],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        rows_of(written(tmp_path, content, "file.xls"))
    assert caught.value.code == code


def workbook(tmp_path: Path) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Id", "When", "Amount", "Note"])
    sheet.append([17, datetime(2026, 3, 4, 14, 30), 0.1 + 0.2, "=1+1"])
    sheet.append([])
    sheet.append([18, datetime(2026, 3, 5), 1234567, "#N/A"])
    hidden = book.create_sheet("Hidden", 0)
    hidden.sheet_state = "hidden"
    hidden.append(["no"])
    path = tmp_path / "book.xlsx"
    book.save(path)
    return path


def test_a_workbook_is_read_by_what_its_cells_are(tmp_path: Path) -> None:
    with open_table(workbook(tmp_path)) as opened:
        assert (opened.sheet, opened.titles) == ("Sheet", ("Id", "When", "Amount", "Note"))
        rows = list(opened.rows)
    assert rows == [
        (2, [{"n": "17"}, {"d": "2026-03-04T14:30:00"}, {"n": "0.3"}, {"f": "=1+1"}]),
        (4, [{"n": "18"}, {"d": "2026-03-05"}, {"n": "1234567"}, {"e": "#N/A"}]),
    ]


def test_a_formulas_stored_value_counts(tmp_path: Path) -> None:
    path, calculated = workbook(tmp_path), tmp_path / "calculated.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(calculated, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<v></v>", b"<v>2</v>").replace(b"<v/>", b"<v>2</v>"))
    with open_table(calculated) as opened:
        assert next(opened.rows)[1][3] == {"n": "2"}


def test_a_sheet_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Hidden, Sheet"), open_table(workbook(tmp_path), sheet="Other"):
        pass
