"""Green Button: energy use as an Atom feed of ESPI resources (NAESB REQ.21, espiDerived.xsd).

    UsagePoint            a meter's place, of electricity, gas or water
    MeterReading          a series made there
    ReadingType           its unit, power of ten, direction and kind
    IntervalBlock         its readings: start and length in seconds of UTC, value, cost, qualities
    LocalTimeParameters   the standard time of the place

Entries hang together by links and come in any order. Which module does what: `greenbutton_runs` finds
readings in the bytes, `xml_stream` reads the rest, `greenbutton_rows` keeps readings until all is known,
`greenbutton_entries` links, `greenbutton_channels` names, `greenbutton_cut` makes days of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from meters.domain.problems import Problem, refusal
from meters.feeds.format import Format, Item, ReadOptions
from meters.feeds.greenbutton.channels import channels
from meters.feeds.greenbutton.cut import Cutter
from meters.feeds.greenbutton.entries import Linked, links_of, resources_of
from meters.feeds.greenbutton.rows import Gathered, RowFault, new_spool, read_row, seconds_in
from meters.feeds.greenbutton.runs import RUN, Runs
from meters.feeds.xml_stream import Element, elements, line_of, local_name

MOST_FAULTS = 10_000
_ROOT = re.compile(r"<(?:[\w.-]+:)?(?:feed|entry)[\s>]")
_NAMES = ("entry", "IntervalReading")


def recognises(head: str) -> bool:
    """Whether it is XML with an Atom feed or entry, and names ESPI."""
    return (
        head.lstrip("\ufeff \t\r\n").startswith("<") and "naesb.org/espi" in head and bool(_ROOT.search(head))
    )


def read(stream: BinaryIO, stem: str, options: ReadOptions) -> Iterator[Item]:
    """Days and consumption by channel, in the order of their first blocks, and problems."""
    with new_spool() as spool:
        feed = _Feed(Gathered(spool))
        for element in elements(stream, _NAMES, feed.runs.spliced):
            problem = element if isinstance(element, Problem) else feed.take(element)
            if problem is not None:
                yield problem
                return
        feed.gathered.finish()
        yield from _items(feed, stem, options)


FORMAT = Format("greenbutton", recognises, read)


class _Feed:
    """Walks the elements of one feed."""

    def __init__(self, gathered: Gathered) -> None:
        self.gathered = gathered
        self.linked = Linked()
        self.runs = Runs()
        self._block_start: int | None = None
        self._place = 0

    def take(self, element: Element) -> Problem | None:
        """Keep what an element says; returns the problem that refuses the file."""
        name = local_name(element)
        if name == "IntervalReading":
            self._begin_block(element)
            run = self.runs.taken(element.get(RUN))
            if run is None:
                return self._take_reading(element)
            self.gathered.add(run)
            self._place += run[2] - run[1]
        else:
            links = links_of(element)
            self.gathered.belong(links, line_of(element))
            for resource in resources_of(element, links):
                self.linked.add(resource)
        return None

    def _begin_block(self, element: Element) -> None:
        """Before the first reading of a block stands its interval, which times those that say no time."""
        before = element.getprevious()
        if before is not None and local_name(before) == "IntervalReading":
            return
        self._block_start, self._place = None, 0
        while before is not None:
            if local_name(before) == "interval":
                self._block_start = seconds_in(before.findtext("{*}start") or "")
            before = before.getprevious()

    def _take_reading(self, element: Element) -> Problem | None:
        row = read_row(element, self._block_start, self._place)
        self._place += 1
        if not isinstance(row, RowFault):
            self.gathered.add_loose(row)
            return None
        self.gathered.add_fault(row)
        if self.gathered.faults <= MOST_FAULTS:
            return None
        words = f"More than {MOST_FAULTS:,} readings of this file cannot be read; it is not read on."
        return refusal("too_many_faults", words, line_of(element))


def _items(feed: _Feed, stem: str, options: ReadOptions) -> Iterator[Item]:
    gathered = feed.gathered
    if gathered.waiting:
        words = "There are readings outside of any entry, so nothing says whose they are; they are left out."
        yield Problem("unlinked_readings", words)
    for channel, sources in channels(gathered.sources, feed.linked, stem, options):
        if isinstance(channel, Problem):
            yield channel
            continue
        cutter = Cutter(channel, [fault for source in sources for fault in source.faults])
        yield from cutter.begin()
        for end, rows in gathered.rows_of(sources):
            yield from cutter.cut(rows, end)
        yield from cutter.finish()
