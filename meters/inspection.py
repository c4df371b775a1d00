"""What is in a meter file, without keeping any of it: the document of `meters inspect`."""

from __future__ import annotations

import json
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.blocks import Block
from meters.feeds.feed_days import part_of
from meters.feeds.feed_file import FeedFile
from meters.summaries import ChannelSummary, consumption_summaries, day_summaries

__all__ = [
    "ChannelSummary",
    "InspectedFile",
    "inspected",
    "inspection",
    "summarise",
    "summarise_consumption",
]

_IN_MEMORY = 2**20


def summarise(blocks: Sequence[Block]) -> list[ChannelSummary]:
    """A summary a channel, in the order in which channels first come; at most one block a channel and day."""
    found = sorted(day_summaries(part_of(blocks)), key=itemgetter(0))
    return [summary for _order, summary in found]


def summarise_consumption(items: Sequence[RegisterRead | Consumption]) -> list[ChannelSummary]:
    """A summary a channel of what was accumulated; a reading is one period, and none is missing."""
    found = consumption_summaries((place, 0, item) for place, item in enumerate(items))
    return [summary for _order, summary in found]


def inspection(files: Iterable[FeedFile]) -> dict[str, Any]:
    """The document: one entry a path, in order. Each file is let go before the next is asked for."""
    return {"files": [inspected(file).document() for file in files]}


@dataclass(frozen=True, slots=True)
class InspectedFile:
    """A file's entry. Its channels are on disk where they are many: `channels` reads their documents, in the
    order in which they first come in the file, one after the other. not_kept: by unit, how many channels an
    ingest would leave out because readings are not kept in it; empty for none said."""

    path: str
    format: str | None
    status: str
    channels: Documents
    problems: Sequence[dict[str, Any]]
    register_reads: int
    not_kept: Mapping[str, int]

    def document(self) -> dict[str, Any]:
        """The promised shape."""
        return self.head() | {"channels": list(self.channels)} | self.tail()

    def head(self) -> dict[str, Any]:
        """What stands before the channels."""
        return {"path": self.path, "format": self.format, "status": self.status}

    def tail(self) -> dict[str, Any]:
        """What stands behind them; reads of registers, and units that are not kept, where there are any."""
        reads = {"register_reads": self.register_reads} if self.register_reads else {}
        left_out = {"not_kept": dict(self.not_kept)} if self.not_kept else {}
        return {"problems": list(self.problems)} | reads | left_out


def inspected(file: FeedFile) -> InspectedFile:
    """What is in a file, in memory that does not grow with it."""
    channels, reads = Documents(), 0
    not_kept: Counter[str] = Counter()
    for part in file.parts():
        for order, summary in day_summaries(part):
            channels.add(order, summary.document())
            _note(not_kept, summary)
    for items in file.accumulated_parts():
        for order, summary in consumption_summaries(items):
            channels.add(file.rows_and_items + order, summary.document())  # behind those of intervals
            _note(not_kept, summary)
        reads += sum(isinstance(item, RegisterRead) for _order, _member, item in items)
    problems = [problem.document() for problem in file.problems]
    return InspectedFile(file.path, file.format, file.status, channels, problems, reads, not_kept)


def _note(not_kept: Counter[str], summary: ChannelSummary) -> None:
    if not summary.unit.stored:
        not_kept[summary.unit.declared or ""] += 1


class Documents:
    """Documents added in any order and read in that of their number."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        self._orders, self._places = array("q"), array("q")

    def add(self, order: int, document: dict[str, Any]) -> None:
        """Keep one."""
        self._orders.append(order)
        self._places.append(self._file.tell())
        self._file.write(json.dumps(document, ensure_ascii=False).encode() + b"\n")

    def texts(self) -> Iterator[str]:
        """Each as JSON."""
        end = self._file.tell()
        for row in np.argsort(np.array(self._orders), kind="stable").tolist():
            self._file.seek(self._places[row])
            yield self._file.readline().decode().removesuffix("\n")
        self._file.seek(end)

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(json.loads, self.texts())
