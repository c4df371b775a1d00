"""Reads of one register told apart by the meter that showed them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from meters.domain.accumulated import RegisterRead

RANK = {
    "final": 5,
    "first": 5,
    "actual": 4,
    "customer": 3,
    "substituted": 2,
    "estimated": 1,
    "deemed": 0,
}
"""Whom to believe of two who speak of the same instant, or against each other."""

_TURN = {"final": 0, "first": 2}
"""At one instant the old meter's last read comes before the new one's first."""


def standing_meters(reads: Sequence[RegisterRead]) -> list[list[RegisterRead]]:
    """The reads of each meter while it stood, by time; the meters by their first reads.

    A read without a serial number belongs to the meter that stood there by the other reads. Where none has
    one, a final and a first read tell the meters apart. Of several reads at one instant the best kind stands;
    a final and a first read both stand.
    """
    named: dict[str | None, list[RegisterRead]] = {}
    for read in _with_meters(sorted(reads, key=_by_time)):
        named.setdefault(read.meter, []).append(read)
    stood = [run for each in named.values() for run in _runs(each)]
    return sorted(stood, key=lambda run: (run[0].read_at, run[-1].read_at))


def _by_time(read: RegisterRead) -> tuple[datetime, int, int, str, int]:
    """Of one instant the better read first, and one with a serial number before one without."""
    meter = read.meter if read.meter is not None else "\U0010ffff"
    return read.read_at, _TURN.get(read.kind, 1), -RANK[read.kind], meter, read.figure


def _with_meters(reads: Sequence[RegisterRead]) -> list[RegisterRead]:
    """Every read with a serial number, if any read has one."""
    known = [read for read in reads if read.meter is not None]
    if not known or len(known) == len(reads):
        return list(reads)
    instants = [read.read_at for read in known]
    return [
        read if read.meter is not None else replace(read, meter=_meter_at(read, known, instants))
        for read in reads
    ]


def _meter_at(read: RegisterRead, known: Sequence[RegisterRead], instants: Sequence[datetime]) -> str | None:
    """The meter that stood when a read without a serial number was taken."""
    place = bisect_right(instants, read.read_at)
    before = known[place - 1] if place else None
    later = [one for one in known[place:] if before is None or one.meter != before.meter]
    at_once = [one for one in known[:place] if one.read_at == read.read_at]
    if read.kind == "first":
        started = [one for one in at_once if one.kind == "first"] or later or ([before] if before else [])
        return started[0].meter
    if read.kind == "final" and at_once:
        return at_once[0].meter
    if before is None or (before.kind == "final" and before.read_at < read.read_at and later):
        return later[0].meter
    return before.meter


def _runs(reads: Sequence[RegisterRead]) -> list[list[RegisterRead]]:
    """One serial number's reads, cut where it was taken down or put up, an instant's best read each."""
    runs: list[list[RegisterRead]] = []
    ended = True
    for read in reads:
        last = runs[-1][-1] if runs else None
        if last is not None and last.read_at == read.read_at and {last.kind, read.kind} != {"final", "first"}:
            if RANK[read.kind] > RANK[last.kind]:
                runs[-1][-1] = read
                ended = read.kind == "final"
            continue
        if ended or read.kind == "first":
            runs.append([])
        runs[-1].append(read)
        ended = read.kind == "final"
    return runs
