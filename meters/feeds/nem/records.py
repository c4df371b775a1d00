"""What NEM12 and NEM13 files share: records of fields between commas, a header, an end, flags and stamps
(Meter Data File Format Specification NEM12 & NEM13, sections 3 and 4, appendices A to D)."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from meters.domain.days import FIRST_YEAR, LAST_YEAR
from meters.domain.problems import refusal
from meters.domain.quality import Quality
from meters.feeds.format import NOT_UTF8
from meters.feeds.lines import Unreadable

OFFSET_MINUTES = 600
"""UTC+10 all the year, in every state (section 3.3.2)."""
ZONE = timezone(timedelta(minutes=OFFSET_MINUTES))

FLAGS = {
    "A": Quality.ACTUAL,
    "E": Quality.FORWARD,
    "F": Quality.FINAL,
    "N": Quality.MISSING,
    "S": Quality.SUBSTITUTED,
}
"""Appendix C, without V: that one only says that 400 records tell."""

_QUALITY_METHOD = re.compile(r"([AEFNSV])(\d\d)?", re.ASCII)
_RECORD = re.compile(r'"?(\d{3})"?\s*(,|$)', re.ASCII)
_VERSION = re.compile(r'"?100"?\s*,\s*"?(NEM\d\d)\b', re.ASCII)


@dataclass(frozen=True, slots=True)
class QualityMethod:
    """`flag` is a letter of appendix C, `method` two digits of appendix D, None where none is said."""

    flag: str
    method: str | None

    @property
    def quality(self) -> Quality:
        """Of every flag but V."""
        return FLAGS[self.flag]


def quality_method(text: str) -> QualityMethod | None:
    """`S14`, `A`, `V`; None where it is none."""
    found = _QUALITY_METHOD.fullmatch(text.strip())
    return QualityMethod(found[1], found[2]) if found else None


def refuse(code: str, message: str, line: int | None) -> Unreadable:
    """To be raised: the file's structure cannot be trusted."""
    return Unreadable(refusal(code, message, line))


def first_record(head: str) -> tuple[str, str | None] | None:
    """The indicator of the first line that is not blank, and the version where that is a header."""
    first = next((line.strip() for line in head.splitlines() if line.strip()), "")
    found = _RECORD.match(first)
    version = _VERSION.match(first)
    return (found[1], version[1] if version else None) if found else None


def fields_of(raw: bytes, number: int) -> list[str]:
    """The fields of one line; empty for a blank one. Raises Unreadable where it is no text."""
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
    except UnicodeDecodeError as error:
        raise refuse("encoding", NOT_UTF8, number) from error
    if not text:
        return []
    if "\0" in text:
        raise refuse("binary", "This line holds binary data.", number)
    try:
        return next(csv.reader([text])) if '"' in text else text.split(",")
    except csv.Error as error:
        raise refuse("bad_quoting", f"The quotes in this line cannot be read: {error}.", number) from error


class Order:
    """Which records a file has shown so far: one 100 first, one 900 last, nothing behind it."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.begun = self.ended = False

    @property
    def open(self) -> bool:
        """Whether any record but a header and an end may follow without a word."""
        return self.begun and not self.ended

    def check(self, kind: str, number: int) -> None:
        """Raises Unreadable where a record of this kind cannot stand here."""
        if self.ended:
            raise refuse("after_end", "There are records after the 900 record that ends the file.", number)
        if not self.begun and kind != "100":
            asked = f"a {self.version} file starts with a 100 record."
            message = f"The file starts with a {kind[:20]!r} record; {asked}"
            raise refuse("no_header", message, number)

    def begin(self, fields: list[str], number: int) -> None:
        """The 100 record. Raises Unreadable where it is a second one, or of another version."""
        if self.begun:
            raise refuse("second_header", "A second 100 record; send each file by itself.", number)
        version = fields[1].strip() if len(fields) > 1 else ""
        if version != self.version:
            message = f"The header says {version[:20]!r}; a {self.version} file is read here."
            raise refuse("unsupported_version", message, number)
        self.begun = True

    def check_end(self, number: int) -> None:
        """At the end of the stream, after line `number`. Raises Unreadable where the file was cut off."""
        if not self.ended:
            message = f"The file was cut off: it stops after line {number} without a 900 record."
            raise refuse("no_end", message, number)


def day_of(text: str) -> date | None:
    """Date(8), `20240131`, in the years that readings have; None where it is none."""
    text = text.strip()
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year < LAST_YEAR else None


def instant_of(text: str) -> datetime | None:
    """DateTime(14), or (12) without seconds, as an instant; None where it is none."""
    text = text.strip()
    day = day_of(text[:8])
    clock = text[8:]
    if day is None or len(clock) not in (4, 6) or not (clock.isascii() and clock.isdigit()):
        return None
    hours, minutes, seconds = int(clock[:2]), int(clock[2:4]), int(clock[4:] or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return datetime(day.year, day.month, day.day, hours, minutes, seconds, tzinfo=ZONE)


def at(fields: list[str], place: int) -> str:
    """A field without its blanks; nothing where the record ends before it."""
    return fields[place].strip() if place < len(fields) else ""
