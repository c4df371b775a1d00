"""CSV with a reading a row: many meters in one file, or a file a meter.

The first line names the columns. Stamps are ISO 8601, the start or the end of an interval; without an offset
they are a local clock's, whose zone has to be given. The interval is seen from the stamps. A row that cannot
be taken takes its day with it; a row of another width, a quote that does not close or bytes that are no text
refuse the file.

Text goes by in chunks of a few megabytes, what is kept of a row is 34 bytes until the end of the file, since
only then is a channel's interval known and no second value for an hour to be expected.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from zoneinfo import ZoneInfo

import numpy as np

from meters.domain.blocks import Block
from meters.domain.days import Cut, Day, Readings, cut_into_days, day_of, usual_step
from meters.domain.local_clock import DAY, clock_text, standard_offset_minutes, to_instants
from meters.domain.problems import Problem, refusal
from meters.domain.units import parse_unit
from meters.feeds.csv_columns import Layout, find_layout
from meters.feeds.csv_rows import split_rows, text_chunks
from meters.feeds.csv_series import Gathered, Series
from meters.feeds.format import Format, Item, ReadOptions

_DELIMITERS = ",;\t"
_OTHER_FORMATS = re.compile(r'\s*(?:[<{\[]|UN[ABH]|"?\d{3}"?,)')


def recognises(head: str) -> bool:
    """Whether the first line is a line of titles in columns."""
    first = head.lstrip().split("\n", 1)[0]
    return any(mark in first for mark in _DELIMITERS) and not _OTHER_FORMATS.match(first)


def read(stream: BinaryIO, stem: str, options: ReadOptions) -> Iterator[Item]:
    """Blocks by channel in the order of their first rows, and problems by line."""
    gathered: Gathered | None = None
    delimiter = ","
    for chunk in text_chunks(stream):
        if isinstance(chunk, Problem):
            yield chunk
            return
        line, text = chunk
        if gathered is None:
            blank = len(text) - len(text.lstrip("\n"))
            line, text = line + blank, text[blank:]
            title_line, _, text = text.partition("\n")
            delimiter = max(_DELIMITERS, key=title_line.count)
            layout = _layout(title_line, delimiter, options)
            if isinstance(layout, Problem):
                yield layout
                return
            gathered, line = Gathered(layout, stem, delimiter != ","), line + 1
        problem = _take(gathered, text, line, delimiter, options)
        if problem is not None:
            yield problem
            return
    if gathered is None or not gathered.rows:
        yield refusal("no_readings", "There is no reading below the titles.", 1)
        return
    yield from _finish(gathered, options)


FORMAT = Format("csv", recognises, read)


def _layout(title_line: str, delimiter: str, options: ReadOptions) -> Layout | Problem:
    try:
        titles = next(csv.reader([title_line], delimiter=delimiter))
    except csv.Error as error:
        return refusal("bad_quoting", f"The titles cannot be read: {error}.", 1)
    return find_layout(titles, options.columns)


def _take(gathered: Gathered, text: str, line: int, delimiter: str, options: ReadOptions) -> Problem | None:
    """Add a chunk's rows, or say why the file is refused."""
    if not text:
        return None
    rows = split_rows(text, line, delimiter, gathered.layout.width)
    if isinstance(rows, Problem):
        return rows
    return gathered.add(rows, options.zone is not None) if rows.lines.size else None


@dataclass(frozen=True, slots=True)
class _Placed:
    """A channel with the instants of its rows, the step between them, and its rows that cannot be taken."""

    series: Series
    readings: Readings
    step: int | None


def _finish(gathered: Gathered, options: ReadOptions) -> Iterator[Item]:
    """Cut every channel into days; one with too few rows to see an interval takes the one most of the file
    has."""
    placed = [_place(series, options.zone) for series in gathered.series()]
    steps = Counter(each.step for each in placed if each.step)
    common = steps.most_common(1)[0][0] if steps else None
    problems, blocks = gathered.problems, list[Block]()
    for each in placed:
        step = each.step or common
        line = int(each.series.lines[0])
        if step is None or step % 60 or DAY % step:
            found = (
                "cannot be seen from one reading"
                if step is None
                else f"of {step} seconds does not divide a day"
            )
            name = f"{each.series.service_point} {each.series.channel}"
            problems.append(Problem("no_interval", f"{name} is left out: its interval {found}.", line))
            continue
        offset = _offset_minutes(each.series, step, options)
        cut = cut_into_days(each.readings, step, offset, gathered.layout.by_end)
        problems.extend(_problems(each, cut, offset, gathered.layout.by_end))
        blocks.extend(_block(each.series, day, offset) for day in cut.days)
    yield from sorted(problems, key=lambda problem: problem.line or 0)
    yield from blocks


def _place(series: Series, zone: ZoneInfo | None) -> _Placed:
    """Turn a local clock's stamps into instants; a stamp the clock never showed joins the faults."""
    seconds = series.seconds
    naive = np.flatnonzero(~series.aware)
    if zone is not None and naive.size:
        instants, never = to_instants(seconds[naive], zone)
        for row in naive[never].tolist():
            shown = clock_text(int(seconds[row]))
            message = f"The clock of {zone.key} never showed {shown}: it was put forward over that time."
            series.faults.setdefault(row, ("no_such_time", message))
        seconds = seconds.copy()
        seconds[naive] = instants
    spoiled = np.zeros(seconds.size, dtype=np.bool_)
    spoiled[list(series.faults)] = True
    readings = Readings(seconds, series.micro, series.quality, series.lines, spoiled)
    return _Placed(series, readings, usual_step(seconds[~spoiled]))


def _offset_minutes(series: Series, step: int, options: ReadOptions) -> int:
    """The channel's standard time: its premise's, else UTC; or the zone's, where days of UTC do not fit the
    grid."""
    told = options.offset_minutes_of(series.service_point)
    if told is not None:
        return told
    zoned = standard_offset_minutes(options.zone) if options.zone is not None else 0
    return zoned if zoned * 60 % step else 0


def _problems(placed: _Placed, cut: Cut, offset: int, by_end: bool) -> Iterator[Problem]:
    series = placed.series
    for row, (code, message) in series.faults.items():
        day = day_of(placed.readings, row, offset, by_end)
        key = (series.service_point, series.channel, day)
        text = f"{message} The day {day} is left out."
        yield Problem(code, text, int(series.lines[row]), dropped=key)
    for fault in cut.faults:
        dropped = None if fault.day is None else (series.service_point, series.channel, fault.day)
        yield Problem(fault.code, fault.message, fault.line, dropped=dropped)


def _block(series: Series, day: Day, offset: int) -> Block:
    return Block(
        service_point=series.service_point,
        channel=series.channel,
        unit=parse_unit(series.unit),
        direction=series.direction,
        offset_minutes=offset,
        day=day.day,
        interval_minutes=day.interval_minutes,
        values=day.values,
        quality=day.quality,
        replaces=False,
        line=day.line,
    )
