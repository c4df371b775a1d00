"""The parts of a workbook (ECMA-376, Office Open XML): its sheets, texts and date formats, each read as a
stream and no larger than it may be."""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from meters.domain.problems import Problem, refusal
from meters.feeds.lines import Unreadable
from meters.feeds.xml_stream import Element, elements, local_name

MOST_TEXT = 2**26
"""Bytes of all shared texts together."""
MOST_UNPACKED = 2**31
"""Bytes that all parts may unpack to: a few kilobytes can hold a thousand times as much."""

_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
"""Built-in number formats that show a date or a time (section 18.8.30, those of East Asia included)."""
_NO_DATE_MARKS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
_DATE_MARKS = re.compile(r"[ymdhs]", re.IGNORECASE)
_PADDED = re.compile(r"0{2,15}")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet by its name, and the part that holds it."""

    name: str
    part: str
    hidden: bool


@dataclass(slots=True)
class SharedTexts:
    """Many texts as one run of bytes."""

    _content: bytearray = field(default_factory=bytearray)
    _ends: array[int] = field(default_factory=lambda: array("q", [0]))

    def add(self, text: str) -> None:
        """Raises Unreadable where they become too many."""
        self._content += text.encode()
        self._ends.append(len(self._content))
        if len(self._content) + 8 * len(self._ends) > MOST_TEXT:
            words = f"The texts of this workbook are larger than {MOST_TEXT >> 20} MB; save it as CSV."
            raise Unreadable(refusal("too_large", words))

    def __getitem__(self, place: int) -> str:
        if not 0 <= place < len(self._ends) - 1:
            raise IndexError(place)
        return self._content[self._ends[place] : self._ends[place + 1]].decode()


@dataclass(slots=True)
class Book:
    """What cells refer to. `dates` are the cell styles that show a date, `padded` those that show leading
    noughts, with their digits."""

    archive: zipfile.ZipFile
    sheets: list[Sheet] = field(default_factory=list)
    from_1904: bool = False
    texts: SharedTexts = field(default_factory=SharedTexts)
    dates: set[int] = field(default_factory=set)
    padded: dict[int, int] = field(default_factory=dict)

    def elements(self, part: str, *names: str) -> Iterator[Element]:
        """The elements of one part. Raises Unreadable where it is damaged, or not there."""
        try:
            with self.archive.open(part) as stream:
                for element in elements(cast("BinaryIO", stream), names):
                    if isinstance(element, Problem):
                        words = f"The part {part} of the workbook: {element.message}"
                        raise Unreadable(refusal(element.code, words, element.line))
                    yield element
        except (*_DAMAGE, KeyError) as error:
            raise _damaged() from error


@contextmanager
def opened_book(stream: BinaryIO) -> Iterator[Book]:
    """A workbook while the block lasts. Raises Unreadable for one that is damaged or too large."""
    try:
        archive = zipfile.ZipFile(stream)
    except _DAMAGE as error:
        raise _damaged() from error
    with archive:
        if sum(info.file_size for info in archive.infolist()) > MOST_UNPACKED:
            words = f"Unpacked, this workbook is larger than {MOST_UNPACKED >> 30} GB; send it in parts."
            raise Unreadable(refusal("too_large", words))
        book = Book(archive)
        _read_parts(book)
        yield book


def _damaged() -> Unreadable:
    words = "The workbook is damaged or was cut off; save it anew and send it again."
    return Unreadable(refusal("damaged_workbook", words))


def text_in(element: Element) -> str:
    """The text of an `si` or `is`: its runs together, without the reading aid of East Asian scripts."""
    parts = []
    for child in element:
        name = local_name(child)
        if name == "t":
            parts.append(child.text or "")
        elif name == "r":
            parts.extend(each.text or "" for each in child if local_name(each) == "t")
    return "".join(parts)


def _read_parts(book: Book) -> None:
    targets = {
        str(each.get("Id")): str(each.get("Target"))
        for each in book.elements("xl/_rels/workbook.xml.rels", "Relationship")
    }
    parts = set(book.archive.namelist())
    for each in book.elements("xl/workbook.xml", "workbookPr", "sheet"):
        if local_name(each) == "workbookPr":
            book.from_1904 = each.get("date1904") in ("1", "true")
            continue
        target = next(
            (targets.get(str(value)) for key, value in each.items() if str(key).endswith("}id")), None
        )
        part = posixpath.normpath(posixpath.join("xl", target or "")).lstrip("/")
        if target is not None and part in parts and "chartsheet" not in part:
            hidden = each.get("state", "visible") != "visible"
            book.sheets.append(Sheet(str(each.get("name")), part, hidden))
    if "xl/sharedStrings.xml" in parts:
        for each in book.elements("xl/sharedStrings.xml", "si"):
            book.texts.add(text_in(each))
    if "xl/styles.xml" in parts:
        _read_styles(book)


def _read_styles(book: Book) -> None:
    """Which cell styles show dates. Formats come before the styles that name them (section 18.8.39)."""
    codes: dict[str, str] = {}
    for each in book.elements("xl/styles.xml", "numFmt", "cellXfs"):
        if local_name(each) == "numFmt":
            codes[str(each.get("numFmtId"))] = str(each.get("formatCode"))
            continue
        styles = [child for child in each if local_name(child) == "xf"]
        for place, style in enumerate(styles):
            number = str(style.get("numFmtId", "0"))
            code = codes.get(number, "")
            if shows_date(code) if code else number.isdigit() and int(number) in _DATE_FORMATS:
                book.dates.add(place)
            elif _PADDED.fullmatch(code):
                book.padded[place] = len(code)


def shows_date(code: str) -> bool:
    """Whether a number format shows a date or a time.

    >>> shows_date("yyyy-mm-dd hh:mm"), shows_date('0.00 "days"'), shows_date("[Red]0"), shows_date("[h]:mm")
    (True, False, False, True)
    """
    first = _NO_DATE_MARKS.sub("", code).split(";", 1)[0]
    return "general" not in first.lower() and bool(_DATE_MARKS.search(first))
