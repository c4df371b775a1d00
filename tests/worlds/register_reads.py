"""Reads of an invented register, in kWh and days after a first of January."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.quality import Quality
from meters.domain.units import parse_unit

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
KWH = 1_000_000


def read(figure: int, day: float, kind: str = "actual", **more: object) -> RegisterRead:
    """`read(130, 30)`: 130 kWh on the dial, thirty days on."""
    plain = RegisterRead("SP1", None, "T1", parse_unit("kWh"), "import", START + DAY * day, figure * KWH)
    return replace(plain, kind=kind, **more)  # type: ignore[arg-type]


def consumption(kwh: int, first: float, last: float, **more: object) -> Consumption:
    """`consumption(30, 0, 30)`: 30 kWh in thirty days."""
    plain = Consumption(
        "SP1",
        "T1",
        parse_unit("kWh"),
        "import",
        START + DAY * first,
        START + DAY * last,
        kwh * KWH,
        Quality.ACTUAL,
    )
    return replace(plain, **more)  # type: ignore[arg-type]
