"""500 records of a NEM12 file: why a meter was read, and what its register showed (Meter Data File Format
Specification NEM12 & NEM13, section 4.6, appendix A)."""

from __future__ import annotations

import re

from meters.domain.accumulated import RegisterRead
from meters.domain.decimals import REGISTER_LIMIT, micro_of
from meters.domain.problems import Problem
from meters.feeds.nem.records import at, instant_of
from meters.feeds.nem.streams import Stream

TRANSACTIONS = frozenset("ACDEGNORS")
"""Appendix A: why a meter was read."""
_ORDER = re.compile(r"service order ([^,]+)")
_READ_AT = re.compile(r"read at (\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)", re.ASCII)


def transaction_words(order: str, stamp: str) -> str:
    """Service order and time of a 500 record as the words of a remark."""
    read_at = instant_of(stamp)
    said = f"read at {read_at:%Y-%m-%d %H:%M:%S}" if read_at else stamp
    return ", ".join(word for word in (f"service order {order}" if order else "", said) if word)


def transaction_of(words: str) -> tuple[str, str]:
    """The way back: service order and DateTime(14), each empty where it was not said."""
    order, read_at = _ORDER.search(words), _READ_AT.search(words)
    return order[1] if order else "", "".join(read_at.groups()) if read_at else ""


def index_read(stream: Stream, fields: list[str], number: int) -> RegisterRead | Problem | None:
    """What a 500 record says the register showed; None where it says nothing of it.

    The dial's width is told by leading zeros only: a file need not write them here.
    """
    text, stamp = at(fields, 4), at(fields, 3)
    if not text:
        return None
    figure = micro_of(text, limit=REGISTER_LIMIT)
    if isinstance(figure, str):
        message = f"The index read {text[:20]!r} is not what a register shows; it is left out."
        return Problem("bad_register_read", message, number)
    read_at = instant_of(stamp)
    if read_at is None:
        message = f"An index read without a time like 20240131093000, but {stamp[:20]!r}; it is left out."
        return Problem("bad_register_read", message, number)
    whole = text.partition(".")[0]
    return RegisterRead(
        service_point=stream.nmi,
        meter=stream.meter,
        register=stream.suffix,
        unit=stream.unit,
        direction=stream.direction,
        read_at=read_at,
        figure=figure,
        kind="final" if at(fields, 1) == "R" else "actual",
        digits=len(whole) if whole.startswith("0") and len(whole) > 1 else None,
        line=number,
    )
