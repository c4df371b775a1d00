"""NEM12 files of any size, for measurements: simulated half-hours of many meters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import numpy as np

FIRST = date(2025, 1, 1)
SHAPES = 4_000
"""Different days; a file of any size is made of them, so that making it takes no longer than writing it."""


def nem12_file(path: Path, days: int, *, meters: int = 0, size_bytes: int = 0) -> int:
    """Write a file of so many meters, or of at least so many bytes, and return how many readings it holds."""
    shapes = day_texts()
    stamps = [f"{FIRST + timedelta(days=number):%Y%m%d}" for number in range(days)]
    written, readings = 0, 0
    with path.open("w", encoding="ascii") as file:
        file.write("100,NEM12,202602010000,MDP,RETAILER\n")
        for meter in count():
            if (meters and meter == meters) or (size_bytes and written >= size_bytes):
                break
            text = "".join(_meter(meter, stamps, shapes))
            file.write(text)
            written, readings = written + len(text), readings + days * 48
        file.write("900\n")
    return readings


def day_texts() -> list[str]:
    """The values of many different days, as a file has them: watt-hours of half-hours."""
    watt_hours = np.random.default_rng(7).integers(0, 2_500, (SHAPES, 48))
    return [",".join(f"{value / 1000:.3f}" for value in values) for values in watt_hours.tolist()]


def _meter(meter: int, stamps: list[str], shapes: list[str]) -> Iterator[str]:
    yield f"200,{6_100_000_000 + meter},E1,E1,E1,N1,M{meter:06},kWh,30,20300101\n"
    for number, stamp in enumerate(stamps):
        shape = shapes[(meter * 997 + number * 31) % len(shapes)]
        yield f"300,{stamp},{shape},A,,,20260201000000,\n"
