"""One comparison, and how two things are timed fairly."""

from __future__ import annotations

import importlib
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Literal


class Skipped(Exception):
    """A measurement that cannot be made here, and why; raised from `measurements()`, never a failure."""


def peer(module: str, package: str) -> ModuleType:
    """The peer's module. Raises Skipped where its package is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Skipped(f"{package} cannot be imported: {error}") from error


@dataclass(frozen=True, slots=True)
class Measurement:
    """`ours` and `reference` in the same unit, which `name` states; `bar` is what their ratio must reach.

    The ratio is ours over reference. With better="higher" it must be at least the bar, with "lower" at most.
    """

    name: str
    ours: float
    reference: float
    better: Literal["higher", "lower"]
    bar: float

    @property
    def ratio(self) -> float:
        return self.ours / self.reference

    @property
    def ok(self) -> bool:
        return self.ratio >= self.bar if self.better == "higher" else self.ratio <= self.bar

    def document(self) -> dict[str, str | float | bool]:
        """The shape of an entry of build/bench.json."""
        return {
            "name": self.name,
            "ours": self.ours,
            "reference": self.reference,
            "ratio": self.ratio,
            "better": self.better,
            "bar": self.bar,
            "ok": self.ok,
        }


@dataclass(frozen=True, slots=True)
class Seconds:
    """The median seconds of each of the two, by the clock on the wall and of this process's own work, or of
    whatever work was asked for."""

    ours: float
    reference: float
    ours_cpu: float
    reference_cpu: float


def side_by_side(
    ours: Callable[[], object],
    reference: Callable[[], object],
    rounds: int = 5,
    worked_so_far: Callable[[], float] = time.process_time,
) -> Seconds:
    """Both timed in turns, so that whatever else the machine does meets both alike, after one rehearsal.

    Every round also swaps who goes first. `worked_so_far` are seconds of processor, where not this process's
    alone count.
    """
    ours()
    reference()
    times: dict[str, list[float]] = {"ours": [], "reference": []}
    work: dict[str, list[float]] = {"ours": [], "reference": []}
    pair = [("ours", ours), ("reference", reference)]
    for number in range(rounds):
        for name, call in pair if number % 2 == 0 else reversed(pair):
            started, worked = time.perf_counter(), worked_so_far()
            call()
            times[name].append(time.perf_counter() - started)
            work[name].append(worked_so_far() - worked)
    wall, cpu = ([statistics.median(each[name]) for name in ("ours", "reference")] for each in (times, work))
    return Seconds(wall[0], wall[1], cpu[0], cpu[1])


def table(measurements: Sequence[Measurement]) -> str:
    """The measurements for a person to read."""
    heads = ("", "ours", "reference", "ratio", "bar", "")
    rows = [
        (
            each.name,
            f"{each.ours:.4g}",
            f"{each.reference:.4g}",
            f"{each.ratio:.2f}",
            f"{'≥' if each.better == 'higher' else '≤'} {each.bar:g}",
            "ok" if each.ok else "MISSED",
        )
        for each in measurements
    ]
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    lines = []
    for row in [heads, *rows]:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def as_json(measurements: Sequence[Measurement]) -> str:
    """The content of build/bench.json."""
    return json.dumps([each.document() for each in measurements], indent=2, ensure_ascii=False) + "\n"
