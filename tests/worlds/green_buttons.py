"""Green Button feeds made with few words, and what a reader makes of one in a form to compare."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.blocks import Block, BlockRun
from meters.domain.problems import Problem
from meters.feeds.format import Item, ReadOptions
from meters.feeds.greenbutton.reader import FORMAT

ROOT = "https://utility.example/espi/1_1/resource"
POINT = f"{ROOT}/RetailCustomer/9/UsagePoint/4"
SERIES = f"{POINT}/MeterReading/01"
TYPE = f"{ROOT}/ReadingType/07"
LOCAL = f"{ROOT}/LocalTimeParameters/01"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Style:
    """How the same feed may be written: the namespaces' prefixes, the blank between elements, the order of a
    reading's elements."""

    atom: str = ""
    espi: str = ""
    blank: str = "\n  "
    value_first: bool = False
    start_first: bool = False

    def tag(self, name: str, content: str, attributes: str = "") -> str:
        """An ESPI element."""
        return f"<{self.espi}{name}{attributes}>{content}</{self.espi}{name}>"

    def tags(self, **fields: object) -> str:
        """Leaves; None is left out."""
        return "".join(self.tag(name, str(value)) for name, value in fields.items() if value is not None)


PLAIN = Style()


@dataclass(frozen=True)
class Reading:
    """Texts as they stand in the file; None leaves the element out. `extra` is put into the time period."""

    start: object
    duration: object
    value: object
    qualities: Sequence[object] = ()
    cost: object = None
    extra: str = ""

    def xml(self, style: Style = PLAIN) -> str:
        times = [style.tags(duration=self.duration), style.tags(start=self.start)]
        times = [time for time in (reversed(times) if style.start_first else times) if time]
        parts = [style.tags(cost=self.cost)] if self.cost is not None else []
        parts += [style.tag("ReadingQuality", style.tags(quality=code)) for code in self.qualities]
        if times:
            parts.append(style.tag("timePeriod", style.blank.join(["", *times, self.extra])))
        value = style.tags(value=self.value)
        parts = [value, *parts] if style.value_first else [*parts, value]
        return style.tag("IntervalReading", style.blank.join(["", *parts, ""]))


@dataclass
class Feed:
    """Entries of a feed, in order."""

    style: Style = PLAIN
    entries: list[str] = field(default_factory=list)

    def entry(
        self, own: str, content: str, related: Iterable[str] = (), title: str = "", up: str | None = None
    ) -> Feed:
        """Any entry; `up` is what stands before the last slash where it is not said."""
        a = self.style.atom
        links = [("self", own), ("up", own.rpartition("/")[0] if up is None else up)]
        links += [("related", one) for one in related]
        inner = "".join(f'<{a}link rel="{rel}" href="{href}"/>\n' for rel, href in links if href)
        inner += f"<{a}title>{title}</{a}title>\n<{a}content>\n{content}\n</{a}content>\n"
        self.entries.append(f"<{a}entry>\n<{a}id>urn:uuid:{len(self.entries)}</{a}id>\n{inner}</{a}entry>\n")
        return self

    def point(
        self, own: str = POINT, kind: object = 0, local: str | None = LOCAL, title: str = "Home"
    ) -> Feed:
        category = self.style.tag("ServiceCategory", self.style.tags(kind=kind))
        related = [f"{own}/MeterReading", *([local] if local else [])]
        return self.entry(own, self.style.tag("UsagePoint", category), related, title)

    def series(self, own: str = SERIES, kind: str = TYPE, title: str = "") -> Feed:
        return self.entry(own, self.style.tag("MeterReading", ""), [f"{own}/IntervalBlock", kind], title)

    def type(self, own: str = TYPE, **fields: object) -> Feed:
        """Wh delivered to the customer every half-hour, where `fields` do not say otherwise."""
        told = {"commodity": 1, "flowDirection": 1, "intervalLength": 1800, "uom": 72} | fields
        return self.entry(own, self.style.tag("ReadingType", self.style.tags(**told)))

    def local(self, seconds: object = 0, own: str = LOCAL) -> Feed:
        return self.entry(own, self.style.tag("LocalTimeParameters", self.style.tags(tzOffset=seconds)))

    def block(self, *readings: Reading, own: str = f"{SERIES}/IntervalBlock/1", start: object = 0) -> Feed:
        return self.blocks([readings], own, start)

    def blocks(self, blocks: Sequence[Sequence[Reading]], own: str, start: object = 0) -> Feed:
        """One entry with several interval blocks."""
        style = self.style
        interval = style.tag("interval", style.tags(duration=86400, start=start))
        made = [
            style.tag(
                "IntervalBlock", style.blank.join(["", interval, *(one.xml(style) for one in block), ""])
            )
            for block in blocks
        ]
        return self.entry(own, "\n".join(made))

    def xml(self) -> bytes:
        a, e = self.style.atom, self.style.espi
        spaces = "".join(
            f' xmlns{":" + prefix[:-1] if prefix else ""}="{uri}"'
            for prefix, uri in ((a, "http://www.w3.org/2005/Atom"), (e, "http://naesb.org/espi"))
            if prefix or not (a == e == "" and uri.startswith("http://www"))
        )
        begin = f'<?xml version="1.0" encoding="UTF-8"?>\n<{a}feed{spaces}>\n'
        return (begin + "".join(self.entries) + f"</{a}feed>\n").encode()


def simple(*readings: Reading, style: Style = PLAIN, tz: object = 0, **fields: object) -> bytes:
    """A feed of one series with one block."""
    return Feed(style).local(tz).point().type(**fields).series().block(*readings).xml()


def items(xml: bytes, options: ReadOptions | None = None) -> list[Item]:
    """What the reader yields."""
    return list(FORMAT.read(io.BytesIO(xml), "stem", options or ReadOptions()))


def problems(found: Sequence[Item]) -> list[tuple[str, int | None]]:
    """Codes and lines."""
    return [(one.code, one.line) for one in found if isinstance(one, Problem)]


def blocks(found: Iterable[Item]) -> list[Block]:
    """All days."""
    return [
        block
        for one in found
        if isinstance(one, Block | BlockRun)
        for block in (one.blocks() if isinstance(one, BlockRun) else [one])
    ]


Reads = dict[tuple[str, str, datetime, datetime], tuple[int, int]]


def intervals(found: Iterable[Item]) -> Reads:
    """Millionths and quality of every interval, by channel and its two instants; none may come twice."""
    told: Reads = {}
    for block in blocks(found):
        step = timedelta(minutes=block.interval_minutes)
        codes = block.qualities()
        for place in block.present.nonzero()[0].tolist():
            start = (block.starts_at + place * step).astimezone(UTC)
            key = (block.service_point, block.channel, start, start + step)
            assert key not in told
            told[key] = (int(block.values[place]), int(codes[place]))
    for one in found:
        if isinstance(one, Consumption):
            key = (
                one.service_point,
                one.channel,
                one.starts_at.astimezone(UTC),
                one.ends_before.astimezone(UTC),
            )
            assert key not in told
            told[key] = (one.micro, one.quality)
    return told


def plainly(found: Iterable[Item]) -> list[object]:
    """Everything that is yielded, lines too, in a form that compares."""
    made: list[object] = []
    for one in found:
        if isinstance(one, Problem | Consumption | RegisterRead):
            made.append(one)
    for block in blocks(found):
        whole = (block.key, block.unit, block.direction, block.offset_minutes, block.line, block.remarks)
        made.append((whole, block.values.tolist(), block.qualities().tolist()))
    return made


def at(text: str) -> int:
    """Seconds since 1970 of an instant in ISO 8601."""
    return int(datetime.fromisoformat(text).timestamp())


Reader = Callable[[bytes], list[Item]]
