"""Reading files without a database: a CSV in the London form against pandas, NEM12 against nemreader.

Pandas only parses numbers and adds them up, which is about as fast as a CSV can be read: it looks at no time,
finds no hole and no double, and sums floats. nemreader is a peer: the same file, every reading with its time
and quality.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from bench.measurement import Measurement, peer, side_by_side
from meters.domain.blocks import Block, BlockRun
from meters.feeds.format import ReadOptions
from meters.feeds.nem import nem12
from meters.feeds.reading import read_feed
from meters.inspection import inspection

FIRST = date(2025, 1, 1)
HOUSEHOLDS, SLOTS = 20, 365 * 48
METERS, DAYS = 10, 300


def measurements() -> Iterator[Measurement]:
    """What `meters inspect` does, from the file to its document; of NEM12 the reader by itself, too."""
    watt_hours = np.random.default_rng(7).integers(0, 2_000, (HOUSEHOLDS, SLOTS))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "readings.csv"
        yield _london(path, watt_hours)
        yield from _nem12(path, watt_hours[:METERS, : DAYS * 48].reshape(METERS, DAYS, 48))


def _inspected(path: Path, options: ReadOptions | None = None) -> list[dict[str, Any]]:
    """The channels of a file in which nothing is wrong."""
    [file] = inspection([read_feed(path, "auto", options)])["files"]
    assert file["status"] == "ok"
    channels: list[dict[str, Any]] = file["channels"]
    return channels


def _london(path: Path, watt_hours: np.ndarray) -> Measurement:
    midnight = datetime.combine(FIRST, datetime.min.time(), UTC)
    stamps = [f"{midnight + timedelta(minutes=30 * slot):%Y-%m-%d %H:%M:%S}" for slot in range(SLOTS)]
    lines = (
        f"MAC{household:06},{stamp}, {value / 1000} "
        for household, values in enumerate(watt_hours.tolist())
        for stamp, value in zip(stamps, values, strict=True)
    )
    path.write_text("LCLid,tstp,energy(kWh/hh)\n" + "\n".join(lines) + "\n")
    columns = {"service_point": "LCLid", "starts_at": "tstp", "value": "energy(kWh/hh)"}
    options = ReadOptions(columns, ZoneInfo("UTC"))

    def ours() -> None:
        channels = _inspected(path, options)
        assert sum(channel["readings"] for channel in channels) == watt_hours.size
        assert sum(Decimal(channel["total"]) for channel in channels) == Decimal(int(watt_hours.sum())) / 1000

    def sums() -> None:
        frame = pd.read_csv(path)
        total = frame.groupby("LCLid")["energy(kWh/hh)"].sum().sum()
        assert abs(total * 1000 - watt_hours.sum()) < 1

    seconds = side_by_side(ours, sums, rounds=3)
    rates = watt_hours.size / 1e6 / seconds.ours, watt_hours.size / 1e6 / seconds.reference
    return Measurement("CSV inspected, M rows/s, to pandas read and sum", *rates, "higher", 0.3)


def _nem12(path: Path, watt_hours: np.ndarray) -> Iterator[Measurement]:
    """Months of half-hours a meter; then as a market sends them: a 200 record a day, substitutes with their
    methods, now and then a day of several qualities."""
    path.write_text("\n".join(["100,NEM12,202602010000,MDP,RETAILER", *_plain(watt_hours), "900", ""]))
    yield from _to_nemreader("NEM12", path, watt_hours.size, bar=20)
    path.write_text("\n".join(["100,NEM12,202602010000,MDP,RETAILER", *_market(watt_hours), "900", ""]))
    yield from _to_nemreader("NEM12 of a market", path, watt_hours.size, bar=8)


def _to_nemreader(name: str, path: Path, readings: int, bar: float) -> Iterator[Measurement]:
    """The reader by itself, from bytes to runs of blocks, and with all that `meters inspect` does. `bar` is
    the reader's by processor time; a busy machine makes the wall's ratio leap."""
    nemreader = peer("nemreader", "nemreader")

    def read_only() -> None:
        with path.open("rb") as file:
            items = list(nem12.read(file, path.stem, ReadOptions()))
        assert sum(item.values.size for item in items if isinstance(item, Block | BlockRun)) == readings

    def inspected() -> None:
        assert sum(channel["readings"] for channel in _inspected(path)) == readings

    def theirs() -> None:
        read = nemreader.read_nem_file(str(path)).readings
        assert sum(len(channel) for nmi in read.values() for channel in nmi.values()) == readings

    for what, ours, least in (("read", read_only, bar), ("inspected", inspected, bar / 2)):
        seconds = side_by_side(ours, theirs)
        for clock, one, other, asked in (
            ("CPU", seconds.ours_cpu, seconds.reference_cpu, least),
            ("wall", seconds.ours, seconds.reference, least / 2),
        ):
            rates = readings / 1e6 / one, readings / 1e6 / other
            yield Measurement(f"{name} {what}, M readings/{clock} s, to nemreader", *rates, "higher", asked)


def _plain(watt_hours: np.ndarray) -> Iterator[str]:
    for meter, days in enumerate(watt_hours.tolist()):
        yield _channel(meter)
        for number, values in enumerate(days):
            yield _day(number, values, "A,,")


def _market(watt_hours: np.ndarray) -> Iterator[str]:
    for meter, days in enumerate(watt_hours.tolist()):
        for number, values in enumerate(days):
            yield _channel(meter)
            if number % 20 == 7:
                yield _day(number, values, "V,,")
                yield from ("400,1,20,A,,", "400,21,30,F14,76,", "400,31,48,A,,")
            else:
                yield _day(number, values, "S14,32," if number % 5 == 3 else "A,,")


def _channel(meter: int) -> str:
    return f"200,{6_100_000_000 + meter},E1,E1,E1,N1,M{meter:05},kWh,30,20300101"


def _day(number: int, values: list[int], quality: str) -> str:
    cells = ",".join(str(value / 1000) for value in values)
    return f"300,{FIRST + timedelta(days=number):%Y%m%d},{cells},{quality},20260201000000,"
