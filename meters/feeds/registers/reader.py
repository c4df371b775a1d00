"""Files of register reads: a read a row, under titles (service_point, meter, register, read_at, value, unit,
kind, digits, multiplier, direction). Without a service point the meter's number stands for it, without either
the file's name.

A row that cannot be taken is left out by itself and named by its line; a row of another width, a quote that
does not close or bytes that are no text refuse the file. Figures keep their sign. One megabyte of the file is
held at a time.
"""

from __future__ import annotations

import csv
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, get_args
from zoneinfo import ZoneInfo

from meters.domain.accumulated import ReadKind, RegisterRead
from meters.domain.decimals import MISSING, REGISTER_LIMIT, micro_of
from meters.domain.problems import Problem, refusal
from meters.domain.registers.soundness import MOST_DIGITS
from meters.domain.units import parse_unit
from meters.feeds.csv.rows import Rows, split_rows, text_of
from meters.feeds.csv.stamps import Stamps, read_stamps, stamp_advice
from meters.feeds.format import Format, Item, ReadOptions
from meters.feeds.lines import LONGEST, Unreadable, line_chunks
from meters.feeds.registers.titles import DELIMITERS, RegisterLayout, bears_register_titles, register_layout

DEFAULT_REGISTER = "T1"
"""The only rate there is, where a file names none."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS: dict[str, ReadKind] = {
    **{kind: kind for kind in get_args(ReadKind)},
    "": "actual",
    "a": "actual",
    "measured": "actual",
    "read": "actual",
    "c": "customer",
    "own": "customer",
    "self": "customer",
    "e": "estimated",
    "estimate": "estimated",
    "d": "deemed",
    "s": "substituted",
    "substitute": "substituted",
    "removed": "final",
    "initial": "first",
    "installed": "first",
}


def recognises(head: str) -> bool:
    """Whether the first line that is not blank bears the titles of register reads."""
    return bears_register_titles(head.lstrip("\ufeff \t\r\n").split("\n", 1)[0])


def read(stream: BinaryIO, stem: str, options: ReadOptions) -> Iterator[Item]:
    """Reads in the order of the file, with problems by line among them."""
    reader: _Reader | None = None
    said = False
    for line, chunk in line_chunks(stream, LONGEST):
        data = text_of(chunk.removeprefix(BOM_UTF8) if line == 1 else chunk, line)
        if reader is None:
            blank = len(data) - len(data.lstrip(b"\n"))
            line, data = line + blank, data[blank:]
            if not data:
                continue
            title, _, data = data.partition(b"\n")
            reader, line = _reader(title.decode(), line, stem, options), line + 1
        if not data:
            continue
        for item in reader.items(split_rows(data, line, reader.delimiter, reader.layout.width)):
            said = True
            yield item
    if not said:
        yield refusal("no_readings", "There is no read below the titles.", 1)


FORMAT = Format("registers", recognises, read)


def _reader(title_line: str, line: int, stem: str, options: ReadOptions) -> _Reader:
    delimiter = max(DELIMITERS, key=title_line.count)
    try:
        titles = next(csv.reader([title_line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        words = f"The titles cannot be read: {error}."
        raise Unreadable(refusal("bad_quoting", words, line)) from error
    layout = register_layout(titles, options.columns, line)
    if isinstance(layout, Problem):
        raise Unreadable(layout)
    return _Reader(layout, delimiter, stem, options.zone)


class _Fault(Exception):
    """Why a row is left out: a code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class _Reader:
    """How rows of one file become reads."""

    layout: RegisterLayout
    delimiter: str
    stem: str
    zone: ZoneInfo | None

    def items(self, rows: Rows) -> Iterator[Item]:
        """A read or a problem a row."""
        stamps = read_stamps(rows.columns[self.layout.places["read_at"]])
        columns = {field: rows.columns[place].texts() for field, place in self.layout.places.items()}
        for row, line in enumerate(rows.lines.tolist()):
            fields = {field: texts[row].strip() for field, texts in columns.items()}
            if not any(fields.values()):
                continue  # a row of delimiters is a blank one
            try:
                yield self._read(fields, self._instant(stamps, row, fields["read_at"], line), line)
            except _Fault as fault:
                yield Problem(fault.code, f"{fault.message} The read is left out.", line)

    def _read(self, fields: dict[str, str], read_at: datetime, line: int) -> RegisterRead:
        said = fields.get
        if "service_point" in fields and not fields["service_point"]:
            raise _Fault("no_service_point", "The row names no service point.")
        direction = said("direction", "").lower() or "import"
        if direction not in ("import", "export"):
            raise _Fault("bad_direction", f"The direction {direction[:40]!r} is neither import nor export.")
        kind = _KINDS.get(said("kind", "").lower())
        if kind is None:
            known = ", ".join(get_args(ReadKind))
            raise _Fault("unknown_kind", f"The kind {fields['kind'][:40]!r} is none of {known}.")
        multiplier = said("multiplier", "")
        return RegisterRead(
            service_point=said("service_point") or said("meter") or self.stem,
            meter=said("meter") or None,
            register=said("register") or DEFAULT_REGISTER,
            unit=parse_unit(said("unit") or self.layout.unit),
            direction=direction,
            read_at=read_at,
            figure=self._number(fields["value"], "value"),
            kind=kind,
            digits=_digits(said("digits", "")),
            multiplier_micro=self._multiplier(multiplier) if multiplier else None,
            line=line,
        )

    def _number(self, text: str, name: str) -> int:
        plain = text.replace(",", ".") if self.delimiter != "," else text
        micro = micro_of(plain, signed=True, limit=REGISTER_LIMIT)
        if isinstance(micro, str):
            why = "larger than any dial shows" if micro == "value_too_large" else "not a number"
            raise _Fault(micro, f"The {name} {text[:40]!r} is {why}.")
        if micro == MISSING:
            raise _Fault("no_value", f"The row has no {name}.")
        return micro

    def _multiplier(self, text: str) -> int:
        micro = self._number(text, "multiplier")
        if micro <= 0:
            raise _Fault("bad_multiplier", f"The multiplier {text[:40]!r} is not above zero.")
        return micro

    def _instant(self, stamps: Stamps, row: int, text: str, line: int) -> datetime:
        if stamps.unreadable[row]:
            raise _Fault("unreadable_time", f"The time {stamp_advice(text)}")
        shown = _EPOCH + timedelta(seconds=int(stamps.seconds[row]))
        if stamps.aware[row]:
            return shown
        if self.zone is None:
            message = f"The time {text!r} has no offset; say whose clock it is with --timezone Area/City."
            raise Unreadable(refusal("timezone_needed", message, line))
        local = shown.replace(tzinfo=self.zone)
        if local.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) != shown.replace(tzinfo=None):
            words = f"The clock of {self.zone.key} never showed {text}: it was put forward over that time."
            raise _Fault("no_such_time", words)
        return local.astimezone(UTC)


def _digits(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MOST_DIGITS):
        raise _Fault("bad_digits", f"The digits {text[:40]!r} are no number from 1 to {MOST_DIGITS}.")
    return int(text)
