"""A day as NEM12 records: a 300, the 400s where its intervals differ, the 500s of its transactions (Meter
Data File Format Specification NEM12 & NEM13, sections 4.4 to 4.6, appendices C to E)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import Block, Remark
from meters.domain.decimals import MISSING, IntArray, decimal_text
from meters.domain.quality import Quality
from meters.domain.recut import Misfit, recut
from meters.feeds.nem.records import OFFSET_MINUTES
from meters.feeds.nem.visits import TRANSACTIONS, transaction_of
from utility_crm.kit.errors import Invalid

_FLAGS = {
    Quality.ACTUAL: "A",
    Quality.ESTIMATED: "S",  # an estimate of what is past is a substitute there; E is of what is to come
    Quality.FORWARD: "E",
    Quality.SUBSTITUTED: "S",
    Quality.FINAL: "F",
    Quality.MISSING: "N",
}
_METHODS = {"S": "18", "F": "18", "E": "52"}
"""Where no method of appendix D is known and one is asked for: alternate; previous read."""
_DECIMALS = 6
_LONGEST_REASON = 240
_METHOD = re.compile(r"\d\d", re.ASCII)
_REASON = re.compile(r"\d{1,3}", re.ASCII)
_text = lru_cache(maxsize=65_536)(decimal_text)


@dataclass(frozen=True, slots=True, eq=False)
class DayToWrite:
    """A day of UTC+10. values: int64 (n,) millionths, MISSING in holes; codes: uint8 (n,) qualities."""

    day: date
    values: IntArray
    codes: npt.NDArray[np.uint8]
    remarks: tuple[Remark, ...]

    @property
    def interval_minutes(self) -> int:
        return 1440 // int(self.values.size)


@dataclass(frozen=True, slots=True)
class _Said:
    """Flag with method, reason code and words of an interval."""

    flag: str
    code: str = ""
    reason: str = ""

    @property
    def fields(self) -> str:
        return f"{self.flag},{self.code},{self.reason}"


def days_to_write(blocks: Iterable[Block], offset_minutes: int, name: str) -> Iterator[DayToWrite]:
    """One channel's days as those of UTC+10. Raises Invalid where its intervals do not fall on theirs."""
    if offset_minutes == OFFSET_MINUTES:
        for block in blocks:
            yield DayToWrite(block.day, block.values, block.qualities(), block.remarks)
        return
    held = list(blocks)
    remarks: dict[date, list[Remark]] = {}
    for block in held:
        for day, remark in _moved_remarks(block, OFFSET_MINUTES - offset_minutes):
            remarks.setdefault(day, []).append(remark)
    for made in recut(held, OFFSET_MINUTES):
        if isinstance(made, Misfit):
            message = f"The day {made.block.day} of {name} cannot be cut into days of UTC+10."
            raise Invalid(made.reason, message, name)
        quality = made.quality
        if not isinstance(quality, np.ndarray):
            quality = np.where(made.values != MISSING, quality, Quality.MISSING).astype(np.uint8)
        yield DayToWrite(made.day, made.values, quality, tuple(remarks.get(made.day, ())))


def _moved_remarks(block: Block, minutes: int) -> Iterator[tuple[date, Remark]]:
    size, places = block.values.size, minutes // block.interval_minutes
    for remark in block.remarks:
        first, end = remark.first + places, remark.end + places
        while first < end:
            days = first // size
            until = min(end, (days + 1) * size)
            part = Remark(
                first - days * size, until - days * size, remark.method, remark.reason_code, remark.reason
            )
            yield block.day + timedelta(days=days), part
            first = until


def records(day: DayToWrite, updated: str, name: str) -> str:
    """The lines of one day. `updated` is when they were written, DateTime(14). Raises Invalid where a value
    cannot be said."""
    if (day.values[day.values != MISSING] < 0).any():
        message = f"NEM12 has no values below zero; the day {day.day} of {name} has one."
        raise Invalid("negative_value", message, name)
    values = ",".join([_text(value, _DECIMALS) if value != MISSING else "0" for value in day.values.tolist()])
    said = _said(day)
    runs = [0, *(place for place in range(1, len(said)) if said[place] != said[place - 1])]
    whole = said[0].fields if len(runs) == 1 else "V,,"
    lines = [f"300,{day.day:%Y%m%d},{values},{whole},{updated},"]
    if len(runs) > 1:
        bounds = zip(runs, [*runs[1:], len(said)], strict=True)
        lines += [f"400,{first + 1},{end},{said[first].fields}" for first, end in bounds]
    for remark in day.remarks:
        if _is_transaction(remark):
            order, stamp = transaction_of(remark.reason or "")
            lines.append(f"500,{remark.reason_code},{_plain(order)},{stamp},")
    return "\r\n".join(lines) + "\r\n"


def _said(day: DayToWrite) -> list[_Said]:
    """What is said of each interval."""
    marks: list[Remark | None] = [None] * day.values.size
    for remark in day.remarks:
        if not _is_transaction(remark):
            marks[remark.first : remark.end] = [remark] * (remark.end - remark.first)
    known: dict[tuple[int, int], _Said] = {}
    said = []
    for code, mark in zip(day.codes.tolist(), marks, strict=True):
        key = (code, id(mark))
        if key not in known:
            known[key] = _interval(_FLAGS[Quality(code)], mark)
        said.append(known[key])
    return said


def _interval(flag: str, remark: Remark | None) -> _Said:
    method = remark.method if remark and remark.method else ""
    code = remark.reason_code if remark and remark.reason_code else ""
    words = [remark.reason] if remark and remark.reason else []
    if code and not _REASON.fullmatch(code):
        words.insert(0, code)
        code = ""
    if method and not _METHOD.fullmatch(method):
        words.insert(0, method)
        method = ""
    if flag in "SF" and not code and not words:
        words = ["Estimated"]
    reason = _plain(" ".join(words))[:_LONGEST_REASON]
    method = method if flag not in "AN" else ""
    return _Said(flag + (method or _METHODS.get(flag, "")), code or ("0" if reason else ""), reason)


def _is_transaction(remark: Remark) -> bool:
    return remark.method is None and (remark.reason_code or "") in TRANSACTIONS


def _plain(text: str) -> str:
    """Words for a field: no field may hold a comma or a line's end, and quotes are not known."""
    return re.sub(r"[\s\x00-\x1f]+", " ", text.replace(",", ";").replace('"', "'")).strip()
