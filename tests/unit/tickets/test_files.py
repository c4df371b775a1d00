"""Files are what their bytes say; what runs is not taken, whatever it is called."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.kit.errors import Invalid
from utility_crm.tickets.attachments import sorted_out, type_of
from utility_crm.tickets.domain.files import MOST_BYTES, MOST_FILES, TAKEN, Given, harmless_name

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + bytes(100)


def zipped(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for name in names:
            content = "application/vnd.oasis.opendocument.text" if name == "mimetype" else "x"
            opened.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kept", "kind"),
    [
        ("bill.pdf", PDF, "bill.pdf", "application/pdf"),
        ("meter.PNG", PNG, "meter.PNG", "image/png"),
        ("photo", JPEG, "photo.jpg", "image/jpeg"),
        ("photo.png", JPEG, "photo.png.jpg", "image/jpeg"),
        ("readings.csv", b"Day;kWh\n1.11.2026;3,2", "readings.csv", "text/plain"),
        ("письмо.txt", "Здравствуйте".encode("cp1251"), "письмо.txt", "text/plain"),
        ("a.docx", zipped("[Content_Types].xml", "word/document.xml"), "a.docx", DOCX),
        ("a.odt", zipped("mimetype", "content.xml"), "a.odt", "application/vnd.oasis.opendocument.text"),
        ("../../etc/passwd.pdf", PDF, "passwd.pdf", "application/pdf"),
        ("C:\\Temp\\a\u202efdp.pdf", PDF, "afdp.pdf", "application/pdf"),
    ],
)  # fmt: skip
def test_papers_pictures_tables_and_text_are_taken(name: str, content: bytes, kept: str, kind: str) -> None:
    taken, left = sorted_out([Given(name, content)], refuse=True)
    assert [(one.name, one.media_type) for one in taken] == [(kept, kind)] and left == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bill.pdf", PROGRAM),
        ("bill.pdf.exe", PDF),
        ("page.txt", b"<html><script>alert(1)</script></html>"),
        ("note.txt", b"hello <ScRiPt src=//x>"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'></svg>"),
        ("run.txt", b"#!/bin/sh\nrm -rf /\n"),
        ("run.sh", b"echo hello"),
        ("many.zip", zipped("a.txt")),
        ("macro.docx", zipped("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "_VBA_PROJECT".encode("utf-16-le")),
        ("noise.bin", bytes(range(256))),
        ("empty.txt", b""),
        ("large.txt", b"a" * (MOST_BYTES + 1)),
    ],
)
def test_what_runs_or_is_unknown_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(Invalid):
        sorted_out([Given(name, content)], refuse=True)
    taken, left = sorted_out([Given(name, content), Given("bill.pdf", PDF)], refuse=False)
    assert [one.name for one in taken] == ["bill.pdf"]
    assert [(size, code.startswith("file_")) for _, size, code in left] == [(len(content), True)]


def test_ten_files_at_most() -> None:
    many = [Given(f"{place}.pdf", PDF) for place in range(MOST_FILES + 1)]
    with pytest.raises(Invalid):
        sorted_out(many, refuse=True)
    taken, left = sorted_out(many, refuse=False)
    assert len(taken) == MOST_FILES and [code for _, _, code in left] == ["files_many"]


@given(st.text(max_size=300))
def test_a_name_is_harmless_whatever_it_was(name: str) -> None:
    found = harmless_name(name)
    assert found and len(found) <= 120 and found == harmless_name(found)
    assert not set(found) & set('/\\<>:"|?*;%\r\n\t\0') and not found.startswith(".") and found.isprintable()


@given(st.binary(max_size=400))
def test_any_bytes_are_judged(content: bytes) -> None:
    taken, left = sorted_out([Given("it.txt", content)], refuse=False)
    assert len(taken) + len(left) == 1
    assert all(one.media_type in TAKEN for one in taken)
    assert isinstance(type_of(content), str)
